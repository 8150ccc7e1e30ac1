//! Numbers as people read them.

use std::f64::consts::LN_10;

use super::Measure;

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
    if ln_p >= 0.0001_f64.ln() {
        return format!("{:.4}", ln_p.exp());
    }
    let exponent = (ln_p / LN_10).floor();
    let mantissa = (ln_p - exponent * LN_10).exp();
    // 9.96 is 1.0e+1 once it is rounded.
    let (mantissa, exponent) = if mantissa >= 9.95 { (1.0, exponent + 1.0) } else { (mantissa, exponent) };
    format!("{mantissa:.1}e{exponent}")
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

/// A count with its thousands apart.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
