//! The interval of one proportion, for showing an arm by itself.

use crate::infer::finding::Why;
use crate::infer::tail::normal_quantile;

/// The 1 − alpha interval of Wilson (1927), which stays in [0, 1] and has a width at 0 and 1 too: the shares p for which
/// the test of p does not reject, (p̂ + z²/2n ± z√(p̂(1 − p̂)/n + z²/4n²))/(1 + z²/n).
pub fn wilson(successes: u64, n: u64, alpha: f64) -> Result<(f64, f64), Why> {
    if !(alpha > 0.0 && alpha < 1.0) || successes > n {
        return Err(Why::BadQuestion);
    }
    if n == 0 {
        return Err(Why::TooFewUnits);
    }
    let (n, share) = (n as f64, successes as f64 / n as f64);
    let z = normal_quantile(alpha);
    let shrink = 1.0 / (1.0 + z * z / n);
    let middle = shrink * (share + z * z / (2.0 * n));
    let half_width = shrink * z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    Ok(((middle - half_width).max(0.0), (middle + half_width).min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::close;

    /// statsmodels 0.15.0, proportion_confint(method="wilson").
    #[test]
    fn statsmodels_agrees() {
        for (successes, n, alpha, low, high) in [
            (0, 10, 0.05, 0.0, 0.27753279986288926),
            (5, 10, 0.05, 0.23659309051256394, 0.7634069094874361),
            (10, 10, 0.01, 0.6011459066950917, 1.0),
            (114, 1000, 0.05, 0.09576165709721693, 0.13519260045363163),
            (3, 1000000, 0.001, 5.530106998902956e-07, 1.6274373271159005e-05),
        ] {
            let (got_low, got_high) = wilson(successes, n, alpha).unwrap();
            assert!((got_low - low).abs() < 1e-12 && (got_high - high).abs() < 1e-12, "{successes} of {n}");
        }
        close(wilson(0, 10, 0.05).unwrap().0 + 1.0, 1.0, 1e-15);
    }

    #[test]
    fn no_share_no_interval() {
        assert_eq!(wilson(0, 0, 0.05), Err(Why::TooFewUnits));
        assert_eq!(wilson(2, 1, 0.05), Err(Why::BadQuestion));
        assert_eq!(wilson(1, 2, f64::NAN), Err(Why::BadQuestion));
    }
}
