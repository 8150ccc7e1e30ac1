//! Sample-ratio mismatch: are the arms filled as planned? If not, something takes units out of one arm, and may well be
//! what makes the difference.

use serde::Serialize;
use statrs::function::gamma::ln_gamma;

pub use super::severity::PEEKED_ALARM_P;
use super::severity::{ALARM_P, Severity};
use super::{Check, Code, Details, words};
use crate::infer::finding::Why;
use crate::infer::tail::ln_p_chi_square;

/// χ² is not to be trusted when fewer units than this are expected in an arm.
pub const EXPECTED_MIN: f64 = 5.0;
/// How firmly the prior of the sequential test believes in the plan (Lindon and Malek 2020).
const PRIOR_UNITS: f64 = 100.0;

/// How well the arms are filled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Srm {
    /// χ² = Σ(O − E)²/E over arms with a planned weight.
    pub chi_square: f64,
    /// Those arms less one.
    pub degrees: u32,
    /// The logarithm of the p-value.
    pub ln_p: f64,
}

impl Srm {
    /// The p-value.
    #[must_use]
    pub fn p(&self) -> f64 {
        self.ln_p.exp()
    }

    /// Whether nothing should be concluded before the cause is found.
    #[must_use]
    pub fn alarm(&self) -> bool {
        self.ln_p < ALARM_P.ln()
    }
}

/// Tests the units per arm against the planned weights, which need not sum to 1. For one look; for many,
/// [`SequentialSrm`].
pub fn srm(units: &[u64], weights: &[f64]) -> Result<Srm, Why> {
    let arms = planned(units, weights)?;
    let all: f64 = arms.iter().map(|(count, _)| *count as f64).sum();
    let mut chi_square = 0.0;
    for (count, share) in &arms {
        let expected = share * all;
        if expected < EXPECTED_MIN {
            return Err(Why::TooFewUnits);
        }
        chi_square += (*count as f64 - expected).powi(2) / expected;
    }
    let degrees = u32::try_from(arms.len() - 1).map_err(|_| Why::BadWeights)?;
    Ok(Srm { chi_square, degrees, ln_p: ln_p_chi_square(chi_square, f64::from(degrees)) })
}

/// The arms with a planned weight: their units, and their shares of 1.
fn planned(units: &[u64], weights: &[f64]) -> Result<Vec<(u64, f64)>, Why> {
    let sum: f64 = weights.iter().sum();
    let sound = units.len() == weights.len() && sum.is_finite() && sum > 0.0 && weights.iter().all(|w| *w >= 0.0);
    if !sound {
        return Err(Why::BadWeights);
    }
    if units.iter().zip(weights).any(|(count, weight)| *count > 0 && *weight == 0.0) {
        return Err(Why::UnplannedArm);
    }
    let arms: Vec<(u64, f64)> =
        units.iter().zip(weights).filter(|(_, w)| **w > 0.0).map(|(count, weight)| (*count, weight / sum)).collect();
    if arms.len() < 2 { Err(Why::OneArm) } else { Ok(arms) }
}

/// The sequential test of Lindon and Malek (2020), which may be looked at after every unit: Bayes factor of a Dirichlet
/// prior around the plan against the plan, and p the smallest 1/O so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SequentialSrm {
    /// The logarithm of the odds against the plan at the last look.
    pub ln_odds: f64,
    /// The logarithm of the p-value over all looks.
    pub ln_p: f64,
}

impl Default for SequentialSrm {
    fn default() -> Self {
        Self { ln_odds: 0.0, ln_p: 0.0 }
    }
}

impl SequentialSrm {
    /// Looks at all units so far: ln O = ln B(kθ + S) − ln B(kθ) − ΣSᵢ ln θᵢ, k = 100.
    pub fn look(&mut self, units: &[u64], weights: &[f64]) -> Result<(), Why> {
        let arms = planned(units, weights)?;
        let all: f64 = arms.iter().map(|(count, _)| *count as f64).sum();
        let mut ln_odds = ln_gamma(PRIOR_UNITS) - ln_gamma(PRIOR_UNITS + all);
        for (count, share) in arms {
            let prior = PRIOR_UNITS * share;
            ln_odds += ln_gamma(prior + count as f64) - ln_gamma(prior) - count as f64 * share.ln();
        }
        self.ln_odds = ln_odds;
        self.ln_p = self.ln_p.min(-ln_odds);
        Ok(())
    }

    /// The p-value over all looks.
    #[must_use]
    pub fn p(&self) -> f64 {
        self.ln_p.exp()
    }

    /// Whether nothing should be concluded before the cause is found.
    #[must_use]
    pub fn alarm(&self) -> bool {
        self.ln_p < ALARM_P.ln()
    }
}

/// How the arms are filled, by both tests.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleRatio {
    /// Units per arm.
    pub units: Vec<u64>,
    /// As many as were planned, of so many units in all.
    pub expected: Vec<f64>,
    /// The test for one look.
    pub fixed: Srm,
    /// The test for many looks.
    pub sequential: SequentialSrm,
    /// How often it has looked.
    pub looks: usize,
}

