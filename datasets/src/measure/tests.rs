//! Golden values and properties.
