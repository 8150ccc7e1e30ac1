//! Units seen in more than one arm: somebody who got both cannot tell which of the two did it.

use serde::Serialize;

use super::severity::Severity;
use super::{Check, Code, Details, words};

/// Above this share of units it is an alarm.
pub const ALARM_SHARE: f64 = 0.01;
/// Above this share of units it is suspicious.
pub const SUSPICIOUS_SHARE: f64 = 0.001;
/// Fewer such units are no alarm, whatever their share: one of fifty is a tester.
pub const ALARM_UNITS_MIN: u64 = 5;
/// How many units are named.
pub const EXAMPLES_MAX: usize = 5;

/// Units seen in more than one arm. They are left out of the analysis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeveralArms {
    /// Units seen in more than one arm.
    pub several: u64,
    /// All units, these included.
    pub all: u64,
    /// Some of them.
    pub examples: Vec<String>,
}

/// Was a unit seen in more than one arm? `all` counts such units too, once each; of `examples` the first
/// [`EXAMPLES_MAX`] are kept.
#[must_use]
pub fn check(several: u64, all: u64, examples: &[String]) -> Check {
    let all = all.max(several);
    let share = if all == 0 { 0.0 } else { several as f64 / all as f64 };
    let mut severity = Severity::of_share(share, SUSPICIOUS_SHARE, ALARM_SHARE);
    if several < ALARM_UNITS_MIN {
        severity = severity.min(Severity::Suspicious);
    }
    let examples: Vec<String> = examples.iter().take(EXAMPLES_MAX).cloned().collect();
    let says = match several {
        0 => "No unit was seen in more than one arm.".to_owned(),
        _ => sentence(several, all, share, severity, &examples),
    };
    Check::new(Code::SeveralArms, severity, says, Details::SeveralArms(SeveralArms { several, all, examples }))
}

fn sentence(several: u64, all: u64, share: f64, severity: Severity, examples: &[String]) -> String {
    let (units, were, they) = if several == 1 { ("unit", "was", "It is") } else { ("units", "were", "They are") };
    let named = if examples.is_empty() { String::new() } else { format!(", such as {}", examples.join(", ")) };
    let then = match severity {
        Severity::Ok | Severity::Untested => "",
        Severity::Suspicious | Severity::Alarm => {
            " Usual causes: a different id before and after log-in, an attribute that changes, weights changed in mid-run."
        }
    };
    format!(
        "{} {units} of {} ({}) {were} seen in more than one arm{named}. {they} left out of the analysis.{then}",
        words::count(several),
        words::count(all),
        words::percent(share),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn by_share() {
        let severity = |several, all| check(several, all, &[]).severity;
        assert_eq!(severity(0, 0), Severity::Ok);
        assert_eq!(severity(10, 10_000), Severity::Ok);
        assert_eq!(severity(11, 10_000), Severity::Suspicious);
        assert_eq!(severity(101, 10_000), Severity::Alarm);
        assert_eq!(severity(1, 50), Severity::Suspicious);
        let names: Vec<String> = ["ana", "ben"].map(str::to_owned).into();
        assert_eq!(
            check(123, 10_000, &names).says,
            "123 units of 10,000 (1.2%) were seen in more than one arm, such as ana, ben. They are left out of the \
             analysis. Usual causes: a different id before and after log-in, an attribute that changes, weights changed \
             in mid-run."
        );
        assert!(check(1, 10_000, &[]).says.starts_with("1 unit of 10,000 (0.01%) was seen"));
    }

    proptest! {
        #[test]
        fn any_counts(several: u64, all: u64) {
            let check = check(several, all, &[]);
            prop_assert!(!check.says.contains("NaN"));
        }
    }
}
