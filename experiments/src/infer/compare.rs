//! Two arms compared.

use serde::{Deserialize, Serialize};

use super::bayesian::bayesian;
use super::contrast::Contrast;
use super::effect::{Effect, Scale};
use super::finding::{Finding, Interval, Why};
use super::frequentist::fieller::fieller;
use super::method::Method;
use super::sequential::group::Look;
use super::sequential::{asymptotic, mixture, msprt};
use super::summary::Summary;
use super::tail::{ln_p_student, normal_quantile, student_quantile_near};

/// What is asked of two arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Question {
    /// On which scale the effect is told.
    pub scale: Scale,
    /// How the interval is made.
    pub method: Method,
    /// The interval misses the truth with at most this probability, in (0, 1).
    pub alpha: f64,
    /// On the relative scale, Fieller's interval in place of the delta method's. Not with a Bayesian method, which makes
    /// its own.
    pub fieller: bool,
}

impl Default for Question {
    /// The relative change, valid at every look, at 5%, by the delta method.
    fn default() -> Self {
        Self { scale: Scale::Relative, method: Method::default(), alpha: 0.05, fieller: false }
    }
}

impl Question {
    /// Checks the question, and computes once what every comparison needs.
    pub fn prepare(&self) -> Result<Prepared<'_>, Why> {
        self.prepare_at(self.alpha)
    }

    /// With a two-sided alpha in place of the question's own.
    pub(crate) fn prepare_at(&self, alpha: f64) -> Result<Prepared<'_>, Why> {
        let above_zero = |number: f64| number > 0.0 && number.is_finite();
        let sound = match &self.method {
            Method::Sequential { tuned_for } => above_zero(*tuned_for),
            Method::Msprt { effect_variance } => above_zero(*effect_variance),
            Method::FixedHorizon | Method::GroupSequential { .. } => true,
            Method::Bayesian { prior } => prior.mean.is_finite() && above_zero(prior.variance),
        };
        if !(sound && above_zero(alpha) && alpha < 1.0) {
            return Err(Why::BadQuestion);
        }
        let look = match &self.method {
            Method::GroupSequential { looks, look } => Some(Look::of(looks, *look, alpha)?),
            Method::Sequential { .. } | Method::Msprt { .. } | Method::FixedHorizon | Method::Bayesian { .. } => None,
        };
        Ok(Prepared { question: self, alpha, normal: normal_quantile(alpha), look })
    }
}

/// What may be said of the treatment against the control. For many comparisons, [`Question::prepare`] once.
#[must_use]
pub fn compare(control: &Summary, treatment: &Summary, question: &Question) -> Finding {
    question.prepare().map_or_else(Finding::Inconclusive, |prepared| prepared.compare(control, treatment))
}

/// A question that has been checked.
#[derive(Debug, Clone)]
pub struct Prepared<'a> {
    pub(crate) question: &'a Question,
    /// Two-sided.
    pub(crate) alpha: f64,
    /// The normal quantile of alpha.
    pub(crate) normal: f64,
    /// With a group sequential method.
    look: Option<Look>,
}

