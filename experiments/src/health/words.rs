//! Numbers as a sentence has them.

pub(crate) use crate::words::count;
use crate::words::tiny_p;

/// A share of 1 as a percentage of two or three digits: 50%, 1.2%, 0.013%.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let places = match percent.abs() {
        size if size >= 10.0 => 0,
        size if size >= 1.0 => 1,
        size if size >= 0.1 => 2,
        _ => 3,
    };
    // 99.99% is not all of them, and must not read as if.
    let places = if share < 1.0 && percent > 99.5 { 2 } else { places };
    let text = format!("{percent:.places$}");
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{short}%")
}

/// A p-value of two digits, from its logarithm: 0.42, 0.0086, 1.6e-300.
pub(crate) fn p(ln_p: f64) -> String {
    tiny_p(ln_p).unwrap_or_else(|| number(ln_p.exp()))
}

/// Two digits that count: 0.0086, 12, 49,854.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "–".to_owned();
    }
    let sign = if value < 0.0 { "−" } else { "" };
    if size >= 1e15 {
        return format!("{sign}{size:.1e}");
    }
    if size >= 100.0 {
        return format!("{sign}{}", count(size.round() as u64));
    }
    if size < 1e-6 {
        return if size == 0.0 { "0".to_owned() } else { format!("{sign}{size:.1e}") };
    }
    let places = (1 - size.log10().floor() as i32).max(0) as usize;
    format!("{sign}{size:.places$}")
}

/// The arm that is furthest off; of two that mirror each other, the treatment.
pub(crate) fn furthest(off: &[f64]) -> Option<usize> {
    let most = off.iter().copied().fold(0.0, f64::max);
    off.iter().rposition(|off| *off >= most * (1.0 - 1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, 44_700, 1_234_567].map(count), ["0", "999", "1,000", "44,700", "1,234,567"]);
        assert_eq!([0.5, 0.012, 0.001_25, 0.999_9, 1.0].map(percent), ["50%", "1.2%", "0.12%", "99.99%", "100%"]);
        assert_eq!([0.42_f64, 0.008_608, 9.96e-5].map(|share| p(share.ln())), ["0.42", "0.0086", "1.0e-4"]);
        assert_eq!(p(-2_000.0), "2.6e-869");
        assert_eq!([49_854.0, 12.3, -0.000_12, 1e20].map(number), ["49,854", "12", "−0.00012", "1.0e20"]);
    }
}
