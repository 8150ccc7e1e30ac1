//! What a member does in a visit.

use anklang_domain::{DAY_MS, HOUR_MS, Stream};

use super::people::Person;
use super::site::Site;
use super::threads::normal;

/// Places in a list.
pub(super) const LIST_LEN: usize = 20;
/// How many discussions a member remembers having read.
const REMEMBERED: usize = 12;
/// The time between a reply and the return of somebody it calls back: its median, and the spread of its logarithm.
const RETURN_MEDIAN_MS: f64 = 4.0 * HOUR_MS as f64;
const RETURN_SPREAD: f64 = 1.3;
/// The chance that a reply calls back the author of a discussion, and each of the others who took part.
const AUTHOR_RETURNS: f64 = 0.5;
const OTHERS_RETURN: f64 = 0.25;

/// Something that is going to happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Deed {
    /// A look at the site at which nothing was opened.
    Site,
    Viewed {
        item: u32,
        /// The place in the list, from 1; 0 where there was none.
        position: u8,
        seconds: u16,
    },
    Replied(u32),
    Liked(u32),
    Bookmarked(u32),
    Followed(u32),
    Helpful(u32),
    Shared(u32),
    Dismissed(u32),
    /// The member comes back to a discussion they take part in.
    Returns(u32),
}

/// What a member has read: discussion and its replies then.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    read: [(u32, u32); REMEMBERED],
    next: u8,
    /// When the last visit ended, in milliseconds since 1970.
    pub(super) busy_until: i64,
}

impl Memory {
    /// Discussions are remembered by their number and one, so that nothing is remembered at first.
    fn nothing_new(&self, item: u32, replies: u32) -> bool {
        self.read.iter().any(|(known, then)| *known == item + 1 && *then >= replies)
    }

    fn remember(&mut self, item: u32, replies: u32) {
        let known = self.read.iter().position(|(known, _)| *known == item + 1);
        let place = known.unwrap_or_else(|| {
            self.next = (self.next + 1) % REMEMBERED as u8;
            usize::from(self.next)
        });
        self.read[place] = (item + 1, replies);
    }
}

/// A visit in the making: deeds with their times.
pub(super) struct Visit<'a> {
    pub(super) number: u32,
    pub(super) person: &'a Person,
    pub(super) memory: &'a mut Memory,
    pub(super) site: &'a Site,
    pub(super) deeds: &'a mut Vec<(i64, Deed)>,
    pub(super) now: i64,
}

impl Visit<'_> {
    /// Looks through one list or a few; `looks[k]` is the probability that place k + 1 is looked at.
    pub(super) fn browse(&mut self, looks: &[f64; LIST_LEN], rng: &mut Stream) {
        let lists = 1 + usize::from(rng.unit() < 0.35) + usize::from(rng.unit() < 0.15);
        for _ in 0..lists {
            let interest = self.person.some_interest(rng);
            for (place, look) in looks.iter().enumerate() {
                if rng.unit() < *look
                    && let Some(item) = self.site.listed(interest, rng)
                {
                    self.consider(item, place as u8 + 1, rng);
                }
            }
        }
        if self.deeds.is_empty() {
            self.deeds.push((self.now, Deed::Site));
        }
        self.memory.busy_until = self.now;
    }

    fn consider(&mut self, item: u32, position: u8, rng: &mut Stream) {
        let state = &self.site.threads[item as usize];
        if state.author == self.number || self.memory.nothing_new(item, state.replies) {
            return;
        }
        let relevance = state.thread.relevance(self.person);
        if rng.unit() < relevance {
            self.read(item, position, relevance, rng);
        } else if rng.unit() < 0.004 * (1.0 - relevance) {
            self.deeds.push((self.now, Deed::Dismissed(item)));
        }
    }

    /// Reads a discussion and perhaps does something about it.
    fn read(&mut self, item: u32, position: u8, relevance: f64, rng: &mut Stream) {
        let seconds = (20.0 + 100.0 * relevance) * (0.7 * normal(rng)).exp();
        let seconds = seconds.clamp(2.0, 1800.0) as u16;
        self.deeds.push((self.now, Deed::Viewed { item, position, seconds }));
        self.now += i64::from(seconds) * 1000;
        self.memory.remember(item, self.site.threads[item as usize].replies);
        let likes = 0.12 * relevance;
        for (probability, deed) in [
            (likes, Deed::Liked(item)),
            (0.02 * relevance, Deed::Bookmarked(item)),
            (0.015 * relevance, Deed::Followed(item)),
            (0.01 * relevance, Deed::Helpful(item)),
            (0.006 * relevance, Deed::Shared(item)),
            (self.person.role.replies() * relevance, Deed::Replied(item)),
        ] {
            if rng.unit() < probability {
                self.now += 1000 + (rng.unit() * 4000.0) as i64;
                if matches!(deed, Deed::Replied(_)) {
                    self.now += 30_000 + (rng.unit() * 240_000.0) as i64;
                }
                self.deeds.push((self.now, deed));
            }
        }
        self.now += 2_000 + (rng.unit() * 20_000.0) as i64;
    }

    /// Comes back to a discussion for its new replies, and perhaps replies again.
    pub(super) fn come_back(&mut self, item: u32, rng: &mut Stream) {
        let state = &self.site.threads[item as usize];
        if self.memory.nothing_new(item, state.replies) || self.memory.busy_until > self.now {
            return;
        }
        self.read(item, 0, 0.8, rng);
        self.memory.busy_until = self.now;
    }
}

/// When those called back by a reply return: each with its own chance, in waking hours.
pub(super) fn returns(at: i64, author: u32, others: &[u32], people: &[Person], rng: &mut Stream) -> Vec<(i64, u32)> {
    let mut returns = Vec::new();
    for other in others {
        let probability = if *other == author { AUTHOR_RETURNS } else { OTHERS_RETURN };
        if rng.unit() < probability {
            let delay = RETURN_MEDIAN_MS * (RETURN_SPREAD * normal(rng)).exp();
            let mut then = at + (delay as i64).clamp(60_000, 14 * DAY_MS);
            let hour = people[*other as usize].local_hour(then);
            if hour < 6.5 {
                then += ((6.5 - hour + 2.0 * rng.unit()) * HOUR_MS as f64) as i64;
            }
            returns.push((then, *other));
        }
    }
    returns
}
