//! One event as it stands on the wire, checked.

use anklang_domain::{IdError, MemberId, Props, UnixMillis};
use serde_json::{Map, Value};

use crate::api::body;

/// The longest messageId, in characters.
const MESSAGE_ID_CHARS_MAX: usize = 100;
/// The longest name of an event, in characters.
const EVENT_CHARS_MAX: usize = 200;

/// Which call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Track,
    Identify,
    Page,
    Screen,
    Group,
    Alias,
}

impl Call {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Track, "track"),
        (Self::Identify, "identify"),
        (Self::Page, "page"),
        (Self::Screen, "screen"),
        (Self::Group, "group"),
        (Self::Alias, "alias"),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(call, _)| call)
    }
}

/// Why an event is not taken: which field, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) field: String,
    pub(crate) why: String,
}

impl Rejection {
    pub(crate) fn new(field: &str, why: impl Into<String>) -> Self {
        Self { field: field.to_owned(), why: why.into() }
    }
}

/// Who did it: at least one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Who {
    /// The id after log-in.
    pub(crate) user: Option<MemberId>,
    /// The id a browser made up.
    pub(crate) anonymous: Option<MemberId>,
}

/// An event, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) call: Call,
    pub(crate) who: Who,
    /// Whom the facts are about: the user, else the anonymous id.
    pub(crate) member: MemberId,
    pub(crate) message_id: Option<String>,
    /// By the client's clock, when it happened.
    pub(crate) happened: Option<UnixMillis>,
    /// By the client's clock, when it was sent.
    pub(crate) sent: Option<UnixMillis>,
    /// The name of a tracked event, page or screen.
    pub(crate) name: Option<String>,
    pub(crate) properties: Props,
    pub(crate) traits: Props,
    pub(crate) group: Option<String>,
    pub(crate) previous: Option<MemberId>,
}

impl Event {
    /// Reads an event. The address says which call it is, or in a batch its `type`; `sent_at` is the batch's, for events
    /// that have none of their own.
    pub(crate) fn parse(value: &Value, call: Option<Call>, sent_at: Option<&Value>) -> Result<Self, Rejection> {
        let Value::Object(fields) = value else {
            return Err(Rejection::new("", format!("an event is a JSON object, not {}", kind(value))));
        };
        if !body::is_shallow(value) {
            return Err(Rejection::new("", format!("lists and objects may be nested {} deep", body::DEPTH_MAX)));
        }
        let call = call.map_or_else(|| call_of(fields), Ok)?;
        let who = Who { user: member(fields, "userId")?, anonymous: member(fields, "anonymousId")? };
        let Some(member_id) = who.user.clone().or_else(|| who.anonymous.clone()) else {
            return Err(Rejection::new("userId", "an event needs a userId or an anonymousId"));
        };
        let happened = match moment(fields.get("originalTimestamp"), "originalTimestamp")? {
            Some(original) => Some(original),
            None => moment(fields.get("timestamp"), "timestamp")?,
        };
        let event = Self {
            call,
            who,
            member: member_id,
            message_id: message_id(fields)?,
            happened,
            sent: moment(fields.get("sentAt").filter(|v| !v.is_null()).or(sent_at), "sentAt")?,
            name: name(fields, call)?,
            properties: object(fields, "properties")?,
            traits: traits(fields, call)?,
            group: text(fields, "groupId")?,
            previous: member(fields, "previousId")?,
        };
        event.complete()
    }

    /// What each call needs on top.
    fn complete(self) -> Result<Self, Rejection> {
        let lacks = match self.call {
            Call::Track => {
                self.name.is_none().then_some(("event", "a tracked event needs a name, such as \"Discussion Viewed\""))
            }
            Call::Group => self.group.is_none().then_some(("groupId", "group needs a groupId")),
            Call::Alias if self.previous.is_none() => Some(("previousId", "alias needs a previousId")),
            Call::Alias => self.who.user.is_none().then_some(("userId", "alias needs the userId that is kept")),
            Call::Identify | Call::Page | Call::Screen => None,
        };
        match lacks {
            Some((field, why)) => Err(Rejection::new(field, why)),
            None => Ok(self),
        }
    }

    /// When it happened by our clock: `receivedAt − (sentAt − timestamp)`, which takes out the error of a client's clock
    /// (Segment, "Spec: Common fields"). Where it was not said when it was sent, the client's clock is believed.
    pub(crate) fn at(&self, received: UnixMillis) -> UnixMillis {
        match (self.happened, self.sent) {
            (Some(happened), Some(sent)) => received.plus_ms(happened.since_ms(sent)),
            (Some(happened), None) => happened,
            (None, _) => received,
        }
    }
}

fn call_of(fields: &Map<String, Value>) -> Result<Call, Rejection> {
    let names = || Call::ALL.map(|(_, name)| name);
    match fields.get("type") {
        Some(Value::String(name)) => {
            Call::named(name).ok_or_else(|| Rejection::new("type", format!("must be one of {}", names().join(", "))))
        }
        _ => Err(Rejection::new("type", format!("an event in a batch needs a type: {}", names().join(", ")))),
    }
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A text; a number is taken as one. Absent, null and blank are the same: nothing.
fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, Rejection> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(other) => Err(Rejection::new(name, format!("must be a text, not {}", kind(other)))),
    }
}

