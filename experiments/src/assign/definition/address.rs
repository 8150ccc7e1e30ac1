//! Targeting by address: simple patterns with `*`, or regular expressions.
//!
//! Addresses are read by the WHATWG rules, as browsers do.

use anklang_domain::javascript::regex;
use regex::Regex;
use serde_json::Value;
use url::Url;

use super::fields;

/// Where an address without scheme and host is taken to be.
const NOWHERE: &str = "https://_";

/// One rule on addresses.
#[derive(Debug)]
pub(in crate::assign) struct AddressTarget {
    include: bool,
    pattern: Option<Pattern>,
}

#[derive(Debug)]
enum Pattern {
    Regex(Regex),
    Simple { host: Regex, path: Regex, fragment: Option<Regex>, query: Vec<(String, Regex)> },
}

impl AddressTarget {
    /// Takes an entry of `urlPatterns`; a pattern that cannot be used matches nothing.
    pub(super) fn parse(source: &Value) -> Self {
        let pattern = source.as_object().and_then(|source| {
            let pattern = source.get("pattern").and_then(Value::as_str)?;
            match fields::text(source, "type")? {
                "regex" => regex(pattern, false).ok().map(Pattern::Regex),
                "simple" => simple(pattern),
                _unknown => None,
            }
        });
        Self { include: source.get("include") != Some(&Value::Bool(false)), pattern }
    }

    fn matches(&self, address: &Url) -> bool {
        match &self.pattern {
            None => false,
            Some(Pattern::Regex(pattern)) => {
                let behind_origin = &address[url::Position::BeforePath..];
                pattern.is_match(address.as_str()) || pattern.is_match(behind_origin)
            }
            Some(Pattern::Simple { host, path, fragment, query }) => {
                host.is_match(&address[url::Position::BeforeHost..url::Position::AfterPort])
                    && path.is_match(address.path())
                    && fragment.as_ref().is_none_or(|pattern| pattern.is_match(&hash_part(address)))
                    && query.iter().all(|(name, pattern)| pattern.is_match(&parameter(address, name)))
            }
        }
    }
}

/// Whether an address is meant: by one rule that includes, or by having no such rule; and by none that excludes. No rule
/// matches what is no address.
pub(in crate::assign) fn is_targeted(address: &str, targets: &[AddressTarget]) -> bool {
    let address = read(address);
    let matches = |target: &AddressTarget| address.as_ref().is_some_and(|address| target.matches(address));
    let excluded = || targets.iter().any(|target| !target.include && matches(target));
    let mut including = targets.iter().filter(|target| target.include).peekable();
    let included = including.peek().is_none() || including.any(matches);
    !targets.is_empty() && included && !excluded()
}

fn read(address: &str) -> Option<Url> {
    Url::parse(NOWHERE).and_then(|base| base.join(address)).ok()
}

/// The fragment with its `#`; empty where there is none.
fn hash_part(address: &Url) -> String {
    address.fragment().filter(|fragment| !fragment.is_empty()).map_or_else(String::new, |text| format!("#{text}"))
}

fn parameter(address: &Url, name: &str) -> String {
    address.query_pairs().find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.into_owned())
}

/// What `*` becomes while an address is read: a text that means the same wherever it stands.
const ANY: &str = "_____";

fn simple(pattern: &str) -> Option<Pattern> {
    let readable = with_scheme(pattern).replace('*', ANY);
    let expected = Url::parse(&format!("https://{ANY}")).and_then(|base| base.join(&readable)).ok()?;
    let query = expected.query_pairs().map(|(name, value)| Some((name.into_owned(), part(&value)?)));
    let fragment = hash_part(&expected);
    Some(Pattern::Simple {
        host: part(&expected[url::Position::BeforeHost..url::Position::AfterPort])?,
        path: path(expected.path())?,
        fragment: if fragment.is_empty() { None } else { Some(part(&fragment)?) },
        query: query.collect::<Option<_>>()?,
    })
}

/// A pattern that begins with a host gets a scheme: one with a dot before any `:`, `/` or `?`.
fn with_scheme(pattern: &str) -> String {
    let head = pattern.find([':', '/', '?']).map_or(pattern, |at| &pattern[..at]);
    if head.contains('.') { format!("https://{pattern}") } else { pattern.to_owned() }
}

fn part(pattern: &str) -> Option<Regex> {
    whole(&escaped(pattern))
}

/// Of a path, the slashes at both ends do not count.
fn path(pattern: &str) -> Option<Regex> {
    let pattern = escaped(pattern);
    let inner = pattern.strip_prefix('/').unwrap_or(&pattern);
    whole(&format!("/?{}/?", inner.strip_suffix('/').unwrap_or(inner)))
}

fn escaped(pattern: &str) -> String {
    // In JavaScript a dot stands for anything but a line's end, and addresses have none.
    regex::escape(pattern).replace(ANY, ".*")
}

fn whole(pattern: &str) -> Option<Regex> {
    regex(&format!("^{pattern}$"), true).ok()
}
