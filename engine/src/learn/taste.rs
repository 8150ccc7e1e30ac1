//! Taste: factors of items, so that what members of like taste dealt with can be told without a word in common.
//!
//! Only the items' side is kept (iALS, Hu et al. 2008): a member's factor is folded in from what they did at the moment of
//! asking, so an engagement counts at once and nothing of a member is stored. An item that nobody dealt with by the time
//! of learning gets its factor from what it is about, by ridge regression from the space of content into that of factors.

use anklang_models::als::{Factors, Params};
use anklang_models::ridge::Ridge;
use anklang_models::{Context, Event, ItemFacts, ItemIx as Column, Log, MemberIx as Row};
use serde::{Deserialize, Serialize};

use super::gather::{Gathered, Pair};
use crate::interests::content::DIM;
use crate::views::intern::ItemIx;
use crate::views::members::MemberRow;

/// The length of a factor: one number more for every item, and lists are short.
const RANK: u32 = 32;
/// Fewer items a factor, and factors tell single items apart instead of what is alike in them.
const ITEMS_PER_FACTOR: u32 = 4;
/// Pairs of members and items below which taste is chance.
const PAIRS_MIN: usize = 200;
/// Items of a member that are folded in: the latest.
const HISTORY_MAX: usize = 64;
/// How much more taking part says than having seen.
pub(super) const JOINED_WEIGHT: f32 = 3.0;
/// λ of the map from content to factors, in items.
const MAP_RIDGE: f64 = 10.0;
/// A factor that says less than this of what the member dealt with says nothing of the rest.
const MEAN_MIN: f32 = 1e-4;
/// No row.
const NONE: u32 = u32::MAX;

/// What was learned of items.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Taste {
    /// Of items alone.
    factors: Factors,
    /// Each item's row in `factors`, or [`NONE`].
    rows: Vec<u32>,
    map: Option<Ridge>,
}

/// A member's taste at the moment of asking.
pub(crate) struct Palate<'t> {
    taste: &'t Taste,
    factor: Vec<f32>,
    /// What makes an item's content the product of its mapped factor with the member's.
    content: Vec<f32>,
}

impl Taste {
    fn row(&self, item: ItemIx) -> Option<Column> {
        self.rows.get(item.0 as usize).copied().filter(|row| *row != NONE).map(Column)
    }

    /// A member's taste; none where nothing that they did is known to it.
    pub(crate) fn of(&self, member: &MemberRow) -> Option<Palate<'_>> {
        let mut latest: Vec<_> =
            member.seen.iter().filter_map(|seen| Some((seen.at, seen.item, self.row(seen.item)?))).collect();
        latest.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        latest.truncate(HISTORY_MAX);
        let history: Vec<(Column, f32)> =
            latest.into_iter().map(|(_, item, row)| (row, weight(member, item))).collect();
        let factor = self.in_units(self.factors.fold_in(&history), &history)?;
        let content = self.map.as_ref().map(|map| map.pull_back(&factor)).unwrap_or_default();
        Some(Palate { taste: self, factor, content })
    }

    /// A factor in units of what it says of the member's own history, so that 1 is as much to their taste as what they
    /// dealt with, however strongly a community's size and a history's length shrink the factors.
    fn in_units(&self, factor: Vec<f32>, history: &[(Column, f32)]) -> Option<Vec<f32>> {
        let own = history.iter().filter_map(|(row, weight)| Some(weight * dot(&factor, self.factors.item(*row)?)));
        let (all, weights): (f32, f32) = (own.sum(), history.iter().map(|(_, weight)| weight).sum());
        let mean = all / weights;
        (mean.is_finite() && mean > MEAN_MIN).then(|| factor.into_iter().map(|x| x / mean).collect())
    }

    /// How many items have a factor of their own.
    pub(crate) fn items(&self) -> usize {
        self.rows.iter().filter(|row| **row != NONE).count()
    }
}

impl Palate<'_> {
    /// How much an item is for the member: about 0 for nothing, about 1 for what they would surely deal with.
    pub(crate) fn of_item(&self, item: ItemIx, vector: &[i8]) -> f32 {
        match self.taste.row(item).and_then(|row| self.taste.factors.item(row)) {
            Some(own) => dot(&self.factor, own),
            None => self.content.iter().zip(unit(vector)).map(|(a, b)| a * b).sum(),
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// How much a member's dealing with an item says.
pub(super) fn weight(member: &MemberRow, item: ItemIx) -> f32 {
    if member.joined.contains(&item) { JOINED_WEIGHT } else { 1.0 }
}

/// A content vector in units of its length.
fn unit(vector: &[i8]) -> impl Iterator<Item = f32> + '_ {
    vector.iter().map(|x| f32::from(*x) / 127.0)
}

/// Learns it; none where too little happened.
pub(super) fn learn(gathered: &Gathered, seed: u64) -> Option<Taste> {
    if gathered.pairs.len() < PAIRS_MIN {
        return None;
    }
    let (rows, columns) = columns(&gathered.pairs, gathered.items);
    let members = gathered.pairs.last().map_or(0, |pair| pair.member as usize + 1);
    let event = |pair: &Pair| Event {
        at: 0,
        member: Row(pair.member),
        item: Column(rows[pair.item.0 as usize]),
        weight: pair.weight,
    };
    let events = gathered.pairs.iter().map(event).collect();
    let log = Log::new(members, columns.len(), events, ItemFacts::default());
    let params = Params { factors: RANK.min(columns.len() as u32 / ITEMS_PER_FACTOR).max(1), ..Params::default() };
    let fitted = log.map_err(|error| error.to_string()).and_then(|log| {
        let checked = params.check().map_err(|error| error.to_string())?;
        checked.fit(&log.whole(), &Context::quiet(seed)).map_err(|error| error.to_string())
    });
    match fitted {
        Ok(model) => {
            let factors = model.into_factors().without_members();
            let map = map(gathered, &factors, &columns);
            Some(Taste { factors, rows, map })
        }
        Err(error) => {
            tracing::warn!(error, "taste could not be learned");
            None
        }
    }
}

/// The row of each item that somebody dealt with, and the items by row.
fn columns(pairs: &[Pair], items: usize) -> (Vec<u32>, Vec<ItemIx>) {
    let mut rows = vec![NONE; items];
    for pair in pairs {
        rows[pair.item.0 as usize] = 0;
    }
    let mut columns = Vec::new();
    for (item, row) in rows.iter_mut().enumerate().filter(|(_, row)| **row != NONE) {
        *row = columns.len() as u32;
        columns.push(ItemIx(item as u32));
    }
    (rows, columns)
}

/// From content to factors; items that many dealt with say more of it.
fn map(gathered: &Gathered, factors: &Factors, columns: &[ItemIx]) -> Option<Ridge> {
    let mut people = vec![0.0_f32; gathered.items];
    for pair in &gathered.pairs {
        people[pair.item.0 as usize] += 1.0;
    }
    let content: Vec<Vec<f32>> = columns.iter().map(|item| unit(gathered.vector(*item)).collect()).collect();
    let examples = columns.iter().enumerate().filter_map(|(row, item)| {
        let own = factors.item(Column(row as u32))?;
        Some((content[row].as_slice(), own, people[item.0 as usize].ln_1p()))
    });
    Ridge::fit(DIM, factors.rank(), examples, MAP_RIDGE)
}
