//! Several models as one: for each request, the weighted sum of their scores in standard deviations from their mean
//! (z-score fusion, Montague and Aslam 2001).

mod fit;
mod params;

pub use params::{Checked, PARTS_MAX, Params, Part};

use crate::model::{Model, Request};

/// The name in documents.
pub const NAME: &str = "blend";

/// Several models as one.
pub struct Blend {
    parts: Vec<(f32, Box<dyn Model>)>,
}

impl std::fmt::Debug for Blend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blend").field("weights", &self.parts.iter().map(|part| part.0).collect::<Vec<_>>()).finish()
    }
}

impl Model for Blend {
    /// −∞ where no part has anything to say. A part without a word on an item counts as its lowest score for it.
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        let Some(width) = requests.first().map(|request| request.view.items()).filter(|items| *items > 0) else {
            return;
        };
        out.fill(f32::NEG_INFINITY);
        let mut scores = vec![0.0; out.len()];
        // What an item has that no part so far spoke of.
        let mut floors = vec![0.0; requests.len()];
        for (weight, model) in &self.parts {
            model.score(requests, &mut scores);
            for ((sums, scores), floor) in out.chunks_mut(width).zip(scores.chunks_mut(width)).zip(&mut floors) {
                add(sums, scores, *weight, floor);
            }
        }
    }
}

/// Adds weight · (score − mean) ÷ deviation, where −∞ in `sums` is "nobody said anything yet", which counts as `floor`:
/// the lowest scores of those who spoke of other items.
fn add(sums: &mut [f32], scores: &[f32], weight: f32, floor: &mut f32) {
    let said = || scores.iter().filter(|score| score.is_finite()).map(|score| f64::from(*score));
    let count = said().count() as f64;
    if count == 0.0 {
        return;
    }
    let mean = said().sum::<f64>() / count;
    let deviation = (said().map(|score| (score - mean).powi(2)).sum::<f64>() / count).sqrt();
    let scale = if deviation > 0.0 { deviation.recip() } else { 0.0 };
    let standard = |score: f64| weight * ((score - mean) * scale) as f32;
    let lowest = standard(said().fold(f64::INFINITY, f64::min));
    for (sum, score) in sums.iter_mut().zip(scores) {
        *sum = match (sum.is_finite(), score.is_finite()) {
            (true, true) => *sum + standard(f64::from(*score)),
            (true, false) => *sum + lowest,
            (false, true) => *floor + standard(f64::from(*score)),
            (false, false) => *sum,
        };
    }
    *floor += lowest;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::suite;
    use crate::model::{Context, FitError};
    use crate::spec::Spec;
    use crate::{ease, graph_filter};

    fn two() -> Params {
        let part = |weight, of| Part { weight, of };
        let parts = vec![
            part(2.0, Spec::GraphFilter(graph_filter::Params::default())),
            part(1.0, Spec::Ease(ease::Params::ease(2.0))),
        ];
        Params { parts }
    }

    #[test]
    fn the_suite() {
        suite(&Spec::Blend(two()), true);
    }

    #[test]
    fn each_counts_in_its_own_deviations() {
        let (mut sums, mut floor) = ([f32::NEG_INFINITY; 4], 0.0);
        add(&mut sums, &[1.0, 3.0, 1.0, 3.0], 1.0, &mut floor);
        assert_eq!(sums, [-1.0, 1.0, -1.0, 1.0]);
        add(&mut sums, &[f32::NEG_INFINITY, 500.0, 700.0, f32::NEG_INFINITY], 2.0, &mut floor);
        assert_eq!(sums, [-3.0, -1.0, 1.0, -1.0]);
        add(&mut sums, &[7.0; 4], 5.0, &mut floor);
        assert_eq!((sums, floor), ([-3.0, -1.0, 1.0, -1.0], -3.0));
        add(&mut sums, &[f32::NEG_INFINITY; 4], 1.0, &mut floor);
        assert_eq!((sums, floor), ([-3.0, -1.0, 1.0, -1.0], -3.0));
    }

    #[test]
    fn who_speaks_late_has_the_lowest_of_those_before() {
        let (mut sums, mut floor) = ([f32::NEG_INFINITY; 3], 0.0);
        add(&mut sums, &[1.0, 3.0, f32::NEG_INFINITY], 1.0, &mut floor);
        add(&mut sums, &[1.0, f32::NEG_INFINITY, 3.0], 1.0, &mut floor);
        assert_eq!(sums, [-2.0, 0.0, 0.0], "the order of parts makes no difference");
    }

    #[test]
    fn a_part_that_cannot_be_fitted_says_which() {
        let log = crate::conformance::log(2, &[(0, 0, 0)]);
        let mut params = two();
        params.parts[1].of = Spec::Ease(ease::Params::ease(-1.0));
        let error = Spec::Blend(params.clone()).fit(&log.whole(), &Context::quiet(1)).err();
        assert!(matches!(error, Some(FitError::Parameter { model: "ease", field: "l2", .. })), "{error:?}");
        params.parts[0].weight = f64::NAN;
        assert!(params.check().is_err());
    }
}
