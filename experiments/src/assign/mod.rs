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
pub use decrypt::{decrypt, decrypt_payload};
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
