//! Who gets which variant: a function of the experiment and the unit alone, the same in every process and SDK.
//!
//! [`Payload`] is what GrowthBook's SDKs download, made ready; a [`Context`] is who asks. The answer is what the
//! JavaScript SDK (1.8) would give, and what is to be done about it (exposures to report, sticky documents to save) comes
//! back as [`Effects`]. Source: GrowthBook, "Build your own SDK", specification 0.8.0.
//!
//! ```
//! use anklang_experiments::assign::{Context, Payload, Source};
//! use serde_json::json;
//!
//! let payload = Payload::parse(&json!({"features": {"digest": {
//!     "defaultValue": "weekly",
//!     "rules": [{"condition": {"country": "DE"}, "variations": ["weekly", "daily"], "hashVersion": 2}],
//! }}}))?;
//! let attributes = json!({"id": "ana", "country": "DE"});
//! let (digest, effects) = payload.evaluate("digest", &Context::new(&attributes));
//! assert_eq!(digest.source, Source::Experiment);
//! assert_eq!(effects.exposures.len(), 1);
//! # Ok::<(), anklang_experiments::assign::PayloadError>(())
//! ```

mod bucket;
mod context;
mod decrypt;
mod definition;
mod evaluate;
mod hash;
mod preview;
mod result;
mod sticky;
#[cfg(test)]
mod tests;

pub use bucket::{Range, bucket_ranges, choose_variation, equal_weights, in_namespace};
pub use context::Context;
pub use decrypt::decrypt;
pub use definition::{Experiment, Payload, PayloadError};
pub use evaluate::{Evaluator, PREREQUISITE_DEPTH_MAX, PREREQUISITE_EVALUATIONS_MAX, PageChange, merge_queries};
pub use hash::{HashVersion, hash};
pub use preview::query_string_override;
pub use result::{Effects, ExperimentResult, Exposure, FeatureResult, Run, Source};
pub use sticky::{StickyDocument, StickyDocuments, assignment_key, sticky_key};

/// The variant of a unit, as an index into the weights; none when it is outside the coverage, or has no id.
///
/// GrowthBook's version 2 hash over `seed`, which is the experiment's key unless a restart wants other buckets. Raising
/// the coverage adds units and moves none; changing the weights moves some.
#[must_use]
pub fn assign(seed: &str, weights: &[f64], coverage: f64, unit: &str) -> Option<usize> {
    if unit.is_empty() {
        return None;
    }
    let ranges = bucket_ranges(weights.len(), coverage, Some(weights));
    choose_variation(hash(seed, unit, HashVersion::V2), &ranges)
}

#[cfg(test)]
mod unit_tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn arms_are_filled_as_planned_and_independently() {
        let counts = |seed: &str| {
            let mut counts = [0_u32; 3];
            for unit in 0..20_000_u32 {
                counts[assign(seed, &[0.2, 0.3, 0.5], 1.0, &format!("member-{unit}")).unwrap()] += 1;
            }
            counts
        };
        // Four standard deviations of a binomial of 20,000 are at most 283.
        for (count, planned) in counts("a").iter().zip([4_000, 6_000, 10_000]) {
            assert!(count.abs_diff(planned) < 283, "{count} of {planned}");
        }
        let both = (0..20_000_u32).map(|unit| unit.to_string());
        let both = both.filter(|u| assign("a", &[0.5; 2], 1.0, u) == assign("b", &[0.5; 2], 1.0, u)).count();
        assert!(both.abs_diff(10_000) < 283, "{both}");
    }

    proptest! {
        #[test]
        fn a_ramp_never_moves_who_is_in(unit in "\\PC{1,12}", low in 0.0..1.0_f64, more in 0.0..1.0_f64) {
            let weights = [0.2, 0.3, 0.5];
            if let Some(variant) = assign("ramp", &weights, low, &unit) {
                prop_assert_eq!(assign("ramp", &weights, low.max(more), &unit), Some(variant));
            }
        }

        #[test]
        fn nothing_panics(seed in "\\PC*", unit in "\\PC*", weights in prop::collection::vec(any::<f64>(), 0..5), coverage in any::<f64>()) {
            prop_assert!(assign(&seed, &weights, coverage, &unit).is_none_or(|variant| variant < weights.len()));
        }
    }
}
