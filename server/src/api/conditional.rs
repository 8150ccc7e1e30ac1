//! Conditional requests (RFC 9110, 13.1.2): whoever has the newest form already is told so, without it.

use actix_web::http::header::{HeaderMap, HeaderName};

/// Whether a list of tags names this one, by the weak comparison.
pub(crate) fn matches(headers: &HeaderMap, name: &HeaderName, etag: &str) -> bool {
    let lists = headers.get_all(name).filter_map(|value| value.to_str().ok());
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    lists.flat_map(|list| list.split(',')).any(|tag| tag.trim() == "*" || strong(tag) == etag)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderValue, IF_NONE_MATCH};

    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let has = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(value).expect("a header"));
            matches(&headers, &IF_NONE_MATCH, "\"ab\"")
        };
        for same in ["\"ab\"", "W/\"ab\"", "\"x\", \"ab\"", "*"] {
            assert!(has(same), "{same}");
        }
        for other in ["\"abc\"", "ab", "", "\"x\",\"y\""] {
            assert!(!has(other), "{other}");
        }
        assert!(!matches(&HeaderMap::new(), &IF_NONE_MATCH, "\"ab\""));
    }
}
