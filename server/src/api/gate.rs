//! What every request passes before its handler: a place among those in flight, the key, the query. And what every
//! answer leaves behind: its line in the metrics.

use std::cell::OnceCell;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, ORIGIN};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::cors;
use super::endpoint::{Access, Endpoint};
use super::params::Query;
use super::problem::{Code, Problem};
use crate::app::App;
use crate::keys::{Role, Verdict, sha256_hex};
use crate::metrics::Route;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// After how many seconds to come back when too many requests are in flight.
const OVERLOADED_RETRY_AFTER_S: u64 = 1;

/// Lets a request through to its handler, or answers why not.
pub(crate) async fn gate(
    endpoint: &'static Endpoint,
    counters: Rc<OnceCell<Arc<Route>>>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else {
        return Ok(refuse(endpoint, request, &Problem::new(Code::Internal, "the server was put together wrongly")));
    };
    let entered = app.enter();
    let mut response = if entered.is_none() && endpoint.access != Access::Open {
        app.metrics.refused_overloaded();
        let busy = Problem::new(Code::Overloaded, "as many requests are in flight as may be");
        refuse(endpoint, request, &busy.retry_after(OVERLOADED_RETRY_AFTER_S))
    } else if let Err(problem) = admit(endpoint, &app, &request) {
        refuse(endpoint, request, &problem)
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    drop(entered);
    if endpoint.cors {
        let by_a_page = cors::is_by_a_page(response.request().headers());
        cors::open(by_a_page, response.headers_mut());
    }
    let counters = counters.get_or_init(|| app.metrics.route(endpoint.verb.as_str(), endpoint.path));
    counters.answered(response.status().as_u16(), started.elapsed());
    Ok(response)
}

fn refuse(endpoint: &Endpoint, request: ServiceRequest, problem: &Problem) -> ServiceResponse<BoxBody> {
    request.into_response((endpoint.refusal)(problem))
}

fn admit(endpoint: &Endpoint, app: &App, request: &ServiceRequest) -> Result<(), Problem> {
    let key = presented(request.headers());
    if !endpoint.cors && is_of_another_site(request.headers()) && app.keys.is_empty() {
        let how = "without keys only this machine may ask, and not the page of another site; make a key with `anklang key add`";
        return Err(Problem::new(Code::KeyNeeded, how));
    }
    match endpoint.access {
        Access::Open | Access::Body => {}
        Access::AnyKey => permit_any(app, key.as_deref())?,
        Access::Role(role) => permit(app, key.as_deref(), role)?,
        Access::Control => {
            if !is_control(app, request.headers()) {
                return Err(Problem::new(Code::KeyNeeded, "only the anklang command on the same machine may do this"));
            }
        }
    }
    let query = Query::parse(request.query_string(), endpoint.params)?;
    // Rarely there is one, and making room for it takes longer than the rest of this.
    if !query.is_empty() {
        request.extensions_mut().insert(query);
    }
    Ok(())
}

/// Whether a browser sent this for a page that is not of this machine: its origin says so, or the name by which it found
/// us does (a name that was made to point here).
fn is_of_another_site(headers: &HeaderMap) -> bool {
    let far = |name: HeaderName| {
        let Some(value) = headers.get(name) else { return false };
        let text = value.to_str().unwrap_or("");
        let host = text.split_once("://").map_or(text, |(_, rest)| rest);
        let host = if host.starts_with('[') { host.split(']').next() } else { host.split(':').next() };
        let is_loopback = |host: &str| host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
        !host.is_some_and(|host| host == "localhost" || host == "[::1" || is_loopback(host))
    };
    far(ORIGIN) || far(HOST)
}

/// Whether whoever shows this key may do what asks for `role`.
pub(crate) fn permit(app: &App, key: Option<&str>, role: Role) -> Result<(), Problem> {
    if key.is_some_and(|key| is_token(app, key)) {
        return Ok(());
    }
    match app.keys.permit(key, role) {
        Verdict::Allowed => Ok(()),
        Verdict::Unknown if key.is_none() => {
            let how = format!("send a key of role {role} as Authorization: Bearer KEY, or as the user name of Basic");
            Err(Problem::new(Code::KeyNeeded, how))
        }
        Verdict::Unknown => Err(Problem::new(Code::KeyNeeded, "this key is not known here")),
        Verdict::Forbidden(has) => {
            Err(Problem::new(Code::KeyForbidden, format!("this needs role {role}; the key has role {has}")))
        }
    }
}

/// Whether whoever shows this key may do what any key opens.
pub(crate) fn permit_any(app: &App, key: Option<&str>) -> Result<(), Problem> {
    permit(app, key, Role::Track).or_else(|problem| permit(app, key, Role::Serve).map_err(|_| problem))
}

/// The host by which the client reaches this server. No other header's: whoever could name another would have what
/// clients send there.
pub(crate) fn host(request: &HttpRequest) -> String {
    request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost").to_owned()
}

/// Whether the request comes from a command that can read the data folder. Stands above all roles.
pub(crate) fn is_control(app: &App, headers: &HeaderMap) -> bool {
    presented(headers).is_some_and(|key| is_token(app, &key))
}

/// Hashes are compared, so that the time it takes tells nothing about the token.
fn is_token(app: &App, key: &str) -> bool {
    sha256_hex(key.as_bytes()) == app.control_sha256
}

/// The key in `Authorization: Bearer KEY`, in `Basic` as user name, or in `X-API-Key`, as OFREP has it.
pub(crate) fn presented(headers: &HeaderMap) -> Option<String> {
    let plain = || headers.get(API_KEY)?.to_str().ok().map(|key| key.trim().to_owned());
    authorization(headers).or_else(plain)
}

fn authorization(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let user = decoded.split(':').next().unwrap_or("").trim();
    (!user.is_empty()).then(|| user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn pages_of_other_sites_are_told_apart() {
        let far = |name: HeaderName, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_str(value).expect("a header"));
            is_of_another_site(&headers)
        };
        for near in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "localhost"] {
            assert!(!far(HOST, near), "{near}");
            assert!(!far(ORIGIN, &format!("http://{near}")), "{near}");
        }
        for other in ["evil.example", "127.evil.example", "localhost.evil.example:8080", "null", ""] {
            assert!(far(ORIGIN, &format!("https://{other}")), "{other}");
        }
        assert!(far(HOST, "rebound.example:8080") && far(ORIGIN, "null"));
    }

    fn shown(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(value).expect("a header"));
        presented(&headers)
    }

    #[test]
    fn keys_come_as_bearer_or_as_the_user_of_basic() {
        assert_eq!(shown("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(shown(&format!("basic {}", STANDARD.encode("wk:"))).as_deref(), Some("wk"));
        for nothing in ["Basic !!!", "Bearer", "Digest x", &format!("Basic {}", STANDARD.encode(":pw"))] {
            assert_eq!(shown(nothing), None, "{nothing}");
        }
    }
}
