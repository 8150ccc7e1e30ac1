//! The k best of many scores, without sorting them all: a scan against the worst that is kept so far.

use anklang_domain::Stream;
use anklang_models::ItemIx;

/// Scores are looked at so many at a time; most such blocks hold nothing worth keeping.
const BLOCK: usize = 64;
/// So many times k are kept before the worse of them are thrown away.
const KEPT_PER_K: usize = 4;
/// But at least so many.
const KEPT_MIN: usize = 128;

/// In which order items of equal score come: by a seeded shuffle, so that neither the order of a file nor that of births
/// tells what is right.
#[derive(Debug, Clone)]
pub struct Ties {
    place: Vec<u32>,
    item: Vec<u32>,
}

impl Ties {
    /// The order of so many items.
    #[must_use]
    pub fn new(items: usize, seed: u64) -> Self {
        let mut chance = Stream::named(seed, "ties");
        let mut item: Vec<u32> = (0..items as u32).collect();
        for at in (1..items).rev() {
            item.swap(at, chance.below(at + 1));
        }
        let mut place = vec![0; items];
        for (at, item) in (0_u32..).zip(&item) {
            place[*item as usize] = at;
        }
        Self { place, item }
    }

    /// Where an item comes among items of its score.
    #[must_use]
    pub fn place(&self, item: u32) -> u32 {
        self.place[item as usize]
    }
}

/// A score is NaN, which no model may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANumber(pub ItemIx);

/// Puts the best `k` of the scores into `best`, the best first; −∞ is never among them. `scores` has one for each item
/// that `ties` knows.
pub fn top_k(
    scores: &[f32],
    ties: &Ties,
    k: usize,
    best: &mut Vec<ItemIx>,
    keys: &mut Vec<u64>,
) -> Result<(), NotANumber> {
    best.clear();
    keys.clear();
    let room = (KEPT_PER_K * k).max(KEPT_MIN);
    let (mut floor, mut worst) = (f32::NEG_INFINITY, u64::MAX);
    for (at, block) in scores.chunks(BLOCK).enumerate() {
        // Without branches, so that the compiler makes it one of many lanes.
        let (hopeful, nan) = block
            .iter()
            .fold((false, false), |(hopeful, nan), score| (hopeful | (*score >= floor), nan | score.is_nan()));
        if nan {
            let place = block.iter().position(|score| score.is_nan()).unwrap_or_default();
            return Err(NotANumber(ItemIx((at * BLOCK + place) as u32)));
        }
        if !hopeful {
            continue;
        }
        for (score, item) in block.iter().zip(at * BLOCK..) {
            if *score >= floor && *score > f32::NEG_INFINITY {
                let key = key(*score, ties.place[item]);
                if key < worst {
                    keys.push(key);
                    if keys.len() == room {
                        keep(keys, k);
                        worst = keys.get(k.saturating_sub(1)).copied().unwrap_or(0);
                        floor = score_of(worst);
                    }
                }
            }
        }
    }
    keep(keys, k);
    keys.sort_unstable();
    best.extend(keys.iter().map(|key| ItemIx(ties.item[(*key & u64::from(u32::MAX)) as usize])));
    Ok(())
}

/// Throws away all but the k smallest; the largest of them is at k − 1.
fn keep(keys: &mut Vec<u64>, k: usize) {
    if keys.len() > k && k > 0 {
        keys.select_nth_unstable(k - 1);
    }
    keys.truncate(k);
}

/// Orders by score, the highest first, then by place: as one number, the smallest first.
fn key(score: f32, place: u32) -> u64 {
    // 0 and −0 are one score.
    let bits = (score + 0.0).to_bits();
    let ascending = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(!ascending) << 32 | u64::from(place)
}

fn score_of(key: u64) -> f32 {
    let ascending = !((key >> 32) as u32);
    f32::from_bits(if ascending >> 31 == 1 { ascending & !(1 << 31) } else { !ascending })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn best(scores: &[f32], k: usize, seed: u64) -> Result<Vec<u32>, NotANumber> {
        let (mut best, mut keys) = (Vec::new(), Vec::new());
        top_k(scores, &Ties::new(scores.len(), seed), k, &mut best, &mut keys)?;
        Ok(best.into_iter().map(|item| item.0).collect())
    }

    #[test]
    fn the_best_come_first_and_silence_never() {
        let scores = [1.0, f32::NEG_INFINITY, 3.0, -0.0, 2.0, f32::INFINITY];
        assert_eq!(best(&scores, 3, 1), Ok(vec![5, 2, 4]));
        assert_eq!(best(&scores, 9, 1).unwrap().len(), 5);
        assert_eq!(best(&scores, 0, 1), Ok(vec![]));
        assert_eq!(best(&[], 3, 1), Ok(vec![]));
        assert_eq!(best(&[0.0, f32::NAN], 1, 1), Err(NotANumber(ItemIx(1))));
    }

    #[test]
    fn ties_are_broken_by_the_seed_and_not_by_the_place() {
        let same = vec![0.5; 1000];
        let firsts: Vec<u32> = (0..50).map(|seed| best(&same, 10, seed).unwrap()[0]).collect();
        assert!(firsts.iter().any(|item| *item > 500) && firsts.iter().any(|item| *item < 500), "{firsts:?}");
        assert_eq!(best(&same, 10, 3), best(&same, 10, 3));
        // 0 and −0 tie too.
        let zeros: Vec<f32> = (0..1000).map(|item| if item < 500 { 0.0 } else { -0.0 }).collect();
        assert_eq!(best(&zeros, 10, 3), best(&same, 10, 3));
    }

    proptest! {
        #[test]
        fn it_is_what_sorting_all_gives(
            scores in prop::collection::vec(prop_oneof![-3_i8..3, any::<i8>()].prop_map(|score| f32::from(score) / 7.0), 0..900),
            k in 0_usize..60,
            seed in 0_u64..9,
        ) {
            let ties = Ties::new(scores.len(), seed);
            let mut all: Vec<u32> = (0..scores.len() as u32).collect();
            all.sort_by(|a, b| {
                let (a, b) = (*a as usize, *b as usize);
                scores[b].total_cmp(&(scores[a] + 0.0)).then(ties.place[a].cmp(&ties.place[b]))
            });
            all.truncate(k);
            prop_assert_eq!(best(&scores, k, seed).unwrap(), all);
        }
    }
}
