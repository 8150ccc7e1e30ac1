//! Circles of interest: which members resemble each other, named by the tag that tells a circle from the others.

use anklang_models::clusters::{self, Clusters};
use hashbrown::HashMap;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::gather::{Gathered, Person};
use crate::interests::content::DIM;
use crate::views::intern::TopicIx;

/// The most circles: as many as a person can keep apart.
const GROUPS_MAX: usize = 16;
/// A circle has at least so many members on average, or it would say more of chance than of people.
const PEOPLE_PER_GROUP_MIN: usize = 10;

/// The circles of a community.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Groups {
    clusters: Clusters,
    names: Vec<String>,
}

impl Groups {
    /// The circle that a point of the content space belongs to.
    pub(crate) fn of(&self, point: &[f32]) -> Option<usize> {
        self.clusters.nearest(point).map(|(group, _)| group)
    }

    /// The circle that an item belongs to, by its content vector.
    pub(crate) fn of_item(&self, vector: &[i8]) -> Option<usize> {
        let mut point = [0.0; DIM];
        point.iter_mut().zip(vector).for_each(|(to, from)| *to = f32::from(*from));
        self.of(&point)
    }

    /// What a circle is called: its own tag.
    pub(crate) fn name(&self, group: usize) -> &str {
        &self.names[group]
    }

    /// Every circle's name and its share of the members.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, f32)> {
        self.names.iter().enumerate().map(|(group, name)| (name.as_str(), self.clusters.share(group)))
    }
}

/// Finds the circles; none where there are too few members for two.
pub(super) fn learn(gathered: &Gathered, seed: u64) -> Option<Groups> {
    let people = &gathered.people;
    let count = ((people.len() as f64 / 2.0).sqrt() as usize).min(people.len() / PEOPLE_PER_GROUP_MIN).min(GROUPS_MAX);
    if count < 2 {
        return None;
    }
    let points = Array2::from_shape_fn((people.len(), DIM), |(person, place)| people[person].point[place]);
    match clusters::fit(&points, count, seed) {
        Ok(clusters) => {
            let names = names(&clusters, people, &gathered.tags);
            Some(Groups { clusters, names })
        }
        Err(error) => {
            tracing::info!(%error, "no circles of interest");
            None
        }
    }
}

/// Each circle's telling tag: that with the most share · ln(share ÷ the community's), and no tag twice.
fn names(clusters: &Clusters, people: &[Person], tags: &HashMap<TopicIx, String>) -> Vec<String> {
    let mut counts: Vec<HashMap<TopicIx, u32>> = vec![HashMap::new(); clusters.len()];
    let mut all: HashMap<TopicIx, u32> = HashMap::new();
    for person in people {
        let Some((group, _)) = clusters.nearest(&person.point) else { continue };
        for tag in &person.tags {
            *counts[group].entry(*tag).or_default() += 1;
            *all.entry(*tag).or_default() += 1;
        }
    }
    let total: u32 = all.values().sum();
    let mut names: Vec<String> = Vec::with_capacity(counts.len());
    for (group, counts) in counts.iter().enumerate() {
        let sum = f64::from(counts.values().sum::<u32>().max(1));
        let telling = |tag: &TopicIx, count: u32| {
            let share = f64::from(count) / sum;
            share * (share * f64::from(total) / f64::from(all[tag])).ln()
        };
        let mut ranked: Vec<(f64, TopicIx)> = counts.iter().map(|(tag, n)| (telling(tag, *n), *tag)).collect();
        ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let own = ranked.iter().filter_map(|(_, tag)| tags.get(tag)).find(|name| !names.contains(name));
        names.push(own.cloned().unwrap_or_else(|| format!("circle {}", group + 1)));
    }
    names
}
