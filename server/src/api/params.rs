//! Query parameters, read strictly: a misspelt one is an answer of its own, not a silent default.

use actix_web::{HttpMessage, HttpRequest};
use anklang_domain::UnixMillis;

use super::endpoint::{Param, Params};
use super::problem::{Code, Problem};
use crate::nearest::nearest;

/// The parameters of a request, each at most once.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string; refuses what is not in the table, and what is there twice.
    pub(crate) fn parse(text: &str, params: Params) -> Result<Self, Problem> {
        let mut seen: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if let Params::Only(known) = params {
                if !known.iter().any(|param| param.name == name) {
                    return Err(unknown(&name, known));
                }
                if seen.iter().any(|(before, _)| *before == name) {
                    return Err(Problem::new(Code::BadParameter, format!("{name} is given twice")).field(name));
                }
            }
            seen.push((name.into_owned(), value.into_owned()));
        }
        if let Params::Only(known) = params {
            for param in known.iter().filter(|param| param.needed) {
                if !seen.iter().any(|(name, _)| name == param.name) {
                    let detail = format!("{} is missing: {}", param.name, param.about);
                    return Err(Problem::new(Code::BadParameter, detail).field(param.name));
                }
            }
        }
        Ok(Self(seen))
    }

    /// Whether nothing was given.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The query of this request, as the gate read it.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    /// A parameter as it stands.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter, read by `read`, which says what would be right.
    pub(crate) fn read<T>(&self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let bad = |why: String| {
            let short: String = text.chars().take(64).collect();
            Problem::new(Code::BadParameter, format!("{name}={short}: {why}")).field(name)
        };
        read(text).map(Some).map_err(bad)
    }

    /// `true` or `false`; false where absent.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        let read = |text: &str| text.parse::<bool>().map_err(|_| "must be true or false".to_owned());
        Ok(self.read(name, read)?.unwrap_or(false))
    }

    /// A moment in RFC 3339.
    pub(crate) fn moment(&self, name: &str) -> Result<Option<UnixMillis>, Problem> {
        self.read(name, |text| {
            let hint = if text.contains(' ') { " (in a query, + is written %2B)" } else { "" };
            UnixMillis::parse(text).map_err(|error| format!("{error}{hint}"))
        })
    }
}

fn unknown(name: &str, known: &[Param]) -> Problem {
    let short: String = name.chars().take(64).collect();
    let detail = match nearest(name, known.iter().map(|param| param.name)) {
        Some(right) => format!("there is no parameter {short:?}; did you mean {right}?"),
        None if known.is_empty() => format!("there is no parameter {short:?}; this address takes none"),
        None => {
            let names: Vec<_> = known.iter().map(|param| param.name).collect();
            format!("there is no parameter {short:?}; there are {}", names.join(", "))
        }
    };
    Problem::new(Code::UnknownParameter, detail).field(short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: Params = Params::Only(&[
        Param { name: "limit", about: "how many", schema: "{}", needed: false },
        Param { name: "since", about: "since when", schema: "{}", needed: false },
    ]);

    #[test]
    fn a_misspelt_parameter_is_told_the_right_name() {
        let problem = Query::parse("limt=3", KNOWN).expect_err("unknown");
        assert_eq!(problem.code, Code::UnknownParameter);
        assert!(problem.detail.contains("did you mean limit?"), "{}", problem.detail);
        assert_eq!(Query::parse("limit=1&limit=2", KNOWN).map_err(|p| p.code), Err(Code::BadParameter));
        assert!(Query::parse("anything=goes", Params::Any).is_ok());
    }

    #[test]
    fn a_plus_in_a_time_is_explained() {
        let query = Query::parse("since=2018-08-15T11:00:00+02:00", KNOWN).expect("known");
        assert!(query.moment("since").expect_err("a blank").detail.contains("%2B"));
    }

    proptest! {
        #[test]
        fn no_query_string_is_too_strange(text in ".{0,80}") {
            let _ = Query::parse(&text, KNOWN);
        }
    }
}
