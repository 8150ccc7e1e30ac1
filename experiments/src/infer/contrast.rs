//! Two arms side by side, for any kind of metric: the one form that every method works from.

use super::effect::{Effect, Sample, Scale};
use super::finding::{Adjustment, Why};
use super::summary::Summary;
use super::{adjusted, ratio, strata};

/// A variance below this share of its parts is what rounding left of none.
pub(crate) const ROUNDING: f64 = 1e-13;

/// The metric in two arms, with the error of each. Where the units are compared with their own past, `treatment` is what
/// the treatment's mean would be with the control's past, so that the two are correlated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// The control's metric, not adjusted.
    pub control: f64,
    /// The treatment's metric, adjusted.
    pub treatment: f64,
    /// treatment/control where the delta method takes its derivative: of the metrics as they are, or as adjusted, which is
    /// the same but for terms that vanish with n.
    pub slope: f64,
    /// The variance of `control`.
    pub variance_control: f64,
    /// The variance of `treatment`.
    pub variance_treatment: f64,
    /// The covariance of the two; 0 without adjustment.
    pub covariance: f64,
    /// Welch's degrees of freedom of the difference.
    pub degrees: f64,
    /// Units in both arms.
    pub n: u64,
    /// What the past or the strata of the units were good for.
    pub adjustment: Adjustment,
}

impl Contrast {
    /// Of the same metric in two arms.
    pub fn of(control: &Summary, treatment: &Summary) -> Result<Self, Why> {
        let contrast = match (control, treatment) {
            (Summary::Mean(c), Summary::Mean(t)) => Self::independent(&Sample::of(c)?, &Sample::of(t)?),
            (Summary::Proportion { successes: sc, n: nc }, Summary::Proportion { successes: st, n: nt }) => {
                Self::independent(&Sample::proportion(*sc, *nc)?, &Sample::proportion(*st, *nt)?)
            }
            (Summary::Ratio(c), Summary::Ratio(t)) => Self::independent(&ratio::sample(c)?, &ratio::sample(t)?),
            (Summary::AdjustedMean(c), Summary::AdjustedMean(t)) => adjusted::mean(c, t)?,
            (Summary::AdjustedRatio(c), Summary::AdjustedRatio(t)) => adjusted::ratio(c, t)?,
            (Summary::Quantile(c), Summary::Quantile(t)) if c.level == t.level => {
                Self::independent(&c.sample()?, &t.sample()?)
            }
            (Summary::Survival(c), Summary::Survival(t)) if c.horizon() == t.horizon() => {
                Self::independent(&c.sample()?, &t.sample()?)
            }
            (Summary::Strata(c), Summary::Strata(t)) if c.len() == t.len() => strata::contrast(c, t)?,
            // Each kind by name, so that a new one has to be thought of.
            (
                Summary::Mean(_)
                | Summary::Proportion { .. }
                | Summary::AdjustedMean(_)
                | Summary::Ratio(_)
                | Summary::AdjustedRatio(_)
                | Summary::Quantile(_)
                | Summary::Survival(_)
                | Summary::Strata(_),
                _,
            ) => return Err(Why::DifferentMetrics),
        };
        contrast.checked()
    }

    /// Of two arms that have nothing in common.
    #[must_use]
    pub fn independent(control: &Sample, treatment: &Sample) -> Self {
        let (c, t) = (control.variance_of_mean(), treatment.variance_of_mean());
        Self {
            control: control.mean,
            treatment: treatment.mean,
            slope: treatment.mean / control.mean,
            variance_control: c,
            variance_treatment: t,
            covariance: 0.0,
            degrees: welch_degrees((c, control.n), (t, treatment.n)),
            n: control.n + treatment.n,
            adjustment: Adjustment::None,
        }
    }

    fn checked(self) -> Result<Self, Why> {
        let numbers = [self.control, self.treatment, self.variance_control, self.variance_treatment, self.covariance];
        let sound = numbers.iter().all(|number| number.is_finite());
        if sound && self.variance_control >= 0.0 && self.variance_treatment >= 0.0 {
            Ok(self)
        } else {
            Err(Why::NotFinite)
        }
    }

    /// The variance of treatment − share · control.
    pub(crate) fn variance_against(&self, share: f64) -> Result<f64, Why> {
        let parts = self.variance_treatment + share * share * self.variance_control;
        let variance = parts - 2.0 * share * self.covariance;
        if !variance.is_finite() {
            return Err(Why::NotFinite);
        }
        if variance <= ROUNDING * parts { Err(Why::NoVariance) } else { Ok(variance) }
    }

    /// The difference with its standard error.
    ///
    /// Relative: treatment/control − 1 by the delta method, (v_T + R²v_C − 2R cov)/μ_C² with R the ratio; without
    /// adjustment that is var_T/(n_T μ_C²) + μ_T² var_C/(n_C μ_C⁴). Where the control's mean is below 0, the change is a
    /// share of its size, so that more is still above 0.
    pub fn effect(&self, scale: Scale) -> Result<Effect, Why> {
        let apart = self.treatment - self.control;
        let (estimate, standard_error) = match scale {
            Scale::Absolute => (apart, self.variance_against(1.0)?.sqrt()),
            Scale::Relative if self.control == 0.0 => return Err(Why::ControlIsZero),
            Scale::Relative => {
                let variance = self.variance_against(self.slope)?;
                (apart / self.control.abs(), variance.sqrt() / self.control.abs())
            }
        };
        let effect = Effect { estimate, standard_error, degrees: self.degrees, n: self.n };
        let finite = [estimate, standard_error, self.degrees].iter().all(|number| number.is_finite());
        if finite && standard_error > 0.0 { Ok(effect) } else { Err(Why::NotFinite) }
    }
}

/// Welch–Satterthwaite: (v_T + v_C)²/(v_T²/(n_T − 1) + v_C²/(n_C − 1)), of the variances of two means and their units.
/// On either scale, as in GrowthBook's engine.
pub(crate) fn welch_degrees((c, n_control): (f64, u64), (t, n_treatment): (f64, u64)) -> f64 {
    // As shares of the sum, so that the squares of tiny variances do not vanish.
    let (c, t) = if c + t > 0.0 { (c / (c + t), t / (c + t)) } else { (0.5, 0.5) };
    let inverse = |share: f64, n: u64| share * share / n.saturating_sub(1).max(1) as f64;
    1.0 / (inverse(c, n_control) + inverse(t, n_treatment))
}