impl Prepared<'_> {
    /// The look, with a group sequential method.
    pub(crate) fn look(&self) -> Option<&Look> {
        self.look.as_ref()
    }

    /// What may be said of the treatment against the control.
    #[must_use]
    pub fn compare(&self, control: &Summary, treatment: &Summary) -> Finding {
        match Contrast::of(control, treatment) {
            Ok(contrast) => self.judge(&contrast),
            Err(why) => Finding::Inconclusive(why),
        }
    }

    /// What may be said of two arms side by side.
    #[must_use]
    pub fn judge(&self, contrast: &Contrast) -> Finding {
        let finding = self.interval(contrast).unwrap_or_else(Finding::Inconclusive);
        match finding {
            Finding::Measured(interval) => Finding::Measured(Interval { adjustment: contrast.adjustment, ..interval }),
            Finding::Inconclusive(why) => Finding::Inconclusive(why),
        }
    }

    fn interval(&self, contrast: &Contrast) -> Result<Finding, Why> {
        let Question { scale, method, fieller: by_fieller, .. } = self.question;
        let effect = contrast.effect(*scale)?;
        if let Method::Bayesian { prior } = method {
            return Ok(bayesian(&effect, *scale, contrast.control, *prior, self.normal));
        }
        if *by_fieller && *scale == Scale::Relative {
            // Fieller's interval leaves out no change exactly where the difference is not 0; of the control's mean, as
            // what the method expects of effects is on the relative scale.
            let absolute = contrast.effect(Scale::Absolute)?;
            let of_control = |number: f64| number / contrast.control.abs();
            let share = Effect {
                estimate: of_control(absolute.estimate),
                standard_error: of_control(absolute.standard_error),
                ..absolute
            };
            let (critical, ln_p) = self.critical(&share);
            return Ok(fieller(contrast, critical, ln_p));
        }
        let (critical, ln_p) = self.critical(&effect);
        Ok(Finding::of(Interval::around(&effect, critical * effect.standard_error, ln_p)))
    }

    /// The half-width in standard errors, and the logarithm of the p-value.
    fn critical(&self, effect: &Effect) -> (f64, f64) {
        let z = effect.estimate / effect.standard_error;
        let by_mixture = |odds| (mixture::critical(odds, self.alpha), (-mixture::ln_e(z, odds)).min(0.0));
        match (&self.question.method, &self.look) {
            (Method::Sequential { tuned_for }, _) => by_mixture(asymptotic::odds(effect.n, self.alpha, *tuned_for)),
            (Method::Msprt { effect_variance }, _) => by_mixture(msprt::odds(effect, *effect_variance)),
            (Method::GroupSequential { .. }, Some(look)) => (look.critical, look.ln_p(z)),
            // A group sequential question has its look, and a Bayesian one does not come here.
            (Method::FixedHorizon | Method::GroupSequential { .. } | Method::Bayesian { .. }, _) => {
                (student_quantile_near(self.normal, self.alpha, effect.degrees), ln_p_student(z, effect.degrees))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::joint::Joint;
    use crate::infer::moments::Moments;
    use crate::testdata::close;

    fn fixed(scale: Scale) -> Question {
        Question { scale, method: Method::FixedHorizon, ..Question::default() }
    }

    #[track_caller]
    fn measured(control: &Summary, treatment: &Summary, question: &Question) -> Interval {
        *compare(control, treatment, question).interval().unwrap()
    }

    /// A loss that shrinks is an improvement, on either scale and by either interval.
    #[test]
    fn a_control_below_zero_does_not_turn_the_change_around() {
        let mean = |shift: f64| Summary::Mean(Moments::of((0..400).map(|i| f64::from(i % 7) + shift)));
        for fieller in [false, true] {
            let question = Question { fieller, ..fixed(Scale::Relative) };
            let (loss, profit) =
                (measured(&mean(-20.0), &mean(-15.0), &question), measured(&mean(14.0), &mean(9.0), &question));
            close(loss.estimate, 5.0 / (20.0 - 2.9925), 1e-3);
            assert!(loss.low > 0.0 && loss.low < loss.estimate && loss.estimate < loss.high, "{loss:?}");
            // The mirror image of a profit that falls.
            close(loss.standard_error, profit.standard_error, 0.05);
        }
    }

    /// A ratio whose denominator is 1 is a mean.
    #[test]
    fn means_proportions_and_ratios() {
        let numbers = |shift: f64| (0..400).map(move |i| f64::from(i % 7) + shift);
        let mean = |shift| Summary::Mean(Moments::of(numbers(shift)));
        let ratio = |shift| Summary::Ratio(Joint::of(numbers(shift).map(|number| [number, 1.0])));
        for question in
            [Question::default(), fixed(Scale::Absolute), Question { fieller: true, ..fixed(Scale::Relative) }]
        {
            let (a, b) = (measured(&mean(1.0), &mean(1.5), &question), measured(&ratio(1.0), &ratio(1.5), &question));
            close(a.low, b.low, 1e-12);
            close(a.ln_p, b.ln_p, 1e-12);
        }
        let share = |successes| Summary::Proportion { successes, n: 1_000 };
        close(measured(&share(100), &share(150), &fixed(Scale::Relative)).estimate, 0.5, 1e-12);
    }
}
