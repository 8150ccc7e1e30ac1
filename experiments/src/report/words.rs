//! Numbers as people read them.

use super::Measure;
pub use crate::words::count;
use crate::words::tiny_p;

/// A share as a change in percent, with its sign.
#[must_use]
pub fn change(share: f64) -> String {
    format!("{}{:.2}%", sign(share), share.abs() * 100.0)
}

const fn sign(value: f64) -> &'static str {
    if value >= 0.0 { "+" } else { "−" }
}

/// A p-value with four digits, and as a power of ten below: never 0.
#[must_use]
pub fn p(ln_p: f64) -> String {
    tiny_p(ln_p).unwrap_or_else(|| format!("{:.4}", ln_p.exp()))
}

/// A metric's value.
#[must_use]
pub fn value(value: f64, measure: Measure) -> String {
    match measure {
        Measure::Share => format!("{:.2}%", value * 100.0),
        Measure::Days => format!("{value:.2} d"),
        Measure::PerUnit | Measure::Ratio | Measure::Quantile => number(value),
    }
}

/// A difference in a metric's own units, with its sign.
#[must_use]
pub fn difference(value: f64, measure: Measure) -> String {
    let sign = sign(value);
    match measure {
        Measure::Share => format!("{sign}{:.2} pp", value.abs() * 100.0),
        Measure::Days => format!("{sign}{:.2} d", value.abs()),
        Measure::PerUnit | Measure::Ratio | Measure::Quantile => format!("{sign}{}", number(value.abs())),
    }
}

/// Five significant digits at most, without powers of ten where people can do without.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e9).contains(&size) {
        format!("{value:.3e}")
    } else {
        let decimals = (4.0 - size.log10().floor()).clamp(0.0, 7.0) as usize;
        format!("{value:.decimals$}")
    }
}
