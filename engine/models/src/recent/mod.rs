//! The latest first, what most sites show: the least that anything else has to beat. A score is minus the age in hours.

mod fit;
mod params;

pub use params::{AXES, By, Checked, Params};

use crate::log::{ItemIx, View};
use crate::model::{Model, Request};

/// The name in documents.
pub const NAME: &str = "recent";

const HOUR_MS: f64 = 3_600_000.0;

/// The latest first.
#[derive(Debug, Clone)]
pub struct Recent {
    by: By,
}

impl Recent {
    fn ages(&self, view: &View<'_>, out: &mut [f32]) {
        // Without a moment to ask from, the last event is now.
        let now = if view.at() == i64::MAX { view.events().last().map_or(0, |event| event.at) } else { view.at() };
        let mut moments: Vec<Option<i64>> = match self.by {
            By::Born => (0..view.items()).map(|item| view.born(ItemIx(item as u32))).collect(),
            By::Active => vec![None; view.items()],
        };
        for event in view.events() {
            let moment = &mut moments[event.item.ix()];
            match self.by {
                By::Born => *moment = moment.or(Some(event.at)),
                By::Active => *moment = Some(event.at),
            }
        }
        for (item, (moment, out)) in moments.into_iter().zip(out).enumerate() {
            let item = ItemIx(item as u32);
            let age = |at: i64| -(now.saturating_sub(at) as f64 / HOUR_MS) as f32;
            let known = moment.or_else(|| view.born(item)).filter(|_| view.exists(item));
            *out = known.map_or(f32::NEG_INFINITY, age);
        }
    }
}

impl Model for Recent {
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        let Some(items) = requests.first().map(|request| request.view.items()).filter(|items| *items > 0) else {
            return;
        };
        for (place, request) in requests.iter().enumerate() {
            let (before, rest) = out.split_at_mut(place * items);
            // Requests of one moment share their answer.
            if place > 0 && requests[place - 1].view.at() == request.view.at() {
                rest[..items].copy_from_slice(&before[(place - 1) * items..]);
            } else {
                self.ages(&request.view, &mut rest[..items]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::suite;
    use crate::log::{Event, ItemFacts, Log, MemberIx};
    use crate::model::Context;
    use crate::spec::Spec;

    #[test]
    fn it_holds_to_what_every_model_must() {
        for by in [By::Born, By::Active] {
            suite(&Spec::Recent(Params { by }), false);
        }
    }

    #[test]
    fn the_latest_first() {
        let hour = 3_600_000;
        let event = |at, item| Event { at: at * hour, member: MemberIx(0), item: ItemIx(item), weight: 1.0 };
        let facts = ItemFacts { born: vec![0, 2 * hour, 4 * hour, 9 * hour], ..ItemFacts::default() };
        let log = Log::new(1, 4, vec![event(3, 1), event(5, 0), event(6, 2)], facts).unwrap();
        let ages = |by| {
            let model = Params { by }.check().unwrap().fit(&log.whole(), &Context::quiet(0)).unwrap();
            let mut out = vec![0.0; 4];
            model.score(&[Request { member: MemberIx(0), view: log.before(6 * hour) }], &mut out);
            out
        };
        assert_eq!(ages(By::Born), [-6.0, -4.0, -2.0, f32::NEG_INFINITY]);
        assert_eq!(ages(By::Active), [-1.0, -3.0, -2.0, f32::NEG_INFINITY]);
    }
}
