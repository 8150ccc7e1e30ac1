//! Pre-period imbalance: did the arms differ before anything was shown to them? By chance they do, a little; by more than
//! that, something other than chance fills them.

use serde::Serialize;

use super::severity::Severity;
use super::{Check, Code, Details, words};
use crate::infer::effect::{Effect, Sample, Scale};
use crate::infer::finding::Why;
use crate::infer::frequentist::multiplicity::ln_holm;
use crate::infer::moments::Moments;
use crate::infer::tail::ln_p_student;

/// What the units of each arm did before their exposure.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// The metric.
    pub metric: String,
    /// Its pre-exposure value per unit, by arm; the first is the control.
    pub arms: Vec<Moments>,
}

/// A metric of which the arms were compared before exposure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imbalance {
    /// The arm that differs most from the control.
    pub arm: usize,
    /// Pre-exposure mean of the control, and of that arm.
    pub means: [f64; 2],
    /// Welch's t.
    pub t: f64,
    /// The logarithm of its p-value.
    pub ln_p: f64,
    /// The same, adjusted for all metrics and arms that were compared (Holm).
    pub ln_p_adjusted: f64,
}

/// Welch's t and the logarithm of its p, of each treatment against the control.
type Compared = Vec<Result<(f64, f64), Why>>;

/// Did the arms differ before the experiment? Welch's test on pre-exposure means, each arm against the control, Holm over
/// all metrics and arms; one answer per metric.
#[must_use]
pub fn checks(arms: &[String], metrics: &[Before]) -> Vec<Check> {
    let compared: Vec<Compared> = metrics
        .iter()
        .map(|before| before.arms.iter().skip(1).map(|arm| welch(&before.arms[0], arm)).collect())
        .collect();
    let ln_p: Vec<f64> = compared.iter().flatten().flatten().map(|(_, ln_p)| *ln_p).collect();
    let mut adjusted = ln_holm(&ln_p).into_iter();
    let mut check = |(before, compared): (&Before, Compared)| {
        let mut worst: Option<Imbalance> = None;
        let mut why = Why::OneArm;
        for (at, result) in compared.into_iter().enumerate() {
            match result {
                Ok((t, ln_p)) => {
                    let arm = at + 1;
                    let means = [before.arms[0].mean, before.arms[arm].mean];
                    let ln_p_adjusted = adjusted.next().unwrap_or(0.0);
                    if worst.as_ref().is_none_or(|worst| ln_p < worst.ln_p) {
                        worst = Some(Imbalance { arm, means, t, ln_p, ln_p_adjusted });
                    }
                }
                Err(reason) => why = reason,
            }
        }
        told(arms, worst.ok_or(why)).about(&before.metric)
    };
    metrics.iter().zip(compared).map(&mut check).collect()
}

fn welch(control: &Moments, treatment: &Moments) -> Result<(f64, f64), Why> {
    let effect = Effect::between(&Sample::of(control)?, &Sample::of(treatment)?, Scale::Absolute)?;
    let t = effect.estimate / effect.standard_error;
    Ok((t, ln_p_student(t, effect.degrees)))
}

