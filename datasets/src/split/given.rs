//! The split that a data set brings along.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::random::Random;
use super::source::{Source, case};
use super::{Candidates, Fold, SplitError};

const NAME: &str = "given";

/// The parts that files bring along: trained on the one, asked for the other, with everything of the one known. Members of
/// whom the other part has nothing new are not asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Given {
    /// The share of each member's items of the training part that are put aside for validation, at random.
    pub validation: f64,
}

impl Default for Given {
    fn default() -> Self {
        Self { validation: 0.1 }
    }
}

impl Given {
    pub(super) fn check(&self) -> Result<(), SplitError> {
        self.random().check().map_err(|_| SplitError::Setting {
            split: NAME,
            field: "validation",
            want: "between 0 and 1",
        })
    }

    const fn random(&self) -> Random {
        Random { share: self.validation }
    }

    pub(super) fn folds(&self, source: &Source<'_>) -> Result<Vec<Fold>, SplitError> {
        let Some(given) = &source.data.given else {
            let data = source.data.name.clone();
            return Err(SplitError::Lacks { split: NAME, needs: "a part to test on", data });
        };
        let test = Source { log: given, events: given.events(), ..*source };
        let known = source.log.whole();
        let of_member = |(member, mut targets): (usize, Vec<anklang_models::ItemIx>)| {
            let seen = known.history(anklang_models::MemberIx(member as u32));
            let seen: std::collections::HashSet<_> = seen.map(|event| event.item).collect();
            targets.retain(|item| !seen.contains(item));
            case(member, targets)
        };
        let cases = test.targets().into_iter().enumerate().filter_map(of_member).collect();
        let train = Arc::new(source.log.clone());
        Ok(vec![Fold {
            name: NAME.to_owned(),
            asked: Arc::clone(&train),
            train,
            train_before: i64::MAX,
            cases,
            candidates: Candidates::Unseen,
        }])
    }

    pub(super) fn validation(&self, source: &Source<'_>, seed: u64) -> Result<Vec<Fold>, SplitError> {
        self.random().folds(source, seed)
    }
}
