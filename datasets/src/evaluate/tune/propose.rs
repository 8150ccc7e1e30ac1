//! What to try next: the defaults, then points that fill the space evenly, then the neighbourhood of what did best.
//!
//! A simple evolution strategy: with a few dozen trials and a handful of axes it finds what a model of the whole space
//! would find, and it can be read in one go. What is proposed depends on the seed, the number of the trial and the trials
//! before, and on nothing else: a search that was interrupted goes on as if it had not been.

use anklang_domain::Stream;

use super::space::Space;

/// So many points an axis fill the space before the search goes near the best …
const FILLING_PER_AXIS: usize = 3;
/// … and at least so many.
const FILLING_MIN: usize = 6;
/// Of the later trials, this share still fills the space.
const FILLING_SHARE: f64 = 0.1;
/// How far from the best the first neighbours lie, as a share of an axis; the n-th lies at 1/√n of it …
const STEP: f64 = 0.25;
/// … and at least this.
const STEP_MIN: f64 = 0.02;
/// An axis stays as it is with this chance, but for one that always moves.
const STAYS: f64 = 0.3;

/// The point to try, given the points tried before and what they were worth (none: it failed). `start` is tried first.
pub(super) fn propose(space: &Space, start: &[f64], before: &[(Vec<f64>, Option<f64>)], seed: u64) -> Vec<f64> {
    let trial = before.len();
    if trial == 0 {
        return start.to_vec();
    }
    let mut chance = Stream::named(seed, &format!("trial/{trial}"));
    let filling = FILLING_MIN.max(FILLING_PER_AXIS * space.dimensions());
    let mut best: Vec<&(Vec<f64>, Option<f64>)> = before.iter().filter(|(_, value)| value.is_some()).collect();
    if trial <= filling || best.is_empty() || chance.unit() < FILLING_SHARE {
        return evenly(space.dimensions(), trial, seed);
    }
    // Stable: of equals, the earlier.
    best.sort_by(|a, b| b.1.unwrap_or(f64::NEG_INFINITY).total_cmp(&a.1.unwrap_or(f64::NEG_INFINITY)));
    // The best half of the time, the second best a quarter, …
    let parent = (0..best.len() - 1).find(|_| chance.unit() < 0.5).unwrap_or(0);
    let step = (STEP / ((trial - filling) as f64).sqrt()).max(STEP_MIN);
    let moves = chance.below(space.dimensions());
    let near = |(axis, share): (usize, &f64)| {
        if axis != moves && chance.unit() < STAYS {
            return *share;
        }
        if space.is_choice(axis) { chance.unit() } else { reflected(share + step * normal(&mut chance)) }
    };
    best[parent].0.iter().enumerate().map(near).collect()
}

/// A sequence that fills the unit cube evenly: the generalised golden ratio of Roberts (2018), from a seeded start.
fn evenly(dimensions: usize, place: usize, seed: u64) -> Vec<f64> {
    let mut start = Stream::named(seed, "start");
    // The root of x^(d+1) = x + 1.
    let ratio = (0..64).fold(1.5_f64, |x, _| (1.0 + x).powf(1.0 / (dimensions as f64 + 1.0)));
    (1..=dimensions).map(|axis| (start.unit() + place as f64 * ratio.powf(-(axis as f64))).fract()).collect()
}

/// About normal: the sum of twelve even numbers, less its mean.
fn normal(chance: &mut Stream) -> f64 {
    (0..12).map(|_| chance.unit()).sum::<f64>() - 6.0
}

/// What steps over an edge comes back from it.
fn reflected(share: f64) -> f64 {
    let folded = share.rem_euclid(2.0);
    if folded > 1.0 { 2.0 - folded } else { folded }
}

#[cfg(test)]
mod tests {
    use anklang_models::Spec;

    use super::*;

    /// Chance alone would come so near in 59% of searches.
    #[test]
    fn it_comes_near_the_best_and_nearer_than_chance_alone() {
        let space = Space::of(&Spec::Popularity(anklang_models::popularity::Params::default()));
        let worth = |point: &[f64]| -(point[0] - 0.837).abs();
        let mut near = 0;
        for seed in 0..20 {
            let mut before: Vec<(Vec<f64>, Option<f64>)> = Vec::new();
            for _ in 0..30 {
                let point = propose(&space, &[0.1], &before, seed);
                assert!(point.iter().all(|share| (0.0..=1.0).contains(share)), "{point:?}");
                let value = worth(&point);
                before.push((point, Some(value)));
            }
            let best = before.iter().filter_map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
            near += usize::from(best > -0.015);
        }
        assert!(near >= 16, "{near} of 20");
    }

    #[test]
    fn failures_do_not_stop_it() {
        let space = Space::of(&Spec::Popularity(anklang_models::popularity::Params::default()));
        let failed: Vec<(Vec<f64>, Option<f64>)> = vec![(vec![0.5], None); 40];
        assert_ne!(propose(&space, &[0.5], &failed, 1), propose(&space, &[0.5], &failed[..39], 1));
    }

    #[test]
    fn the_space_is_filled_evenly() {
        let points: Vec<Vec<f64>> = (0..64).map(|place| evenly(2, place, 5)).collect();
        // Every cell of a 4 × 4 grid holds 4 of 64, give or take 2.
        for cell in 0..16 {
            let within = |share: f64, place: usize| (share * 4.0) as usize == place;
            let count = points.iter().filter(|p| within(p[0], cell / 4) && within(p[1], cell % 4)).count();
            assert!((2..=6).contains(&count), "{cell}: {count}");
        }
    }
}
