//! Experiments: who gets which variant, and what may be said about the outcome.
//!
//! Pure: no I/O, no clock, no chance of its own. [`assign`] agrees with GrowthBook's SDKs to the last bit; [`infer`]
//! works from mergeable [`Moments`] and either measures or says why it cannot; [`health`] looks for a broken experiment
//! first; [`report`] puts the three in that order.
//!
//! ```
//! use anklang_experiments::report::{ArmMoments, analyse_means};
//! use anklang_experiments::{Moments, assign};
//!
//! let mut arms = [ArmMoments::new("tags"), ArmMoments::new("tags and trends")];
//! for member in 0..4_000_u32 {
//!     let Some(arm) = assign::assign("ranking", &[0.5, 0.5], 1.0, &member.to_string()) else { continue };
//!     let replies = f64::from(member * 7 % 5) + if arm == 1 { 0.5 } else { 0.0 };
//!     arms[arm].moments.push(replies);
//! }
//! let report = analyse_means(&arms, &[0.5, 0.5], 0.05);
//! println!("{report}");
//! # assert!(report.to_string().contains("tags and trends"));
//! ```

pub mod assign;
pub mod calibrate;
pub mod design;
pub mod health;
pub mod infer;
pub mod report;
#[cfg(test)]
mod testdata;

pub use infer::compare::{Question, compare};
pub use infer::finding::{Finding, Interval, Why};
pub use infer::joint::Joint;
pub use infer::method::Method;
pub use infer::moments::Moments;
pub use infer::summary::Summary;
