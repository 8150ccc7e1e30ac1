//! GrowthBook's documents, made ready for evaluation: whatever can be worked out once is worked out here.
//!
//! The SDKs take what they are given and let JavaScript's conversions decide; so does this. A field of another type than
//! documented counts as absent, and a part that is broken never takes the others down.

mod address;
mod bandit;
mod experiment;
mod feature;
mod fields;
mod groups;
mod payload;

pub(super) use address::{AddressTarget, is_targeted};
pub(super) use bandit::Leaf;
pub use experiment::Experiment;
pub(super) use experiment::{Change, Filter, Status, variation_index};
pub(super) use feature::{Action, Feature, Prerequisite, Rollout, Rule, Share};
pub use payload::{Payload, PayloadError};
