//! What may be said about a difference between two arms.

pub mod effect;
pub mod finding;
pub mod frequentist;
pub mod moments;
pub mod sequential;
pub mod tail;
