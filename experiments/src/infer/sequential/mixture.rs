//! What the two sequential tests here have in common: the likelihood ratio against no effect, mixed over normal effects
//! (Robbins 1970). `odds` is the variance of the effects mixed over, in squared standard errors of the estimate.

/// The logarithm of the e-value against no effect: z²·odds/(2(odds + 1)) − ½ ln(odds + 1).
#[must_use]
pub fn ln_e(z: f64, odds: f64) -> f64 {
    z * z * (odds / (odds + 1.0)) / 2.0 - 0.5 * odds.ln_1p()
}

/// The |z| at which e reaches 1/alpha: √(2(odds + 1)/odds · ln(√(odds + 1)/alpha)).
#[must_use]
pub fn critical(odds: f64, alpha: f64) -> f64 {
    (2.0 * (odds + 1.0) / odds * (0.5 * odds.ln_1p() - alpha.ln())).sqrt()
}

/// The z of the one-sided test, mixed over effects of one sign: √(2(odds + 1)/odds · ln(1 + √(odds + 1)/(2·alpha)))
/// (Waudby-Smith et al., arXiv 2103.06476, appendix on one-sided sequences).
#[must_use]
pub fn critical_one_sided(odds: f64, alpha: f64) -> f64 {
    (2.0 * (odds + 1.0) / odds * ((odds + 1.0).sqrt() / (2.0 * alpha)).ln_1p()).sqrt()
}

/// The logarithm of the one-sided always-valid p: the smallest alpha whose critical z is reached, √(odds + 1)/(2(eˣ − 1))
/// with x = z²·odds/(2(odds + 1)).
#[must_use]
pub fn ln_p_one_sided(z: f64, odds: f64) -> f64 {
    if z <= 0.0 {
        return 0.0;
    }
    let x = z * z * (odds / (odds + 1.0)) / 2.0;
    // ln(eˣ − 1), which neither overflows nor loses its digits near 0.
    let ln_exp_m1 = x + (-(-x).exp_m1()).ln();
    (0.5 * odds.ln_1p() - 2.0_f64.ln() - ln_exp_m1).min(0.0)
}
