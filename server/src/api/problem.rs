//! Errors as problem+json (RFC 9457), from one table of codes. A code is a promise: programs may match on it.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

/// The media type of a problem.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal, $title:literal;)+) => {
        /// What can go wrong, by name. 4xx: whoever sent the request must act. 503: whoever runs the server. 500: us.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Code { $($(#[$doc])* $variant),+ }

        impl Code {
            /// Every code, for the documentation and the tests.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            const fn row(self) -> (&'static str, u16, &'static str) {
                match self { $(Self::$variant => ($name, $status, $title)),+ }
            }
        }
    };
}

codes! {
    /// The body is not JSON at all.
    BadJson = "bad_json", 400, "The body is not valid JSON";
    /// The body is JSON, but not of the right shape.
    BadField = "bad_field", 400, "A field is missing or has the wrong form";
    /// Some lines of a batch were refused; the others are in.
    LinesRejected = "lines_rejected", 400, "Some lines were refused; the valid ones are in";
    /// No event of a batch was valid.
    NoValidEvent = "no_valid_event", 400, "No event of the batch is valid";
    /// No body where one is needed.
    EmptyBody = "empty_body", 400, "The body is empty";
    /// Compressed bytes that end early or are damaged.
    BadGzip = "bad_gzip", 400, "The compressed body cannot be read";
    /// A tracked event is too large.
    EventTooLarge = "event_too_large", 400, "The event is too large";
    /// A tracked batch is too large.
    BatchTooLarge = "batch_too_large", 400, "The batch is too large";
    /// A query parameter that does not exist.
    UnknownParameter = "unknown_parameter", 400, "There is no such query parameter";
    /// A query parameter that cannot be read.
    BadParameter = "bad_parameter", 400, "A query parameter has the wrong form";
    /// A cursor that this server did not hand out for this list.
    BadCursor = "bad_cursor", 400, "The cursor is not one of this list's";
    /// An id in the path that cannot be one.
    BadId = "bad_id", 400, "The id is not valid";
    /// No key where one is needed, or one that is not known.
    KeyNeeded = "key_needed", 401, "A valid key is needed";
    /// A key of another role.
    KeyForbidden = "key_forbidden", 403, "This key may not do that";
    /// No such route.
    UnknownRoute = "unknown_route", 404, "There is nothing at this address";
    /// No such item.
    UnknownItem = "unknown_item", 404, "There is no such item";
    /// No such member.
    UnknownMember = "unknown_member", 404, "There is no such member";
    /// No such experiment, feature, metric …
    UnknownDocument = "unknown_document", 404, "There is no such document";
    /// The route exists, but not for this method.
    MethodNotAllowed = "method_not_allowed", 405, "This address does not answer to that method";
    /// The body did not arrive in time.
    BodyTimeout = "body_timeout", 408, "The body did not arrive in time";
    /// The experiment's stage does not allow it.
    WrongStage = "wrong_stage", 409, "The experiment's stage does not allow that";
    /// Other documents refer to it.
    InUse = "in_use", 409, "Something else refers to it";
    /// Somebody else wrote it meanwhile.
    VersionConflict = "version_conflict", 409, "There is a newer version";
    /// The body is larger than is taken.
    BodyTooLarge = "body_too_large", 413, "The body is too large";
    /// An encoding of the body that is not understood.
    UnknownEncoding = "unknown_encoding", 415, "The body's encoding is not understood";
    /// The queue in front of the journal is full.
    QueueFull = "queue_full", 429, "Too much at once; try again shortly";
    /// Damaged data, or a mistake of ours.
    Internal = "internal", 500, "Something is wrong inside";
    /// Too many requests at the same time.
    Overloaded = "overloaded", 503, "Too many requests at once; try again shortly";
    /// The storage refused to write or read.
    Storage = "storage", 503, "The storage does not accept data now";
    /// The server is starting or stopping.
    NotReady = "not_ready", 503, "The server is not ready";
}

impl Code {
    /// Its name, which never changes.
    pub(crate) const fn name(self) -> &'static str {
        self.row().0
    }

    /// What it says in general.
    pub(crate) const fn title(self) -> &'static str {
        self.row().2
    }

    /// The status it is answered with.
    pub(crate) const fn status(self) -> u16 {
        self.row().1
    }
}

/// One problem: its code and whatever helps to put it right.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) detail: String,
    /// Which field or parameter, as a path such as `tags[2]`.
    pub(crate) field: Option<String>,
    /// Which line of the body, from 1.
    pub(crate) line: Option<usize>,
    /// Which column of that line, from 1.
    pub(crate) column: Option<usize>,
    /// After how many seconds to try again.
    pub(crate) retry_after_s: Option<u64>,
    /// Counts and lists of a batch. Boxed: most problems have none.
    pub(crate) extra: Box<Map<String, Value>>,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            line: None,
            column: None,
            retry_after_s: None,
            extra: Box::default(),
        }
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        let field = field.into();
        self.field = (!field.is_empty()).then_some(field);
        self
    }

    pub(crate) fn at(mut self, line: usize, column: usize) -> Self {
        self.line = (line > 0).then_some(line);
        self.column = (line > 0 && column > 0).then_some(column);
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds.max(1));
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// The members that say what and where, without those that only name the kind of problem.
    pub(crate) fn brief(&self) -> Map<String, Value> {
        let mut doc = Map::new();
        doc.insert("code".to_owned(), self.code.name().into());
        doc.insert("detail".to_owned(), self.detail.as_str().into());
        if let Some(field) = &self.field {
            doc.insert("field".to_owned(), field.as_str().into());
        }
        for (name, number) in [("line", self.line), ("column", self.column)] {
            if let Some(number) = number {
                doc.insert(name.to_owned(), number.into());
            }
        }
        doc
    }

    fn document(&self) -> Value {
        let (name, status, title) = self.code.row();
        let mut doc = Map::new();
        doc.insert("type".to_owned(), format!("/docs#{name}").into());
        doc.insert("title".to_owned(), title.into());
        doc.insert("status".to_owned(), json!(status));
        doc.extend(self.brief());
        if let Some(seconds) = self.retry_after_s {
            doc.insert("retry_after".to_owned(), seconds.into());
        }
        doc.extend(self.extra.as_ref().clone());
        Value::Object(doc)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut answer = HttpResponse::build(self.status_code());
        answer.insert_header((CONTENT_TYPE, PROBLEM_JSON));
        if let Some(seconds) = self.retry_after_s {
            answer.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if self.code == Code::KeyNeeded {
            answer.insert_header(("WWW-Authenticate", "Bearer realm=\"anklang\""));
        }
        answer.body(self.document().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own_and_a_status_that_says_who_must_act() {
        let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let problem = Problem::new(*code, "why").field("a.b").at(3, 7).retry_after(0);
            let doc = problem.document();
            assert_eq!(doc["status"], json!(code.status()));
            assert_eq!((&doc["field"], &doc["line"], &doc["retry_after"]), (&json!("a.b"), &json!(3), &json!(1)));
            assert!((400..600).contains(&code.status()), "{code:?}");
            assert_eq!(problem.error_response().status().as_u16(), code.status());
        }
    }
}
