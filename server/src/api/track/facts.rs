//! From an event to the facts it brings. Pure: the moment is an argument, ids come from the event.

use anklang_domain::{
    Body, Engagement, Exposure, Fact, FactId, IdError, MemberAliased, MemberId, MemberPut, Props, Target, UnixMillis,
    Verb, stable_hash,
};
use serde_json::Value;

use super::event::{Call, Event, Rejection};
use super::{target, verb};
use crate::app::{UniqueError, unique_id};

/// Who brings these facts.
const SOURCE: &str = "track";
/// The name under which SDKs report that somebody saw a variant.
const EXPERIMENT_VIEWED: &[&str] = &["experiment", "viewed"];
/// Which client an exposure came by.
const SEGMENT: &str = "segment";
/// The longest id of an alias written out; longer ones are hashed.
const ALIAS_BYTES_MAX: usize = 400;
/// What is kept of a page's properties: where it was, not its query, in which sites put secrets.
const PAGE_KEPT: &[&str] = &["path", "title", "category"];

/// The facts of one event, not yet told when they arrived.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unstamped {
    /// What the event says; none where it says nothing but an alias.
    main: Option<Body>,
    message_id: Option<String>,
    alias: Option<(FactId, MemberAliased)>,
    at: UnixMillis,
}

impl Unstamped {
    /// The facts, received at this moment. An event without a messageId gets an id that nobody else has.
    pub(crate) fn stamped(self, received: UnixMillis) -> Result<Vec<Fact>, UniqueError> {
        let stamp = |id, body| Fact { id, at: self.at, received_at: Some(received), source: SOURCE.to_owned(), body };
        let mut facts = Vec::with_capacity(2);
        if let Some((id, alias)) = self.alias {
            facts.push(stamp(id, Body::MemberAliased(alias)));
        }
        if let Some(body) = self.main {
            let mut fact = stamp(FactId::numbered("seg", 0), body);
            fact.id = match &self.message_id {
                // Whose it is belongs to the id: nobody can use up another's by guessing it.
                Some(message) => {
                    let member = fact.partition().map_or("", |member| member.as_str());
                    FactId::parse(&format!("seg:{message}~{:08x}", stable_hash(member.as_bytes()) as u32))?
                }
                None => unique_id("seg!")?,
            };
            facts.push(fact);
        }
        Ok(facts)
    }
}

/// What an event says.
pub(crate) fn of(event: Event, received: UnixMillis) -> Result<Unstamped, Rejection> {
    let at = event.at(received);
    let message_id = event.message_id.clone();
    let mut alias = known_as(&event)?;
    let main = match event.call {
        Call::Track => Some(tracked(event)?),
        Call::Page | Call::Screen => Some(seen(event)),
        Call::Identify => Some(Body::MemberPut(MemberPut { member: event.member, traits: event.traits })),
        Call::Group => Some(grouped(event)),
        Call::Alias => {
            alias = aliased(&event)?;
            None
        }
    };
    Ok(Unstamped { main, message_id, alias, at })
}

/// Somebody logged in: the id the browser made up is theirs. The fact's id names the browser alone, so it is one fact
/// however many events say it, and the first to log in keeps it: a second person at the same browser must not become one
/// with the first, whose data they could then read and erase.
fn known_as(event: &Event) -> Result<Option<(FactId, MemberAliased)>, Rejection> {
    match (&event.who.anonymous, &event.who.user) {
        (Some(from), Some(to)) if from != to => alias_fact(format!("known:{from}"), from, to).map(Some),
        _ => Ok(None),
    }
}

/// A client says outright that two ids are one person.
fn aliased(event: &Event) -> Result<Option<(FactId, MemberAliased)>, Rejection> {
    match (&event.previous, &event.who.user) {
        (Some(from), Some(to)) if from == to => {
            Err(Rejection::new("previousId", "is the same as userId: there is nothing to join"))
        }
        // The length keeps "a" + "b:c" and "a:b" + "c" apart.
        (Some(from), Some(to)) => alias_fact(format!("alias:{}:{from}:{to}", from.as_str().len()), from, to).map(Some),
        _ => Ok(None),
    }
}

