//! Items: anything that can be recommended.

use serde::{Deserialize, Serialize};

use crate::fact::Props;
use crate::{ItemId, MemberId, UnixMillis};

/// What sort of thing an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A thread people reply to.
    #[default]
    Discussion,
    /// Something to read or learn from.
    Guide,
    /// Something that takes place at a time.
    Event,
    /// A question with answers to choose from.
    Poll,
    /// Another member, offered as a peer.
    Peer,
    /// A part of the community to join.
    Subgroup,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: [Self; 6] = [Self::Discussion, Self::Guide, Self::Event, Self::Poll, Self::Peer, Self::Subgroup];

    /// The kind's name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Discussion => "discussion",
            Self::Guide => "guide",
            Self::Event => "event",
            Self::Poll => "poll",
            Self::Peer => "peer",
            Self::Subgroup => "subgroup",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How much an item asks of its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// No knowledge needed.
    Beginner,
    /// The basics are known.
    Intermediate,
    /// At home in the subject.
    Advanced,
    /// Teaches others.
    Expert,
}

/// A thing that can be recommended, as its community describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The community's own id.
    pub id: ItemId,
    /// What sort of thing it is.
    #[serde(default)]
    pub kind: Kind,
    /// The headline, plain text.
    #[serde(default)]
    pub title: String,
    /// The text, plain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Subjects, as the community tags them.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The forum or section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Who opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<MemberId>,
    /// BCP 47 language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// How much it asks of its reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// A condition over a member's traits; who does not meet it never sees the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<serde_json::Value>,
    /// When it was opened; the fact's own time where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<UnixMillis>,
    /// When an event begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<UnixMillis>,
    /// When it is over; not listed after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<UnixMillis>,
    /// Where to read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whatever else the community wants to keep with it.
    #[serde(default, skip_serializing_if = "Props::is_empty")]
    pub props: Props,
}

impl Item {
    /// An item with nothing but its id.
    #[must_use]
    pub fn bare(id: ItemId) -> Self {
        Self {
            id,
            kind: Kind::default(),
            title: String::new(),
            body: String::new(),
            tags: Vec::new(),
            category: None,
            author: None,
            language: None,
            level: None,
            audience: None,
            created_at: None,
            starts_at: None,
            ends_at: None,
            url: None,
            props: Props::new(),
        }
    }
}
