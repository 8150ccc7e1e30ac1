//! The public cases of GrowthBook's SDK specification, and what must hold of any payload.

mod conformance;
mod properties;
mod units;
