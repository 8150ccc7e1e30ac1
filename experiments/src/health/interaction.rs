//! Two experiments that share units: does one get in the way of the other?

use serde::Serialize;

use super::severity::Severity;
use super::srm::{Srm, srm};
use super::table::{ChiSquare, independence};
use super::{Check, Code, Details, words};
use crate::infer::effect::Sample;
use crate::infer::finding::Why;
use crate::infer::frequentist::multiplicity::ln_holm;
use crate::infer::moments::Moments;
use crate::infer::tail::ln_p_normal;

/// A variant of this experiment, in a variant of the other, with fewer units is not compared.
pub const CELL_UNITS_MIN: u64 = 30;

/// The units of this experiment that are also in another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The other experiment.
    pub other: String,
    /// Names of the other's arms; the first is its control.
    pub other_arms: Vec<String>,
    /// Planned weights, of this one and of the other.
    pub weights: [Vec<f64>; 2],
    /// The outcome of units in each arm of this one (outer) and the other (inner).
    pub cells: Vec<Vec<Moments>>,
}

/// Whether the two assignments are independent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Joint {
    /// Units in each arm of this one (outer) and the other (inner).
    pub units: Vec<Vec<u64>>,
    /// Against the product of the two splits as they are: independence alone.
    pub independence: ChiSquare,
    /// Against the product of the planned weights: independence, and both splits as planned.
    pub planned: Option<Srm>,
}

/// Whether the effect of this experiment is the same in all arms of the other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Modification {
    /// The arm whose effect differs most.
    pub arm: usize,
    /// The arm of the other experiment in which it does.
    pub other_arm: usize,
    /// The effect in the other's control, and in that arm.
    pub effects: [f64; 2],
    /// The standard error of their difference.
    pub standard_error: f64,
    /// The logarithm of the p-value, adjusted for the contrasts of this pair.
    pub ln_p: f64,
    /// The same, adjusted for all pairs too (Holm).
    pub ln_p_adjusted: f64,
}

/// Do other experiments get in the way? For each: are the assignments independent (an alarm if not: the other's effect is
/// then part of this one's; only suspicious if it is just the split of the shared units that is off), and is the effect the
/// same in all of its arms (suspicious if not: what is shown holds for the mixture as it is now). Holm over all pairs.
#[must_use]
pub fn checks(arms: &[String], pairs: &[Pair]) -> Vec<Check> {
    let joints: Vec<Result<Joint, Why>> = pairs.iter().map(joint).collect();
    let modifications: Vec<Result<Modification, Why>> = pairs.iter().map(modification).collect();
    let ln_p: Vec<f64> = joints.iter().flatten().map(worse_of).collect();
    let mut joint_adjusted = ln_holm(&ln_p).into_iter();
    let ln_p: Vec<f64> = modifications.iter().flatten().map(|found| found.ln_p).collect();
    let mut modification_adjusted = ln_holm(&ln_p).into_iter();
    let mut checks = Vec::with_capacity(2 * pairs.len());
    for ((pair, joint), modification) in pairs.iter().zip(joints).zip(modifications) {
        checks.push(match joint {
            Ok(found) => told_joint(found, joint_adjusted.next().unwrap_or(0.0)),
            Err(why) => untested("independent", why),
        });
        checks.push(match modification {
            Ok(mut found) => {
                found.ln_p_adjusted = modification_adjusted.next().unwrap_or(0.0);
                told_modification(arms, pair, found)
            }
            Err(why) => untested("free of an interaction", why),
        });
    }
    let names = pairs.iter().flat_map(|pair| [&pair.other, &pair.other]);
    checks.into_iter().zip(names).map(|(check, other)| check.about(other)).collect()
}

fn untested(what: &str, why: Why) -> Check {
    let says = format!("Whether the two experiments are {what} cannot be told: {why}.");
    Check::untested(Code::Interaction, Severity::Untested, says, why)
}

/// χ² of the joint table, against the product of its margins and of the planned weights.
fn joint(pair: &Pair) -> Result<Joint, Why> {
    let units: Vec<Vec<u64>> = pair.cells.iter().map(|row| row.iter().map(|cell| cell.n).collect()).collect();
    let [mine, others] = &pair.weights;
    if units.len() != mine.len() || units.iter().any(|row| row.len() != others.len()) {
        return Err(Why::BadWeights);
    }
    let independence = independence(&units)?;
    let weights: Vec<f64> = mine.iter().flat_map(|a| others.iter().map(move |b| a * b)).collect();
    Ok(Joint { independence, planned: srm(&units.concat(), &weights).ok(), units })
}

