//! Does one unit decide the outcome? The comparison with the largest unit, and without it.

use serde::Serialize;

use super::severity::Severity;
use super::shape::Shape;
use super::{Check, Code, Details, words};
use crate::infer::effect::{Effect, Sample, Scale};
use crate::infer::finding::Why;
use crate::infer::moments::Moments;
use crate::infer::tail::ln_p_student;

/// One unit that moves the difference by more than so many of its standard errors decides too much (DFBETAS > 1, Bollen
/// and Jackman 1985).
pub const DFBETAS_MAX: f64 = 1.0;

/// What the largest unit does to a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Influence {
    /// The arm it is in.
    pub arm: usize,
    /// Its value.
    pub value: f64,
    /// The difference of means with it and without it.
    pub difference: [f64; 2],
    /// The logarithm of Welch's p with it and without it.
    pub ln_p: [f64; 2],
    /// By how many standard errors it moves the difference (DFBETAS: the standard error is the one without it).
    pub dfbetas: f64,
}

/// Compares an arm (`treatment` is its place) with the control, with and without the largest unit of the two.
pub fn influence(control: &Shape, treatment: &Shape, arm: usize) -> Result<Influence, Why> {
    let [c, t] = [control.moments(), treatment.moments()];
    let with = welch(&c, &t)?;
    // The largest by how far it lies from its own arm, as both arms may have the same largest value.
    let in_control = control.largest - control.mean >= treatment.largest - treatment.mean;
    let without =
        if in_control { welch(&control.without_largest(), &t) } else { welch(&c, &treatment.without_largest()) };
    let without = without?;
    let (arm, value) = if in_control { (0, control.largest) } else { (arm, treatment.largest) };
    let dfbetas = (with.0.estimate - without.0.estimate).abs() / without.0.standard_error;
    let found =
        Influence { arm, value, difference: [with.0.estimate, without.0.estimate], ln_p: [with.1, without.1], dfbetas };
    if value.is_finite() && dfbetas.is_finite() { Ok(found) } else { Err(Why::NotFinite) }
}

fn welch(control: &Moments, treatment: &Moments) -> Result<(Effect, f64), Why> {
    let effect = Effect::between(&Sample::of(control)?, &Sample::of(treatment)?, Scale::Absolute)?;
    Ok((effect, ln_p_student(effect.estimate / effect.standard_error, effect.degrees)))
}

/// Does one unit decide the outcome of this metric? The first arm is the control; the worst comparison is told.
#[must_use]
pub fn check(arms: &[String], metric: &str, shapes: &[Shape]) -> Check {
    let mut worst: Result<Influence, Why> = Err(Why::OneArm);
    for (arm, shape) in shapes.iter().enumerate().skip(1) {
        let found = influence(&shapes[0], shape, arm);
        let worse = match (&worst, &found) {
            (Err(_), _) => true,
            (Ok(_), Err(_)) => false,
            (Ok(worst), Ok(found)) => found.dfbetas > worst.dfbetas,
        };
        if worse {
            worst = found;
        }
    }
    match worst {
        Ok(found) => told(arms, found),
        Err(why) => {
            let says = format!("Whether one unit decides the outcome cannot be told: {why}.");
            Check::untested(Code::Outlier, Severity::Untested, says, why)
        }
    }
    .about(metric)
}

fn told(arms: &[String], found: Influence) -> Check {
    let severity = if found.dfbetas > DFBETAS_MAX { Severity::Suspicious } else { Severity::Ok };
    let says = match severity {
        Severity::Ok | Severity::Untested => "No single unit decides the outcome.".to_owned(),
        Severity::Suspicious | Severity::Alarm => format!(
            "One unit, {} in {}, decides much: with it the means differ by {} (Welch's p {}), without it by {} (p {}). Look at \
             that unit, and cap the metric.",
            words::number(found.value),
            arms.get(found.arm).map_or("an arm", String::as_str),
            words::number(found.difference[0]),
            words::p(found.ln_p[0]),
            words::number(found.difference[1]),
            words::p(found.ln_p[1]),
        ),
    };
    Check::new(Code::Outlier, severity, says, Details::Outlier(found))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testdata::{close, conformance};

    fn names() -> Vec<String> {
        ["gate_30", "gate_40"].map(str::to_owned).into()
    }

    /// The one outlier of Cookie Cats, 49,854 rounds, moves Welch's p from .376 to .949.
    #[test]
    fn cookie_cats_has_one_such_unit() {
        let Some(golden) = conformance("statistics.json") else { return };
        let arm = |name: &str, largest: f64| {
            let of = |key: &str| golden["suff"]["cookie"][name]["sum_gamerounds"][key].as_f64().unwrap();
            Shape { n: of("n") as u64, mean: of("mean"), m2: of("var") * (of("n") - 1.0), m3: 0.0, largest }
        };
        let found = influence(&arm("gate_30", 49_854.0), &arm("gate_40", 2_640.0), 1).unwrap();
        close(found.ln_p[0].exp(), 0.375_924_384_093_261_7, 1e-9);
        // SciPy 1.17.1: ttest_ind(equal_var=False) on the file without that row.
        close(found.ln_p[1].exp(), 0.949468621546446, 1e-6);
        let check = told(&names(), found);
        assert_eq!(check.severity, Severity::Suspicious);
        assert_eq!(
            check.says,
            "One unit, 49,854 in gate_30, decides much: with it the means differ by −1.2 (Welch's p 0.38), without it by \
             −0.043 (p 0.95). Look at that unit, and cap the metric."
        );
    }

    #[test]
    fn ordinary_units_decide_nothing() {
        let arm = |shift: f64| Shape::of((0..200).map(|at| f64::from(at % 20) + shift));
        assert_eq!(check(&names(), "m", &[arm(0.0), arm(0.3)]).severity, Severity::Ok);
        assert_eq!(check(&names(), "m", &[arm(0.0)]).why, Some(Why::OneArm));
        assert_eq!(check(&names(), "m", &[Shape::default(); 2]).why, Some(Why::TooFewUnits));
    }

    proptest! {
        #[test]
        fn any_numbers(
            a in prop::collection::vec(prop::sample::select(vec![0.0, 1.0, -1e9, 1e15, 1e200, f64::NAN, f64::INFINITY]), 0..6),
            b in prop::collection::vec(prop::sample::select(vec![0.0, 1.0, 3.0]), 0..6),
        ) {
            let check = check(&names(), "m", &[Shape::of(a), Shape::of(b)]);
            prop_assert!(!check.says.contains("NaN") && !check.says.contains("inf"), "{}", check.says);
        }
    }
}