fn member(fields: &Map<String, Value>, name: &str) -> Result<Option<MemberId>, Rejection> {
    let wrong = |error: IdError| Rejection::new(name, error.to_string());
    text(fields, name)?.map(|text| MemberId::parse(&text).map_err(wrong)).transpose()
}

fn message_id(fields: &Map<String, Value>) -> Result<Option<String>, Rejection> {
    let Some(id) = text(fields, "messageId")? else { return Ok(None) };
    if id.chars().count() > MESSAGE_ID_CHARS_MAX {
        return Err(Rejection::new("messageId", format!("has at most {MESSAGE_ID_CHARS_MAX} characters")));
    }
    if id.chars().any(char::is_control) {
        return Err(Rejection::new("messageId", "must not contain control characters"));
    }
    Ok(Some(id))
}

fn name(fields: &Map<String, Value>, call: Call) -> Result<Option<String>, Rejection> {
    let field = match call {
        Call::Track => "event",
        Call::Page | Call::Screen => "name",
        Call::Identify | Call::Group | Call::Alias => return Ok(None),
    };
    if let Some(other) = fields.get(field).filter(|value| !value.is_string() && !value.is_null()) {
        return Err(Rejection::new(field, format!("a name is a text, not {}", kind(other))));
    }
    let Some(name) = text(fields, field)? else { return Ok(None) };
    if name.chars().count() > EVENT_CHARS_MAX {
        return Err(Rejection::new(field, format!("has at most {EVENT_CHARS_MAX} characters")));
    }
    Ok(Some(name))
}

fn object(fields: &Map<String, Value>, name: &str) -> Result<Props, Rejection> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(Props::new()),
        Some(Value::Object(object)) => Ok(object.clone()),
        Some(other) => Err(Rejection::new(name, format!("must be an object, not {}", kind(other)))),
    }
}

/// Traits stand in the event or, as RudderStack's browser SDK has it, in its context.
fn traits(fields: &Map<String, Value>, call: Call) -> Result<Props, Rejection> {
    let mut traits = Props::new();
    if call == Call::Identify
        && let Some(Value::Object(context)) = fields.get("context")
    {
        traits = object(context, "traits").map_err(|_| Rejection::new("context.traits", "must be an object"))?;
    }
    traits.extend(object(fields, "traits")?);
    Ok(traits)
}

fn moment(value: Option<&Value>, name: &str) -> Result<Option<UnixMillis>, Rejection> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            UnixMillis::parse(text).map(Some).map_err(|error| Rejection::new(name, error.to_string()))
        }
        Some(other) => Err(Rejection::new(name, format!("must be a time in RFC 3339, not {}", kind(other)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(value: Value, field: &str) {
        let rejection = Event::parse(&value, None, None).expect_err("not an event");
        assert_eq!(rejection.field, field, "{value}: {}", rejection.why);
        assert!(!rejection.why.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(json!([]), "");
        check(json!({}), "type");
        check(json!({"type": "tracks", "userId": "a"}), "type");
        check(json!({"type": "track", "event": "x"}), "userId");
        check(json!({"type": "track", "userId": "a"}), "event");
        check(json!({"type": "track", "userId": {}, "event": "x"}), "userId");
        check(json!({"type": "track", "userId": "a", "event": "x", "properties": []}), "properties");
        check(json!({"type": "track", "userId": "a", "event": "x", "timestamp": "yesterday"}), "timestamp");
        check(json!({"type": "track", "userId": "a", "event": "x", "messageId": "m".repeat(101)}), "messageId");
        check(json!({"type": "group", "userId": "a"}), "groupId");
        check(json!({"type": "alias", "userId": "a"}), "previousId");
        check(json!({"type": "alias", "anonymousId": "a", "previousId": "b"}), "userId");
    }

    #[test]
    fn a_clients_clock_that_is_wrong_is_taken_out() {
        let received = UnixMillis::parse("2018-08-15T09:00:00Z").expect("a time");
        let at = |sent: &str, happened: &str| {
            let value = json!({"type": "track", "event": "x", "userId": 1, "timestamp": happened, "sentAt": sent});
            Event::parse(&value, None, None).expect("an event").at(received).to_string()
        };
        assert_eq!(at("2031-01-01T00:00:10Z", "2031-01-01T00:00:00Z"), "2018-08-15T08:59:50Z");
        assert_eq!(at("2018-08-15T09:00:00Z", "9999-12-31T23:59:59Z"), "9999-12-30T22:00:00Z");
    }

    proptest! {
        #[test]
        fn time_is_what_passed_between_happening_and_sending(received in 0_i64..4_000_000_000_000, sent in 0_i64..4_000_000_000_000, passed in 0_i64..1_000_000_000) {
            let (received, sent) = (UnixMillis::saturating(received), UnixMillis::saturating(sent));
            let value = json!({"type": "page", "userId": "a", "timestamp": sent.plus_ms(-passed), "sentAt": sent});
            let event = Event::parse(&value, None, None).expect("an event");
            prop_assert_eq!(event.at(received), received.plus_ms(-passed));
        }
    }
}
