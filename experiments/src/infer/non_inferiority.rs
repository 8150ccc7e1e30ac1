//! Guardrails: is the treatment worse by no more than a margin? And the two-sided form: is it the same, give or take a
//! margin (TOST, Schuirmann 1987)? An effect that is not significant is an answer to neither.

use serde::{Deserialize, Serialize};

use super::bayesian::bayesian;
use super::compare::{Prepared, Question};
use super::contrast::Contrast;
use super::effect::{Effect, Scale};
use super::finding::{Finding, Why};
use super::frequentist::fieller::fieller;
use super::method::Method;
use super::sequential::{asymptotic, mixture, msprt};
use super::summary::Summary;
use super::tail::{ln_p_normal, ln_p_student, student_quantile_near};

/// Which way a metric is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    #[default]
    Higher,
    /// Less is better.
    Lower,
}

/// What is shown about a margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Not worse by more than the margin; or the same, give or take the margin.
    Within,
    /// Worse by more than the margin; or different by more than it.
    Beyond,
    /// The data allow both.
    Open,
}

/// An effect against a margin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MarginTest {
    /// What is shown.
    pub verdict: Verdict,
    /// The estimated effect.
    pub estimate: f64,
    /// The one-sided 1 − alpha bounds of the effect, from below and from above.
    pub bounds: (f64, f64),
    /// The logarithm of the p-value of [`Verdict::Within`].
    pub ln_p: f64,
}

/// Whether the treatment is worse than the control by no more than `margin`, above or equal to 0 and on the question's
/// scale; one-sided, at the question's alpha, which has to be below ½. With a group sequential or Bayesian method too.
/// Where the question asks for Fieller's interval, the test is of μ_T − (1 ∓ margin) μ_C, which does without a quotient.
pub fn non_inferiority(
    control: &Summary,
    treatment: &Summary,
    question: &Question,
    margin: f64,
    better: Better,
) -> Result<MarginTest, Why> {
    let side = Side::of(control, treatment, question, margin)?;
    let (low, high) = side.bounds;
    let (worst, best, good) = match better {
        Better::Higher => (low, high, 1.0),
        Better::Lower => (-high, -low, -1.0),
    };
    let verdict = match () {
        () if worst > -margin => Verdict::Within,
        () if best < -margin => Verdict::Beyond,
        () => Verdict::Open,
    };
    let z = good * side.errors_from(-good * margin)?;
    side.said(verdict, side.ln_p(z))
}

/// Whether treatment and control are the same, give or take `margin`, above 0 and on the question's scale: both one-sided
/// tests at the question's alpha, which has to be below ½.
pub fn equivalence(
    control: &Summary,
    treatment: &Summary,
    question: &Question,
    margin: f64,
) -> Result<MarginTest, Why> {
    let side = Side::of(control, treatment, question, margin)?;
    let (low, high) = side.bounds;
    let verdict = match () {
        () if low > -margin && high < margin => Verdict::Within,
        () if low > margin || high < -margin => Verdict::Beyond,
        () => Verdict::Open,
    };
    let ln_p = side.ln_p(-side.errors_from(margin)?).max(side.ln_p(side.errors_from(-margin)?));
    side.said(verdict, ln_p)
}

/// One-sided tests of an effect.
struct Side<'a> {
    prepared: Prepared<'a>,
    effect: Effect,
    bounds: (f64, f64),
    /// By Fieller.
    contrast: Option<Contrast>,
}

