//! What the server answers to, as one table: routing, access, metrics and `/openapi.json` are all made from it, so none
//! of them can forget a route.

use actix_web::http::Method;
use actix_web::{HttpResponse, ResponseError, Route};

use super::problem::Problem;
use super::{
    control, experiments, growthbook, health, items, lists, members, metrics, ofrep, openapi, settings, track,
};

/// Who may call an endpoint once there are keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody.
    Open,
    /// Whoever has a key of this role.
    Role(crate::keys::Role),
    /// Whoever has a key, whatever its role: what browsers may read with the public key they send events with.
    AnyKey,
    /// The handler looks itself: the key may be in the path or the body.
    Body,
    /// Only a command on the same machine that can read the data folder.
    Control,
}

/// The methods that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Put,
    Post,
    Delete,
}

impl Verb {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }

    /// The methods it answers to: whoever may GET may ask for the head alone.
    pub(crate) fn methods(self) -> &'static [Method] {
        match self {
            Self::Get => &[Method::GET, Method::HEAD],
            Self::Put => &[Method::PUT],
            Self::Post => &[Method::POST],
            Self::Delete => &[Method::DELETE],
        }
    }
}

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Its JSON schema, as text.
    pub(crate) schema: &'static str,
    pub(crate) needed: bool,
}

/// Which query parameters are taken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Params {
    /// These; any other is an error.
    Only(&'static [Param]),
    /// Any: other people's clients add their own.
    Any,
}

/// What is sent or answered: its media type, and the name of its schema in `/openapi.json`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content {
    Nothing,
    Json(&'static str),
    Ndjson(&'static str),
    Text(&'static str),
}

/// One method of one address.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) verb: Verb,
    /// Its address; `{id}` and `{key}` stand for an id or a key, which may contain `/`.
    pub(crate) path: &'static str,
    /// Its name, for generated clients.
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) access: Access,
    pub(crate) params: Params,
    pub(crate) takes: Content,
    pub(crate) gives: Content,
    /// Whether it answers 201 where it made something that was not there.
    pub(crate) creates: bool,
    /// Whether pages of other sites may call it.
    pub(crate) cors: bool,
    /// How it says that a request is refused before the handler sees it: protocols of others have their own words.
    pub(crate) refusal: fn(&Problem) -> HttpResponse,
    pub(crate) handler: fn(Route) -> Route,
}

impl Endpoint {
    /// The defaults, to be updated with what differs.
    pub(crate) const fn new(verb: Verb, path: &'static str, name: &'static str, handler: fn(Route) -> Route) -> Self {
        Self {
            verb,
            path,
            name,
            about: "",
            access: Access::Open,
            params: Params::Only(&[]),
            takes: Content::Nothing,
            gives: Content::Nothing,
            creates: false,
            cors: false,
            refusal: Problem::error_response,
            handler,
        }
    }

    /// The address as the router reads it: an id is whatever stands in its place, `/` included.
    pub(crate) fn pattern(&self) -> String {
        self.path.replace("{id}", "{id:.+}").replace("{key}", "{key:.+}")
    }
}

/// Every endpoint. Where two addresses match, the earlier is taken: longer ones stand first. Flags stand before all: they
/// are asked for most, and the router tries one address after the other.
pub(crate) fn all() -> impl Iterator<Item = &'static Endpoint> {
    let tables: [&'static [Endpoint]; 17] = [
        ofrep::ENDPOINTS,
        growthbook::ENDPOINTS,
        lists::ENDPOINTS,
        items::ENDPOINTS,
        members::ENDPOINTS,
        track::ENDPOINTS,
        experiments::ENDPOINTS,
        &experiments::documents::FEATURES,
        &experiments::documents::METRICS,
        &experiments::documents::HOLDOUTS,
        &experiments::documents::LAYERS,
        &experiments::documents::SEGMENTS,
        settings::ENDPOINTS,
        health::ENDPOINTS,
        metrics::ENDPOINTS,
        openapi::ENDPOINTS,
        control::ENDPOINTS,
    ];
    tables.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_says_what_it_does_under_a_name_of_its_own() {
        let mut names: Vec<_> = all().map(|endpoint| endpoint.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(all().all(|endpoint| !endpoint.about.is_empty()));
    }
}
