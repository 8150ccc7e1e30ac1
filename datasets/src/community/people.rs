//! Members: who they are, as a pure function of the seed and their number.

use anklang_domain::Stream;

use super::topics::TOPICS;
use super::{Params, chance};

/// The most topics one member cares for.
pub(super) const INTERESTS_MAX: usize = 4;

/// Heavy tail of activity: Pareto with this exponent, the few do most (Muchnik et al. 2013 find 1.2 to 1.5).
const ACTIVITY_TAIL: f64 = 1.3;
/// Nobody visits more than this many times as often as the least active.
const ACTIVITY_MAX: f64 = 60.0;

const FIRST_NAMES: [&str; 32] = [
    "Ana", "Ben", "Clara", "David", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jonas", "Kim", "Lena", "Mateo", "Nora",
    "Oskar", "Paula", "Quentin", "Rosa", "Sami", "Theo", "Ulla", "Vera", "Wim", "Yara", "Zoe", "Amir", "Bea", "Carl",
    "Dora", "Emil", "Freya", "Milo",
];

/// Time zones with the hours by which they are ahead of UTC. Summer time is left out.
const ZONES_EN: [(&str, i8); 5] = [
    ("Europe/London", 0),
    ("America/New_York", -5),
    ("America/Los_Angeles", -8),
    ("Asia/Kolkata", 5),
    ("Australia/Sydney", 10),
];
const ZONES_DE: [(&str, i8); 3] = [("Europe/Berlin", 1), ("Europe/Vienna", 1), ("Europe/Zurich", 1)];

/// How much of a writer somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Reads, and hardly ever writes.
    Lurker,
    /// Replies.
    Replier,
    /// Replies and opens discussions.
    Author,
}

impl Role {
    /// The chance to reply to what was read and found fully relevant.
    pub(super) const fn replies(self) -> f64 {
        match self {
            Self::Lurker => 0.02,
            Self::Replier => 0.35,
            Self::Author => 0.5,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Person {
    /// Topic and share of attention; the shares sum to 1, unused places have 0.
    pub(super) interests: [(u8, f32); INTERESTS_MAX],
    pub(super) activity: f32,
    pub(super) role: Role,
    pub(super) german: bool,
    pub(super) declares: bool,
    /// The hour of the day, local, at which visits are most likely.
    pub(super) peak_hour: u8,
    zone: u8,
}

impl Person {
    pub(super) fn of(params: &Params, number: u32) -> Self {
        let mut rng = chance(params.seed, "person", u64::from(number));
        let german = rng.unit() < params.german;
        let role = match rng.unit() {
            share if share < 0.60 => Role::Lurker,
            share if share < 0.90 => Role::Replier,
            _ => Role::Author,
        };
        Self {
            interests: interests(&mut rng),
            activity: (1.0 - rng.unit()).powf(-1.0 / ACTIVITY_TAIL).min(ACTIVITY_MAX) as f32,
            role,
            german,
            declares: rng.unit() < params.declaring,
            // Most come in the evening, some at lunch, a few before breakfast.
            peak_hour: [20, 21, 19, 22, 12, 13, 7, 16][rng.below(8)],
            zone: rng.below(if german { ZONES_DE.len() } else { ZONES_EN.len() }) as u8,
        }
    }

    fn zone(&self) -> (&'static str, i8) {
        let zones: &[(&str, i8)] = if self.german { &ZONES_DE } else { &ZONES_EN };
        zones[usize::from(self.zone) % zones.len()]
    }

    pub(super) fn timezone(&self) -> &'static str {
        self.zone().0
    }

    pub(super) fn locale(&self) -> &'static str {
        if self.german { "de" } else { "en" }
    }

    /// The hour of the day where the member lives, with fractions.
    pub(super) fn local_hour(&self, ms: i64) -> f64 {
        let hours = ms as f64 / anklang_domain::HOUR_MS as f64 + f64::from(self.zone().1);
        hours.rem_euclid(24.0)
    }

    /// How likely a visit is at this moment, relative to the best hour.
    pub(super) fn awake(&self, ms: i64) -> f64 {
        let apart = (self.local_hour(ms) - f64::from(self.peak_hour)).abs();
        let apart = apart.min(24.0 - apart);
        0.03 + 0.97 * (-(apart / 4.0).powi(2)).exp()
    }

    pub(super) fn interest_in(&self, topic: u8) -> f32 {
        self.interests.iter().filter(|(own, _)| *own == topic).map(|(_, share)| *share).sum()
    }

    /// One of the member's topics, by its share.
    pub(super) fn some_interest(&self, rng: &mut Stream) -> u8 {
        let mut left = rng.unit() as f32;
        for (topic, share) in self.interests {
            left -= share;
            if left < 0.0 {
                return topic;
            }
        }
        self.interests[0].0
    }

    /// What the member says of their interests: the tags of the two strongest, as far as they come to mind.
    pub(super) fn declared(&self, rng: &mut Stream) -> Vec<&'static str> {
        let mut strongest = self.interests;
        strongest.sort_by(|a, b| b.1.total_cmp(&a.1));
        let topics = strongest.iter().filter(|(_, share)| *share > 0.0).take(2);
        let mut tags = Vec::new();
        for (topic, _) in topics {
            for _ in 0..2 {
                let tag = TOPICS[usize::from(*topic)].tags[zipf(rng, 12)].0;
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
        }
        tags
    }
}

pub(super) fn name(seed: u64, number: u32) -> String {
    let mut rng = chance(seed, "name", u64::from(number));
    let first = FIRST_NAMES[rng.below(FIRST_NAMES.len())];
    let last = char::from(b'A' + rng.below(26) as u8);
    format!("{first} {last}.")
}

/// A sparse draw: one to four topics, the popular ones more often, with shares as from a flat Dirichlet.
fn interests(rng: &mut Stream) -> [(u8, f32); INTERESTS_MAX] {
    let count = 1 + rng.below(INTERESTS_MAX);
    let mut found = [(0_u8, 0.0_f32); INTERESTS_MAX];
    let mut sum = 0.0;
    for place in 0..count {
        let topic = popular_topic(rng);
        let share = -(1.0 - rng.unit()).ln() as f32 + 0.05;
        // The same topic twice is one topic with more of it.
        let place = found[..place].iter().position(|(known, share)| *known == topic && *share > 0.0).unwrap_or(place);
        found[place] = (topic, found[place].1 + share);
        sum += share;
    }
    for (_, share) in &mut found {
        *share /= sum;
    }
    found
}

/// A topic, the first of the list about four times as often as the last.
pub(super) fn popular_topic(rng: &mut Stream) -> u8 {
    let count = TOPICS.len();
    let skewed = (rng.unit().powf(1.4) * count as f64) as usize;
    skewed.min(count - 1) as u8
}

/// A number below `count`, number k with probability proportional to 1/(k+1), to the precision that text needs.
pub(super) fn zipf(rng: &mut Stream, count: usize) -> usize {
    let skewed = ((count as f64 + 1.0).powf(rng.unit()) - 1.0) as usize;
    skewed.min(count - 1)
}
