//! How bad something is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A p-value below this is an alarm.
pub const ALARM_P: f64 = 0.001;
/// A p-value below this is suspicious: expected once in a hundred sound experiments.
pub const SUSPICIOUS_P: f64 = 0.01;

/// Where it is looked at again and again, a p-value below this is an alarm. At [`ALARM_P`] on every day, 0.9% of sound
/// experiments would be called sick within four weeks; like this it is 0.1% to 0.2% (`anklang calibrate`).
pub const PEEKED_ALARM_P: f64 = 1e-4;

/// How bad something is; later is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing found.
    Ok,
    /// Could not be looked at; not a clean bill of health.
    Untested,
    /// Look into it; effects are shown all the same.
    Suspicious,
    /// Effects are not shown before the cause is found.
    Alarm,
}

impl Severity {
    /// By a p-value: [`ALARM_P`] and [`SUSPICIOUS_P`].
    #[must_use]
    pub fn of_ln_p(ln_p: f64) -> Self {
        if ln_p < ALARM_P.ln() {
            Self::Alarm
        } else if ln_p < SUSPICIOUS_P.ln() {
            Self::Suspicious
        } else {
            Self::Ok
        }
    }

    /// By a p-value that may be looked at every day: an alarm, which hides every effect, below [`PEEKED_ALARM_P`] only.
    #[must_use]
    pub fn of_peeked_ln_p(ln_p: f64) -> Self {
        let severity = Self::of_ln_p(ln_p);
        if ln_p < PEEKED_ALARM_P.ln() { severity } else { severity.min(Self::Suspicious) }
    }

    /// By a share: above which it is suspicious, and above which an alarm.
    #[must_use]
    pub fn of_share(share: f64, suspicious: f64, alarm: f64) -> Self {
        if share > alarm {
            Self::Alarm
        } else if share > suspicious {
            Self::Suspicious
        } else {
            Self::Ok
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Untested => "untested",
            Self::Suspicious => "SUSPICIOUS",
            Self::Alarm => "ALARM",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worse_is_more() {
        assert!(Severity::Alarm > Severity::Suspicious && Severity::Suspicious > Severity::Untested);
        assert_eq!(Severity::of_ln_p(0.008_6_f64.ln()), Severity::Suspicious);
        assert_eq!(Severity::of_share(0.011, 0.001, 0.01), Severity::Alarm);
    }
}
