//! Ids in addresses. `/v1/items/a%2Fb` and `/v1/items/a/b` are the same item; the first form is exact, the second a
//! convenience that cannot reach an id ending in `/related`. The router takes a path apart before it decodes `%2F`, so an
//! encoded slash never looks like one.

use actix_web::HttpRequest;
use anklang_domain::{IdError, ItemId, MemberId};
use percent_encoding::percent_decode_str;

use super::problem::{Code, Problem};

/// The item named in the path.
pub(crate) fn item(request: &HttpRequest) -> Result<ItemId, Problem> {
    parse(request, ItemId::parse)
}

/// The member named in the path.
pub(crate) fn member(request: &HttpRequest) -> Result<MemberId, Problem> {
    parse(request, MemberId::parse)
}

fn parse<T>(request: &HttpRequest, read: fn(&str) -> Result<T, IdError>) -> Result<T, Problem> {
    let bad = |why: String| Problem::new(Code::BadId, why).field("id");
    // Looked at before the router replaced what is not UTF-8: two different ids must not become one.
    if percent_decode_str(request.uri().path()).decode_utf8().is_err() {
        return Err(bad("the address is not UTF-8".to_owned()));
    }
    let raw = request.match_info().get("id").unwrap_or_default();
    let text = percent_decode_str(raw).decode_utf8().map_err(|_| bad("the id is not UTF-8".to_owned()))?;
    read(&text).map_err(|error| bad(error.to_string()))
}
