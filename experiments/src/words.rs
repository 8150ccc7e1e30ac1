//! Numbers as people read them, wherever they stand.

use std::f64::consts::LN_10;

/// A p-value below this is told as a power of ten.
const TINY: f64 = 1e-4;

/// A count with its thousands apart: 44,700.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A tiny p-value, from its logarithm, with two digits: 1.6e-300. None for one that can be written out.
pub(crate) fn tiny_p(ln_p: f64) -> Option<String> {
    if ln_p >= TINY.ln() || ln_p.is_nan() {
        return None;
    }
    let exponent = (ln_p / LN_10).floor();
    let mantissa = (ln_p - exponent * LN_10).exp();
    // 9.96 is 1.0e+1 once it is rounded.
    let (mantissa, exponent) = if mantissa >= 9.95 { (1.0, exponent + 1.0) } else { (mantissa, exponent) };
    Some(format!("{mantissa:.1}e{exponent}"))
}
