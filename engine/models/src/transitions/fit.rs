//! From histories to what follows on what.

use super::params::{Checked, Params};
use super::{Alike, NAME, STEPS_MAX, Transitions};
use crate::csr::Csr;
use crate::log::{MemberIx, View};
use crate::model::{Context, FitError};
use crate::signal::power;
use crate::words::Words;

/// Added to an item's popularity, so that one that nobody met is not shut out.
const POPULARITY_PRIOR: f64 = 0.5;

impl Checked {
    /// The model.
    pub fn fit(&self, view: &View<'_>, context: &Context<'_>) -> Result<Transitions, FitError> {
        let params = &self.0;
        let histories = Histories::of(view);
        let pairs = histories.pairs(params.steps()) * if params.backward > 0.0 { 2 } else { 1 };
        context.allow(NAME, "transitions between items", pairs * size_of::<(u32, f32)>() as u64)?;
        let counts = histories.transitions(view.items(), params);
        let (followed, following) = (counts.row_sums(), counts.col_sums());
        let content = view.content();
        let reads = params.content_weight > 0.0 || params.likeness_weight > 0.0;
        let alike = (reads && content.nnz() > 0).then(|| histories.alike(&content, &counts, &followed, params));
        if counts.nnz() == 0 && alike.is_none() {
            return Err(FitError::Nothing {
                model: NAME,
                what: "no member dealt with two items, and no item has content",
            });
        }
        let scale = |sums: &[f32], exponent: f64| -> Vec<f32> {
            sums.iter().map(|sum| power(f64::from(*sum), -exponent) as f32).collect()
        };
        Ok(Transitions {
            source: scale(&followed, params.source_power),
            target: scale(&following, params.target_power),
            params: params.clone(),
            counts,
            alike,
        })
    }
}

impl Params {
    /// How many steps apart two items may be: where less than a thousandth is left, nothing is counted.
    fn steps(&self) -> usize {
        let steps = (self.reach * 1000_f64.ln()).ceil() + 1.0;
        if steps < STEPS_MAX as f64 { steps as usize } else { STEPS_MAX }
    }
}

/// What each member dealt with, oldest first, without what speaks against.
struct Histories {
    rows: Vec<Vec<u32>>,
    items: usize,
}

impl Histories {
    fn of(view: &View<'_>) -> Self {
        let row = |member| {
            let told = view.history(MemberIx(member as u32)).filter(|event| event.weight > 0.0);
            told.map(|event| event.item.0).collect()
        };
        Self { rows: (0..view.members()).map(row).collect(), items: view.items() }
    }

    /// The most transitions there can be.
    fn pairs(&self, steps: usize) -> u64 {
        let pairs = |row: &Vec<u32>| row.len() as u64 * row.len().saturating_sub(1).min(steps) as u64;
        self.rows.iter().map(pairs).sum()
    }

    /// T (items × items): T_ij sums, over the places p of i and q of j in one history, e^(−(|q − p| − 1) ÷ reach), and
    /// `backward` times that where j came first.
    fn transitions(&self, items: usize, params: &Params) -> Csr {
        let steps = params.steps();
        let decay: Vec<f32> = (0..steps).map(|step| (-(step as f64) / params.reach).exp() as f32).collect();
        let backward = params.backward as f32;
        let row = |item: usize, places: &[(u32, u32)]| {
            let mut found = Vec::new();
            for (member, place) in places {
                let (history, place) = (&self.rows[*member as usize], *place as usize);
                let later = history[place + 1..].iter().zip(&decay);
                found.extend(later.map(|(other, weight)| (*other, *weight)));
                if backward > 0.0 {
                    let earlier = history[..place].iter().rev().zip(&decay);
                    found.extend(earlier.map(|(other, weight)| (*other, backward * weight)));
                }
            }
            found.retain(|(other, _)| *other as usize != item);
            found
        };
        let places = self.places();
        Csr::from_rows(items, places.iter().enumerate().map(|(item, places)| row(item, places)))
    }

    /// Of each item, where it stands: (member, place in their history).
    fn places(&self) -> Vec<Vec<(u32, u32)>> {
        let mut places = vec![Vec::new(); self.items];
        for (member, history) in self.rows.iter().enumerate() {
            for (place, item) in history.iter().enumerate() {
                places[*item as usize].push((member as u32, place as u32));
            }
        }
        places
    }

    fn alike(&self, content: &Csr, counts: &Csr, followed: &[f32], params: &Params) -> Alike {
        let words = Words::of(content, params.idf_power);
        let rows = words.rows(content);
        let mut popularity = vec![0.0_f64; self.items];
        self.rows.iter().flatten().for_each(|item| popularity[*item as usize] += 1.0);
        // What follows on a feature sums to 1.
        let mut follows = vec![0.0_f64; rows.cols()];
        for (item, times) in followed.iter().enumerate().take(counts.rows()) {
            rows.entries(item).for_each(|(feature, told)| follows[feature] += f64::from(told * times));
        }
        Alike {
            features: follows.iter().map(|sum| power(*sum, -1.0) as f32).collect(),
            popularity: popularity
                .iter()
                .map(|count| (count + POPULARITY_PRIOR).powf(params.popularity_power) as f32)
                .collect(),
            postings: rows.transpose(),
            words,
            rows,
        }
    }
}
