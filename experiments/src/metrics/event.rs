//! Which engagements count.

use anklang_domain::{Body, Condition, Fact, MemberId, SavedGroups, Target, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::design::error::DesignError;

/// The engagements that count: those of a verb for which a condition holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The verb: `replied`, `viewed`, … or a custom one. Two more: `opened`, a discussion of one's own; `served`, a list.
    /// `*` is any engagement.
    pub verb: String,
    /// Asked of `{"value", "item", "tag", "author", "category", "site", "list", "props": {…}}`, as far as there are such.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
}

/// Any engagement.
const ANY: &str = "*";
/// A discussion of one's own.
const OPENED: &str = "opened";
/// A list that was served.
const SERVED: &str = "served";

/// Something a member did: who, when, and the number that goes with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Done<'a> {
    /// Who.
    pub member: &'a MemberId,
    /// When.
    pub at: UnixMillis,
    /// The number sent with it; 1 where there is none.
    pub value: f64,
}

impl Event {
    /// Any engagement with this verb.
    #[must_use]
    pub fn verb(verb: &str) -> Self {
        Self { verb: verb.to_owned(), condition: None }
    }

    pub(super) fn check(&self, field: &str) -> Result<(), DesignError> {
        if self.verb.is_empty() {
            return Err(DesignError::at(format!("{field}.verb"), "an event has a verb, such as replied"));
        }
        Ok(())
    }

    /// What this fact means for the metric: none where it does not count.
    #[must_use]
    pub fn of<'a>(&self, fact: &'a Fact) -> Option<Done<'a>> {
        let at = fact.effective_at();
        match &fact.body {
            Body::Engaged(engagement) => {
                let named = self.verb == ANY || self.verb == engagement.verb.as_str();
                let holds = || self.holds(|| described(engagement));
                (named && holds()).then(|| Done {
                    member: &engagement.member,
                    at,
                    value: engagement.value.filter(|value| value.is_finite()).unwrap_or(1.0),
                })
            }
            Body::ItemPut { item } if self.verb == OPENED => {
                let created = item.created_at.map_or(at, |created| created.min(at));
                let holds = self.holds(|| json!({ "item": item.id, "category": item.category, "kind": item.kind }));
                let author = item.author.as_ref().filter(|_| holds)?;
                Some(Done { member: author, at: created, value: 1.0 })
            }
            Body::Served(slate) if self.verb == SERVED => {
                let holds = self.holds(|| json!({ "list": slate.list, "value": slate.entries.len() }));
                let member = slate.member.as_ref().filter(|_| holds)?;
                Some(Done { member, at, value: slate.entries.len() as f64 })
            }
            Body::ItemPut { .. }
            | Body::Served(_)
            | Body::ItemRemoved(_)
            | Body::MemberPut(_)
            | Body::MemberAliased(_)
            | Body::MemberErased(_)
            | Body::Exposed(_)
            | Body::PreferenceSet(_)
            | Body::Configured(_)
            | Body::Message(_) => None,
        }
    }

    fn holds(&self, described: impl FnOnce() -> Value) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.eval(&described(), &SavedGroups::new()))
    }
}

/// An engagement as conditions see it.
fn described(engagement: &anklang_domain::Engagement) -> Value {
    let mut fields = Map::new();
    match &engagement.target {
        Target::Item(item) => fields.insert("item".to_owned(), item.as_str().into()),
        Target::Tag(tag) => fields.insert("tag".to_owned(), tag.as_str().into()),
        Target::Author(author) => fields.insert("author".to_owned(), author.as_str().into()),
        Target::Category(category) => fields.insert("category".to_owned(), category.as_str().into()),
        Target::Site(_) => fields.insert("site".to_owned(), true.into()),
    };
    if let Some(value) = engagement.value {
        fields.insert("value".to_owned(), value.into());
    }
    fields.insert("props".to_owned(), Value::Object(engagement.props.clone()));
    Value::Object(fields)
}