fn alias_fact(mut id: String, from: &MemberId, to: &MemberId) -> Result<(FactId, MemberAliased), Rejection> {
    if id.len() > ALIAS_BYTES_MAX {
        id = format!("alias#{:016x}{:016x}", stable_hash(id.as_bytes()), stable_hash(format!("{id}#").as_bytes()));
    }
    let id = FactId::parse(&id).map_err(|error: IdError| Rejection::new("userId", error.to_string()))?;
    Ok((id, MemberAliased { from: from.clone(), to: to.clone() }))
}

fn tracked(event: Event) -> Result<Body, Rejection> {
    let name = event.name.unwrap_or_default();
    if verb::words(&name) == EXPERIMENT_VIEWED {
        return exposed(event.member, event.properties);
    }
    let verb = verb::verb(&name);
    if let Some((key, value)) = target::misnamed(&event.properties) {
        let why = format!("an id is a text or a whole number, not {}", super::event::kind(value));
        return Err(Rejection::new(&format!("properties.{key}"), why));
    }
    let mut props = event.properties;
    let target = match target::target(&name, &props) {
        Some((target, key)) => {
            props.remove(&key);
            target
        }
        None => Target::SITE,
    };
    let value = props.get("value").and_then(Value::as_f64).filter(|value| value.is_finite());
    if value.is_some() {
        props.remove("value");
    }
    rename(&mut props, "slate", &["slate_id", "slateId"]);
    if verb == Verb::Replied {
        rename(&mut props, "text", &["body", "content", "comment", "reply"]);
    }
    Ok(Body::Engaged(Engagement { member: event.member, verb, target, value, props }))
}

/// Puts the first of `others` that is a text under `name`, unless that is there.
fn rename(props: &mut Props, name: &str, others: &[&str]) {
    if props.contains_key(name) {
        return;
    }
    for other in others {
        if props.get(*other).is_some_and(Value::is_string)
            && let Some(value) = props.remove(*other)
        {
            props.insert(name.to_owned(), value);
            return;
        }
    }
}

fn seen(event: Event) -> Body {
    let target = target::item(&event.properties).map_or(Target::SITE, |(target, _)| target);
    let mut props = event.properties;
    props.retain(|key, _| PAGE_KEPT.contains(&key.as_str()));
    if let Some(name) = event.name {
        props.insert("name".to_owned(), Value::String(name));
    }
    Body::Engaged(Engagement { member: event.member, verb: Verb::Viewed, target, value: None, props })
}

fn grouped(event: Event) -> Body {
    let mut traits = Props::new();
    if let Some(group) = event.group {
        traits.insert("group".to_owned(), Value::String(group));
    }
    if !event.traits.is_empty() {
        traits.insert("group_traits".to_owned(), Value::Object(event.traits));
    }
    Body::MemberPut(MemberPut { member: event.member, traits })
}

