//! Discussions: what they are about, as a pure function of the seed and their number.

use anklang_domain::Stream;

use super::people::{Person, popular_topic, zipf};
use super::topics::TOPICS;
use super::{Params, chance};

/// The latent side of a discussion.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thread {
    /// What it is mostly about, and what else; the same topic twice where there is nothing else.
    pub(super) topics: [u8; 2],
    /// The share of the second topic.
    pub(super) second: f32,
    /// How good it is, about standard normal.
    pub(super) quality: f32,
    pub(super) german: bool,
}

impl Thread {
    pub(super) fn of(params: &Params, number: u32) -> Self {
        let mut rng = chance(params.seed, "thread", u64::from(number));
        let first = popular_topic(&mut rng);
        let mixed = rng.unit() < 0.3;
        let other = popular_topic(&mut rng);
        let share = 0.15 + 0.3 * rng.unit();
        let two = mixed && other != first;
        Self {
            topics: [first, if two { other } else { first }],
            second: if two { share as f32 } else { 0.0 },
            quality: normal(&mut rng) as f32,
            german: rng.unit() < params.german,
        }
    }

    /// One to five tags of its topics.
    pub(super) fn tags(&self, rng: &mut Stream) -> Vec<usize> {
        let count = 1 + rng.below(3) + rng.below(3);
        let mut tags: Vec<usize> = Vec::with_capacity(count);
        for place in 0..count {
            let topic = if place > 0 && rng.unit() < f64::from(self.second) { self.topics[1] } else { self.topics[0] };
            let tag = usize::from(topic) * 12 + zipf(rng, 12);
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        if self.second > 0.0 && tags.len() < 5 && tags.iter().all(|tag| tag / 12 == usize::from(self.topics[0])) {
            tags.push(usize::from(self.topics[1]) * 12 + zipf(rng, 12));
        }
        tags
    }

    /// How much of the member's attention the discussion's topics have, from 0 to 1.
    pub(super) fn affinity(&self, person: &Person) -> f64 {
        let [first, second] = self.topics.map(|topic| f64::from(person.interest_in(topic)));
        (1.0 - f64::from(self.second)) * first + f64::from(self.second) * second
    }

    /// The probability that the member, having seen the title, finds it worth opening:
    /// σ(6·√affinity + 0.6·quality − 3.4), less where the language is not their own.
    pub(super) fn relevance(&self, person: &Person) -> f64 {
        let drive = 6.0 * self.affinity(person).sqrt() + 0.6 * f64::from(self.quality) - 3.4;
        let understood = match (self.german, person.german) {
            (true, true) | (false, false) => 1.0,
            (false, true) => 0.7,
            (true, false) => 0.03,
        };
        understood / (1.0 + (-drive).exp())
    }
}

/// The name of a tag by its number.
pub(super) fn tag_name(tag: usize) -> &'static str {
    TOPICS[tag / 12].tags[tag % 12].0
}

/// About standard normal: the sum of twelve uniform numbers less six.
pub(super) fn normal(rng: &mut Stream) -> f64 {
    (0..12).map(|_| rng.unit()).sum::<f64>() - 6.0
}
