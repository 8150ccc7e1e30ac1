//! What an erasure leaves of other people's texts and documents.

use anklang_domain::Props;
use serde_json::Value;

/// What stands in another's text where the member was mentioned.
pub(super) const BLANK: &str = "[erased]";
/// Documents whose words have meanings of their own: a member called `control` must not take them away.
const WORDED: [&str; 7] = ["experiment", "feature", "metric", "holdout", "layer", "segment", "decision"];

/// Fields of theirs that name no member, whatever stands in them.
const WORDS: [&str; 27] = [
    "arm",
    "better",
    "call",
    "code",
    "control",
    "correction",
    "experiment",
    "feature",
    "goals",
    "holdouts",
    "key",
    "kind",
    "measure",
    "method",
    "metric",
    "name",
    "of",
    "per",
    "retained",
    "role",
    "secondary",
    "segments",
    "severity",
    "stage",
    "subject",
    "variant",
    "verb",
];
/// Fields of theirs that hold sentences.
const SENTENCES: [&str; 5] = ["because", "description", "hypothesis", "reasons", "says"];

/// Blanks a member in a document of configuration of this kind.
pub(super) fn blank_document(kind: &str, document: &mut Value, ids: &[String]) -> bool {
    if !WORDED.contains(&kind) {
        return blank_value(document, ids);
    }
    // At the top, the unit is what is randomised; further down it is who was.
    let randomised = document.get_mut("unit").map(Value::take);
    let changed = blank_worded(document, ids);
    if let (Some(unit), Value::Object(fields)) = (randomised, document) {
        fields.insert("unit".to_owned(), unit);
    }
    changed
}

fn blank_worded(value: &mut Value, ids: &[String]) -> bool {
    match value {
        Value::Array(list) => list.iter_mut().fold(false, |changed, value| blank_worded(value, ids) | changed),
        Value::Object(map) => {
            let words = WORDS.iter().filter(|name| map.get(**name).is_some_and(is_word)).copied();
            let words: Vec<&str> = words.collect();
            let kept: Props = words.into_iter().filter_map(|name| map.remove_entry(name)).collect();
            let mut changed = false;
            for name in SENTENCES {
                changed |= map.get_mut(name).is_some_and(|sentence| blank_words(sentence, ids));
            }
            let named = ids.iter().filter_map(|id| map.remove(id)).last();
            changed |= named.is_some();
            map.extend(named.map(|value| (BLANK.to_owned(), value)));
            changed = map.values_mut().fold(changed, |changed, value| blank_worded(value, ids) | changed);
            map.extend(kept);
            changed
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => blank_value(value, ids),
    }
}

/// A text, or a list of texts.
fn is_word(value: &Value) -> bool {
    value.is_string() || value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

/// Blanks ids that stand in sentences as words of their own.
fn blank_words(value: &mut Value, ids: &[String]) -> bool {
    let Value::String(text) = value else {
        return value
            .as_array_mut()
            .into_iter()
            .flatten()
            .fold(false, |changed, value| blank_words(value, ids) | changed);
    };
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
    let mut changed = false;
    for id in ids {
        let mut from = 0;
        while let Some(place) = text[from..].find(id.as_str()).map(|place| from + place) {
            let end = place + id.len();
            let alone = !is_part(text[..place].chars().next_back()) && !is_part(text[end..].chars().next());
            if alone {
                text.replace_range(place..end, BLANK);
                changed = true;
            }
            from = if alone { place + BLANK.len() } else { end };
        }
    }
    changed
}

pub(super) fn blank_map(map: &mut Props, ids: &[String]) -> bool {
    let named = ids.iter().filter_map(|id| map.remove(id)).last();
    let changed = map.values_mut().fold(named.is_some(), |changed, value| blank_value(value, ids) | changed);
    if let Some(mut value) = named {
        blank_value(&mut value, ids);
        map.insert(BLANK.into(), value);
    }
    changed
}

/// Blanks texts that are an id, or mention one as `@id`.
pub(super) fn blank_value(value: &mut Value, ids: &[String]) -> bool {
    match value {
        Value::String(text) if ids.contains(text) => {
            *value = Value::String(BLANK.into());
            true
        }
        Value::String(text) => blank_text(text, ids).map(|blanked| *text = blanked).is_some(),
        Value::Array(list) => list.iter_mut().fold(false, |changed, value| blank_value(value, ids) | changed),
        Value::Object(map) => blank_map(map, ids),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

pub(super) fn blank_text(text: &str, ids: &[String]) -> Option<String> {
    if !text.contains('@') {
        return None;
    }
    let mut blanked = String::new();
    for id in ids {
        let from: &str = if blanked.is_empty() { text } else { &blanked };
        let mention = format!("@{id}");
        let mut out = String::with_capacity(from.len());
        let mut rest = from;
        while let Some(place) = rest.find(&mention) {
            let after = &rest[place + mention.len()..];
            let whole = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            out.push_str(&rest[..place]);
            out.push('@');
            out.push_str(if whole { BLANK } else { id });
            rest = after;
        }
        out.push_str(rest);
        blanked = out;
    }
    (blanked != text && !blanked.is_empty()).then_some(blanked)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_keeps_its_words_and_loses_its_members() {
        let ids = ["control".to_owned(), "m7".to_owned()];
        let mut design = json!({
            "variants": [{ "key": "control", "weight": 0.5 }, { "key": "warm", "weight": 0.5 }],
            "overrides": [{ "unit": "m7", "variant": "control" }],
            "audience": { "id": { "$in": ["m7", "m70"] } },
            "hypothesis": "m7 and m70 said so",
        });
        assert!(blank_document("experiment", &mut design, &ids));
        assert_eq!(design["variants"][0]["key"], "control");
        assert_eq!(design["overrides"], json!([{ "unit": "[erased]", "variant": "control" }]));
        assert_eq!(design["audience"], json!({ "id": { "$in": ["[erased]", "m70"] } }));
        assert_eq!(design["hypothesis"], "[erased] and m70 said so");
        let mut decision = json!({ "analysis": { "health": { "checks": [
            { "says": "1 unit was seen in several arms, such as m7.", "details": { "several_arms": { "examples": ["m7"] } } },
        ] } } });
        assert!(blank_document("decision", &mut decision, &ids));
        assert!(!decision.to_string().contains("m7"), "{decision}");
        assert!(!blank_document("metric", &mut json!({ "event": { "verb": "control" } }), &ids));
        assert!(blank_document("policy", &mut json!({ "pinned_for": "m7" }), &ids));
    }
}