fn worse_of(joint: &Joint) -> f64 {
    joint.planned.map_or(joint.independence.ln_p, |planned| {
        // Two tests of one table.
        (joint.independence.ln_p.min(planned.ln_p) + 2.0_f64.ln()).min(0.0)
    })
}

fn told_joint(found: Joint, ln_p: f64) -> Check {
    let dependent = found.planned.is_none_or(|planned| found.independence.ln_p <= planned.ln_p + 2.0_f64.ln());
    // Where the draws are independent, another split of those in both is what happens when a variant of one brings more
    // units to the other: neither effect is any less true for it.
    let worst = if dependent { Severity::Alarm } else { Severity::Suspicious };
    let severity = Severity::of_peeked_ln_p(ln_p).min(worst);
    let p = words::p(ln_p);
    let says = match severity {
        Severity::Ok | Severity::Untested => {
            format!("No sign that the variant here depends on the variant there (p {p}).")
        }
        Severity::Suspicious | Severity::Alarm if dependent => format!(
            "Which variant a unit gets here depends on its variant there (p {p}): the other experiment's effect is part of \
             this one's. Usual causes: the same seed, or targeting by what the other changes; a common layer keeps them \
             apart."
        ),
        Severity::Suspicious | Severity::Alarm => {
            format!(
                "The units that the two experiments share do not fill the arms as planned (p {p}), though the draws are \
                 independent: perhaps a variant of one brings more units to the other."
            )
        }
    };
    Check::new(Code::Interaction, severity, says, Details::Joint(found))
}

/// For each arm i and each arm j of the other: (m_ij − m_0j) − (m_i0 − m_00), with the sum of the four variances of means
/// (Kohavi, Tang and Xu 2020, chapter 4), normal; the smallest p, adjusted (Holm).
fn modification(pair: &Pair) -> Result<Modification, Why> {
    let mut contrasts = Vec::new();
    let mut why = Why::OneArm;
    for arm in 1..pair.cells.len() {
        for other in 1..pair.cells[arm].len() {
            match contrast(&pair.cells, arm, other) {
                Ok(found) => contrasts.push(found),
                Err(reason) => why = reason,
            }
        }
    }
    let adjusted = ln_holm(&contrasts.iter().map(|found| found.ln_p).collect::<Vec<_>>());
    contrasts.iter_mut().zip(adjusted).for_each(|(found, adjusted)| found.ln_p = adjusted);
    contrasts.into_iter().min_by(|a, b| a.ln_p.total_cmp(&b.ln_p)).ok_or(why)
}

fn contrast(cells: &[Vec<Moments>], arm: usize, other: usize) -> Result<Modification, Why> {
    let sample = |i: usize, j: usize| {
        let cell = cells.get(i).and_then(|row| row.get(j)).ok_or(Why::BadWeights)?;
        if cell.n < CELL_UNITS_MIN { Err(Why::TooFewUnits) } else { Sample::of(cell) }
    };
    let four = [sample(0, 0)?, sample(arm, 0)?, sample(0, other)?, sample(arm, other)?];
    let effects = [four[1].mean - four[0].mean, four[3].mean - four[2].mean];
    let variance: f64 = four.iter().map(Sample::variance_of_mean).sum();
    if variance == 0.0 {
        return Err(Why::NoVariance);
    }
    let standard_error = variance.sqrt();
    let z = (effects[1] - effects[0]) / standard_error;
    let ln_p = ln_p_normal(z);
    if !ln_p.is_finite() {
        return Err(Why::NotFinite);
    }
    Ok(Modification { arm, other_arm: other, effects, standard_error, ln_p, ln_p_adjusted: ln_p })
}

