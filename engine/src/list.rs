//! What is asked of the engine, and what it answers: the shapes of a list.

use anklang_domain::{ItemId, Kind, ListKind, MemberId, Propensity, UnixMillis};
use serde::Serialize;

use crate::rank::policy::Policy;

/// The languages that reasons are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl Lang {
    /// The language of a BCP 47 tag, where it is one of these.
    #[must_use]
    pub fn known(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or("");
        [("de", Self::De), ("en", Self::En)]
            .into_iter()
            .find(|(name, _)| primary.eq_ignore_ascii_case(name))
            .map(|(_, l)| l)
    }

    /// The language of a BCP 47 tag or an `Accept-Language` header; English where it is neither.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let first = tag.split([',', ';']).next().unwrap_or("").trim();
        let primary = first.split(['-', '_']).next().unwrap_or("");
        if primary.eq_ignore_ascii_case("de") { Self::De } else { Self::En }
    }
}

/// A request for a list.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// Which list.
    pub list: ListKind,
    /// For whom; none, or an id never seen, gets an anonymous list.
    pub member: Option<MemberId>,
    /// The moment of the request.
    pub now: UnixMillis,
    /// Missed: since when; the end of the last visit where absent, at most 30 days back.
    pub since: Option<UnixMillis>,
    /// Related: like which item.
    pub item: Option<ItemId>,
    /// Search: the words.
    pub query: Option<String>,
    /// How many at most; held to [`LIMIT_MAX`].
    pub limit: usize,
    /// How many of the list's places to pass over, for the next page.
    pub offset: usize,
    /// Chance of this request; made from the member, the moment and the list where absent.
    pub seed: Option<u64>,
    /// The language of the reasons; the member's own where absent.
    pub lang: Option<Lang>,
    /// Only items of this kind.
    pub kind: Option<Kind>,
    /// Whether each entry carries its ledger.
    pub explain: bool,
    /// Whether the slate is logged as served; a preview is not.
    pub log: bool,
    /// Another policy than the community's, and what slates call it: a variant of an experiment.
    pub policy: Option<(String, Policy)>,
}

/// The longest list.
pub const LIMIT_MAX: usize = 100;
/// The length of a list where nothing is said.
pub const LIMIT_DEFAULT: usize = 10;

impl ListRequest {
    /// A request with the defaults.
    #[must_use]
    pub fn new(list: ListKind, member: Option<MemberId>, now: UnixMillis) -> Self {
        Self {
            list,
            member,
            now,
            since: None,
            item: None,
            query: None,
            limit: LIMIT_DEFAULT,
            offset: 0,
            seed: None,
            lang: None,
            kind: None,
            explain: false,
            log: true,
            policy: None,
        }
    }
}

/// A ranked list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct List {
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
    /// Missed: since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<UnixMillis>,
    /// The moment of the request.
    pub at: UnixMillis,
    /// The list's own id and the policy that ranked it.
    pub slate: SlateRef,
    /// The entries, best first.
    pub items: Vec<ListItem>,
    /// Whether there are more behind the last.
    #[serde(skip)]
    pub more: bool,
}

/// A slate by its id.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlateRef {
    /// Its id, which a click may name as `slate`.
    pub id: String,
    /// `key@version` of the policy.
    pub policy: String,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListItem {
    /// The item.
    pub id: ItemId,
    /// Its kind.
    pub kind: Kind,
    /// Its headline.
    pub title: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Who opened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Its forum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Where to read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// From 1.
    pub position: usize,
    /// Its score; the ledger's parts sum to it.
    pub score: f32,
    /// The probability with which it stands here.
    pub propensity: Propensity,
    /// Whether it is here for something different.
    pub discovery: bool,
    /// When something last happened in it.
    pub last_activity_at: UnixMillis,
    /// Missed: replies of others since.
    pub new_replies: u32,
    /// Why it is here, largest first.
    pub reasons: Vec<Reason>,
    /// How the score came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Vec<LedgerPart>>,
}

/// Why an entry is in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// A stable code, such as `follows_tag`.
    pub code: &'static str,
    /// What it is about: a tag, a title, a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The sentence, in the language asked for.
    pub text: String,
}

/// One part of a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LedgerPart {
    /// Its name, such as `tag_interest`.
    pub part: &'static str,
    /// What it adds.
    pub value: f32,
}

/// An item as it is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemView {
    /// The item.
    pub id: ItemId,
    /// Its kind.
    pub kind: Kind,
    /// Its headline.
    pub title: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Who opened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Its forum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Where to read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was opened.
    pub created_at: UnixMillis,
    /// When something last happened in it.
    pub last_activity_at: UnixMillis,
    /// Replies in all.
    pub replies: usize,
    /// Views and clicks in all.
    pub views: u32,
}
