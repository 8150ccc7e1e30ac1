//! Experiments: who gets which variant, and what may be said about the outcome.
//!
//! Pure: no I/O, no clock, no chance of its own. [`assign`] agrees with GrowthBook's SDKs to the last bit; [`infer`]
//! works from mergeable [`Moments`] and either measures or says why it cannot; [`health`] looks for a broken experiment
//! first; [`report`] puts the three in that order.
//!

pub mod assign;
pub mod calibrate;
pub mod collect;
pub mod decide;
pub mod design;
pub mod health;
pub mod infer;
pub mod metrics;
pub mod registry;
pub mod report;
#[cfg(test)]
mod story;
pub mod tally;
#[cfg(test)]
mod testdata;
#[cfg(test)]
mod whole;

pub use infer::compare::{Question, compare};
pub use infer::finding::{Finding, Interval, Why};
pub use infer::joint::Joint;
pub use infer::method::Method;
pub use infer::moments::Moments;
pub use infer::summary::Summary;
