//! What is written down before an experiment starts, and how large it must be.

pub mod error;
pub mod experiment;
pub mod feature;
pub mod plan;
pub mod power;
pub mod stage;

pub use error::{DesignError, check_key};
pub use experiment::{Design, Role, Variant};
pub use feature::{Feature, Holdout, Layer, Segment};
pub use stage::{Experiment, Stage, StageError};
