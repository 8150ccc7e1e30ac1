//! Metrics: how what members do becomes a number per unit.
//!
//! A metric is a document ([`Metric`]); its [`Event`]s say which engagements count. What a unit did is kept as a log of
//! moments and values ([`log::Log`]), and every kind of metric is a function of logs, the unit's exposure and the
//! present ([`value`]). So results do not depend on the order in which facts arrive, and there is no nightly job.

pub mod definition;
pub mod event;
pub mod log;
pub mod value;

pub use definition::{Aggregate, Better, Cap, Kind, Metric, RetentionKind};
pub use event::Event;
