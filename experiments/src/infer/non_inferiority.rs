//! Guardrails: is the treatment worse by no more than a margin? And the two-sided form: is it the same, give or take a
//! margin (TOST, Schuirmann 1987)? An effect that is not significant is an answer to neither.

use serde::{Deserialize, Serialize};

use super::bayesian::bayesian;
use super::compare::{Prepared, Question};
use super::contrast::Contrast;
use super::effect::Effect;
use super::finding::{Finding, Why};
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
    More,
    /// Less is better.
    Less,
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
pub fn non_inferiority(
    control: &Summary,
    treatment: &Summary,
    question: &Question,
    margin: f64,
    better: Better,
) -> Result<MarginTest, Why> {
    let side = Side::of(control, treatment, question, margin)?;
    let (estimate, error) = (side.effect.estimate, side.effect.standard_error);
    let (low, high) = side.bounds;
    let (worst, best, gain) = match better {
        Better::More => (low, high, estimate),
        Better::Less => (-high, -low, -estimate),
    };
    let verdict = match () {
        () if worst > -margin => Verdict::Within,
        () if best < -margin => Verdict::Beyond,
        () => Verdict::Open,
    };
    side.said(verdict, side.ln_p((gain + margin) / error))
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
    let (estimate, error) = (side.effect.estimate, side.effect.standard_error);
    let (low, high) = side.bounds;
    let verdict = match () {
        () if low > -margin && high < margin => Verdict::Within,
        () if low > margin || high < -margin => Verdict::Beyond,
        () => Verdict::Open,
    };
    let ln_p = side.ln_p((margin - estimate) / error).max(side.ln_p((margin + estimate) / error));
    side.said(verdict, ln_p)
}

/// One-sided tests of an effect.
struct Side<'a> {
    prepared: Prepared<'a>,
    effect: Effect,
    bounds: (f64, f64),
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
        let half_width = prepared.critical_one_sided(&effect) * effect.standard_error;
        let bounds = (effect.estimate - half_width, effect.estimate + half_width);
        Ok(Self { prepared, effect, bounds })
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
    use crate::infer::effect::Scale;
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
                (20_000, Better::More, Verdict::Within),
                (30_000, Better::More, Verdict::Within),
                (30_000, Better::Less, Verdict::Beyond),
                (15_000, Better::More, Verdict::Beyond),
                (15_000, Better::Less, Verdict::Within),
                (19_000, Better::More, Verdict::Open),
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
        let test = non_inferiority(&share(20_000), &share(20_100), &question, 0.0, Better::More).unwrap();
        let doubled = Question { alpha: 0.1, ..question };
        let Finding::Measured(interval) = super::super::compare::compare(&share(20_000), &share(20_100), &doubled)
        else {
            panic!("measured")
        };
        close(test.bounds.0, interval.low, 1e-12);
        close(test.ln_p, interval.ln_p - 2.0_f64.ln(), 1e-12);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let ask = |margin, alpha| {
            let question = Question { alpha, ..Question::default() };
            non_inferiority(&share(1), &share(2), &question, margin, Better::More)
        };
        assert_eq!(ask(-1.0, 0.05), Err(Why::BadQuestion));
        assert_eq!(ask(f64::NAN, 0.05), Err(Why::BadQuestion));
        assert_eq!(ask(0.1, 0.5), Err(Why::BadQuestion));
        assert_eq!(
            non_inferiority(&share(0), &share(0), &Question::default(), 0.1, Better::More),
            Err(Why::ControlIsZero)
        );
    }
}
