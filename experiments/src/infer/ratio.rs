//! Ratio metrics, Σnumerator/Σdenominator, where units and not events are randomised.

use super::contrast::ROUNDING;
use super::effect::Sample;
use super::finding::Why;
use super::joint::Joint;

/// The ratio with the variance of one unit by the delta method, σ²_M/μ_D² + σ²_D μ_M²/μ_D⁴ − 2σ_MD μ_M/μ_D³ (Deng,
/// Knoblich and Lu 2018, arXiv 1803.06336).
pub(crate) fn sample(joint: &Joint<2>) -> Result<Sample, Why> {
    let gradient = gradient([joint.mean[0], joint.mean[1]])?;
    if joint.n < 2 {
        return Err(Why::TooFewUnits);
    }
    let variance = bilinear(joint, &gradient, &gradient);
    Sample { n: joint.n, mean: joint.mean[0] / joint.mean[1], variance }.checked()
}

/// The gradient of M/D: [1/D, −M/D²].
pub(crate) fn gradient([numerator, denominator]: [f64; 2]) -> Result<[f64; 2], Why> {
    if denominator == 0.0 {
        return Err(Why::DenominatorIsZero);
    }
    Ok([1.0 / denominator, -numerator / denominator / denominator])
}

/// g′Σh, the covariance of one unit's shares in two statistics with these gradients; what is left of 0 by rounding is 0.
pub(crate) fn bilinear<const K: usize>(joint: &Joint<K>, left: &[f64; K], right: &[f64; K]) -> f64 {
    let (mut sum, mut parts) = (0.0, 0.0_f64);
    for (i, row) in joint.co.iter().enumerate() {
        for (j, co) in row.iter().enumerate() {
            let part = left[i] * right[j] * co;
            sum += part;
            parts += part.abs();
        }
    }
    if sum.abs() <= ROUNDING * parts { 0.0 } else { sum / (joint.n - 1) as f64 }
}
