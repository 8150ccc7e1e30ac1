//! Tests for one look at a time that was fixed beforehand.

pub mod fieller;
pub mod multiplicity;
pub mod welch;
pub mod wilson;
