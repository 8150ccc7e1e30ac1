//! What is learned in the background from all that happened: never needed for an answer, and better with it.
//!
//! Learning is a function of the journal up to a place: what it looks at is gathered from the views at that place, while
//! facts wait for the blink of an eye; the fit then takes its time beside everything else; what comes out takes the place
//! of what was learned before as one, between two lists. A document in the journal names the place, so that the same can be
//! learned again where the file of it is lost.

pub(crate) mod gather;
pub(crate) mod groups;
pub(crate) mod ranker;
pub(crate) mod taste;

use serde::{Deserialize, Serialize};

use self::gather::{Gathered, point};
use self::groups::Groups;
use self::ranker::{Ranker, Replay};
use self::taste::Taste;
use crate::journal::Seq;
use crate::views::Views;
use crate::views::members::MemberRow;

/// Engagements that must have come in before anything is learned.
pub(crate) const ENGAGEMENTS_MIN: u64 = 200;
/// What was learned is learned anew when engagements have grown by one in this many.
const GROWTH: u64 = 10;

/// What was learned; never changed, only replaced.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Learned {
    /// The number of the first fact that it does not know.
    pub(crate) through: Seq,
    /// Engagements that it was learned from; 0: nothing was learned yet.
    pub(crate) engagements: u64,
    /// Circles of members with like interests.
    pub(crate) groups: Option<Groups>,
    /// What members of like taste deal with.
    pub(crate) taste: Option<Taste>,
    /// How much each signal of an item counts.
    pub(crate) ranker: Option<Ranker>,
}

impl Learned {
    /// The circle that a member belongs to, where their behaviour may be used.
    pub(crate) fn group_of(&self, views: &Views, row: &MemberRow) -> Option<&str> {
        let groups = self.groups.as_ref().filter(|_| row.behaviour)?;
        groups.of(&point(views, row)).map(|group| groups.name(group))
    }

    /// Whether so much has happened since that it is worth learning anew.
    pub(crate) const fn is_stale(&self, engagements: u64) -> bool {
        engagements >= ENGAGEMENTS_MIN && engagements > self.engagements + self.engagements / GROWTH
    }
}

/// Learns from what was gathered, and from the journal folded once more as far as it was planned. The same in, the same
/// out.
pub(crate) fn learn(gathered: &Gathered, replay: Replay, seed: u64) -> Learned {
    Learned {
        through: gathered.through,
        engagements: gathered.engagements,
        groups: groups::learn(gathered, seed),
        taste: taste::learn(gathered, seed),
        ranker: replay.learn(),
    }
}

/// The place in the journal that was learned from, as its document says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The number of the first fact that was not learned from.
    pub(crate) through: Seq,
    /// The generation of the journal that counts so: a rewritten one counts otherwise.
    pub(crate) generation: u64,
    /// The seed.
    pub(crate) seed: u64,
}

/// The kind and the key of the document.
pub(crate) const DOCUMENT: (&str, &str) = ("learned", "models");
