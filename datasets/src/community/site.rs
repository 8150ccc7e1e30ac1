//! The site as it stands: its discussions, and what its lists are made from.

use anklang_domain::Stream;

use super::threads::Thread;
use super::topics::TOPICS;

/// How many of the latest discussions with something new the front page knows, and a topic's page.
const LATEST: usize = 256;
const LATEST_OF_TOPIC: usize = 96;
/// Popularity is how often something occurs among the last so many views and replies: the rich get richer.
const HOT: usize = 4096;
const HOT_OF_TOPIC: usize = 512;
/// How many who took part last are called back.
const PARTICIPANTS: usize = 4;

/// A discussion as it stands.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) thread: Thread,
    pub(super) author: u32,
    pub(super) replies: u32,
    /// Who replied last; `u32::MAX` for nobody.
    pub(super) participants: [u32; PARTICIPANTS],
}

/// The last few of something.
#[derive(Debug, Clone)]
struct Ring {
    slots: Vec<u32>,
    size: usize,
    next: usize,
}

impl Ring {
    fn of(size: usize) -> Self {
        Self { slots: Vec::new(), size, next: 0 }
    }

    fn push(&mut self, number: u32) {
        if self.slots.len() < self.size {
            self.slots.push(number);
        } else {
            self.slots[self.next] = number;
        }
        self.next = (self.next + 1) % self.size;
    }

    fn newest(&self) -> Option<u32> {
        self.slots.get((self.next + self.size - 1) % self.size).copied()
    }

    fn any(&self, rng: &mut Stream) -> Option<u32> {
        self.slots.get(rng.below(self.slots.len())).copied()
    }

    /// Newer ones more often.
    fn recent(&self, rng: &mut Stream) -> Option<u32> {
        let back = 1 + (rng.unit().powi(2) * self.slots.len() as f64) as usize;
        self.slots.get((self.next + self.size - back.min(self.slots.len().max(1))) % self.size).copied()
    }
}

struct Page {
    latest: Ring,
    hot: Ring,
    all: Vec<u32>,
}

/// All discussions and the pages that list them.
pub(super) struct Site {
    pub(super) threads: Vec<State>,
    latest: Ring,
    hot: Ring,
    topics: Vec<Page>,
}

impl Site {
    pub(super) fn empty() -> Self {
        let page = || Page { latest: Ring::of(LATEST_OF_TOPIC), hot: Ring::of(HOT_OF_TOPIC), all: Vec::new() };
        Self {
            threads: Vec::new(),
            latest: Ring::of(LATEST),
            hot: Ring::of(HOT),
            topics: TOPICS.iter().map(|_| page()).collect(),
        }
    }

    pub(super) fn open(&mut self, thread: Thread, author: u32) -> u32 {
        let number = self.threads.len() as u32;
        self.threads.push(State { thread, author, replies: 0, participants: [u32::MAX; PARTICIPANTS] });
        self.topics[usize::from(thread.topics[0])].all.push(number);
        self.bump(number);
        number
    }

    fn bump(&mut self, number: u32) {
        let page = &mut self.topics[usize::from(self.threads[number as usize].thread.topics[0])];
        for latest in [&mut self.latest, &mut page.latest] {
            if latest.newest() != Some(number) {
                latest.push(number);
            }
        }
    }

    pub(super) fn viewed(&mut self, number: u32) {
        self.hot.push(number);
        self.topics[usize::from(self.threads[number as usize].thread.topics[0])].hot.push(number);
    }

    /// Counts a reply and says who else takes part in the discussion.
    pub(super) fn replied(&mut self, number: u32, member: u32) -> Vec<u32> {
        self.bump(number);
        self.viewed(number);
        let state = &mut self.threads[number as usize];
        let mut others = vec![state.author];
        others.extend(state.participants.iter().filter(|other| **other != u32::MAX && **other != state.author));
        others.retain(|other| *other != member);
        if !state.participants.contains(&member) {
            state.participants[state.replies as usize % PARTICIPANTS] = member;
        }
        state.replies += 1;
        others
    }

    /// What stands at a place of a list made for somebody who cares for `interest`; the source does not depend on the
    /// place, so that position bias can be told from relevance in the log.
    pub(super) fn listed(&self, interest: u8, rng: &mut Stream) -> Option<u32> {
        let own = &self.topics[usize::from(interest)];
        match rng.unit() {
            source if source < 0.25 => self.latest.recent(rng),
            source if source < 0.40 => self.hot.any(rng),
            source if source < 0.65 => own.latest.recent(rng),
            source if source < 0.85 => own.hot.any(rng),
            source if source < 0.95 => self.topics[rng.below(self.topics.len())].latest.recent(rng),
            // An old discussion, found by searching.
            _ => own.all.get(rng.below(own.all.len())).copied(),
        }
    }
}
