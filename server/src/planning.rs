//! What an experiment needs: how many units, how many days, and what so many units can see. The same words and the same
//! figures on the command line and over HTTP.

use anklang_experiments::design::power::{Baseline, Goal, Plan, PowerError, Size, days, design_effect};
use anklang_experiments::infer::method::Method;
use anklang_experiments::infer::sequential::group::{LOOKS_MAX, Looks, Spending};
use anklang_experiments::report::Measure;
use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Question {
    /// The share of units with a yes, without the treatment.
    pub(crate) baseline: Option<Number>,
    /// Or the mean per unit, and the standard deviation between units.
    pub(crate) mean: Option<f64>,
    pub(crate) sd: Option<f64>,
    /// Of a ratio, those of the denominator, and how the two go together.
    pub(crate) per_mean: Option<f64>,
    pub(crate) per_sd: Option<f64>,
    pub(crate) correlation: f64,
    /// The effect to be seen.
    pub(crate) effect: Option<Number>,
    /// Units in all arms.
    pub(crate) units: Option<f64>,
    /// Units that come in a day, in all arms.
    pub(crate) per_day: Option<f64>,
    /// The shares of the arms, the control's first.
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) alpha: f64,
    pub(crate) power: f64,
    /// Looks at equal distances, for the methods that allow several.
    pub(crate) looks: usize,
    /// The share of the variance that CUPED takes out.
    pub(crate) variance_reduction: f64,
    /// Units that are assigned together, and how alike they are.
    pub(crate) cluster: f64,
    pub(crate) cluster_correlation: f64,
}

impl Default for Question {
    fn default() -> Self {
        let Goal { alpha, power } = Goal::default();
        Self {
            baseline: None,
            mean: None,
            sd: None,
            per_mean: None,
            per_sd: None,
            correlation: 0.0,
            effect: None,
            units: None,
            per_day: None,
            weights: None,
            alpha,
            power,
            looks: 1,
            variance_reduction: 0.0,
            cluster: 1.0,
            cluster_correlation: 0.0,
        }
    }
}

/// A number, or a share of something: `0.01`, or `"10%"`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "Said")]
pub(crate) struct Number {
    pub(crate) value: f64,
    /// It was said in percent; the value is of 1.
    pub(crate) percent: bool,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number, such as 0.01, or a text such as \"10%\"")]
enum Said {
    Number(f64),
    Text(String),
}

impl TryFrom<Said> for Number {
    type Error = String;

    fn try_from(said: Said) -> Result<Self, String> {
        match said {
            Said::Number(value) => Ok(Self { value, percent: false }),
            Said::Text(text) => Self::parse(&text),
        }
    }
}

impl Number {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (digits, percent) = text.strip_suffix('%').map_or((text, false), |digits| (digits, true));
        let value: f64 =
            digits.trim().parse().map_err(|_| "a number, such as .01, or a percentage, such as 10%".to_owned())?;
        Ok(Self { value: if percent { value / 100.0 } else { value }, percent })
    }
}

/// Why a question makes no sense; whoever asked must act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub(crate) struct PlanError {
    /// The word that is wrong.
    pub(crate) field: &'static str,
    pub(crate) what: String,
}

fn wrong(field: &'static str, what: impl Into<String>) -> PlanError {
    PlanError { field, what: what.into() }
}

impl From<PowerError> for PlanError {
    fn from(error: PowerError) -> Self {
        let field = match error {
            PowerError::Goal => "alpha",
            PowerError::Baseline => "baseline",
            PowerError::Weights => "weights",
            PowerError::Factor => "variance_reduction",
            PowerError::Method => "looks",
            PowerError::Effect | PowerError::OutOfReach => "effect",
            PowerError::Units => "units",
        };
        wrong(field, error.to_string())
    }
}

/// What one method needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Needed {
    pub(crate) method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) days: Option<u64>,
    /// The smallest effect that the units given can see, absolute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detectable: Option<f64>,
    /// The chance that the units given see the effect given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) power: Option<f64>,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Answer {
    pub(crate) baseline: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) effect: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) units: Option<f64>,
    pub(crate) alpha: f64,
    pub(crate) power: f64,
    pub(crate) methods: Vec<Needed>,
}

/// A metric without the treatment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Without {
    pub(crate) baseline: Baseline,
    pub(crate) value: f64,
    pub(crate) measure: Measure,
}

impl Question {
    /// Answers for every method there is.
    pub(crate) fn answer(&self) -> Result<(Answer, Measure), PlanError> {
        let without = self.without()?;
        Ok((self.answer_for(&without, &self.methods()?)?, without.measure))
    }

