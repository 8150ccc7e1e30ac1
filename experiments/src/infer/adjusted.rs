//! CUPED (Deng, Xu, Kohavi and Walker 2013): the units are compared with their own past, which takes out of the variance
//! what the past explains.

use super::contrast::{Contrast, welch_degrees};
use super::finding::{Adjustment, Why};
use super::joint::Joint;
use super::ratio::{bilinear, gradient};

/// A denominator fewer standard errors away from 0 makes no ratio to compare with.
pub const PAST_ERRORS: f64 = 6.0;

/// A mean with its pre-exposure value; θ = cov/var over the units of both arms together. The derivative of the relative
/// change is taken at the plain means, as GrowthBook's engine does.
pub(crate) fn mean(control: &Joint<2>, treatment: &Joint<2>) -> Result<Contrast, Why> {
    let arm = |joint: &Joint<2>| Arm::of(joint, joint.mean, [1.0, 0.0], [0.0, 1.0]);
    let (c, t) = (arm(control)?, arm(treatment)?);
    let pooled = control.merge(*treatment);
    let theta = pooled.co[0][1] / pooled.co[1][1];
    Ok(Contrast { slope: t.value / c.value, ..contrast(&c, &t, theta) })
}

/// A ratio with its numerator and denominator before exposure: θ and the variances from the gradients of the two ratios,
/// together [1/D, −M/D², −θ/D₀, θM₀/D₀²]. θ = Σcov/Σvar over the two arms.
///
/// The past is a covariate only where its denominator is [`PAST_ERRORS`] from 0 in both arms: the ratio of a handful of
/// units who have a past at all is no normal number, and where one arm has none, its past is not 0 but unknown.
pub(crate) fn ratio(control: &Joint<4>, treatment: &Joint<4>) -> Result<Contrast, Why> {
    let known = |joint: &Joint<4>| {
        let error = (joint.co[3][3] / joint.n.saturating_sub(1).max(1) as f64 / joint.n.max(1) as f64).sqrt();
        joint.mean[3] != 0.0 && joint.mean[3].abs() >= PAST_ERRORS * error
    };
    let past_known = known(control) && known(treatment);
    let arm = |joint: &Joint<4>| {
        let [m, d, m0, d0] = joint.mean;
        let now = gradient([m, d])?;
        // Nothing before exposure is no covariate, and no error.
        let past = gradient([m0, d0]).ok().filter(|_| past_known);
        let (past, before) = past.map_or((0.0, [0.0; 2]), |gradient| (m0 / d0, gradient));
        Arm::of(joint, [m / d, past], [now[0], now[1], 0.0, 0.0], [0.0, 0.0, before[0], before[1]])
    };
    let (c, t) = (arm(control)?, arm(treatment)?);
    Ok(contrast(&c, &t, (c.covariance + t.covariance) / (c.variance_past + t.variance_past)))
}

/// A metric and its covariate in one arm, with the variances of one unit.
struct Arm {
    n: f64,
    value: f64,
    past: f64,
    variance: f64,
    variance_past: f64,
    covariance: f64,
}

impl Arm {
    fn of<const K: usize>(
        joint: &Joint<K>,
        [value, past]: [f64; 2],
        now: [f64; K],
        before: [f64; K],
    ) -> Result<Self, Why> {
        if joint.n < 2 {
            return Err(Why::TooFewUnits);
        }
        let variance = |left: &[f64; K], right: &[f64; K]| bilinear(joint, left, right);
        Ok(Self {
            n: joint.n as f64,
            value,
            past,
            variance: variance(&now, &now),
            variance_past: variance(&before, &before),
            covariance: variance(&now, &before),
        })
    }

    /// The variance of the mean of Y − θX.
    fn residual(&self, theta: f64) -> f64 {
        (self.variance + theta * (theta * self.variance_past - 2.0 * self.covariance)).max(0.0) / self.n
    }
}

/// The adjusted treatment is Y_T − θ(X_T − X_C), from which the unadjusted Y_C is subtracted.
fn contrast(c: &Arm, t: &Arm, theta: f64) -> Contrast {
    let plain = (c.variance / c.n, t.variance / t.n);
    let no_past = c.variance_past + t.variance_past == 0.0;
    let theta = if no_past { 0.0 } else { theta };
    let (left_c, left_t) = (c.residual(theta), t.residual(theta));
    let treatment = t.value - theta * (t.past - c.past);
    let adjustment = if no_past {
        Adjustment::NoPrePeriodVariance
    } else {
        Adjustment::Reduced(1.0 - (left_c + left_t) / (plain.0 + plain.1))
    };
    Contrast {
        control: c.value,
        treatment,
        slope: treatment / c.value,
        variance_control: plain.0,
        variance_treatment: left_t + theta * theta * c.variance_past / c.n,
        covariance: theta * c.covariance / c.n,
        degrees: welch_degrees((left_c, c.n as u64), (left_t, t.n as u64)),
        n: (c.n + t.n) as u64,
        adjustment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::close;

    /// Clicks by views, where of the control nobody has a past and of the treatment three have.
    #[test]
    fn a_past_that_one_arm_lacks_is_no_covariate() {
        let row = |i: u32| [f64::from(i % 3), 2.0 + f64::from(i % 5), 0.0, 0.0];
        let control = Joint::of((0..600).map(row));
        let past = |i: u32| if i % 200 == 7 { [f64::from(i % 3), 2.0 + f64::from(i % 5), 9.0, 10.0] } else { row(i) };
        let treatment = Joint::of((0..600).map(past));
        let got = ratio(&control, &treatment).unwrap();
        close(got.treatment, treatment.mean[0] / treatment.mean[1], 1e-12);
        assert_eq!(got.adjustment, Adjustment::NoPrePeriodVariance);
        // With a past of everybody it is one.
        let whole = |shift: u32| Joint::of((0..600).map(|i| [row(i)[0], row(i)[1], row(i + shift)[0], row(i)[1]]));
        assert!(matches!(ratio(&whole(0), &whole(3)).unwrap().adjustment, Adjustment::Reduced(share) if share > 0.1));
    }
}
