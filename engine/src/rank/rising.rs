//! Whether more happens in a discussion than its own past would let one expect.

use std::collections::BTreeSet;

use anklang_domain::{DAY_MS, UnixMillis};

use crate::views::Views;
use crate::views::intern::ItemIx;
use crate::views::moment::Moment;

/// Past days that are compared with the last: windows of the same phase.
const WINDOWS_MAX: i64 = 28;
/// Both parameters of the Gamma prior of the rate, in events a day.
const PRIOR: f64 = 0.5;
/// Replies and people below which nothing is called rising.
const EVENTS_MIN: usize = 3;
const PEOPLE_MIN: usize = 3;
/// The tail probability below which it is.
const TAIL_MAX_LN: f64 = -6.907_755_278_982_137; // ln 10⁻³

/// A surge of replies within the last day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rising {
    pub(crate) replies: u32,
    /// −log₁₀ of the chance of as many by the discussion's own rate.
    pub(crate) strength: f64,
}

/// Whether the replies of the last 24 hours are many for this item: the negative binomial tail, with the rate's Gamma(½, ½)
/// prior updated by up to 28 earlier days, is below 10⁻³, with at least three replies by three people.
pub(crate) fn rising(views: &Views, item: ItemIx, now: UnixMillis) -> Option<Rising> {
    let row = views.catalogue.row(item);
    let day = |back: i64| Moment::of(now.ms() - back * DAY_MS);
    let today = row.replies_within(day(1), now.into());
    let people: BTreeSet<_> = today.iter().map(|reply| views.members.person(reply.by)).collect();
    if today.len() < EVENTS_MIN || people.len() < PEOPLE_MIN {
        return None;
    }
    let windows = ((now.ms() - row.created.ms()) / DAY_MS - 1).clamp(0, WINDOWS_MAX);
    let past = row.replies_within(day(1 + windows), day(1)).len();
    let tail = tail_ln(today.len() as u64, PRIOR + past as f64, PRIOR + windows as f64);
    (tail < TAIL_MAX_LN).then(|| Rising { replies: today.len() as u32, strength: -tail / std::f64::consts::LN_10 })
}

/// ln P(X ≥ x) of the negative binomial that a Poisson count has whose rate is Gamma(shape, rate): the sum of the upper
/// terms, in logs, so that it neither cancels nor underflows.
fn tail_ln(x: u64, shape: f64, rate: f64) -> f64 {
    let (ln_stay, ln_go) = (-(1.0 / rate).ln_1p(), -rate.ln_1p());
    // ln of the term at k, from k = 0 up: term(k+1)/term(k) = (shape + k)/(k + 1) · 1/(rate + 1).
    let mut term = shape * ln_stay;
    for k in 0..x {
        term += ((shape + k as f64) / (k + 1) as f64).ln() + ln_go;
    }
    let (mut ratio, mut sum, mut k) = (1.0, 1.0, x as f64);
    while ratio > sum * 1e-16 && k < x as f64 + 1e6 {
        ratio *= (shape + k) / (k + 1.0) / (rate + 1.0);
        sum += ratio;
        k += 1.0;
    }
    term + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy 1.17.1: nbinom.sf(x - 1, shape, rate/(rate + 1)).
    #[test]
    fn tails_are_scipys() {
        for (x, shape, rate, tail) in GOLDEN {
            let got = tail_ln(x, shape, rate);
            assert!((got - tail.ln()).abs() < 1e-9 * tail.ln().abs().max(1.0), "{x} {shape} {rate}: {}", got.exp());
        }
    }

    const GOLDEN: [(u64, f64, f64, f64); 5] = [
        (3, 0.5, 0.5, 0.1339745962155613),
        (5, 2.5, 28.5, 5.029698889801654e-07),
        (20, 28.5, 28.5, 2.0866309198324542e-17),
        (60, 1.5, 20.5, 9.721956871630156e-80),
        (200, 0.5, 10.5, 3.0249764885657585e-214),
    ];
}
