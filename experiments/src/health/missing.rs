//! Are values missing more often in one arm? Then those that are left are no longer alike.

use serde::Serialize;

use super::severity::Severity;
use super::table::{ChiSquare, independence};
use super::{Check, Code, Details, words};

/// Units without a value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Missing {
    /// In each arm, units without a value.
    pub missing: Vec<u64>,
    /// In each arm, all units.
    pub units: Vec<u64>,
    /// Whether they are spread alike; none where there are too few to tell.
    pub test: Option<ChiSquare>,
}

/// Are units without a value of this metric, which are left out, spread alike over the arms?
#[must_use]
pub fn check(arms: &[String], metric: &str, missing: &[u64], units: &[u64]) -> Check {
    let all: u64 = missing.iter().sum();
    let there: Vec<u64> = units.iter().zip(missing).map(|(units, missing)| units.saturating_sub(*missing)).collect();
    let test = independence(&[missing.to_vec(), there]).ok();
    let severity = test.map_or(Severity::Ok, |test| Severity::of_ln_p(test.ln_p));
    let share = |(missing, units): (&u64, &u64)| words::percent(*missing as f64 / (*units).max(1) as f64);
    let of_arm = |(arm, counts): (&String, (&u64, &u64))| format!("{} of {arm}", share(counts));
    let shares: Vec<String> = arms.iter().zip(missing.iter().zip(units)).map(of_arm).collect();
    let says = match (all, severity) {
        (0, _) => "No unit lacks a value.".to_owned(),
        (_, Severity::Ok | Severity::Untested) => {
            format!("{} units have no value and are left out: {}.", words::count(all), shares.join(", "))
        }
        (_, Severity::Suspicious | Severity::Alarm) => format!(
            "{} units have no value and are left out, more in one arm than in another: {} (p {}). Those that are left are \
             not alike; find out why values are missing, or fill in what they stand for.",
            words::count(all),
            shares.join(", "),
            words::p(test.map_or(0.0, |test| test.ln_p)),
        ),
    };
    // It concerns this metric alone: no reason to hide the others.
    let severity = severity.min(Severity::Suspicious);
    let details = Details::Missing(Missing { missing: missing.to_vec(), units: units.to_vec(), test });
    Check::new(Code::Missing, severity, says, details).about(metric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::close;

    #[test]
    fn only_what_differs_is_suspicious() {
        let arms = ["a", "b"].map(str::to_owned);
        let none = check(&arms, "m", &[0, 0], &[1_000, 1_000]);
        assert_eq!((none.severity, none.says.as_str()), (Severity::Ok, "No unit lacks a value."));
        let alike = check(&arms, "m", &[10, 12], &[1_000, 1_000]);
        assert_eq!(alike.says, "22 units have no value and are left out: 1% of a, 1.2% of b.");
        let apart = check(&arms, "m", &[10, 60], &[1_000, 1_000]);
        assert_eq!(apart.severity, Severity::Suspicious);
        let Some(Details::Missing(Missing { test: Some(test), .. })) = apart.details else { panic!("no test") };
        // χ² = Σ(O − E)²/E = 37.0096; of one degree of freedom, p = erfc(√(χ²/2)) by Python 3.13.
        close(test.ln_p.exp(), 1.175_477_102_721_070_2e-9, 1e-9);
        assert_eq!(check(&arms, "m", &[1, 1], &[2, 2]).severity, Severity::Ok);
        assert_eq!(check(&[], "m", &[], &[]).severity, Severity::Ok);
    }
}