    /// Answers for these methods, each with how often it is looked at.
    pub(crate) fn answer_for(&self, without: &Without, methods: &[(Method, usize)]) -> Result<Answer, PlanError> {
        if self.effect.is_none() && self.units.is_none() {
            return Err(wrong("effect", "say which effect is to be seen, or how many units there are"));
        }
        let value = without.value;
        let effect = self.effect.map(|effect| if effect.percent { effect.value * value } else { effect.value });
        if self.per_day.is_some_and(|units| !(units > 0.0 && units.is_finite())) {
            return Err(wrong("per_day", "a number of units above 0"));
        }
        let plan = Plan {
            goal: Goal { alpha: self.alpha, power: self.power },
            weights: self.weights.clone().unwrap_or_else(|| vec![0.5, 0.5]),
            variance_reduction: self.variance_reduction,
            design_effect: design_effect(self.cluster, self.cluster_correlation),
            ..Plan::new(without.baseline)
        };
        let methods = methods.iter().map(|(method, looks)| {
            self.needed(&Plan { method: method.clone(), looks: *looks, ..plan.clone() }, effect)
        });
        let methods = methods.collect::<Result<_, _>>()?;
        Ok(Answer { baseline: value, effect, units: self.units, alpha: self.alpha, power: self.power, methods })
    }

    /// Whether the question says what the metric is without the treatment.
    pub(crate) fn has_baseline(&self) -> bool {
        self.baseline.is_some() || self.mean.is_some() || self.sd.is_some() || self.per_mean.is_some()
    }

    /// The metric without the treatment, its value, and what its numbers are.
    fn without(&self) -> Result<Without, PlanError> {
        if let Some(share) = self.baseline {
            if self.mean.is_some() || self.sd.is_some() {
                return Err(wrong("baseline", "either a share, or mean and sd, not both"));
            }
            let baseline = Baseline::Proportion { share: share.value };
            return Ok(Without { baseline, value: share.value, measure: Measure::Share });
        }
        let (Some(mean), Some(sd)) = (self.mean, self.sd) else {
            return Err(wrong("baseline", "say what there is: a baseline (a share), or mean and sd"));
        };
        let (per, per_sd) = match (self.per_mean, self.per_sd) {
            (None, None) => {
                let baseline = Baseline::Mean { mean, variance: sd * sd };
                return Ok(Without { baseline, value: mean, measure: Measure::PerUnit });
            }
            (Some(per), Some(per_sd)) => (per, per_sd),
            (Some(_), None) | (None, Some(_)) => {
                return Err(wrong("per_mean", "a ratio needs per_mean and per_sd, both"));
            }
        };
        if per == 0.0 || !(-1.0..=1.0).contains(&self.correlation) {
            return Err(wrong("per_mean", "per_mean is not 0, and correlation lies between -1 and 1"));
        }
        // The delta method: σ²_M/μ_D² + σ²_D μ_M²/μ_D⁴ − 2σ_MD μ_M/μ_D³ (Deng 2018).
        let ratio = mean / per;
        let variance =
            (sd * sd + ratio * ratio * per_sd * per_sd - 2.0 * ratio * self.correlation * sd * per_sd) / (per * per);
        Ok(Without { baseline: Baseline::Mean { mean: ratio, variance }, value: ratio, measure: Measure::Ratio })
    }

    /// The methods there are, with their looks.
    pub(crate) fn methods(&self) -> Result<Vec<(Method, usize)>, PlanError> {
        if !(1..=LOOKS_MAX).contains(&self.looks) {
            return Err(wrong("looks", format!("between 1 and {LOOKS_MAX}")));
        }
        let mut methods = vec![(Method::FixedHorizon, 1)];
        if self.looks > 1 {
            let looks = Looks::even(self.looks, Spending::OBrienFleming);
            methods.push((Method::GroupSequential { looks, look: self.looks }, 1));
        }
        methods.push((Method::default(), self.looks));
        Ok(methods)
    }

    fn needed(&self, plan: &Plan, effect: Option<f64>) -> Result<Needed, PlanError> {
        let size = effect.map(|effect| plan.units(effect)).transpose()?;
        let days = size.as_ref().and_then(|size| days(size.total, self.per_day?));
        let detectable = self.units.map(|units| plan.detectable(units)).transpose()?;
        let power = self.units.zip(effect).map(|(units, effect)| plan.power(units, effect)).transpose()?;
        Ok(Needed { method: plan.method.label(), size, days, detectable, power })
    }
}
