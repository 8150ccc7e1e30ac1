//! Format 1 of a fact: postcard over mirrors of the domain types. The mirrors are frozen: whoever changes the domain adds
//! a `v2.rs`. JSON objects are kept as JSON text, which postcard could not write by itself.

use std::borrow::Cow;

use anklang_domain::{
    Body, Configuration, Engagement, Exposure, Fact, FactId, Item, ItemId, ItemRemoved, Kind, Level, ListKind,
    MemberAliased, MemberErased, MemberId, MemberPut, MessageEvent, Preference, Propensity, Props, SiteMark, Slate,
    SlateEntry, Target, UnixMillis, Verb,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::WireError;

/// The deepest JSON that is kept; serde_json reads 128 levels, so whatever is written here can be read back.
const JSON_DEPTH_MAX: usize = 100;

#[derive(Serialize, Deserialize)]
struct FactV1<'a> {
    id: &'a str,
    at: i64,
    received_at: Option<i64>,
    source: &'a str,
    #[serde(borrow)]
    body: BodyV1<'a>,
}

/// JSON text; empty for an empty object or for none.
type Json<'a> = Cow<'a, str>;

#[derive(Serialize, Deserialize)]
enum BodyV1<'a> {
    #[serde(borrow)]
    ItemPut(Box<ItemV1<'a>>),
    ItemRemoved(&'a str),
    MemberPut(&'a str, #[serde(borrow)] Json<'a>),
    MemberAliased(&'a str, &'a str),
    MemberErased(u64),
    Engaged(#[serde(borrow)] EngagedV1<'a>),
    Served(#[serde(borrow)] ServedV1<'a>),
    Exposed(#[serde(borrow)] ExposedV1<'a>),
    PreferenceSet(#[serde(borrow)] PreferenceV1<'a>),
    Configured(#[serde(borrow)] ConfiguredV1<'a>),
    Message(#[serde(borrow)] MessageV1<'a>),
}

#[derive(Serialize, Deserialize)]
struct ItemV1<'a> {
    id: &'a str,
    kind: &'a str,
    title: &'a str,
    body: &'a str,
    #[serde(borrow)]
    tags: Vec<&'a str>,
    category: Option<&'a str>,
    author: Option<&'a str>,
    language: Option<&'a str>,
    level: Option<u8>,
    #[serde(borrow)]
    audience: Json<'a>,
    created_at: Option<i64>,
    starts_at: Option<i64>,
    ends_at: Option<i64>,
    url: Option<&'a str>,
    #[serde(borrow)]
    props: Json<'a>,
}

#[derive(Serialize, Deserialize)]
struct EngagedV1<'a> {
    member: &'a str,
    verb: &'a str,
    #[serde(borrow)]
    target: TargetV1<'a>,
    value: Option<f64>,
    #[serde(borrow)]
    props: Json<'a>,
}

#[derive(Serialize, Deserialize)]
enum TargetV1<'a> {
    Item(&'a str),
    Tag(&'a str),
    Author(&'a str),
    Category(&'a str),
    Site(bool),
}

#[derive(Serialize, Deserialize)]
struct ServedV1<'a> {
    member: Option<&'a str>,
    slate: &'a str,
    list: u8,
    policy: &'a str,
    /// Item, propensity, discovery.
    #[serde(borrow)]
    entries: Vec<(&'a str, f32, bool)>,
}

#[derive(Serialize, Deserialize)]
struct ExposedV1<'a> {
    member: Option<&'a str>,
    unit: &'a str,
    experiment: &'a str,
    variant: &'a str,
    #[serde(borrow)]
    props: Json<'a>,
}

#[derive(Serialize, Deserialize)]
struct PreferenceV1<'a> {
    member: &'a str,
    category: &'a str,
    channel: &'a str,
    choice: &'a str,
    #[serde(borrow)]
    props: Json<'a>,
}

#[derive(Serialize, Deserialize)]
struct ConfiguredV1<'a> {
    kind: &'a str,
    key: &'a str,
    version: u32,
    #[serde(borrow)]
    document: Json<'a>,
    author: &'a str,
}

#[derive(Serialize, Deserialize)]
struct MessageV1<'a> {
    member: &'a str,
    message: &'a str,
    state: &'a str,
    #[serde(borrow)]
    props: Json<'a>,
}

/// Appends the fact's bytes to `out`. On an error `out` may hold a part of them.
pub(super) fn encode(fact: &Fact, out: &mut Vec<u8>) -> Result<(), WireError> {
    let mirror = FactV1 {
        id: fact.id.as_str(),
        at: fact.at.ms(),
        received_at: fact.received_at.map(UnixMillis::ms),
        source: &fact.source,
        body: body_to_wire(&fact.body)?,
    };
    postcard::to_io(&mirror, out).map(drop).map_err(WireError::new)
}

/// Takes one fact off the front of `bytes`.
pub(super) fn decode(bytes: &[u8]) -> Result<(Fact, &[u8]), WireError> {
    let (mirror, rest) = postcard::take_from_bytes::<FactV1<'_>>(bytes).map_err(WireError::new)?;
    let fact = Fact {
        id: FactId::parse(mirror.id).map_err(WireError::new)?,
        at: moment(mirror.at)?,
        received_at: mirror.received_at.map(moment).transpose()?,
        source: mirror.source.to_owned(),
        body: body_from_wire(mirror.body)?,
    };
    Ok((fact, rest))
}

fn body_to_wire(body: &Body) -> Result<BodyV1<'_>, WireError> {
    Ok(match body {
        Body::ItemPut { item } => BodyV1::ItemPut(Box::new(item_to_wire(item)?)),
        Body::ItemRemoved(removed) => BodyV1::ItemRemoved(removed.item.as_str()),
        Body::MemberPut(put) => BodyV1::MemberPut(put.member.as_str(), json(&put.traits)?),
        Body::MemberAliased(alias) => BodyV1::MemberAliased(alias.from.as_str(), alias.to.as_str()),
        Body::MemberErased(erased) => BodyV1::MemberErased(erased.facts),
        Body::Engaged(engagement) => BodyV1::Engaged(EngagedV1 {
            member: engagement.member.as_str(),
            verb: engagement.verb.as_str(),
            target: match &engagement.target {
                Target::Item(item) => TargetV1::Item(item.as_str()),
                Target::Tag(tag) => TargetV1::Tag(tag),
                Target::Author(author) => TargetV1::Author(author.as_str()),
                Target::Category(category) => TargetV1::Category(category),
                Target::Site(mark) => TargetV1::Site(mark.0),
            },
            value: engagement.value,
            props: json(&engagement.props)?,
        }),
        Body::Served(slate) => BodyV1::Served(ServedV1 {
            member: slate.member.as_ref().map(MemberId::as_str),
            slate: &slate.slate,
            list: list_to_wire(slate.list),
            policy: &slate.policy,
            entries: slate.entries.iter().map(|e| (e.item.as_str(), e.propensity.get(), e.discovery)).collect(),
        }),
        Body::Exposed(exposure) => BodyV1::Exposed(ExposedV1 {
            member: exposure.member.as_ref().map(MemberId::as_str),
            unit: &exposure.unit,
            experiment: &exposure.experiment,
            variant: &exposure.variant,
            props: json(&exposure.props)?,
        }),
        Body::PreferenceSet(preference) => BodyV1::PreferenceSet(PreferenceV1 {
            member: preference.member.as_str(),
            category: &preference.category,
            channel: &preference.channel,
            choice: &preference.choice,
            props: json(&preference.props)?,
        }),
        Body::Configured(configuration) => BodyV1::Configured(ConfiguredV1 {
            kind: &configuration.kind,
            key: &configuration.key,
            version: configuration.version,
            document: configuration.document.as_ref().map(json_value).transpose()?.unwrap_or_default(),
            author: &configuration.author,
        }),
        Body::Message(message) => BodyV1::Message(MessageV1 {
            member: message.member.as_str(),
            message: &message.message,
            state: &message.state,
            props: json(&message.props)?,
        }),
    })
}

fn item_to_wire(item: &Item) -> Result<ItemV1<'_>, WireError> {
    Ok(ItemV1 {
        id: item.id.as_str(),
        kind: item.kind.as_str(),
        title: &item.title,
        body: &item.body,
        tags: item.tags.iter().map(String::as_str).collect(),
        category: item.category.as_deref(),
        author: item.author.as_ref().map(MemberId::as_str),
        language: item.language.as_deref(),
        level: item.level.map(level_to_wire),
        audience: item.audience.as_ref().map(json_value).transpose()?.unwrap_or_default(),
        created_at: item.created_at.map(UnixMillis::ms),
        starts_at: item.starts_at.map(UnixMillis::ms),
        ends_at: item.ends_at.map(UnixMillis::ms),
        url: item.url.as_deref(),
        props: json(&item.props)?,
    })
}

fn body_from_wire(body: BodyV1<'_>) -> Result<Body, WireError> {
    Ok(match body {
        BodyV1::ItemPut(item) => Body::ItemPut { item: Box::new(item_from_wire(*item)?) },
        BodyV1::ItemRemoved(item) => Body::ItemRemoved(ItemRemoved { item: item_id(item)? }),
        BodyV1::MemberPut(who, traits) => {
            Body::MemberPut(MemberPut { member: member_id(who)?, traits: object(&traits)? })
        }
        BodyV1::MemberAliased(from, to) => {
            Body::MemberAliased(MemberAliased { from: member_id(from)?, to: member_id(to)? })
        }
        BodyV1::MemberErased(facts) => Body::MemberErased(MemberErased { facts }),
        BodyV1::Engaged(wire) => Body::Engaged(Engagement {
            member: member_id(wire.member)?,
            verb: Verb::named(wire.verb),
            target: match wire.target {
                TargetV1::Item(item) => Target::Item(item_id(item)?),
                TargetV1::Tag(tag) => Target::Tag(tag.to_owned()),
                TargetV1::Author(author) => Target::Author(member_id(author)?),
                TargetV1::Category(category) => Target::Category(category.to_owned()),
                TargetV1::Site(mark) => Target::Site(SiteMark(mark)),
            },
            value: wire.value,
            props: object(&wire.props)?,
        }),
        BodyV1::Served(wire) => Body::Served(slate_from_wire(wire)?),
        BodyV1::Exposed(wire) => Body::Exposed(Exposure {
            member: wire.member.map(member_id).transpose()?,
            unit: wire.unit.to_owned(),
            experiment: wire.experiment.to_owned(),
            variant: wire.variant.to_owned(),
            props: object(&wire.props)?,
        }),
        BodyV1::PreferenceSet(wire) => Body::PreferenceSet(Preference {
            member: member_id(wire.member)?,
            category: wire.category.to_owned(),
            channel: wire.channel.to_owned(),
            choice: wire.choice.to_owned(),
            props: object(&wire.props)?,
        }),
        BodyV1::Configured(wire) => Body::Configured(Configuration {
            kind: wire.kind.to_owned(),
            key: wire.key.to_owned(),
            version: wire.version,
            document: value(&wire.document)?,
            author: wire.author.to_owned(),
        }),
        BodyV1::Message(wire) => Body::Message(MessageEvent {
            member: member_id(wire.member)?,
            message: wire.message.to_owned(),
            state: wire.state.to_owned(),
            props: object(&wire.props)?,
        }),
    })
}

fn slate_from_wire(wire: ServedV1<'_>) -> Result<Slate, WireError> {
    let entry = |(item, propensity, discovery): (&str, f32, bool)| {
        let propensity = Propensity::parse(f64::from(propensity)).map_err(WireError::new)?;
        Ok(SlateEntry { item: item_id(item)?, propensity, discovery })
    };
    Ok(Slate {
        member: wire.member.map(member_id).transpose()?,
        slate: wire.slate.to_owned(),
        list: list_from_wire(wire.list)?,
        policy: wire.policy.to_owned(),
        entries: wire.entries.into_iter().map(entry).collect::<Result<_, WireError>>()?,
    })
}

fn item_from_wire(wire: ItemV1<'_>) -> Result<Item, WireError> {
    Ok(Item {
        id: item_id(wire.id)?,
        kind: Kind::parse(wire.kind).ok_or_else(|| WireError(format!("no kind of item: {:?}", wire.kind)))?,
        title: wire.title.to_owned(),
        body: wire.body.to_owned(),
        tags: wire.tags.into_iter().map(str::to_owned).collect(),
        category: wire.category.map(str::to_owned),
        author: wire.author.map(member_id).transpose()?,
        language: wire.language.map(str::to_owned),
        level: wire.level.map(level_from_wire).transpose()?,
        audience: value(&wire.audience)?,
        created_at: wire.created_at.map(moment).transpose()?,
        starts_at: wire.starts_at.map(moment).transpose()?,
        ends_at: wire.ends_at.map(moment).transpose()?,
        url: wire.url.map(str::to_owned),
        props: object(&wire.props)?,
    })
}

fn level_to_wire(level: Level) -> u8 {
    match level {
        Level::Beginner => 0,
        Level::Intermediate => 1,
        Level::Advanced => 2,
        Level::Expert => 3,
    }
}

fn level_from_wire(code: u8) -> Result<Level, WireError> {
    let levels = [Level::Beginner, Level::Intermediate, Level::Advanced, Level::Expert];
    levels.get(usize::from(code)).copied().ok_or_else(|| WireError(format!("no level {code}")))
}

fn list_to_wire(list: ListKind) -> u8 {
    match list {
        ListKind::Missed => 0,
        ListKind::Feed => 1,
        ListKind::Related => 2,
        ListKind::Trending => 3,
        ListKind::Search => 4,
    }
}

fn list_from_wire(code: u8) -> Result<ListKind, WireError> {
    let lists = [ListKind::Missed, ListKind::Feed, ListKind::Related, ListKind::Trending, ListKind::Search];
    lists.get(usize::from(code)).copied().ok_or_else(|| WireError(format!("no list {code}")))
}

fn item_id(text: &str) -> Result<ItemId, WireError> {
    ItemId::parse(text).map_err(WireError::new)
}

fn member_id(text: &str) -> Result<MemberId, WireError> {
    MemberId::parse(text).map_err(WireError::new)
}

fn moment(ms: i64) -> Result<UnixMillis, WireError> {
    UnixMillis::new(ms).map_err(WireError::new)
}

fn json(props: &Props) -> Result<Json<'static>, WireError> {
    if props.is_empty() {
        return Ok(Cow::Borrowed(""));
    }
    if !props.values().all(|value| within(value, JSON_DEPTH_MAX - 1)) {
        return Err(too_deep());
    }
    serde_json::to_string(props).map(Cow::Owned).map_err(WireError::new)
}

fn json_value(value: &Value) -> Result<Json<'static>, WireError> {
    if !within(value, JSON_DEPTH_MAX) {
        return Err(too_deep());
    }
    serde_json::to_string(value).map(Cow::Owned).map_err(WireError::new)
}

fn too_deep() -> WireError {
    WireError(format!("JSON nested deeper than {JSON_DEPTH_MAX} levels"))
}

fn within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(list) => depth > 0 && list.iter().all(|inner| within(inner, depth - 1)),
        Value::Object(map) => depth > 0 && map.values().all(|inner| within(inner, depth - 1)),
    }
}

fn object(text: &str) -> Result<Props, WireError> {
    if text.is_empty() { Ok(Props::new()) } else { serde_json::from_str(text).map_err(WireError::new) }
}

fn value(text: &str) -> Result<Option<Value>, WireError> {
    if text.is_empty() { Ok(None) } else { serde_json::from_str(text).map(Some).map_err(WireError::new) }
}
