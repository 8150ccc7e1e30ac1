//! What most deal with of late: the sum over an item's events of weight · 2^(−age ÷ half-life).

mod fit;
mod params;

pub use params::{AXES, Checked, Params};

use crate::log::View;
use crate::model::{Model, Request};

/// The name in documents.
pub const NAME: &str = "popularity";

/// Popularity that fades.
#[derive(Debug, Clone)]
pub struct Popularity {
    half_life_ms: f64,
}

impl Popularity {
    fn heat(&self, view: &View<'_>, out: &mut [f32]) {
        out.fill(0.0);
        // Without a moment to ask from, the last event is now.
        let now = if view.at() == i64::MAX { view.events().last().map_or(0, |event| event.at) } else { view.at() };
        for event in view.events() {
            let age = (now - event.at) as f64;
            let left = if self.half_life_ms > 0.0 { (-age / self.half_life_ms).exp2() } else { 1.0 };
            out[event.item.ix()] += event.weight * left as f32;
        }
    }
}

impl Model for Popularity {
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
    use crate::conformance::log;
    use crate::log::MemberIx;
    use crate::model::Context;

    #[test]
    fn what_is_old_counts_less() {
        // Item 0 twice, ten days ago; item 1 once, now.
        let day = 86_400_000;
        let log = log(2, &[(0, 0, 0), (0, 1, 0), (10 * day, 0, 1)]);
        let scores = |half_life_days| {
            let model = Params { half_life_days }.check().unwrap().fit(&log.whole(), &Context::quiet(1)).unwrap();
            let mut out = vec![f32::NAN; 2];
            model.score(&[Request { member: MemberIx(0), view: log.whole() }], &mut out);
            out
        };
        assert_eq!(scores(0.0), [2.0, 1.0]);
        assert_eq!(scores(5.0), [0.5, 1.0]);
        assert!(Params { half_life_days: f64::NAN }.check().is_err());
    }
}
