//! What is asked: the context of an evaluation, read from a request's body.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use anklang_experiments::assign::{Context, StickyDocuments};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::failure::{ErrorCode, Failure};
use crate::api::problem::Code;
use crate::api::{Shared, body};
use crate::flags::{KEY_ATTRIBUTE, context, remembered};

/// The largest context, in bytes of JSON.
pub(super) const CONTEXT_BYTES_MAX: usize = 64 << 10;
/// Under which name OpenFeature sends the unit.
const TARGETING_KEY: &str = "targetingKey";

/// A question, checked.
#[derive(Debug)]
pub(super) struct Question {
    /// The context's attributes, a JSON object.
    pub(super) attributes: Value,
    /// Whether the context says who is asked about.
    pub(super) has_key: bool,
    /// The body as it was sent.
    pub(super) bytes: Vec<u8>,
    /// What the unit was given under its other ids.
    pub(super) remembered: StickyDocuments,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    context: Value,
}

impl Question {
    pub(super) async fn read(request: &HttpRequest, app: &Shared, payload: Payload) -> Result<Self, Failure> {
        let bytes = body::read(request, payload, CONTEXT_BYTES_MAX, Code::BodyTooLarge).await;
        let question = Self::parse(bytes.map_err(|problem| Failure::of(&problem))?)?;
        let remembered = remembered(&app.trials, &question.attributes);
        Ok(Self { remembered, ..question })
    }

    /// The context of its evaluation.
    pub(super) fn context(&self) -> Context<'_> {
        context(&self.attributes, &self.remembered)
    }

    /// A context that is absent says nothing, and flags that need nothing have a value all the same.
    fn parse(bytes: Vec<u8>) -> Result<Self, Failure> {
        let unread =
            |why: String| Failure::asked(ErrorCode::ParseError, format!("the body is no evaluation request: {why}"));
        // serde would take a list for an object whose members stand in order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(unread("it must be a JSON object".to_owned()));
        }
        let wire: Wire = serde_json::from_slice(&bytes).map_err(|error| unread(error.to_string()))?;
        let mut attributes = match wire.context {
            Value::Null => Map::new(),
            Value::Object(attributes) => attributes,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err(Failure::asked(ErrorCode::InvalidContext, "context must be an object"));
            }
        };
        let key = match attributes.get(TARGETING_KEY) {
            None | Some(Value::Null) => None,
            Some(Value::String(key)) => Some(key).filter(|key| !key.is_empty()).cloned(),
            Some(_) => return Err(Failure::asked(ErrorCode::InvalidContext, "targetingKey must be a string")),
        };
        if let Some(key) = key
            && !attributes.contains_key(KEY_ATTRIBUTE)
        {
            attributes.insert(KEY_ATTRIBUTE.to_owned(), Value::String(key));
        }
        let has_key = attributes.get(KEY_ATTRIBUTE).is_some_and(|id| !matches!(id, Value::Null) && id != "");
        Ok(Self { attributes: Value::Object(attributes), has_key, bytes, remembered: StickyDocuments::new() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(body: &str) -> Result<Question, ErrorCode> {
        Question::parse(body.as_bytes().to_vec()).map_err(|failure| {
            assert_eq!(failure.status, 400);
            failure.code
        })
    }

    #[test]
    fn the_targeting_key_is_the_unit_unless_the_context_has_its_own() {
        let id = |body: &str| parse(body).expect("a question").attributes.get("id").cloned();
        assert_eq!(id(r#"{"context":{"targetingKey":"ana"}}"#), Some("ana".into()));
        assert_eq!(id(r#"{"context":{"targetingKey":"ana","id":"7"}}"#), Some("7".into()));
        assert_eq!(id(r#"{"context":{}}"#), None);
        for (body, has) in [
            (r#"{"context":{"targetingKey":"ana"}}"#, true),
            (r#"{"context":{"id":7}}"#, true),
            (r#"{"context":{"targetingKey":""}}"#, false),
            (r#"{"context":{"targetingKey":null}}"#, false),
            (r#"{"context":null}"#, false),
            ("{}", false),
        ] {
            assert_eq!(parse(body).expect("a question").has_key, has, "{body}");
        }
    }

    #[test]
    fn what_is_no_question_is_told_why() {
        for (body, code) in [
            ("", ErrorCode::ParseError),
            ("{", ErrorCode::ParseError),
            ("[]", ErrorCode::ParseError),
            ("7", ErrorCode::ParseError),
            ("{\"context\":{}} x", ErrorCode::ParseError),
            (r#"{"context":[]}"#, ErrorCode::InvalidContext),
            (r#"{"context":"ana"}"#, ErrorCode::InvalidContext),
            (r#"{"context":{"targetingKey":7}}"#, ErrorCode::InvalidContext),
            (r#"{"context":{"targetingKey":{}}}"#, ErrorCode::InvalidContext),
        ] {
            assert_eq!(parse(body).map(|_| ()), Err(code), "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_is_too_strange(body in ".{0,60}") {
            let _ = parse(&body);
        }
    }
}
