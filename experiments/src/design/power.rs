//! How many units a fixed-horizon test of two equal arms needs. A confidence sequence needs more; these are a lower bound
//! for it.

use crate::infer::tail::normal_quantile;

/// What a test is to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// The two-sided level, in (0, 1).
    pub alpha: f64,
    /// The chance to see an effect that is there, in (0.5, 1).
    pub power: f64,
}

impl Default for Goal {
    /// 5% and 80%.
    fn default() -> Self {
        Self { alpha: 0.05, power: 0.8 }
    }
}

impl Goal {
    fn quantiles(self) -> (f64, f64) {
        // One-sided: the chance to miss is the tail on one side.
        (normal_quantile(self.alpha), normal_quantile(2.0 * (1.0 - self.power)))
    }
}

/// Units an arm to see a difference of means, (z_α/2 + z_β)²(σ²_T + σ²_C)/δ²; not rounded up. Infinite for no difference.
#[must_use]
pub fn units_per_arm(difference: f64, variance_control: f64, variance_treatment: f64, goal: Goal) -> f64 {
    let (level, miss) = goal.quantiles();
    ((level + miss) / difference).powi(2) * (variance_control + variance_treatment)
}

/// Units an arm to see one proportion become another, with the pooled variance under no effect (Fleiss 1981).
#[must_use]
pub fn units_per_arm_proportions(control: f64, treatment: f64, goal: Goal) -> f64 {
    let (level, miss) = goal.quantiles();
    let variance = |share: f64| share * (1.0 - share);
    let pooled = 2.0 * variance(f64::midpoint(control, treatment));
    let apart = variance(control) + variance(treatment);
    ((level * pooled.sqrt() + miss * apart.sqrt()) / (treatment - control)).powi(2)
}

/// The smallest difference of means that so many units an arm can see.
#[must_use]
pub fn detectable_difference(units_per_arm: f64, variance_control: f64, variance_treatment: f64, goal: Goal) -> f64 {
    let (level, miss) = goal.quantiles();
    (level + miss) * ((variance_control + variance_treatment) / units_per_arm).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::{close, conformance};

    #[test]
    fn the_reference_agrees() {
        let Some(golden) = conformance("statistics.json") else { return };
        let wanted = |at: usize| golden["power"]["p .10->.11 (pooled H0, unpooled)"][at].as_f64().unwrap();
        close(units_per_arm_proportions(0.10, 0.11, Goal::default()), wanted(0), 1e-9);
        let unpooled = units_per_arm(0.01, 0.09, 0.11 * 0.89, Goal::default());
        close(unpooled, wanted(1), 1e-9);
        close(detectable_difference(unpooled, 0.09, 0.11 * 0.89, Goal::default()), 0.01, 1e-12);
    }
}