fn told_modification(arms: &[String], pair: &Pair, found: Modification) -> Check {
    let severity = Severity::of_ln_p(found.ln_p_adjusted).min(Severity::Suspicious);
    let p = words::p(found.ln_p_adjusted);
    let name = |names: &[String], at: usize| names.get(at).cloned().unwrap_or_else(|| format!("arm {at}"));
    let says = match severity {
        Severity::Ok | Severity::Untested => {
            format!("No sign that the effect differs between the arms of the other (p {p}).")
        }
        Severity::Suspicious | Severity::Alarm => format!(
            "{} does {} where units get {} there, but {} where they get {} (p {p}): the effect shown is of the mixture, and \
             will be another when the other experiment ends.",
            name(arms, found.arm),
            words::number(found.effects[1]),
            name(&pair.other_arms, found.other_arm),
            words::number(found.effects[0]),
            name(&pair.other_arms, 0),
        ),
    };
    Check::new(Code::Interaction, severity, says, Details::Modification(found))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testdata::close;

    fn cell(n: u64, mean: f64) -> Moments {
        Moments { n, mean, m2: n.saturating_sub(1) as f64 }
    }

    fn pair(cells: Vec<Vec<Moments>>) -> Pair {
        let even = |arms: usize| vec![1.0; arms];
        let weights = [even(cells.len()), even(cells.first().map_or(0, Vec::len))];
        Pair { other: "other".into(), other_arms: vec!["x".into(), "y".into()], weights, cells }
    }

    fn names() -> Vec<String> {
        ["a", "b"].map(str::to_owned).into()
    }

    #[test]
    fn dependence_is_an_alarm() {
        let dependent = pair(vec![vec![cell(1_000, 0.0), cell(1_300, 0.0)], vec![cell(1_300, 0.0), cell(1_000, 0.0)]]);
        let checks = checks(&names(), &[dependent]);
        assert_eq!([checks[0].severity, checks[1].severity], [Severity::Alarm, Severity::Ok]);
        assert!(checks[0].says.starts_with("Which variant a unit gets here depends"), "{}", checks[0].says);
        let Some(Details::Joint(found)) = &checks[0].details else { panic!("no details") };
        // SciPy 1.17.1: chi2_contingency([[1000, 1300], [1300, 1000]], correction=False).
        close(found.independence.chi_square, 78.26086956521739, 1e-12);
        // scipy.stats.chisquare([1000, 1300, 1300, 1000]).
        close(found.planned.unwrap().ln_p.exp(), 7.244812774213465e-17, 1e-10);
    }

    #[test]
    fn a_variant_that_brings_units_to_the_other_experiment_is_no_alarm() {
        let brought = pair(vec![vec![cell(5_000, 0.0); 2], vec![cell(6_000, 0.0); 2]]);
        let checks = checks(&names(), &[brought]);
        assert_eq!(checks[0].severity, Severity::Suspicious, "{}", checks[0].says);
        assert!(checks[0].says.contains("draws are independent"), "{}", checks[0].says);
    }

    #[test]
    fn an_effect_that_differs_is_suspicious() {
        let differs = pair(vec![vec![cell(1_000, 0.0), cell(1_000, 0.0)], vec![cell(1_000, 0.5), cell(1_000, -0.1)]]);
        let same = pair(vec![vec![cell(1_000, 0.0), cell(1_000, 0.3)], vec![cell(1_000, 0.5), cell(1_000, 0.8)]]);
        let checks = checks(&names(), &[differs, same]);
        let severities: Vec<Severity> = checks.iter().map(|check| check.severity).collect();
        assert_eq!(severities, [Severity::Ok, Severity::Suspicious, Severity::Ok, Severity::Ok]);
        assert!(
            checks[1].says.starts_with("b does −0.10 where units get y there, but 0.50 where they get x (p"),
            "{}",
            checks[1].says
        );
        let Some(Details::Modification(found)) = &checks[1].details else { panic!("no details") };
        close(found.standard_error, (4.0_f64 / 1_000.0).sqrt(), 1e-12);
        close(found.ln_p, ln_p_normal(-0.6 / (4.0_f64 / 1_000.0).sqrt()), 1e-9);
    }

    #[test]
    fn too_little_says_so() {
        let few = pair(vec![vec![cell(3, 0.0), cell(2, 0.0)], vec![cell(3, 0.0), cell(2, 0.0)]]);
        for check in checks(&names(), &[few, pair(vec![])]) {
            assert_eq!(check.severity, Severity::Untested, "{}", check.says);
        }
        assert!(checks(&names(), &[]).is_empty());
    }

    proptest! {
        #[test]
        fn any_counts(counts in prop::collection::vec(prop::collection::vec(0..200_u64, 3), 0..4)) {
            let cells = counts.iter().map(|row| row.iter().map(|n| cell(*n, *n as f64)).collect()).collect();
            for check in checks(&names(), &[pair(cells)]) {
                prop_assert!(!check.says.contains("NaN") && !check.says.contains("inf"), "{}", check.says);
            }
        }
    }
}
