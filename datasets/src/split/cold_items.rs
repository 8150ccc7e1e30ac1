//! Items that are kept from training.

use std::sync::Arc;

use anklang_models::ItemIx;
use serde::{Deserialize, Serialize};

use super::random::{check_share, shuffle, stream};
use super::source::{Source, case};
use super::{Candidates, Fold, SplitError};

const NAME: &str = "cold_items";

/// A share of the items, with all that was done with them, is kept from training; what members did with these is asked for,
/// among these alone. Only their content tells one from another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColdItems {
    /// Which share of the items that somebody dealt with is kept from training, rounded.
    pub share: f64,
}

impl Default for ColdItems {
    fn default() -> Self {
        Self { share: 0.2 }
    }
}

impl ColdItems {
    pub(super) fn check(&self) -> Result<(), SplitError> {
        check_share(NAME, self.share)
    }

    pub(super) fn folds(&self, source: &Source<'_>, seed: u64) -> Result<Vec<Fold>, SplitError> {
        let mut met = vec![false; source.log.items()];
        source.events.iter().for_each(|event| met[event.item.ix()] = true);
        let mut items: Vec<ItemIx> = (0..met.len()).filter(|item| met[*item]).map(|item| ItemIx(item as u32)).collect();
        shuffle(&mut items, &mut stream(seed, "items", 0));
        items.truncate((items.len() as f64 * self.share).round() as usize);
        items.sort_unstable();
        let mut cold = vec![false; met.len()];
        items.iter().for_each(|item| cold[item.ix()] = true);
        let train = source.kept(|place| !cold[source.events[place].item.ix()])?;
        let of_member = |(member, targets): (usize, Vec<ItemIx>)| {
            case(member, targets.into_iter().filter(|item| cold[item.ix()]).collect())
        };
        Ok(vec![Fold {
            name: NAME.to_owned(),
            asked: Arc::clone(&train),
            train,
            train_before: i64::MAX,
            cases: source.targets().into_iter().enumerate().filter_map(of_member).collect(),
            candidates: Candidates::Only(items.into()),
        }])
    }
}
