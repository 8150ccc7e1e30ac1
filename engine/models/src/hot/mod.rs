//! Discourse's hot list:
//!
//! likes ÷ (age_h + 2)^1.2 + (recent likes + recent posters − 1) ÷ (hours since the first recent post + 2)^1.2,
//!
//! whose second term is the thread that lives again. A log knows events, not likes and posts: here an event is both, its
//! weight a like's (where it is above 0) and its member a poster. An item's age counts from when it was born, or from its
//! first event where that is not known; recent is what happened in the last days.

mod fit;
mod params;

pub use params::{AXES, Checked, Params};

use std::collections::HashSet;

use crate::log::{ItemIx, View};
use crate::model::{Model, Request};

/// The name in documents.
pub const NAME: &str = "hot";

const HOUR_MS: f64 = 3_600_000.0;

/// What is hot when asked.
#[derive(Debug, Clone)]
pub struct Hot {
    gravity: f64,
    recent_ms: i64,
}

/// What happened with one item.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    likes: f64,
    first: Option<i64>,
    recent_likes: f64,
    recent_posters: u32,
    recent_first: Option<i64>,
}

impl Hot {
    fn tallies(&self, view: &View<'_>, now: i64) -> Vec<Tally> {
        let mut tallies = vec![Tally::default(); view.items()];
        let since = now.saturating_sub(self.recent_ms);
        let mut posters = HashSet::new();
        for event in view.events().iter().filter(|event| event.weight > 0.0) {
            let tally = &mut tallies[event.item.ix()];
            tally.likes += f64::from(event.weight);
            tally.first.get_or_insert(event.at);
            if event.at >= since {
                tally.recent_likes += f64::from(event.weight);
                tally.recent_posters += u32::from(posters.insert((event.item, event.member)));
                tally.recent_first.get_or_insert(event.at);
            }
        }
        tallies
    }

    fn heat(&self, view: &View<'_>, out: &mut [f32]) {
        // Without a moment to ask from, the last event is now.
        let now = if view.at() == i64::MAX { view.events().last().map_or(0, |event| event.at) } else { view.at() };
        let cooled = |since: i64| (now.saturating_sub(since).max(0) as f64 / HOUR_MS + 2.0).powf(self.gravity);
        for (item, (tally, out)) in self.tallies(view, now).iter().zip(out).enumerate() {
            let item = ItemIx(item as u32);
            let old = view.born(item).or(tally.first).map_or(0.0, |born| tally.likes / cooled(born));
            let again = tally.recent_likes + f64::from(tally.recent_posters) - 1.0;
            let new = tally.recent_first.map_or(0.0, |first| again.max(0.0) / cooled(first));
            *out = if view.exists(item) { (old + new) as f32 } else { f32::NEG_INFINITY };
        }
    }
}

impl Model for Hot {
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
                self.heat(&request.view, &mut rest[..items]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{log, suite};
    use crate::log::MemberIx;
    use crate::model::Context;
    use crate::spec::Spec;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn it_holds_to_what_every_model_must() {
        suite(&Spec::Hot(Params::default()), false);
    }

    /// By hand: 20 days = 480 hours and one; item 1's revival is two hours old.
    #[test]
    fn the_formula() {
        let now = 20 * 24 * HOUR;
        let log = log(3, &[(0, 0, 0), (0, 0, 1), (now - 2 * HOUR, 1, 1), (now - HOUR, 1, 1), (now - HOUR, 0, 1)]);
        let model = Params::default().check().unwrap().fit(&log.whole(), &Context::quiet(0)).unwrap();
        let mut out = vec![0.0; 3];
        model.score(&[Request { member: MemberIx(0), view: log.before(now) }], &mut out);
        let old = |likes: f64| likes / 482_f64.powf(1.2);
        let want = [old(1.0), old(4.0) + (3.0 + 2.0 - 1.0) / 4_f64.powf(1.2), 0.0];
        for (out, want) in out.iter().zip(want) {
            assert!((f64::from(*out) - want).abs() < 1e-6, "{out} {want}");
        }
    }
}
