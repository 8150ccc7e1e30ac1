//! What may be said about a difference between two arms.
//!
//! [`compare`](compare::compare) takes what is known of two arms ([`Summary`](summary::Summary)) and a
//! [`Question`](compare::Question), brings every kind of metric into one form ([`Contrast`](contrast::Contrast)), and
//! asks the method of the question for an interval.

pub mod adjusted;
pub mod bayesian;
pub mod beta_binomial;
pub mod compare;
pub mod contrast;
pub mod effect;
pub mod finding;
pub mod frequentist;
#[cfg(test)]
mod gbstats;
pub mod joint;
pub mod method;
pub mod moments;
pub mod non_inferiority;
#[cfg(test)]
mod properties;
pub mod quantile;
pub mod ratio;
pub mod sequential;
pub mod strata;
pub mod summary;
pub mod survival;
pub mod tail;