fn exposed(member: MemberId, mut props: Props) -> Result<Body, Rejection> {
    let take = |names: &[&'static str]| {
        names.iter().find_map(|name| match props.get(*name)? {
            Value::String(text) if !text.trim().is_empty() => Some((*name, text.trim().to_owned())),
            Value::Number(number) => Some((*name, number.to_string())),
            _ => None,
        })
    };
    let lacks = |field: &str| Rejection::new(field, "Experiment Viewed needs experiment_id and variation_id");
    let experiment = take(&["experiment_id", "experimentId"]).ok_or_else(|| lacks("properties.experiment_id"))?;
    let variant = take(&["variation_id", "variationId", "variant_id", "variant"])
        .ok_or_else(|| lacks("properties.variation_id"))?;
    props.remove(experiment.0);
    props.remove(variant.0);
    // Which client gave the variant is kept, so that a cause of trouble can be told from the others.
    props.entry("client").or_insert_with(|| SEGMENT.into());
    let unit = member.as_str().to_owned();
    Ok(Body::Exposed(Exposure { member: Some(member), unit, experiment: experiment.1, variant: variant.1, props }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn noon() -> UnixMillis {
        UnixMillis::parse("2018-08-15T12:00:00Z").expect("a time")
    }

    fn facts(value: Value) -> Vec<Value> {
        let event = Event::parse(&value, None, None).unwrap_or_else(|e| panic!("{value}: {e:?}"));
        let facts = of(event, noon()).unwrap_or_else(|e| panic!("{value}: {e:?}")).stamped(noon()).expect("stamped");
        facts.iter().map(|fact| serde_json::to_value(&fact.body).expect("json")).collect()
    }

    #[test]
    fn every_call_becomes_the_fact_it_means() {
        for (event, body) in [
            (
                json!({"type": "track", "event": "Reply Posted", "userId": "ana", "properties": {"discussion_id": 7, "body": "Hi", "slate_id": "s1"}}),
                json!({"type": "engaged", "member": "ana", "verb": "replied", "item": "7", "props": {"text": "Hi", "slate": "s1"}}),
            ),
            (
                json!({"type": "track", "event": "Signed Up", "anonymousId": "x", "properties": {"value": 3}}),
                json!({"type": "engaged", "member": "x", "verb": "signed_up", "site": true, "value": 3.0}),
            ),
            (
                json!({"type": "page", "userId": "ana", "name": "Home", "properties": {"path": "/", "search": "?token=1"}}),
                json!({"type": "engaged", "member": "ana", "verb": "viewed", "site": true, "props": {"path": "/", "name": "Home"}}),
            ),
            (
                json!({"type": "screen", "userId": "ana", "properties": {"item_id": "7"}}),
                json!({"type": "engaged", "member": "ana", "verb": "viewed", "item": "7"}),
            ),
            (
                json!({"type": "identify", "userId": "ana", "traits": {"interests": ["a"]}, "context": {"traits": {"b": 1}}}),
                json!({"type": "member_put", "member": "ana", "traits": {"interests": ["a"], "b": 1}}),
            ),
            (
                json!({"type": "group", "userId": "ana", "groupId": 5, "traits": {"plan": "x"}}),
                json!({"type": "member_put", "member": "ana", "traits": {"group": "5", "group_traits": {"plan": "x"}}}),
            ),
            (
                json!({"type": "alias", "userId": "ana", "previousId": "x"}),
                json!({"type": "member_aliased", "from": "x", "to": "ana"}),
            ),
            (
                json!({"type": "track", "event": "Experiment Viewed", "userId": "ana", "properties": {"experiment_id": "e", "variation_id": 1}}),
                json!({"type": "exposed", "member": "ana", "unit": "ana", "experiment": "e", "variant": "1", "props": {"client": "segment"}}),
            ),
        ] {
            assert_eq!(facts(event.clone()), vec![body], "{event}");
        }
    }

    #[test]
    fn who_logs_in_takes_the_browsers_history_along_once() {
        let both =
            json!({"type": "track", "event": "Liked", "userId": "ana", "anonymousId": "x", "properties": {"id": 1}});
        let bodies = facts(both);
        assert_eq!(bodies[0], json!({"type": "member_aliased", "from": "x", "to": "ana"}));
        assert_eq!(bodies[1]["member"], "ana");
        let same = json!({"type": "identify", "userId": "x", "anonymousId": "x"});
        assert_eq!(facts(same).len(), 1);
    }

    #[test]
    fn an_exposure_without_its_experiment_is_refused() {
        let value =
            json!({"type": "track", "event": "Experiment Viewed", "userId": "a", "properties": {"variation_id": 1}});
        let event = Event::parse(&value, None, None).expect("an event");
        assert_eq!(of(event, noon()).map_err(|r| r.field), Err("properties.experiment_id".to_owned()));
    }

    proptest! {
        #[test]
        fn aliases_have_one_id_each(a in "[a-z:]{1,300}", b in "[a-z:]{1,300}", c in "[a-z:]{1,300}", d in "[a-z:]{1,300}") {
            let id = |from: &str, to: &str| {
                let value = json!({"type": "alias", "previousId": from, "userId": format!("to{to}")});
                let event = Event::parse(&value, None, None).expect("an event");
                of(event, noon()).expect("facts").stamped(noon()).expect("stamped").remove(0).id
            };
            prop_assert_eq!(id(&a, &b) == id(&c, &d), a == c && b == d);
        }

        #[test]
        fn the_same_message_is_the_same_fact(message in "[A-Za-z0-9-]{1,100}", event in ".{1,40}") {
            let value = json!({"type": "track", "event": event, "userId": "a", "messageId": message});
            let ids = |value: &Value| -> Option<Vec<FactId>> {
                let event = Event::parse(value, None, None).ok()?;
                Some(of(event, noon()).ok()?.stamped(noon()).ok()?.into_iter().map(|fact| fact.id).collect())
            };
            prop_assert_eq!(ids(&value), ids(&value));
        }
    }
}
