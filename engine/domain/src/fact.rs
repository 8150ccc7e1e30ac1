//! Facts: everything that happens, as it is appended to the journal. The JSON form of a fact is a line of NDJSON, as
//! `anklang import ndjson` reads and `anklang export` writes it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{FactId, Item, ItemId, MemberId, MemberPut, Propensity, UnixMillis};

/// Free properties: a JSON object.
pub type Props = serde_json::Map<String, Value>;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The idempotency key: the same id twice is one fact.
    pub id: FactId,
    /// When it happened, by the clock of whoever saw it.
    pub at: UnixMillis,
    /// When it reached the journal, by the journal's clock; `at` where a file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<UnixMillis>,
    /// Who brought it: `http`, `import:stackexchange`, `simulator` …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// What happened.
    #[serde(flatten)]
    pub body: Body,
}

impl Fact {
    /// When the fact counts: when it happened, but never later than it was received, so that a client whose clock runs
    /// ahead cannot reach into the future.
    #[must_use]
    pub fn effective_at(&self) -> UnixMillis {
        self.received_at.map_or(self.at, |received| self.at.min(received))
    }

    /// The member whose partition this fact belongs to; none for what every replica must know.
    #[must_use]
    pub fn partition(&self) -> Option<&MemberId> {
        match &self.body {
            Body::ItemPut { .. } | Body::ItemRemoved(_) | Body::MemberErased(_) | Body::Configured(_) => None,
            Body::MemberPut(put) => Some(&put.member),
            Body::MemberAliased(alias) => Some(&alias.to),
            Body::Engaged(engagement) => Some(&engagement.member),
            Body::Served(slate) => slate.member.as_ref(),
            Body::Exposed(exposure) => exposure.member.as_ref(),
            Body::PreferenceSet(preference) => Some(&preference.member),
            Body::Message(message) => Some(&message.member),
        }
    }
}

/// What a fact says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Body {
    /// An item was added or replaced whole.
    ItemPut {
        /// The item as it now is.
        item: Box<Item>,
    },
    /// An item is gone.
    ItemRemoved(ItemRemoved),
    /// Traits of a member were set.
    MemberPut(MemberPut),
    /// Two ids turned out to be one person.
    MemberAliased(MemberAliased),
    /// A member was erased; says how many facts went, never who it was.
    MemberErased(MemberErased),
    /// A member did something.
    Engaged(Engagement),
    /// A ranked list was served.
    Served(Slate),
    /// A unit was exposed to a variant.
    Exposed(Exposure),
    /// A member chose how to be reached.
    PreferenceSet(Preference),
    /// A document of configuration got a new version.
    Configured(Configuration),
    /// A message moved on in its life.
    Message(MessageEvent),
}

/// An item is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemRemoved {
    /// Which.
    pub item: ItemId,
}

/// Two ids turned out to be one person: what `from` did counts for `to`, before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberAliased {
    /// The id given up, often anonymous.
    pub from: MemberId,
    /// The id kept.
    pub to: MemberId,
}

/// A member was erased.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberErased {
    /// How many facts were removed or blanked.
    pub facts: u64,
}

/// A member did something, usually to an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Engagement {
    /// Who.
    pub member: MemberId,
    /// What was done.
    pub verb: Verb,
    /// To what.
    #[serde(flatten)]
    pub target: Target,
    /// A number that goes with it: seconds read, stars given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Whatever else was sent; `text` is the text of a reply, `slate` the id of the list it came from.
    #[serde(default, skip_serializing_if = "Props::is_empty")]
    pub props: Props,
}

/// What was acted upon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// An item.
    Item(ItemId),
    /// A tag.
    Tag(String),
    /// Another member, as an author.
    Author(MemberId),
    /// A forum or section.
    Category(String),
    /// The site as a whole: a visit.
    Site(SiteMark),
}

/// `"site": true` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SiteMark(pub bool);

impl Target {
    /// The site as a whole.
    pub const SITE: Self = Self::Site(SiteMark(true));
}

/// What a member can do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Verb {
    /// Saw it, with its text.
    Viewed,
    /// Opened it from a list.
    Clicked,
    /// Wrote in it.
    Replied,
    /// Approved.
    Liked,
    /// Kept it for later.
    Bookmarked,
    /// Wants to hear more of it.
    Followed,
    /// No longer wants to hear more of it.
    Unfollowed,
    /// Never wants to see it.
    Muted,
    /// May be shown again.
    Unmuted,
    /// Waved a listed item away.
    Dismissed,
    /// Asked for more of its sort.
    MoreLikeThis,
    /// Asked for less of its sort.
    LessLikeThis,
    /// Found it helpful.
    Helpful,
    /// Passed it on.
    Shared,
    /// Said they would come.
    Rsvp,
    /// Came.
    Attended,
    /// Answered a poll or survey.
    Answered,
    /// Anything else, by its own name.
    Custom(String),
}

