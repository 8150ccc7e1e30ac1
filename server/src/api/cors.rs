//! What pages of other sites may ask and read: everything at the addresses that are open to them, with no cookie (Fetch
//! standard, "CORS protocol"). The same for every page, so no answer varies by its origin.

use actix_web::guard;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN,
};
use actix_web::{HttpRequest, HttpResponse, Route, web};

/// How long a browser may remember that it may call an address.
const SECONDS_MAX: usize = 86_400;
/// What a page's script may read of an answer besides the body.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static("etag, retry-after, x-sse-support");
/// Any page.
const ANYBODY: HeaderValue = HeaderValue::from_static("*");

/// Whether the script of a page asks.
pub(crate) fn is_by_a_page(request: &HeaderMap) -> bool {
    request.contains_key(ORIGIN)
}

/// Lets a page read this answer, if it was one that asked.
pub(crate) fn open(is_by_a_page: bool, answer: &mut HeaderMap) {
    if is_by_a_page {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY);
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    }
}

/// Answers browsers that ask first whether a page may call an address with these methods.
pub(crate) fn preflight(methods: String) -> Route {
    let asks = guard::fn_guard(|context| {
        let headers = &context.head().headers;
        is_by_a_page(headers) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    });
    let may = move |request: HttpRequest| {
        let mut answer = HttpResponse::Ok();
        answer.insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY));
        answer.insert_header((ACCESS_CONTROL_ALLOW_METHODS, methods.as_str()));
        answer.insert_header((ACCESS_CONTROL_MAX_AGE, SECONDS_MAX));
        // Named one by one: a wildcard would leave out Authorization.
        if let Some(headers) = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS) {
            answer.insert_header((ACCESS_CONTROL_ALLOW_HEADERS, headers.clone()));
        }
        let answer = answer.finish();
        async move { answer }
    };
    web::route().guard(guard::Options()).guard(asks).to(may)
}
