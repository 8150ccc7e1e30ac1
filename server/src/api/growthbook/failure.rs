//! Errors as GrowthBook's API says them: `{"status":400,"error":"…"}`, with 400 for whatever the client did wrong.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use serde_json::json;

use crate::api::problem::Problem;

pub(super) fn answer(problem: &Problem) -> HttpResponse {
    let status = match problem.code.status() {
        429 => 429,
        400..500 => 400,
        other => other,
    };
    let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    answer.insert_header((CONTENT_TYPE, "application/json")).insert_header((CACHE_CONTROL, "no-store"));
    if let Some(seconds) = problem.retry_after_s {
        answer.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    answer.body(json!({ "status": status, "error": problem.detail }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::Code;

    #[test]
    fn what_the_client_did_wrong_is_400() {
        for (code, status) in [
            (Code::KeyNeeded, 400),
            (Code::BodyTooLarge, 400),
            (Code::QueueFull, 429),
            (Code::Overloaded, 503),
            (Code::Internal, 500),
        ] {
            assert_eq!(answer(&Problem::new(code, "why").retry_after(1)).status().as_u16(), status);
        }
    }
}
