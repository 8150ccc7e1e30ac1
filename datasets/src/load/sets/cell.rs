//! One cell as a moment or a weight.

use anklang_domain::UnixMillis;
use serde::{Deserialize, Serialize};

/// What a number stands for that is a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Millis,
    /// Microseconds since 1970.
    Micros,
    /// Nanoseconds since 1970.
    Nanos,
}

/// Where nothing is said, numbers below this are seconds (until the year 5138) …
const SECONDS_BELOW: f64 = 1e11;
/// … below this milliseconds (from 1973 on) …
const MILLIS_BELOW: f64 = 1e14;
/// … and below this microseconds; others are nanoseconds.
const MICROS_BELOW: f64 = 1e17;
/// How much of a bad cell an error shows.
const SHOWN_CHARS_MAX: usize = 40;

impl Unit {
    const NAMED: [(Self, &'static str); 4] =
        [(Self::Seconds, "seconds"), (Self::Millis, "millis"), (Self::Micros, "micros"), (Self::Nanos, "nanos")];

    /// The unit of this name: seconds, millis, micros or nanos.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(_, known)| *known == name).map(|(unit, _)| *unit)
    }

    fn of(number: f64) -> Self {
        match number.abs() {
            size if size < SECONDS_BELOW => Self::Seconds,
            size if size < MILLIS_BELOW => Self::Millis,
            size if size < MICROS_BELOW => Self::Micros,
            _ => Self::Nanos,
        }
    }

    fn ms(self, number: f64) -> f64 {
        match self {
            Self::Seconds => number * 1e3,
            Self::Millis => number,
            Self::Micros => number / 1e3,
            Self::Nanos => number / 1e6,
        }
    }
}

/// A moment, in milliseconds since 1970: RFC 3339, or a number since 1970 of the unit given, else of the one it looks like.
pub(super) fn moment(text: &str, unit: Option<Unit>) -> Result<i64, String> {
    let moment = match text.parse::<f64>() {
        Ok(number) if number.is_finite() => UnixMillis::new(unit.unwrap_or(Unit::of(number)).ms(number).floor() as i64),
        Ok(_) | Err(_) => UnixMillis::parse(text),
    };
    moment.map(UnixMillis::ms).map_err(|error| format!("{error}, nor a number of seconds or milliseconds since 1970"))
}

/// A finite number, as models can take it.
pub(super) fn weight(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (number as f32).is_finite() => Ok(number),
        Ok(_) | Err(_) => {
            let shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
            Err(format!("{shown:?} is not a finite number"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_moment_is_written_in_many_ways() {
        let nine = 1_534_323_600_000;
        for text in [
            "1534323600",
            "1534323600000",
            "1534323600000000",
            "1534323600000000000",
            "2018-08-15T09:00:00Z",
            "2018-08-15 11:00:00+02:00",
            "1534323600.0",
        ] {
            assert_eq!(moment(text, None), Ok(nine), "{text}");
        }
        assert_eq!(moment("5000", Unit::parse("millis")), Ok(5000));
        for text in ["", "soon", "NaN", "inf", "1e300"] {
            assert!(moment(text, None).is_err(), "{text}");
        }
        assert_eq!(weight("-2.5"), Ok(-2.5));
        for text in ["NaN", "inf", "1e99", "five", "3,5"] {
            assert!(weight(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_cell_is_read_or_refused(text in any::<String>()) {
            let _ = (moment(&text, None), weight(&text));
        }

        #[test]
        fn milliseconds_read_back(ms in 200_000_000_000_i64..4_000_000_000_000) {
            prop_assert_eq!(moment(&ms.to_string(), None), Ok(ms));
            prop_assert_eq!(moment(&UnixMillis::saturating(ms).to_string(), None), Ok(ms));
        }
    }
}