impl Verb {
    const NAMED: [(Self, &'static str); 17] = [
        (Self::Viewed, "viewed"),
        (Self::Clicked, "clicked"),
        (Self::Replied, "replied"),
        (Self::Liked, "liked"),
        (Self::Bookmarked, "bookmarked"),
        (Self::Followed, "followed"),
        (Self::Unfollowed, "unfollowed"),
        (Self::Muted, "muted"),
        (Self::Unmuted, "unmuted"),
        (Self::Dismissed, "dismissed"),
        (Self::MoreLikeThis, "more_like_this"),
        (Self::LessLikeThis, "less_like_this"),
        (Self::Helpful, "helpful"),
        (Self::Shared, "shared"),
        (Self::Rsvp, "rsvp"),
        (Self::Attended, "attended"),
        (Self::Answered, "answered"),
    ];

    /// The verb's name, as in JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        if let Self::Custom(name) = self {
            return name;
        }
        Self::NAMED.iter().find(|(verb, _)| verb == self).map_or("", |(_, name)| name)
    }

    /// The verb of this name; names that are not ours are custom verbs.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let named = Self::NAMED.iter().find(|(_, known)| *known == name);
        named.map_or_else(|| Self::Custom(name.to_owned()), |(verb, _)| verb.clone())
    }
}

impl From<String> for Verb {
    fn from(name: String) -> Self {
        Self::named(&name)
    }
}

impl From<Verb> for String {
    fn from(verb: Verb) -> Self {
        verb.as_str().to_owned()
    }
}

/// Which list was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListKind {
    /// Discussions the member missed.
    Missed,
    /// What to read next.
    Feed,
    /// Like a given item.
    Related,
    /// Rising now.
    Trending,
    /// Found by words.
    Search,
}

/// A ranked list as it was served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slate {
    /// To whom; none for an anonymous visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
    /// Its own id, which a click may name.
    pub slate: String,
    /// Which list.
    pub list: ListKind,
    /// The policy that ranked it, `key@version`.
    pub policy: String,
    /// What was shown, from position 1.
    pub entries: Vec<SlateEntry>,
}

/// A place in a slate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlateEntry {
    /// The item shown.
    pub item: ItemId,
    /// The probability with which it was shown here.
    pub propensity: Propensity,
    /// Whether this was the slot for something different.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discovery: bool,
}

/// A unit was exposed to a variant of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// The member exposed, where the unit is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
    /// The unit of randomisation.
    pub unit: String,
    /// Which experiment.
    pub experiment: String,
    /// Which variant.
    pub variant: String,
    /// Whatever else the client sent.
    #[serde(default, skip_serializing_if = "Props::is_empty")]
    pub props: Props,
}

/// A member chose how to be reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preference {
    /// Who.
    pub member: MemberId,
    /// What it is about, such as `digest`.
    pub category: String,
    /// By which way, such as `mail`.
    pub channel: String,
    /// The choice, such as `off` or `instant`.
    pub choice: String,
    /// Details of the choice.
    #[serde(default, skip_serializing_if = "Props::is_empty")]
    pub props: Props,
}

/// A document of configuration got a new version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    /// `policy`, `segment`, `experiment`, `rule` …
    pub kind: String,
    /// Which document of that kind.
    pub key: String,
    /// Counts up from 1.
    pub version: u32,
    /// The document; none removes it.
    #[serde(default)]
    pub document: Option<Value>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
}

/// A message moved on in its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageEvent {
    /// To whom.
    pub member: MemberId,
    /// Which message.
    pub message: String,
    /// Its new state.
    pub state: String,
    /// Details.
    #[serde(default, skip_serializing_if = "Props::is_empty")]
    pub props: Props,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Fact {
        let fact: Fact = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        let again: Fact = serde_json::from_str(&serde_json::to_string(&fact).expect("json")).expect("reads back");
        assert_eq!(fact, again);
        fact
    }

    #[test]
    fn every_body_reads_back_as_it_was_written() {
        for body in [
            r#""type":"item_put","item":{"id":"1","title":"T","kind":"event","level":"expert"}"#,
            r#""type":"item_removed","item":"1""#,
            r#""type":"member_put","member":"ana","traits":{"interests":["a"]}"#,
            r#""type":"member_aliased","from":"x","to":"ana""#,
            r#""type":"member_erased","facts":3"#,
            r#""type":"engaged","member":"ana","verb":"viewed","site":true"#,
            r#""type":"engaged","member":"ana","verb":"waved","tag":"rust","value":2.5,"props":{"a":[1]}"#,
            r#""type":"served","slate":"s","list":"missed","policy":"default@1","entries":[{"item":"1","propensity":0.5}]"#,
            r#""type":"exposed","unit":"ana","experiment":"e","variant":"b""#,
            r#""type":"preference_set","member":"ana","category":"digest","channel":"mail","choice":"off""#,
            r#""type":"configured","kind":"policy","key":"default","version":1,"document":{"a":1}"#,
            r#""type":"message","member":"ana","message":"m","state":"sent""#,
        ] {
            check(&format!(r#"{{"id":"f","at":"2018-01-01T00:00:00Z",{body}}}"#));
        }
    }

    #[test]
    fn a_clock_that_runs_ahead_is_held_to_the_journals() {
        let fact = check(
            r#"{"id":"f","at":"9999-01-01T00:00:00Z","received_at":"2018-01-01T00:00:00Z","type":"item_removed","item":"1"}"#,
        );
        assert_eq!(fact.effective_at().to_string(), "2018-01-01T00:00:00Z");
    }
}