impl<'a> Side<'a> {
    fn of(control: &Summary, treatment: &Summary, question: &'a Question, margin: f64) -> Result<Self, Why> {
        if !(margin >= 0.0 && margin.is_finite()) {
            return Err(Why::BadQuestion);
        }
        // Twice alpha two-sided is alpha on each side.
        let prepared = question.prepare_at(2.0 * question.alpha)?;
        let contrast = Contrast::of(control, treatment)?;
        let mut effect = contrast.effect(question.scale)?;
        if let Method::Bayesian { prior } = &question.method {
            match bayesian(&effect, question.scale, contrast.control, *prior, prepared.normal) {
                Finding::Measured(found) => {
                    effect = Effect { estimate: found.estimate, standard_error: found.standard_error, ..effect };
                }
                Finding::Inconclusive(why) => return Err(why),
            }
        }
        let bayesian = matches!(question.method, Method::Bayesian { .. });
        if question.fieller && question.scale == Scale::Relative && !bayesian {
            let critical = prepared.critical_one_sided(&effect);
            return match fieller(&contrast, critical, 0.0) {
                Finding::Measured(found) => {
                    let bounds = (found.low, found.high);
                    Ok(Self { prepared, effect, bounds, contrast: Some(contrast) })
                }
                Finding::Inconclusive(why) => Err(why),
            };
        }
        let half_width = prepared.critical_one_sided(&effect) * effect.standard_error;
        let bounds = (effect.estimate - half_width, effect.estimate + half_width);
        Ok(Self { prepared, effect, bounds, contrast: None })
    }

    /// By how many standard errors the effect lies above this one.
    fn errors_from(&self, change: f64) -> Result<f64, Why> {
        let Some(contrast) = &self.contrast else {
            return Ok((self.effect.estimate - change) / self.effect.standard_error);
        };
        // A change is a share of the size of the control.
        let share = 1.0 + change * contrast.control.signum();
        Ok((contrast.treatment - share * contrast.control) / contrast.variance_against(share)?.sqrt())
    }

    /// The logarithm of the p-value of an effect so many standard errors on the good side of a margin.
    fn ln_p(&self, z: f64) -> f64 {
        let Effect { n, degrees, .. } = self.effect;
        let alpha = self.prepared.alpha;
        match (&self.prepared.question.method, self.prepared.look()) {
            (Method::Sequential { tuned_for }, _) => mixture::ln_p_one_sided(z, asymptotic::odds(n, alpha, *tuned_for)),
            (Method::Msprt { effect_variance }, _) => {
                mixture::ln_p_one_sided(z, msprt::odds(&self.effect, *effect_variance))
            }
            (Method::GroupSequential { .. }, Some(look)) => half(look.ln_p(z), z),
            (Method::FixedHorizon | Method::GroupSequential { .. }, _) => half(ln_p_student(z, degrees), z),
            (Method::Bayesian { .. }, _) => half(ln_p_normal(z), z),
        }
    }

    fn said(&self, verdict: Verdict, ln_p: f64) -> Result<MarginTest, Why> {
        let (estimate, bounds) = (self.effect.estimate, self.bounds);
        let finite = [bounds.0, bounds.1, ln_p].iter().all(|number| number.is_finite());
        if finite { Ok(MarginTest { verdict, estimate, bounds, ln_p }) } else { Err(Why::NotFinite) }
    }
}

/// One side of a symmetric two-sided p-value.
fn half(ln_p: f64, z: f64) -> f64 {
    if z > 0.0 { ln_p - 2.0_f64.ln() } else { (-0.5 * ln_p.exp()).ln_1p() }
}

