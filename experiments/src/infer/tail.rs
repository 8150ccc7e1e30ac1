//! Tails of distributions, as logarithms: a p-value of 10⁻³⁰⁰⁰ is neither 0 nor NaN. Two-sided throughout.

use statrs::function::gamma::ln_gamma;
use std::f64::consts::PI;

/// Continued fractions and series stop here at the latest; at the sizes met in practice after a few hundred steps.
const STEPS_MAX: usize = 100_000;
/// Stands in for 0 in a denominator (Lentz's method).
const TINY: f64 = 1e-300;
/// From so many degrees of freedom on, Student's t is taken as normal: the difference is below 10⁻¹⁰ relative.
const DEGREES_NORMAL: f64 = 1e13;
/// From so many degrees of freedom on, a quantile of Student's t is an expansion around the normal one.
const DEGREES_EXPANSION: f64 = 1e3;

/// ln P(|Z| > |z|) of a standard normal.
#[must_use]
pub fn ln_p_normal(z: f64) -> f64 {
    ln_gamma_upper(0.5, z * z / 2.0)
}

/// ln P(X > x) of a χ² with that many degrees of freedom.
#[must_use]
pub fn ln_p_chi_square(x: f64, degrees: f64) -> f64 {
    ln_gamma_upper(degrees / 2.0, x / 2.0)
}

/// ln(1 + t²/ν), also where t² overflows.
fn ln_1p_odds(t: f64, degrees: f64) -> f64 {
    let odds = t / degrees * t;
    if odds.is_finite() { odds.ln_1p() } else { 2.0 * t.abs().ln() - degrees.ln() }
}

/// ln P(|T| > |t|) of Student's t: ln Iₓ(ν/2, ½) at x = ν/(ν + t²).
#[must_use]
pub fn ln_p_student(t: f64, degrees: f64) -> f64 {
    if t == 0.0 {
        return 0.0;
    }
    if degrees > DEGREES_NORMAL {
        return ln_p_normal(t);
    }
    let a = degrees / 2.0;
    let odds = t / degrees * t;
    let (x, y) = (1.0 / (1.0 + odds), 1.0 / (1.0 + odds.recip()));
    // Both logarithms by ln_1p: one of x and y is near 1, and its own would lose all digits.
    let (ln_x, ln_y) = (-ln_1p_odds(t, degrees), -odds.recip().ln_1p());
    let ln_front = a * ln_x + 0.5 * ln_y - (0.5 * PI.ln() - ln_gamma_half_step(a));
    if x < (a + 1.0) / (a + 2.5) {
        ln_front + beta_fraction(a, 0.5, x).ln() - a.ln()
    } else {
        (-(ln_front + beta_fraction(0.5, a, y).ln() - 0.5_f64.ln()).exp()).ln_1p()
    }
}

/// ln P(X > x) of a Beta(a, b), a and b above 0, x in \[0, 1\].
#[must_use]
pub fn ln_p_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return f64::NEG_INFINITY;
    }
    let (y, ln_front) = (1.0 - x, ln_beta_front(x, a, b));
    if y < (b + 1.0) / (a + b + 2.0) {
        ln_front + beta_fraction(b, a, y).ln() - b.ln()
    } else {
        (-(ln_front + beta_fraction(a, b, x).ln() - a.ln()).exp()).ln_1p()
    }
}

/// ln xᵃ(1 − x)ᵇ/B(a, b), taken around the mean, where it is near 0, with Stirling's remainders: ln B(a, b) as a
/// difference of three large logarithms would lose half the digits.
pub(crate) fn ln_beta_front(x: f64, a: f64, b: f64) -> f64 {
    let all = a + b;
    a * (x * (all / a)).ln() + b * ((1.0 - x) * (all / b)).ln() + 0.5 * (a / all * b / (2.0 * PI)).ln()
        - stirling_rest(a)
        - stirling_rest(b)
        + stirling_rest(all)
}

/// ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π).
fn stirling_rest(x: f64) -> f64 {
    if x < 10.0 {
        return ln_gamma(x) - ((x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln());
    }
    let v = 1.0 / (x * x);
    (1.0 / 12.0
        - v * (1.0 / 360.0 - v * (1.0 / 1_260.0 - v * (1.0 / 1_680.0 - v * (1.0 / 1_188.0 - v * 691.0 / 360_360.0)))))
        / x
}

/// The z > 0 with P(|Z| > z) = alpha, alpha in (0, 1).
#[must_use]
pub fn normal_quantile(alpha: f64) -> f64 {
    let ln_density = |z: f64| (2.0 / PI).ln() / 2.0 - z * z / 2.0;
    // Starts at a bound from above (p ≤ exp(−z²/2)).
    invert(alpha, (-2.0 * alpha.ln()).sqrt(), ln_p_normal, ln_density)
}

/// The t > 0 with P(|T| > t) = alpha, alpha in (0, 1).
#[must_use]
pub fn student_quantile(alpha: f64, degrees: f64) -> f64 {
    student_quantile_near(normal_quantile(alpha), alpha, degrees)
}

/// The same from the normal quantile, for many degrees at one level.
#[must_use]
pub(crate) fn student_quantile_near(normal: f64, alpha: f64, degrees: f64) -> f64 {
    let start = expansion(normal, degrees);
    if degrees >= DEGREES_EXPANSION {
        return start;
    }
    let ln_scale = ln_gamma_half_step(degrees / 2.0) - 0.5 * (degrees * PI).ln() + 2.0_f64.ln();
    let ln_density = |t: f64| ln_scale - (degrees + 1.0) / 2.0 * ln_1p_odds(t, degrees);
    invert(alpha, start, |t| ln_p_student(t, degrees), ln_density)
}

/// The Cornish–Fisher expansion of t around z in 1/ν (Abramowitz and Stegun 26.7.5).
fn expansion(z: f64, degrees: f64) -> f64 {
    let w = z * z;
    let g1 = z * (w + 1.0) / 4.0;
    let g2 = z * ((5.0 * w + 16.0) * w + 3.0) / 96.0;
    let g3 = z * (((3.0 * w + 19.0) * w + 17.0) * w - 15.0) / 384.0;
    let g4 = z * ((((79.0 * w + 776.0) * w + 1482.0) * w - 1920.0) * w - 945.0) / 92_160.0;
    let v = 1.0 / degrees;
    z + v * (g1 + v * (g2 + v * (g3 + v * g4)))
}

/// Newton's method on ln p over ln t, where every tail here is nearly straight. The start must be above 0.
fn invert(alpha: f64, start: f64, ln_p: impl Fn(f64) -> f64, ln_density: impl Fn(f64) -> f64) -> f64 {
    let mut t = start;
    for _ in 0..100 {
        let ln_tail = ln_p(t);
        let slope = t * (ln_density(t) - ln_tail).exp();
        let step = (ln_tail - alpha.ln()) / slope;
        t *= step.exp();
        // Each step squares the error: the one after this would change nothing.
        if step.abs() < 1e-9 {
            break;
        }
    }
    t
}

/// ln Q(a, x), the regularised upper incomplete gamma function; series below x = a + 1, continued fraction above
/// (Numerical Recipes 6.2).
fn ln_gamma_upper(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let ln_front = a * x.ln() - x - ln_gamma(a);
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for step in 1..STEPS_MAX {
            term *= x / (a + step as f64);
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        return (-(ln_front + sum.ln()).exp()).ln_1p();
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut fraction = d;
    for step in 1..STEPS_MAX {
        let step = step as f64;
        let an = -step * (step - a);
        b += 2.0;
        d = 1.0 / away(an * d + b);
        c = away(b + an / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    ln_front + fraction.ln()
}

/// The continued fraction of the incomplete beta function (Numerical Recipes 6.4), for x < (a + 1)/(a + b + 2).
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..STEPS_MAX {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

fn away(from_zero: f64) -> f64 {
    if from_zero.abs() < TINY { TINY } else { from_zero }
}

/// ln Γ(a + ½) − ln Γ(a), which as a difference of two large logarithms would lose half its digits: an asymptotic series
/// from a = 20 on, and the recurrence up to there.
fn ln_gamma_half_step(mut a: f64) -> f64 {
    let mut below = 0.0;
    while a < 20.0 {
        below += (a / (a + 0.5)).ln();
        a += 1.0;
    }
    let v = 1.0 / (a * a);
    let series = -1.0 / 8.0 + v * (1.0 / 192.0 + v * (-1.0 / 640.0 + v * (17.0 / 14_336.0 - v * 31.0 / 18_432.0)));
    below + 0.5 * a.ln() + series / a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::close;

    /// SciPy: ln 2 + t.logsf(t, df), norm.logsf, chi2.logsf.
    #[test]
    fn scipy_agrees() {
        for (t, degrees, wanted) in [
            (1.0, 5.0, -1.012_753_539_663_881_2),
            (3.0, 2.5, -2.623_119_673_780_185_4),
            (37.0, 90_000.0, -683.176_087_773_939_9),
            (12.0, 40.0, -32.481_558_567_702_11),
            (0.1, 1.0, -0.065_553_473_212_398_24),
            (-1e3, 4.0, -25.839_268_313_354_385),
        ] {
            close(ln_p_student(t, degrees), wanted, 1e-9);
        }
        let ln_2 = 2.0_f64.ln();
        for (z, one_sided) in [
            (0.5, -1.175_911_761_593_618_8),
            (5.0, -15.064_998_393_988_727),
            (20.0, -203.917_155_371_097_3),
            (37.0, -689.030_585_576_890_8),
            (100.0, -5_005.524_208_694_205),
        ] {
            close(ln_p_normal(z), one_sided + ln_2, 1e-12);
        }
        close(ln_p_chi_square(6.9024, 1.0), -4.755_061_923_115_864, 1e-12);
        close(ln_p_chi_square(1_000.0, 1.0), -503.680_666_504_381_7, 1e-12);
        close(ln_p_chi_square(0.5, 2.0), -0.25, 1e-12);
    }

    /// SciPy: t.isf(alpha / 2, df), norm.isf.
    #[test]
    fn quantiles_agree() {
        close(normal_quantile(0.05), 1.959_963_984_540_054, 1e-14);
        for (half, degrees, wanted) in [
            (0.025, 1.0, 12.706_204_736_174_705),
            (0.025, 4.0, 2.776_445_105_197_794_3),
            (0.005, 27.3, 2.768_395_900_505_459),
            (0.025, 90_000.0, 1.959_990_343_457_739_7),
            (1e-9, 12.0, 15.894_813_362_266_058),
        ] {
            close(student_quantile(2.0 * half, degrees), wanted, 1e-11);
        }
    }

    /// mpmath 1.4.1 with 60 digits.
    #[test]
    fn mpmath_agrees_far_out() {
        for (z, wanted) in [
            (0.001, -0.000_798_202_907_019_869_4),
            (1.5, -2.012_797_220_263_944_4),
            (10.0, -52.538_137_969_952_52),
            (37.5, -706.975_842_136_947_2),
            (1_000.0, -500_007.133_547_631_6),
        ] {
            close(ln_p_normal(z), wanted, 1e-12);
        }
        for (t, degrees, wanted) in [
            (1e-6, 3.0, -7.351_054_640_855_148e-7),
            (2.5, 1.0, -1.417_835_047_288_049),
            (50.0, 7.5, -23.060_816_644_314_382),
            (40.0, 900.0, -463.147_806_997_595_64),
            (38.0, 123_456.0, -721.668_467_986_085_8),
            (1e80, 4.0, -735.035_470_288_866_6),
            (1e30, 30.0, -2_023.243_344_805_358_7),
            (3.0, 1e6, -5.914_554_417_852_361_5),
        ] {
            close(ln_p_student(t, degrees), wanted, 1e-10);
        }
        for (x, degrees, wanted) in [
            (0.01, 3.0, -0.000_265_200_221_125_818_77),
            (50.0, 49.0, -0.836_009_520_516_204_9),
            (1_400.0, 1.0, -703.848_618_125_122_4),
            (1_500.0, 10.0, -726.692_420_566_153_6),
            (100_000.0, 99_000.0, -4.381_779_705_459_189),
            (3_000.0, 1.5, -1_502.031_752_590_056_8),
        ] {
            close(ln_p_chi_square(x, degrees), wanted, 1e-10);
        }
        for (x, a, b, wanted) in [
            (0.3, 2.0, 3.0, -0.428_170_945_643_802_37),
            (0.999, 2.0, 200.0, -1_376.248_746_408_609_8),
            (0.5, 1_000.0, 1_200.0, -11.525_826_635_767_89),
            (0.9, 0.5, 0.5, -1.585_561_414_730_353_4),
            (0.2, 100.0, 100_000.0, -21_692.990_617_836_81),
            (0.0011, 1_000.0, 1_000_000.0, -6.965_529_752_230_776),
            (0.6, 30_000.0, 30_000.0, -1_229.470_789_903_189_8),
            (0.001, 100.0, 50_000.0, -3.452_162_699_001_064e-10),
        ] {
            close(ln_p_beta(x, a, b), wanted, 1e-10);
        }
        assert_eq!((ln_p_beta(0.0, 2.0, 3.0), ln_p_beta(1.0, 2.0, 3.0)), (0.0, f64::NEG_INFINITY));
    }

    #[test]
    fn far_tails_are_finite_and_fall() {
        for degrees in [1.0, 2.5, 30.0, 1e4, 1e7, 1e12, 1e14] {
            let mut last = 0.0;
            for t in [1e-9, 0.1, 1.0, 2.0, 10.0, 100.0, 1e4, 1e8, 1e100] {
                let ln_p = ln_p_student(t, degrees);
                assert!(ln_p.is_finite() && ln_p < last, "t {t}, ν {degrees}: {ln_p} after {last}");
                last = ln_p;
            }
        }
        for alpha in [1e-300, 1e-100, 1e-6, 0.5, 0.99] {
            for degrees in [1.0, 3.0, 50.0, 999.0] {
                close(ln_p_student(student_quantile(alpha, degrees), degrees), alpha.ln(), 1e-11);
            }
            close(ln_p_normal(normal_quantile(alpha)), alpha.ln(), 1e-12);
        }
        close(student_quantile(0.01, 999.99), student_quantile(0.01, 1_000.01), 1e-7);
    }
}
