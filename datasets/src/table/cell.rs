//! One cell as a number.

/// How much of a bad cell an error shows.
pub(super) const SHOWN_CHARS_MAX: usize = 40;

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    Number(f64),
    Bool(bool),
    /// Nothing, or a word for nothing, or a number that is none: NaN, infinity.
    Missing,
    /// Something else.
    Text,
}

/// Words for nothing, as pandas, R, SQL and spreadsheets write them; in small letters.
const NOTHING: [&[u8]; 14] = [
    b"na", b"n/a", b"#n/a", b"<na>", b"nan", b"-nan", b"null", b"\\n", b"none", b"nil", b"-", b"inf", b"-inf",
    b"#null!",
];

/// The largest whole number up to which every f64 is exact.
const EXACT_MAX: u64 = 1 << 53;
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];
/// More digits may not fit the mantissa.
const DIGITS_MAX: usize = 18;

impl Cell {
    /// Reads a cell without white space around it.
    pub(super) fn of(text: &[u8]) -> Self {
        plain(text).map_or_else(|| Self::unusual(text), Self::Number)
    }

    fn unusual(text: &[u8]) -> Self {
        let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
        if text.is_empty() || NOTHING.iter().any(|word| is(word)) {
            return Self::Missing;
        }
        if is(b"true") || is(b"false") {
            return Self::Bool(is(b"true"));
        }
        match std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok()) {
            Some(number) if number.is_finite() => Self::Number(number),
            // "infinity" and the like; and digits beyond 1.8e308.
            Some(_) => Self::Missing,
            None => Self::Text,
        }
    }
}

/// Digits with at most one point and a sign, few enough that one division of exact numbers rounds rightly (Clinger 1990,
/// the fast path); anything else is left to the standard library.
fn plain(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > DIGITS_MAX {
        return None;
    }
    let (mut mantissa, mut point) = (0_u64, None);
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() && digits.len() > 1 => point = Some(at),
            _ => return None,
        }
    }
    if mantissa > EXACT_MAX {
        return None;
    }
    let decimals = point.map_or(0, |at| digits.len() - at - 1);
    let number = if decimals == 0 { mantissa as f64 } else { mantissa as f64 / POWERS[decimals] };
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_say_what_they_say() {
        for (text, cell) in [
            ("0", Cell::Number(0.0)),
            ("-1.50", Cell::Number(-1.5)),
            ("+7", Cell::Number(7.0)),
            (".5", Cell::Number(0.5)),
            ("5.", Cell::Number(5.0)),
            ("1e9", Cell::Number(1e9)),
            ("12345678901234567890", Cell::Number(12_345_678_901_234_567_890.0)),
            ("TRUE", Cell::Bool(true)),
            ("False", Cell::Bool(false)),
            ("", Cell::Missing),
            ("NA", Cell::Missing),
            ("NaN", Cell::Missing),
            ("-Infinity", Cell::Missing),
            ("inf", Cell::Missing),
            ("1e400", Cell::Missing),
            ("NULL", Cell::Missing),
            ("\\N", Cell::Missing),
            (".", Cell::Text),
            ("1,234", Cell::Text),
            ("3,14", Cell::Text),
            ("abc", Cell::Text),
            ("0x10", Cell::Text),
            ("1.2.3", Cell::Text),
            ("--1", Cell::Text),
            ("FAL", Cell::Text),
        ] {
            assert_eq!(Cell::of(text.as_bytes()), cell, "{text}");
        }
        assert_eq!(Cell::of(b"\xff"), Cell::Text);
    }

    proptest! {
        #[test]
        fn numbers_are_the_standard_librarys(text in "[-+]?[0-9]{0,20}(\\.[0-9]{0,20})?(e-?[0-9]{1,2})?") {
            match (Cell::of(text.as_bytes()), text.parse::<f64>()) {
                (Cell::Number(ours), Ok(theirs)) => prop_assert_eq!(ours.to_bits(), theirs.to_bits()),
                (Cell::Missing | Cell::Text, Err(_)) => {}
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
