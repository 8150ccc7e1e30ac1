//! What OFREP says when there is no value.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use serde_json::{Map, Value};

use crate::api::problem::{Code, Problem};

/// OFREP's error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorCode {
    ParseError,
    TargetingKeyMissing,
    InvalidContext,
    FlagNotFound,
    General,
}

impl ErrorCode {
    const fn as_str(self) -> &'static str {
        match self {
            Self::ParseError => "PARSE_ERROR",
            Self::TargetingKeyMissing => "TARGETING_KEY_MISSING",
            Self::InvalidContext => "INVALID_CONTEXT",
            Self::FlagNotFound => "FLAG_NOT_FOUND",
            Self::General => "GENERAL",
        }
    }
}

/// Why there is no value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failure {
    pub(super) code: ErrorCode,
    pub(super) status: u16,
    pub(super) details: String,
    retry_after_s: Option<u64>,
}

impl Failure {
    /// Whoever asks must ask differently.
    pub(super) fn asked(code: ErrorCode, details: impl Into<String>) -> Self {
        let status = if code == ErrorCode::FlagNotFound { 404 } else { 400 };
        Self { code, status, details: details.into(), retry_after_s: None }
    }

    /// Whoever configures the flags, or runs the server, must act.
    pub(super) fn ours(details: impl Into<String>) -> Self {
        Self { code: ErrorCode::General, status: 500, details: details.into(), retry_after_s: None }
    }

    /// A problem in OFREP's words. Its clients know 429 as the one status that asks them to wait.
    pub(super) fn of(problem: &Problem) -> Self {
        const UNREADABLE: [Code; 4] = [Code::BadJson, Code::EmptyBody, Code::BadGzip, Code::UnknownEncoding];
        let is = |codes: &[Code]| codes.contains(&problem.code);
        let (code, status) = if is(&UNREADABLE) {
            (ErrorCode::ParseError, 400)
        } else if is(&[Code::BodyTooLarge]) {
            (ErrorCode::InvalidContext, 400)
        } else if is(&[Code::QueueFull, Code::Overloaded]) {
            (ErrorCode::General, 429)
        } else if is(&[Code::KeyNeeded, Code::KeyForbidden]) || problem.code.status() >= 500 {
            (ErrorCode::General, problem.code.status())
        } else {
            (ErrorCode::General, 400)
        };
        let details = problem.detail.clone();
        Self { code, status, details, retry_after_s: problem.retry_after_s }
    }

    /// As it stands in an answer, alone or among others.
    pub(super) fn document(&self, key: Option<&str>) -> Value {
        let mut document = Map::new();
        if let Some(key) = key {
            document.insert("key".to_owned(), key.into());
        }
        document.insert("errorCode".to_owned(), self.code.as_str().into());
        document.insert("errorDetails".to_owned(), self.details.as_str().into());
        Value::Object(document)
    }

    pub(super) fn answer(&self, key: Option<&str>) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = super::private(HttpResponse::build(status));
        if let Some(seconds) = self.retry_after_s {
            answer.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if self.status == 401 {
            answer.insert_header(("WWW-Authenticate", "Bearer realm=\"anklang\""));
        }
        answer.body(self.document(key).to_string())
    }
}

/// How a request is refused before it reaches its handler.
pub(super) fn refusal(problem: &Problem) -> HttpResponse {
    Failure::of(problem).answer(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_a_status_that_clients_know() {
        for code in Code::ALL {
            let failure = Failure::of(&Problem::new(*code, "why").retry_after(2));
            assert!([400, 401, 403, 429, 500, 503].contains(&failure.status), "{code:?}: {}", failure.status);
            let answer = failure.answer(Some("a/b"));
            assert_eq!(answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()), Some("2"));
        }
        let document = Failure::asked(ErrorCode::FlagNotFound, "there is none").document(Some("a/b"));
        assert_eq!(
            document.to_string(),
            r#"{"errorCode":"FLAG_NOT_FOUND","errorDetails":"there is none","key":"a/b"}"#
        );
    }
}
