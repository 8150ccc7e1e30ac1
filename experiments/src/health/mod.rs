//! Is the experiment sound? Asked before any effect is shown.

pub mod srm;
