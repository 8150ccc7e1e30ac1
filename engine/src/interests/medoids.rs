//! Several interests per member, each stood for by a discussion the member really dealt with.
//!
//! PinnerSage (Pal et al. 2020): the recent actions are clustered by Ward's method on their content vectors, each cluster
//! is represented by its medoid, and its importance is Σ weight·exp(−λ·days). An average of a gardener's and a cyclist's
//! vectors is near neither; a medoid is a thread, and "because you read it" is true of it.

use anklang_domain::{DAY_MS, UnixMillis};
use kodama::{Method, linkage};

use super::content::cosine;
use crate::views::intern::ItemIx;
use crate::views::members::Action;

/// The paper's λ, per day.
const DECAY_PER_DAY: f64 = 0.01;
/// Interests that are queried.
pub(crate) const MEDOIDS_MAX: usize = 3;
/// Ward distance at which clusters are no longer joined. Vectors have unit length: two singletons at cosine .3 are
/// 1.18 apart.
const JOIN_BELOW: f32 = 1.2;

/// One interest of a member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Medoid {
    pub(crate) item: ItemIx,
    /// The share of the member's recent attention, 0 to 1.
    pub(crate) importance: f32,
}

/// The strongest interests behind recent actions, strongest first. `vector` gives an item's content vector.
pub(crate) fn medoids<'v>(recent: &[Action], now: UnixMillis, vector: impl Fn(ItemIx) -> &'v [i8]) -> Vec<Medoid> {
    let actions: Vec<(&Action, &[i8])> = latest_of_each(recent)
        .into_iter()
        .map(|action| (action, vector(action.item)))
        .filter(|(_, v)| v.iter().any(|x| *x != 0))
        .collect();
    let weight = |action: &Action| {
        let days = (now.ms() - action.at.ms()).max(0) as f64 / DAY_MS as f64;
        f64::from(action.weight) * (-DECAY_PER_DAY * days).exp()
    };
    let all: f64 = actions.iter().map(|(action, _)| weight(action)).sum();
    if all <= 0.0 {
        return Vec::new(); // nothing, or so long ago that it no longer counts
    }
    let mut medoids: Vec<Medoid> = clusters(&actions)
        .into_iter()
        .map(|cluster| Medoid {
            item: centre(&cluster, &actions),
            importance: (cluster.iter().map(|i| weight(actions[*i].0)).sum::<f64>() / all) as f32,
        })
        .collect();
    medoids.sort_by(|a, b| b.importance.total_cmp(&a.importance).then(a.item.cmp(&b.item)));
    medoids.truncate(MEDOIDS_MAX);
    medoids
}

/// One action per item: the last, of those that speak for it.
fn latest_of_each(recent: &[Action]) -> Vec<&Action> {
    let mut latest: Vec<&Action> = Vec::with_capacity(recent.len());
    for action in recent.iter().rev().filter(|action| action.weight > 0.0) {
        if !latest.iter().any(|other| other.item == action.item) {
            latest.push(action);
        }
    }
    latest
}

fn clusters(actions: &[(&Action, &[i8])]) -> Vec<Vec<usize>> {
    let count = actions.len();
    let mut groups: Vec<Vec<usize>> = (0..count).map(|i| vec![i]).collect();
    if count < 2 {
        return groups;
    }
    let mut distances: Vec<f32> = Vec::with_capacity(count * (count - 1) / 2);
    for (i, (_, a)) in actions.iter().enumerate() {
        distances.extend(actions[i + 1..].iter().map(|(_, b)| (2.0 - 2.0 * cosine(a, b)).max(0.0).sqrt()));
    }
    for step in linkage(&mut distances, count, Method::Ward).steps() {
        let mut joined = Vec::new();
        if step.dissimilarity < JOIN_BELOW {
            joined = std::mem::take(&mut groups[step.cluster1]);
            joined.append(&mut groups[step.cluster2]);
        }
        groups.push(joined);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// The member of a cluster that is nearest to the others.
fn centre(cluster: &[usize], actions: &[(&Action, &[i8])]) -> ItemIx {
    let nearness = |i: usize| cluster.iter().map(|j| cosine(actions[i].1, actions[*j].1)).sum::<f32>();
    let best = cluster
        .iter()
        .max_by(|a, b| nearness(**a).total_cmp(&nearness(**b)).then(actions[**b].0.item.cmp(&actions[**a].0.item)));
    best.map_or(ItemIx(0), |i| actions[*i].0.item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interests::content::Frequencies;
    use crate::views::moment::Moment;

    #[test]
    fn two_interests_stay_two() {
        let mut seen = Frequencies::default();
        let vectors = [
            seen.embed(&["baking"], "Sourdough does not rise", "flour dough oven"),
            seen.embed(&["cycling"], "Chain slips uphill", "bike chain hill"),
            seen.embed(&["baking"], "Flour for sourdough", "flour dough oven"),
            seen.embed(&["cycling"], "New bike chain", "bike chain hill"),
            seen.embed(&["baking"], "Oven for sourdough dough", "flour dough oven"),
        ];
        let recent: Vec<Action> =
            (0..5).map(|i| Action { item: ItemIx(i), at: Moment::of(i64::from(i)), weight: 1.0 }).collect();
        let found = medoids(&recent, UnixMillis::saturating(10), |item| &vectors[item.row()]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].item.0 % 2 == 0 && found[1].item.0 % 2 == 1, "{found:?}");
        assert!((found[0].importance - 0.6).abs() < 0.01 && (found[1].importance - 0.4).abs() < 0.01);
        assert!(medoids(&[], UnixMillis::saturating(10), |item| &vectors[item.row()]).is_empty());
    }
}
