//! Sample-ratio mismatch: are the arms filled as planned? If not, something takes units out of one arm, and may well be
//! what makes the difference.

use serde::Serialize;
use statrs::function::gamma::ln_gamma;

use crate::infer::finding::Why;
use crate::infer::tail::ln_p_chi_square;

/// A p-value below this is an alarm.
pub const ALARM_P: f64 = 0.001;
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
    let all: u64 = arms.iter().map(|(count, _)| count).sum();
    let mut chi_square = 0.0;
    for (count, share) in &arms {
        let expected = share * all as f64;
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
        let all: u64 = arms.iter().map(|(count, _)| count).sum();
        let mut ln_odds = ln_gamma(PRIOR_UNITS) - ln_gamma(PRIOR_UNITS + all as f64);
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

#[cfg(test)]
mod tests {
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
}
