//! One state of the configuration, in every form in which it is asked for.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::web::Bytes;
use anklang_domain::UnixMillis;
use anklang_experiments::assign::{Payload, PayloadError};
use serde_json::{Map, Value, json};

use super::about::{About, named, phases};
use crate::keys::sha256_hex;

/// Hexadecimal digits of a tag: 128 bits of SHA-256.
const TAG_DIGITS: usize = 32;
/// Begins the keys of features that are there for others, such as holdouts: nobody asks for them.
const INNER: char = '$';
/// The attribute that units are told apart by, where a rule names none.
pub(crate) const KEY_ATTRIBUTE: &str = "id";

/// What is served.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    /// Compiled, for evaluation here.
    pub(crate) payload: Arc<Payload>,
    /// Names this content and no other, in hexadecimal digits.
    pub(crate) etag: String,
    /// When the configuration changed.
    pub(crate) updated_at: UnixMillis,
    /// As `GET /api/features` answers.
    pub(crate) json: Bytes,
    /// The same as an event of a GrowthBook stream.
    pub(crate) features_event: Bytes,
    /// What OFREP's streams say of a change.
    pub(crate) refetch_event: Bytes,
    document: Map<String, Value>,
    about: HashMap<String, About>,
    keys: Vec<String>,
    phases: HashMap<String, String>,
}

impl Served {
    pub(super) fn of(payload: Value, changed: UnixMillis) -> Result<Self, PayloadError> {
        let etag = sha256_hex(payload.to_string().as_bytes())[..TAG_DIGITS].to_owned();
        let Value::Object(mut document) = payload else { return Err(PayloadError::Payload) };
        let mut about = HashMap::new();
        if let Some(Value::Object(features)) = document.get_mut("features") {
            about = features.iter().map(|(key, feature)| (key.clone(), About::of(feature))).collect();
            features.retain(|key, _| about.get(key).is_none_or(|about| !about.disabled));
        }
        let payload = Payload::parse(&named(&document))?;
        Ok(Self::put_together(payload, document, about, etag, changed))
    }

    /// No flags at all.
    pub(super) fn nothing() -> Self {
        Self::put_together(Payload::default(), Map::new(), HashMap::new(), String::new(), UnixMillis::default())
    }

    fn put_together(
        payload: Payload,
        document: Map<String, Value>,
        about: HashMap<String, About>,
        etag: String,
        updated_at: UnixMillis,
    ) -> Self {
        let (phases, nothing) = (phases(&document), Bytes::new());
        let mut keys: Vec<String> = about.keys().filter(|key| !key.starts_with(INNER)).cloned().collect();
        keys.sort_unstable();
        let mut served = Self {
            payload: Arc::new(payload),
            etag,
            updated_at,
            json: nothing.clone(),
            features_event: nothing.clone(),
            refetch_event: nothing,
            document,
            about,
            keys,
            phases,
        };
        served.write();
        served
    }

    /// Makes this state later than another.
    pub(super) fn advance(&mut self, earlier: UnixMillis) {
        if self.updated_at <= earlier {
            self.updated_at = earlier.plus_ms(1);
            self.write();
        }
    }

    /// What there is to know of a feature; none where there is no such feature.
    pub(crate) fn about(&self, key: &str) -> Option<&About> {
        self.about.get(key)
    }

    /// Which run of an experiment is on, in the words of the configuration; empty where it does not say.
    pub(crate) fn phase(&self, experiment: &str) -> &str {
        self.phases.get(experiment).map_or("", String::as_str)
    }

    /// The keys of all features that clients ask for, disabled ones too, in order.
    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// One line for each feature: a client that reads streams line by line has a bound on their length.
    fn write(&mut self) {
        let mut json = String::from("{\"status\":200");
        let needed = [("features", json!({})), ("experiments", json!([])), ("savedGroups", json!({}))];
        let lacking = needed.iter().filter(|(name, _)| !self.document.contains_key(*name));
        let there = self.document.iter().map(|(name, value)| (name.as_str(), value));
        let ours = |name: &str| name == "status" || name == "dateUpdated";
        for (name, value) in there.chain(lacking.map(|(name, none)| (*name, none))).filter(|(name, _)| !ours(name)) {
            json.push_str(&format!(",\n{}:", Value::from(name)));
            match value {
                Value::Object(entries) => write_entries(&mut json, entries),
                other => json.push_str(&other.to_string()),
            }
        }
        json.push_str(&format!(",\n\"dateUpdated\":\"{}\"}}", self.updated_at));
        self.features_event = event(&self.etag, "features", &json);
        let seconds = self.updated_at.ms().div_euclid(1_000);
        let refetch = json!({ "type": "refetchEvaluation", "etag": quoted(&self.etag), "lastModified": seconds });
        self.refetch_event = event(&self.etag, "message", &refetch.to_string());
        self.json = Bytes::from(json);
    }
}

fn write_entries(json: &mut String, entries: &Map<String, Value>) {
    json.push('{');
    for (at, (key, value)) in entries.iter().enumerate() {
        let comma = if at == 0 { "\n" } else { ",\n" };
        json.push_str(&format!("{comma}{}:{value}", Value::from(key.as_str())));
    }
    json.push('}');
}

/// A server-sent event (WHATWG HTML, "Server-sent events").
fn event(id: &str, name: &str, data: &str) -> Bytes {
    let lines: String = data.lines().map(|line| format!("data: {line}\n")).collect();
    Bytes::from(format!("id: {id}\nevent: {name}\n{lines}\n"))
}

/// A tag as HTTP writes it.
pub(crate) fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(payload: Value) -> Served {
        Served::of(payload, UnixMillis::saturating(1_500)).expect("a payload")
    }

    #[test]
    fn what_is_disabled_is_kept_from_sdks() {
        let served = served(
            json!({"features": {"on": {"defaultValue": 1}, "off": {"defaultValue": 2, "enabled": false}, "$in": {"defaultValue": 0}}}),
        );
        let json: Value = serde_json::from_slice(&served.json).expect("json");
        assert_eq!(json["status"], 200);
        assert_eq!(json["features"], json!({"on": {"defaultValue": 1}, "$in": {"defaultValue": 0}}));
        assert_eq!((&json["experiments"], &json["savedGroups"]), (&json!([]), &json!({})));
        assert_eq!(json["dateUpdated"], "1970-01-01T00:00:01.5Z");
        assert_eq!(served.keys(), ["off", "on"]);
        assert!(served.about("off").is_some_and(|about| about.disabled));
    }

    #[test]
    fn an_event_is_its_json_again_when_its_lines_are_joined() {
        let served = served(json!({"features": {"a\nb": {"defaultValue": "x\ny"}, "c": {"defaultValue": null}}}));
        let text = std::str::from_utf8(&served.features_event).expect("UTF-8");
        assert!(text.starts_with("id: ") && text.ends_with("\n\n") && text.contains("\nevent: features\n"));
        let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        assert_eq!(data.join("\n").as_bytes(), &served.json[..]);
        assert!(text.trim_end().lines().all(|line| line.contains(": ")));
    }

    #[test]
    fn what_is_no_payload_is_refused() {
        for bad in [json!(null), json!([]), json!({"features": []})] {
            assert!(Served::of(bad, UnixMillis::default()).is_err());
        }
    }
}
