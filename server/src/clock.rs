//! The clock: the one place that reads the system's time. Everything else is told what time it is.

use anklang_domain::UnixMillis;

/// What time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's.
    System,
    /// Stands still: a community that lies in the past is served as it was then.
    Stopped(UnixMillis),
}

impl Clock {
    /// The clock of `--as-of`; the system's where nothing is said.
    #[must_use]
    pub const fn of(as_of: Option<UnixMillis>) -> Self {
        match as_of {
            Some(moment) => Self::Stopped(moment),
            None => Self::System,
        }
    }

    /// The moment of a request.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the server's clock, the one place that may ask the system")]
    pub fn now(self) -> UnixMillis {
        match self {
            Self::Stopped(moment) => moment,
            Self::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                UnixMillis::saturating(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
        }
    }

    /// The moment at which a fact that arrives now was received. A view at *t* holds the facts before *t*, so with the
    /// clock stopped what arrives is placed just before it: the next answer knows of it.
    #[must_use]
    pub fn received(self) -> UnixMillis {
        match self {
            Self::System => self.now(),
            Self::Stopped(moment) => moment.plus_ms(-1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_places_what_arrives_just_before_it() {
        let noon = UnixMillis::parse("2018-08-15T12:00:00Z").expect("a time");
        let clock = Clock::of(Some(noon));
        assert_eq!(clock.now(), noon);
        assert_eq!(clock.received(), noon.plus_ms(-1));
        assert!(Clock::of(None).now() > noon);
    }
}
