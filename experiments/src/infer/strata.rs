//! Post-stratification (Miratrix, Sekhon and Yu 2013): the effect in each stratum, weighted by the stratum's share of all
//! units, so that strata filled unevenly by chance make no difference.

use super::contrast::{Contrast, welch_degrees};
use super::finding::{Adjustment, Why};
use super::moments::Moments;

/// The weighted means of the arms. Var = A(diag ν − νν′)A′/N + Σ ν_k V_k/N, with ν the shares of the strata, A the means
/// of the two arms in each, and V_k/N_k the variances of those means: the first term because the shares are estimated.
///
/// Strata without units in either arm are left out; one with fewer than two in some arm has no variance there.
pub(crate) fn contrast(control: &[Moments], treatment: &[Moments]) -> Result<Contrast, Why> {
    let filled: Vec<_> = control.iter().zip(treatment).filter(|(c, t)| c.n + t.n > 0).collect();
    if filled.is_empty() {
        return Err(Why::TooFewUnits);
    }
    let units = |arm: fn(&(&Moments, &Moments)) -> u64| filled.iter().map(arm).sum::<u64>();
    let (n_control, n_treatment) = (units(|pair| pair.0.n), units(|pair| pair.1.n));
    let all = (n_control + n_treatment) as f64;
    let share = |c: &Moments, t: &Moments| (c.n + t.n) as f64 / all;
    let mean: [f64; 2] = filled
        .iter()
        .fold([0.0; 2], |[sum_c, sum_t], (c, t)| [sum_c + share(c, t) * c.mean, sum_t + share(c, t) * t.mean]);
    let (mut inside_c, mut inside_t) = (0.0, 0.0);
    // The shares' own error: a covariance of the strata's means, weighted by the shares.
    let (mut between_c, mut between_t, mut between) = (0.0, 0.0, 0.0);
    for (c, t) in &filled {
        let nu = share(c, t);
        let variance = |m: &Moments| m.variance().map(|v| nu * nu * v / m.n as f64).ok_or(Why::EmptyStratum);
        inside_c += variance(c)?;
        inside_t += variance(t)?;
        let (off_c, off_t) = (c.mean - mean[0], t.mean - mean[1]);
        between_c += nu * off_c * off_c / all;
        between_t += nu * off_t * off_t / all;
        between += nu * off_c * off_t / all;
    }
    let whole =
        |arm: fn(&(&Moments, &Moments)) -> Moments| filled.iter().map(arm).fold(Moments::default(), Moments::merge);
    let plain = |m: Moments| m.variance().map(|v| v / m.n as f64).ok_or(Why::TooFewUnits);
    let plain = plain(whole(|pair| *pair.0))? + plain(whole(|pair| *pair.1))?;
    let variance = inside_c + inside_t + between_c + between_t - 2.0 * between;
    Ok(Contrast {
        control: mean[0],
        treatment: mean[1],
        slope: mean[1] / mean[0],
        variance_control: inside_c + between_c,
        variance_treatment: inside_t + between_t,
        covariance: between,
        degrees: welch_degrees((inside_c, n_control), (inside_t, n_treatment)),
        n: n_control + n_treatment,
        adjustment: Adjustment::Reduced(1.0 - variance / plain),
    })
}