impl SampleRatio {
    /// Tests the units that came in each day (or between two looks): χ² on all of them, and the sequential test after
    /// each day, whose p-value never rises.
    pub fn of(days: &[Vec<u64>], weights: &[f64]) -> Result<Self, Why> {
        let mut units = vec![0_u64; weights.len()];
        let mut sequential = SequentialSrm::default();
        for day in days {
            if day.len() != weights.len() {
                return Err(Why::BadWeights);
            }
            units.iter_mut().zip(day).for_each(|(so_far, new)| *so_far = so_far.saturating_add(*new));
            sequential.look(&units, weights)?;
        }
        let fixed = srm(&units, weights)?;
        let (all, sum) = (units.iter().map(|units| *units as f64).sum::<f64>(), weights.iter().sum::<f64>());
        let expected = weights.iter().map(|weight| weight / sum * all).collect();
        Ok(Self { units, expected, fixed, sequential, looks: days.len() })
    }

    /// At one look, by χ². At several, an alarm is the sequential test's, or χ² below [`PEEKED_ALARM_P`]; a small χ² short
    /// of that is suspicious.
    #[must_use]
    pub fn severity(&self) -> Severity {
        let worse = Severity::of_ln_p(self.fixed.ln_p.min(self.sequential.ln_p));
        let alarm = self.sequential.alarm() || self.fixed.ln_p < PEEKED_ALARM_P.ln();
        if self.looks > 1 && !alarm { worse.min(Severity::Suspicious) } else { worse }
    }
}

/// Are the arms filled as planned? `days` are the units that came in, per day and arm; one row where days are not known.
#[must_use]
pub fn check(arms: &[String], weights: &[f64], days: &[Vec<u64>]) -> Check {
    match SampleRatio::of(days, weights) {
        Ok(found) => {
            let severity = found.severity();
            let says = sentence(arms, &found, severity);
            Check::new(Code::SampleRatio, severity, says, Details::SampleRatio(found))
        }
        Err(why) => {
            // Anything but too little says that what was planned and what was seen do not belong together.
            let too_little = matches!(why, Why::TooFewUnits | Why::OneArm);
            let severity = if too_little { Severity::Untested } else { Severity::Alarm };
            let says = format!("Whether the arms are filled as planned cannot be told: {why}.");
            Check::untested(Code::SampleRatio, severity, says, why)
        }
    }
}

fn sentence(arms: &[String], found: &SampleRatio, severity: Severity) -> String {
    let p = words::p(found.fixed.ln_p);
    let counts: Vec<String> = found.units.iter().map(|units| words::count(*units)).collect();
    let counts = counts.join(" / ");
    if severity == Severity::Ok {
        return format!("The arms are filled as planned: {counts} units (p {p}).");
    }
    let all: f64 = found.expected.iter().sum();
    let worst = words::furthest(&pulls(found)).unwrap_or(0);
    let name = arms.get(worst).map_or("an arm", String::as_str);
    let (got, planned) = (found.units[worst] as f64 / all, found.expected[worst] / all);
    let looked =
        if found.looks > 1 { format!("; {} over all looks", words::p(found.sequential.ln_p)) } else { String::new() };
    let then = if severity == Severity::Alarm {
        "Find the cause before reading any effect: what broke the split may have made the difference."
    } else {
        "Possible by chance, but worth a look at how units get into the arms."
    };
    format!(
        "The arms are not filled as planned: {counts} units; {name} holds {got:.2}% instead of {planned:.2}% (p {p}{looked}). {then}",
        got = got * 100.0,
        planned = planned * 100.0,
    )
}

