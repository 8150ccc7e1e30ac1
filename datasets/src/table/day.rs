//! The day of a date or a time.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Whole numbers below this are seconds since 1970 (until the year 5138), others milliseconds (from 1973 on).
const SECONDS_BELOW: i64 = 100_000_000_000;

/// `2018-08-15` of a date, of a time that begins with one, or of a Unix time in seconds or milliseconds (UTC). Empty of
/// nothing; none of anything else.
pub(super) fn day(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let text = std::str::from_utf8(text).ok()?;
    let written = text.get(..10).filter(|start| start.as_bytes()[4] == b'-' && start.parse::<Date>().is_ok());
    if let Some(date) = written {
        return Some(date.as_bytes().to_vec());
    }
    let number: i64 = text.parse().ok()?;
    let at = if number < SECONDS_BELOW { Timestamp::from_second(number) } else { Timestamp::from_millisecond(number) };
    Some(day_of(at.ok()?))
}

/// The day of a moment, UTC.
pub(super) fn day_of(at: Timestamp) -> Vec<u8> {
    at.to_zoned(TimeZone::UTC).date().to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_cut_from_times() {
        for (text, wanted) in [
            ("2018-08-15", Some("2018-08-15")),
            ("2018-08-15T23:59:59+02:00", Some("2018-08-15")),
            ("2019-11-24 00:01:03.979311+00:00", Some("2019-11-24")),
            ("1534323600", Some("2018-08-15")),
            ("1534323600000", Some("2018-08-15")),
            ("", Some("")),
            ("2018-13-15", None),
            ("yesterday", None),
            ("15.08.2018", None),
            ("äöü-äöü-äöü", None),
        ] {
            assert_eq!(day(text.as_bytes()).as_deref(), wanted.map(str::as_bytes), "{text}");
        }
    }
}
