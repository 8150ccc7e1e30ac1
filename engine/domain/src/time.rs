//! Moments: milliseconds since 1970-01-01T00:00:00Z, written as RFC 3339 in UTC.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// Milliseconds in a day of 24 hours.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A moment in UTC, to the millisecond, between the years 1 and 9999 (its last two days count as one moment).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct UnixMillis(i64);

/// Why something is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339.
    #[error("{0:?} is not a time in RFC 3339, such as 2018-08-15T09:00:00Z")]
    Format(String),
    /// Before the year 1 or after the year 9999.
    #[error("the time lies outside the years 1 to 9999")]
    Range,
}

const MIN_MS: i64 = -62_135_596_800_000;
/// The last moment that can be written in every offset: 9999-12-30T22:00:00Z.
const MAX_MS: i64 = 253_402_207_200_000;

impl UnixMillis {
    /// Checks that the moment lies within the years 1 to 9999.
    pub const fn new(ms: i64) -> Result<Self, TimeError> {
        if ms < MIN_MS || ms > MAX_MS { Err(TimeError::Range) } else { Ok(Self(ms)) }
    }

    /// The moment, moved into the years 1 to 9999 where it lies outside.
    #[must_use]
    pub const fn saturating(ms: i64) -> Self {
        if ms < MIN_MS {
            Self(MIN_MS)
        } else if ms > MAX_MS {
            Self(MAX_MS)
        } else {
            Self(ms)
        }
    }

    /// Reads RFC 3339; a time without an offset is UTC, a date alone is its midnight.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Self::new(moment.as_millisecond());
        }
        let civil = text.strip_suffix(['Z', 'z']).unwrap_or(text).parse::<jiff::civil::DateTime>();
        let Ok(civil) = civil else {
            return Err(TimeError::Format(text.chars().take(64).collect()));
        };
        match civil.to_zoned(jiff::tz::TimeZone::UTC) {
            Ok(moment) => Self::new(moment.timestamp().as_millisecond()),
            Err(_) if civil.year() == 9999 => Ok(Self(MAX_MS)),
            Err(_) => Err(TimeError::Range),
        }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// This moment moved by `ms`, held within the years 1 to 9999.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self::saturating(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment; negative where `earlier` is later.
    #[must_use]
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Days, with fractions, from `earlier` to this moment.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> f64 {
        self.since_ms(earlier) as f64 / DAY_MS as f64
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl Serialize for UnixMillis {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnixMillis {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = UnixMillis;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time in RFC 3339, such as 2018-08-15T09:00:00Z")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<UnixMillis, E> {
                UnixMillis::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_write_and_writes_rfc_3339() {
        let nine = UnixMillis::parse("2018-08-15T09:00:00Z").expect("a time");
        assert_eq!(nine.ms(), 1_534_323_600_000);
        assert_eq!(nine.to_string(), "2018-08-15T09:00:00Z");
        for same in ["2018-08-15T11:00:00+02:00", "2018-08-15T09:00:00.000", "2018-08-15 09:00:00Z"] {
            assert_eq!(UnixMillis::parse(same), Ok(nine), "{same}");
        }
        assert_eq!(UnixMillis::parse("2018-08-15").map(UnixMillis::ms), Ok(nine.ms() - 9 * HOUR_MS));
    }

    #[test]
    fn refuses_nonsense_and_takes_the_year_9999() {
        assert_eq!(UnixMillis::parse("9999-12-31T23:59:59Z"), Ok(UnixMillis::saturating(i64::MAX)));
        for bad in ["", "yesterday", "12345", "2018-13-01T00:00:00Z"] {
            assert!(UnixMillis::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(UnixMillis::new(i64::MAX), Err(TimeError::Range));
    }
}