/// Each arm's part of χ².
fn pulls(found: &SampleRatio) -> Vec<f64> {
    let pull = |(units, expected): (&u64, &f64)| {
        if *expected > 0.0 { (*units as f64 - expected).powi(2) / expected } else { 0.0 }
    };
    found.units.iter().zip(&found.expected).map(pull).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testdata::{close, conformance};

    #[test]
    fn cookie_cats_is_suspicious_but_no_alarm() {
        let cookie = srm(&[44_700, 45_489], &[0.5, 0.5]).unwrap();
        // scipy.stats.chisquare([44700, 45489]).
        close(cookie.chi_square, 6.902_404_949_605_828, 1e-9);
        assert!((cookie.p() - 0.008_608).abs() < 1e-6 && !cookie.alarm(), "{}", cookie.p());
        assert_eq!(srm(&[44_700, 45_489, 0], &[1.0, 1.0, 0.0]), Ok(cookie));
    }

    #[test]
    fn the_reference_agrees() {
        let Some(golden) = conformance("statistics.json") else { return };
        for (name, units) in [
            ("cookie", vec![44_700, 45_489]),
            ("10000/10500", vec![10_000, 10_500]),
            ("100/130", vec![100, 130]),
            ("3arm 1000/1000/1200", vec![1_000, 1_000, 1_200]),
        ] {
            let mut sequential = SequentialSrm::default();
            sequential.look(&units, &vec![1.0; units.len()]).unwrap();
            let wanted = &golden["ssrm"][name];
            close(sequential.p(), wanted[1].as_f64().unwrap(), 1e-9);
            close(sequential.ln_odds, wanted[0].as_f64().unwrap(), 1e-8);
        }
    }

    #[test]
    fn a_broken_split_is_never_a_nan_or_a_zero() {
        for units in [[1_000_000_000_000, 1], [0, 5_000_000], [10_000, 20_000]] {
            let broken = srm(&units, &[0.5, 0.5]).unwrap();
            assert!(broken.alarm() && broken.ln_p.is_finite(), "{broken:?}");
            let mut sequential = SequentialSrm::default();
            sequential.look(&units, &[0.5, 0.5]).unwrap();
            assert!(sequential.alarm() && sequential.ln_p.is_finite(), "{sequential:?}");
            let seen = sequential.ln_p;
            sequential.look(&[1_000, 1_000], &[0.5, 0.5]).unwrap();
            assert_eq!(sequential.ln_p, seen, "an alarm stays");
        }
    }

    #[test]
    fn what_cannot_be_tested_says_so() {
        assert_eq!(srm(&[10, 10], &[0.5]), Err(Why::BadWeights));
        assert_eq!(srm(&[10, 10], &[0.5, f64::NAN]), Err(Why::BadWeights));
        assert_eq!(srm(&[10, 10], &[0.0, 0.0]), Err(Why::BadWeights));
        assert_eq!(srm(&[10, 10], &[1.0, 0.0]), Err(Why::UnplannedArm));
        assert_eq!(srm(&[10], &[1.0]), Err(Why::OneArm));
        assert_eq!(srm(&[3, 4], &[0.5, 0.5]), Err(Why::TooFewUnits));
    }

    fn names(arms: usize) -> Vec<String> {
        (0..arms).map(|arm| format!("arm {arm}")).collect()
    }

    #[test]
    fn severities_and_sentences() {
        let cookie = check(&["gate_30".into(), "gate_40".into()], &[0.5, 0.5], &[vec![44_700, 45_489]]);
        assert_eq!(cookie.severity, Severity::Suspicious);
        assert_eq!(
            cookie.says,
            "The arms are not filled as planned: 44,700 / 45,489 units; gate_40 holds 50.44% instead of 50.00% \
             (p 0.0086). Possible by chance, but worth a look at how units get into the arms."
        );
        let severity = |units: &[u64], weights: &[f64]| check(&names(units.len()), weights, &[units.to_vec()]).severity;
        assert_eq!(severity(&[10_000, 10_500], &[0.5, 0.5]), Severity::Alarm);
        assert_eq!(severity(&[10_000, 10_050], &[0.5, 0.5]), Severity::Ok);
        assert_eq!(severity(&[10_000, 10_050, 0], &[0.5, 0.5, 0.0]), Severity::Ok);
        assert_eq!(severity(&[10_000, 10_050, 3], &[0.5, 0.5, 0.0]), Severity::Alarm);
        assert_eq!(severity(&[2, 3], &[0.5, 0.5]), Severity::Untested);
        assert_eq!(check(&[], &[0.5, 0.5], &[]).severity, Severity::Untested);
        assert_eq!(check(&[], &[0.5, 0.5], &[vec![1]]).severity, Severity::Alarm);
    }

    #[test]
    fn an_alarm_on_a_past_day_stays() {
        let mut days = vec![vec![1_000, 2_000]];
        days.extend((0..60).map(|_| vec![1_100, 1_083]));
        let found = SampleRatio::of(&days, &[0.5, 0.5]).unwrap();
        assert!(found.fixed.p() > 0.5 && found.sequential.alarm() && found.severity() == Severity::Alarm, "{found:?}");
    }

    proptest! {
        #[test]
        fn p_never_rises_and_any_counts_are_answered(
            days in prop::collection::vec(prop::collection::vec(0..1_u64 << 40, 3), 1..8),
            weights in prop::collection::vec(prop::sample::select(vec![0.0, 0.2, 0.5, 1e-9, f64::NAN]), 3),
        ) {
            let mut last = 0.0;
            for upto in 1..=days.len() {
                let check = check(&names(3), &weights, &days[..upto]);
                prop_assert!(!check.says.contains("NaN") && !check.says.contains("inf"), "{}", check.says);
                let Some(Details::SampleRatio(found)) = check.details else { continue };
                prop_assert!(found.sequential.ln_p <= last && found.sequential.ln_p.is_finite());
                prop_assert!(found.fixed.ln_p <= 0.0 && found.fixed.ln_p.is_finite());
                last = found.sequential.ln_p;
            }
        }

        #[test]
        fn the_order_of_the_arms_does_not_matter(units in prop::collection::vec(10..10_000_u64, 3)) {
            let weights = [0.2, 0.3, 0.5];
            let there = SampleRatio::of(std::slice::from_ref(&units), &weights).unwrap();
            let back = SampleRatio::of(&[units.into_iter().rev().collect()], &[0.5, 0.3, 0.2]).unwrap();
            close(there.fixed.ln_p, back.fixed.ln_p, 1e-9);
            prop_assert!((there.sequential.ln_odds - back.sequential.ln_odds).abs() < 1e-6);
        }
    }
}
