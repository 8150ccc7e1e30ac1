//! How bad something is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A p-value below this is an alarm.
pub const ALARM_P: f64 = 0.001;
/// A p-value below this is suspicious: expected once in a hundred sound experiments.
pub const SUSPICIOUS_P: f64 = 0.01;

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

/// Holm (1979) on logarithms, so that many tiny p-values neither become 0 nor lose their order. The order is kept.
pub(crate) fn ln_holm(ln_p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ln_p.len()).collect();
    order.sort_by(|a, b| ln_p[*a].total_cmp(&ln_p[*b]));
    let mut adjusted = vec![0.0; ln_p.len()];
    let mut highest = f64::NEG_INFINITY;
    for (rank, at) in order.into_iter().enumerate() {
        highest = highest.max((ln_p[at] + ((ln_p.len() - rank) as f64).ln()).min(0.0));
        adjusted[at] = highest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::infer::frequentist::multiplicity::holm;
    use crate::testdata::close;

    proptest! {
        #[test]
        fn in_logarithms_as_without(p in prop::collection::vec(1e-12..1.0_f64, 0..20)) {
            let ln_p: Vec<f64> = p.iter().map(|p| p.ln()).collect();
            for (ln, plain) in ln_holm(&ln_p).iter().zip(holm(&p)) {
                close(ln.exp(), plain, 1e-12);
            }
        }
    }

    #[test]
    fn worse_is_more() {
        assert!(Severity::Alarm > Severity::Suspicious && Severity::Suspicious > Severity::Untested);
        assert_eq!(Severity::of_ln_p(0.008_6_f64.ln()), Severity::Suspicious);
        assert_eq!(ln_holm(&[-2_000.0, -1_999.0])[0], -2_000.0 + 2.0_f64.ln());
    }
}
