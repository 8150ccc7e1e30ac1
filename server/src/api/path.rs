//! Ids in addresses. `/v1/items/a%2Fb` and `/v1/items/a/b` are the same item; the first form is exact, the second a
//! convenience that cannot reach an id ending in `/related`. The router takes a path apart before it decodes `%2F`, so an
//! encoded slash never looks like one.

use actix_web::HttpRequest;
use anklang_domain::{IdError, ItemId, MemberId};
use percent_encoding::percent_decode_str;

use super::problem::{Code, Problem};

/// The item named in the path.
pub(crate) fn item(request: &HttpRequest) -> Result<ItemId, Problem> {
    parse(request, "id", ItemId::parse)
}

/// The member named in the path.
pub(crate) fn member(request: &HttpRequest) -> Result<MemberId, Problem> {
    parse(request, "id", MemberId::parse)
}

/// The flag named in the path.
pub(crate) fn flag(request: &HttpRequest) -> Result<String, Problem> {
    parse(request, "key", |text| Ok(text.to_owned()))
}

/// The key that an SDK shows in the path.
pub(crate) fn client_key(request: &HttpRequest) -> Result<String, Problem> {
    parse(request, "clientKey", |text| Ok(text.to_owned()))
}

fn parse<T>(request: &HttpRequest, name: &str, read: fn(&str) -> Result<T, IdError>) -> Result<T, Problem> {
    let bad = |why: String| Problem::new(Code::BadId, why).field(name);
    // Looked at before the router replaced what is not UTF-8: two different ids must not become one.
    if percent_decode_str(request.uri().path()).decode_utf8().is_err() {
        return Err(bad("the address is not UTF-8".to_owned()));
    }
    let raw = request.match_info().get(name).unwrap_or_default();
    let text = percent_decode_str(raw).decode_utf8().map_err(|_| bad("the id is not UTF-8".to_owned()))?;
    read(&text).map_err(|error| bad(error.to_string()))
}