impl Prepared<'_> {
    /// The half-width of a one-sided bound in standard errors, of a question prepared at twice its alpha.
    fn critical_one_sided(&self, effect: &Effect) -> f64 {
        // One-sided: the sequences mix over effects of one sign only. ρ² takes the doubled alpha.
        let by_mixture = |odds| mixture::critical_one_sided(odds, self.alpha / 2.0);
        match (&self.question.method, self.look()) {
            (Method::Sequential { tuned_for }, _) => by_mixture(asymptotic::odds(effect.n, self.alpha, *tuned_for)),
            (Method::Msprt { effect_variance }, _) => by_mixture(msprt::odds(effect, *effect_variance)),
            (Method::GroupSequential { .. }, Some(look)) => look.critical,
            (Method::FixedHorizon | Method::GroupSequential { .. }, _) => {
                student_quantile_near(self.normal, self.alpha, effect.degrees)
            }
            (Method::Bayesian { .. }, _) => self.normal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::sequential::group::{Looks, Spending};
    use crate::testdata::close;

    const METHODS: fn() -> Vec<Method> = || {
        let looks = Looks::even(4, Spending::OBrienFleming);
        vec![
            Method::default(),
            Method::Msprt { effect_variance: 1e-3 },
            Method::FixedHorizon,
            Method::GroupSequential { looks, look: 3 },
            Method::Bayesian { prior: super::super::bayesian::Prior::default() },
        ]
    };

    fn share(successes: u64) -> Summary {
        Summary::Proportion { successes, n: 100_000 }
    }

    #[test]
    fn a_margin_is_kept_broken_or_open_with_every_method() {
        for method in METHODS() {
            let question = Question { scale: Scale::Absolute, method, ..Question::default() };
            let verdict = |treatment, margin, better| {
                non_inferiority(&share(20_000), &share(treatment), &question, margin, better).unwrap()
            };
            for (treatment, better, wanted) in [
                (20_000, Better::Higher, Verdict::Within),
                (30_000, Better::Higher, Verdict::Within),
                (30_000, Better::Lower, Verdict::Beyond),
                (15_000, Better::Higher, Verdict::Beyond),
                (15_000, Better::Lower, Verdict::Within),
                (19_000, Better::Higher, Verdict::Open),
            ] {
                let test = verdict(treatment, 0.01, better);
                assert_eq!(test.verdict, wanted, "{treatment} {better:?} {question:?} {test:?}");
                // The verdict and the p-value say the same.
                assert_eq!(test.verdict == Verdict::Within, test.ln_p < 0.05_f64.ln(), "{test:?}");
            }
            let same = equivalence(&share(20_000), &share(20_010), &question, 0.01).unwrap();
            assert_eq!(same.verdict, Verdict::Within);
            let other = equivalence(&share(20_000), &share(25_000), &question, 0.01).unwrap();
            assert_eq!(other.verdict, Verdict::Beyond);
        }
    }

    #[test]
    fn the_one_sided_bound_is_the_two_sided_one_at_twice_alpha() {
        let question = Question { scale: Scale::Absolute, method: Method::FixedHorizon, ..Question::default() };
        let test = non_inferiority(&share(20_000), &share(20_100), &question, 0.0, Better::Higher).unwrap();
        let doubled = Question { alpha: 0.1, ..question };
        let Finding::Measured(interval) = super::super::compare::compare(&share(20_000), &share(20_100), &doubled)
        else {
            panic!("measured")
        };
        close(test.bounds.0, interval.low, 1e-12);
        close(test.ln_p, interval.ln_p - 2.0_f64.ln(), 1e-12);
    }

    /// By Fieller, the verdict and the p-value say the same also where the control is hardly known, and far from 0 what the
    /// delta method says.
    #[test]
    fn a_margin_without_a_quotient() {
        for method in METHODS().into_iter().take(4) {
            let question = |fieller| Question { fieller, method: method.clone(), ..Question::default() };
            for (control, treatment, n) in [(40, 31, 4_000), (40, 45, 4_000), (40, 90, 4_000), (60, 20, 4_000)] {
                let of = |successes| Summary::Proportion { successes, n };
                for (margin, better) in
                    [(0.1, Better::Higher), (0.5, Better::Higher), (0.5, Better::Lower), (1.0, Better::Lower)]
                {
                    let ask = non_inferiority(&of(control), &of(treatment), &question(true), margin, better);
                    let Ok(test) = ask else { continue };
                    let within = test.verdict == Verdict::Within;
                    let near = (test.ln_p - 0.05_f64.ln()).abs() < 0.01;
                    assert!(near || within == (test.ln_p < 0.05_f64.ln()), "{method:?} {margin} {better:?} {test:?}");
                }
            }
            let far =
                |fieller| non_inferiority(&share(20_000), &share(19_900), &question(fieller), 0.02, Better::Higher);
            close(far(true).unwrap().bounds.0, far(false).unwrap().bounds.0, 0.02);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let ask = |margin, alpha| {
            let question = Question { alpha, ..Question::default() };
            non_inferiority(&share(1), &share(2), &question, margin, Better::Higher)
        };
        assert_eq!(ask(-1.0, 0.05), Err(Why::BadQuestion));
        assert_eq!(ask(f64::NAN, 0.05), Err(Why::BadQuestion));
        assert_eq!(ask(0.1, 0.5), Err(Why::BadQuestion));
        assert_eq!(
            non_inferiority(&share(0), &share(0), &Question::default(), 0.1, Better::Higher),
            Err(Why::ControlIsZero)
        );
    }
}
