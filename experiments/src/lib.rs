//! Experiments: who gets which variant, and what may be said about the outcome.
//!
//! Pure: no I/O, no clock, no chance of its own. From a draft to a decision: [`design`] is what is written down,
//! [`registry`] all of it together; [`assign`] agrees with GrowthBook's SDKs to the last bit; [`tally`] is folded from the
//! journal, [`metrics`] make numbers of it, [`collect`] summaries; [`health`] looks for a broken experiment first; [`infer`]
//! either measures or says why it cannot; [`report`] puts them in that order, [`decide`] holds the outcome against the rule
//! that was declared. [`calibrate`] holds all of that to what it promises.
//!
//! ```
//! use anklang_experiments::{Finding, Moments, Question, Summary, assign, compare};
//!
//! let mut arms = [Moments::default(); 2];
//! for member in 0..4_000_u32 {
//!     let Some(arm) = assign::assign("ranking", &[0.5, 0.5], 1.0, &member.to_string()) else { continue };
//!     arms[arm].push(f64::from(member * 7 % 5) + if arm == 1 { 0.5 } else { 0.0 });
//! }
//! let [control, treatment] = arms.map(Summary::Mean);
//! let Finding::Measured(change) = compare(&control, &treatment, &Question::default()) else { return };
//! println!("{:+.1}% [{:+.1}%, {:+.1}%]", change.estimate * 100.0, change.low * 100.0, change.high * 100.0);
//! # assert!(change.low > 0.1 && change.high < 0.4);
//! ```

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
mod words;

pub use infer::compare::{Question, compare};
pub use infer::finding::{Finding, Interval, Why};
pub use infer::joint::Joint;
pub use infer::method::Method;
pub use infer::moments::Moments;
pub use infer::summary::Summary;
