//! Tests for one look at a time that was fixed beforehand.

pub mod welch;
