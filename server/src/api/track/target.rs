//! From the properties of an event to what was acted upon.

use anklang_domain::{ItemId, MemberId, Props, Target};
use serde_json::Value;

use super::verb::words;

/// Names under which an item's id is sent, best first, as snake case; `discussionId` and `Discussion ID` are the same.
const ITEM_KEYS: &[&str] = &[
    "item_id",
    "discussion_id",
    "thread_id",
    "topic_id",
    "question_id",
    "guide_id",
    "article_id",
    "poll_id",
    "post_id",
    "content_id",
    "product_id",
    "event_id",
    "id",
];
/// Names of objects that carry an item's id as their `id`.
const ITEM_OBJECTS: &[&str] =
    &["item", "discussion", "thread", "topic", "question", "guide", "article", "poll", "post", "product"];
const TAG_KEYS: &[&str] = &["tag", "tag_name", "tag_id"];
const AUTHOR_KEYS: &[&str] = &["author_id", "author", "followed_user_id", "target_user_id"];
const CATEGORY_KEYS: &[&str] = &["category", "category_name", "category_id", "forum", "forum_id", "section"];

/// What was acted upon, and the property that said so. None where nothing is named: the site as a whole.
///
/// "Tag Followed" is about the tag even where a discussion is named with it; without such a word an item comes first.
pub(crate) fn target(event: &str, props: &Props) -> Option<(Target, String)> {
    let words = words(event);
    let about = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    let named = |plain: &[&str], keys: &[&str], make: fn(&str) -> Option<Target>| {
        let bare = if about(plain) { &["name", "id"][..] } else { &[] };
        about(plain).then(|| find(props, keys, make).or_else(|| find(props, bare, make))).flatten()
    };
    named(&["tag", "tags"], TAG_KEYS, tag)
        .or_else(|| named(&["author", "user", "member"], AUTHOR_KEYS, author))
        .or_else(|| named(&["category", "forum", "section"], CATEGORY_KEYS, category))
        .or_else(|| item(props))
        .or_else(|| find(props, TAG_KEYS, tag))
        .or_else(|| find(props, AUTHOR_KEYS, author))
        .or_else(|| find(props, CATEGORY_KEYS, category))
}

/// A property that should name an item and is neither a text nor a whole number.
pub(crate) fn misnamed(props: &Props) -> Option<(&str, &Value)> {
    let keys = ITEM_KEYS.iter().filter(|key| **key != "id");
    keys.filter_map(|key| get(props, key)).find(|(_, value)| !value.is_null() && scalar(value).is_none())
}

/// The item that properties name.
pub(crate) fn item(props: &Props) -> Option<(Target, String)> {
    find(props, &ITEM_KEYS[..ITEM_KEYS.len() - 1], item_target)
        .or_else(|| nested(props))
        .or_else(|| find(props, &["id"], item_target))
}

fn nested(props: &Props) -> Option<(Target, String)> {
    for name in ITEM_OBJECTS {
        let Some((key, value)) = get(props, name) else { continue };
        let id = match value {
            Value::Object(object) => get(object, "id").and_then(|(_, id)| scalar(id)),
            Value::String(_) | Value::Number(_) => scalar(value),
            Value::Null | Value::Bool(_) | Value::Array(_) => None,
        };
        if let Some(target) = id.and_then(|id| item_target(&id)) {
            return Some((target, key.to_owned()));
        }
    }
    None
}

fn find(props: &Props, keys: &[&str], make: fn(&str) -> Option<Target>) -> Option<(Target, String)> {
    keys.iter().find_map(|key| {
        let (key, value) = get(props, key)?;
        Some((make(&scalar(value)?)?, key.to_owned()))
    })
}

/// A property by its name in snake case, however it is written.
fn get<'a>(props: &'a Props, name: &str) -> Option<(&'a str, &'a Value)> {
    if let Some((key, value)) = props.get_key_value(name) {
        return Some((key, value));
    }
    props.iter().find(|(key, _)| words(key).join("_") == name).map(|(key, value)| (key.as_str(), value))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        Value::Number(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn item_target(text: &str) -> Option<Target> {
    ItemId::parse(text).ok().map(Target::Item)
}

fn author(text: &str) -> Option<Target> {
    MemberId::parse(text).ok().map(Target::Author)
}

fn tag(text: &str) -> Option<Target> {
    short(text).map(Target::Tag)
}

fn category(text: &str) -> Option<Target> {
    short(text).map(Target::Category)
}

fn short(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.chars().count() <= crate::api::items::TAG_CHARS_MAX).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(event: &str, props: Value, want: &str) {
        let Value::Object(props) = props else { panic!("an object") };
        let got = target(event, &props).map(|(target, _)| serde_json::to_string(&target).expect("json"));
        assert_eq!(got.unwrap_or_default(), want, "{event} {props:?}");
    }

    #[test]
    fn items_under_the_names_people_use() {
        let want = r#"{"item":"7"}"#;
        for props in [
            json!({"item_id": "7"}),
            json!({"itemId": 7}),
            json!({"discussionId": "7", "id": "no"}),
            json!({"Thread Id": "7"}),
            json!({"product_id": "7", "category": "Games"}),
            json!({"discussion": {"id": 7, "title": "T"}, "id": "event"}),
            json!({"topic": "7"}),
            json!({"id": 7}),
            json!({"item_id": null, "post_id": "7"}),
        ] {
            check("Discussion Viewed", props, want);
        }
    }

    #[test]
    fn a_name_that_says_what_it_is_about_comes_first() {
        check("Tag Followed", json!({"tag": "rust", "item_id": "7"}), r#"{"tag":"rust"}"#);
        check("Tag Followed", json!({"name": "rust"}), r#"{"tag":"rust"}"#);
        check("Followed", json!({"tag": "rust"}), r#"{"tag":"rust"}"#);
        check("Followed", json!({"tag": "rust", "item_id": "7"}), r#"{"item":"7"}"#);
        check("Author Muted", json!({"authorId": "bo"}), r#"{"author":"bo"}"#);
        check("User Followed", json!({"id": "bo"}), r#"{"author":"bo"}"#);
        check("Category Unmuted", json!({"category": "News"}), r#"{"category":"News"}"#);
        check("Signed Up", json!({"plan": "x", "id": 1.5}), "");
    }

    proptest! {
        #[test]
        fn any_id_survives(id in "[^\\p{Cc}\\s][^\\p{Cc}]{0,30}") {
            let props = json!({"item_id": id}).as_object().cloned().expect("an object");
            prop_assert_eq!(target("x", &props).map(|(target, _)| target), item_target(&id));
        }
    }
}