fn told(arms: &[String], found: Result<Imbalance, Why>) -> Check {
    let found = match found {
        Ok(found) => found,
        // Everybody was the same, most often nobody was there: nothing to compare, and nothing wrong.
        Err(Why::NoVariance) => {
            let says = "No unit differs from another before exposure: nothing to compare.".to_owned();
            return Check::untested(Code::Imbalance, Severity::Ok, says, Why::NoVariance);
        }
        Err(why) => {
            let says = format!("Whether the arms differed before exposure cannot be told: {why}.");
            return Check::untested(Code::Imbalance, Severity::Untested, says, why);
        }
    };
    let severity = Severity::of_peeked_ln_p(found.ln_p_adjusted);
    let p = words::p(found.ln_p_adjusted);
    let name = arms.get(found.arm).map_or("a treatment", String::as_str);
    let [control, treatment] = found.means.map(words::number);
    let says = match severity {
        Severity::Ok | Severity::Untested => {
            format!("No sign that the arms differed before exposure (adjusted p {p}).")
        }
        Severity::Suspicious | Severity::Alarm => format!(
            "The arms differed before exposure already: {control} in the control, {treatment} in {name} (adjusted p {p}). \
             Either the assignment is not random, or exposure depends on what the variant does, or an earlier experiment \
             carries over."
        ),
    };
    Check::new(Code::Imbalance, severity, says, Details::Imbalance(found))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two thousand sound experiments, looked at on 28 days: hardly one is called sick.
    #[test]
    fn daily_looks_do_not_make_sound_experiments_sick() {
        let mut chance = anklang_domain::Stream::named(5, "imbalance");
        let names = ["a", "b"].map(str::to_owned);
        let sick = (0..2_000).filter(|_| {
            let mut arms = [Moments::default(); 2];
            (0..28).any(|_| {
                for arm in &mut arms {
                    let sum: f64 = (0..12).map(|_| chance.unit()).sum::<f64>() - 6.0;
                    // A hundred units a day, of a variance of 1.
                    *arm = arm.merge(Moments { n: 100, mean: sum / 10.0, m2: 99.0 });
                }
                let before = Before { metric: "m".to_owned(), arms: arms.to_vec() };
                checks(&names, &[before])[0].severity == Severity::Alarm
            })
        });
        let sick = sick.count();
        assert!(sick <= 8, "{sick} of 2,000");
    }
    use crate::testdata::close;

    fn names() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).into()
    }

    fn moments(n: u64, mean: f64, variance: f64) -> Moments {
        Moments { n, mean, m2: variance * (n - 1) as f64 }
    }

    #[test]
    fn an_imbalance_is_told_with_its_metric() {
        let arms = vec![moments(5_000, 1.0, 4.0), moments(5_100, 1.02, 4.0), moments(5_000, 1.25, 4.1)];
        let even = vec![moments(5_000, 7.0, 1.0), moments(5_100, 7.01, 1.0), moments(5_000, 7.0, 1.0)];
        let metrics = [Before { metric: "replies".into(), arms }, Before { metric: "visits".into(), arms: even }];
        let checks = checks(&names(), &metrics);
        assert_eq!([checks[0].severity, checks[1].severity], [Severity::Alarm, Severity::Ok]);
        let Some(Details::Imbalance(found)) = &checks[0].details else { panic!("no details") };
        // SciPy 1.17.1: ttest_ind_from_stats(1.25, 4.1**.5, 5000, 1, 2, 5000, equal_var=False).
        close(found.t, 6.211299937499416, 1e-12);
        close(found.ln_p.exp(), 5.463977113448161e-10, 1e-9);
        close(found.ln_p_adjusted.exp(), 4.0 * 5.463977113448161e-10, 1e-9);
        assert!(
            checks[0].says.contains("1.0 in the control, 1.2 in c") || checks[0].says.contains("1.3 in c"),
            "{}",
            checks[0].says
        );
    }

    #[test]
    fn what_cannot_be_compared_says_so() {
        let told = |arms: Vec<Moments>| checks(&names(), &[Before { metric: "m".into(), arms }]).remove(0);
        assert_eq!(told(vec![]).severity, Severity::Untested);
        assert_eq!(told(vec![moments(10, 1.0, 1.0)]).severity, Severity::Untested);
        assert_eq!(told(vec![moments(10, 0.0, 0.0), moments(10, 0.0, 0.0)]).severity, Severity::Ok);
        assert_eq!(told(vec![moments(10, f64::NAN, 1.0), moments(10, 0.0, 1.0)]).why, Some(Why::NotFinite));
        assert_eq!(told(vec![Moments::default(); 2]).why, Some(Why::TooFewUnits));
    }

    proptest! {
        #[test]
        fn any_moments(parts in prop::collection::vec((0..5_u64, -1e9..1e9_f64, 0.0..1e18_f64), 0..4)) {
            let arms = parts.into_iter().map(|(n, mean, m2)| Moments { n, mean, m2 }).collect();
            for check in checks(&names(), &[Before { metric: "m".into(), arms }]) {
                prop_assert!(!check.says.contains("NaN"));
            }
        }
    }
}
