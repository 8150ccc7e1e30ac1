//! What only a simulator can know: why people did what they did.

use anklang_domain::{ItemId, MemberId};

use super::people::Person;
use super::threads::Thread;
use super::topics::TOPICS;
use super::{ValidParams, chance};

/// The latent side of a community. Every answer is computed from the parameters; nothing is stored.
#[derive(Debug, Clone)]
pub struct Truth {
    params: ValidParams,
}

impl Truth {
    pub(super) fn of(params: &ValidParams) -> Self {
        Self { params: params.clone() }
    }

    /// The names of the topics; the vectors of this type are in this order.
    #[must_use]
    pub fn topics(&self) -> Vec<&'static str> {
        TOPICS.iter().map(|topic| topic.key).collect()
    }

    /// The tags of a topic, the most used first; empty for a name that is no topic.
    #[must_use]
    pub fn tags(&self, topic: &str) -> Vec<&'static str> {
        let found = TOPICS.iter().find(|known| known.key == topic);
        found.map(|topic| topic.tags.iter().map(|(tag, _)| *tag).collect()).unwrap_or_default()
    }

    /// A member's attention over [`Truth::topics`], summing to 1; none for who is not of this community.
    #[must_use]
    pub fn interests(&self, member: &MemberId) -> Option<Vec<f64>> {
        let person = self.person(member)?;
        Some((0..TOPICS.len()).map(|topic| f64::from(person.interest_in(topic as u8))).collect())
    }

    /// What a discussion is about, over [`Truth::topics`], summing to 1.
    #[must_use]
    pub fn mix(&self, item: &ItemId) -> Option<Vec<f64>> {
        let thread = self.thread(item)?;
        let mut mix = vec![0.0; TOPICS.len()];
        mix[usize::from(thread.topics[0])] += 1.0 - f64::from(thread.second);
        mix[usize::from(thread.topics[1])] += f64::from(thread.second);
        Some(mix)
    }

    /// How good a discussion is, about standard normal.
    #[must_use]
    pub fn quality(&self, item: &ItemId) -> Option<f64> {
        Some(f64::from(self.thread(item)?.quality))
    }

    /// The probability that the member opens the discussion once they look at it: σ(6·√affinity + 0.6·quality − 3.4),
    /// affinity being interests · mix; times 0.7 for a German reading English and 0.03 the other way round.
    #[must_use]
    pub fn relevance(&self, member: &MemberId, item: &ItemId) -> Option<f64> {
        Some(self.thread(item)?.relevance(&self.person(member)?))
    }

    /// The mean relevance over `pairs` pairs of a member and a discussion drawn at random: what chance would reach.
    #[must_use]
    pub fn relevance_mean(&self, pairs: u32) -> f64 {
        let mut rng = chance(self.params.seed, "pairs", 0);
        let sum: f64 = (0..pairs)
            .map(|_| {
                let person = Person::of(&self.params, rng.below(self.params.members as usize) as u32);
                Thread::of(&self.params, rng.below(self.params.discussions as usize) as u32).relevance(&person)
            })
            .sum();
        sum / f64::from(pairs.max(1))
    }

    fn person(&self, member: &MemberId) -> Option<Person> {
        let number = number(member.as_str(), 'm', self.params.members)?;
        Some(Person::of(&self.params, number))
    }

    fn thread(&self, item: &ItemId) -> Option<Thread> {
        let number = number(item.as_str(), 'd', self.params.discussions)?;
        Some(Thread::of(&self.params, number))
    }
}

fn number(id: &str, letter: char, count: u32) -> Option<u32> {
    id.strip_prefix(letter)?.parse().ok().filter(|number| *number < count)
}
