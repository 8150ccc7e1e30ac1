//! Who is asking, and what is fixed by hand.

use std::borrow::Cow;

use anklang_domain::javascript::{to_json, to_text, truthy};
use serde_json::{Map, Value};

use super::sticky::StickyDocuments;

/// Everything an evaluation depends on besides the payload. Borrowed throughout, so making one is cheap.
///
/// ```
/// use anklang_experiments::assign::Context;
/// let attributes = serde_json::json!({"id": "ana", "country": "DE"});
/// let context = Context::new(&attributes).url("https://example.com/?my-experiment=1");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub(super) attributes: &'a Value,
    pub(super) url: &'a str,
    pub(super) forced_variations: Option<&'a Map<String, Value>>,
    pub(super) forced_features: Option<&'a Map<String, Value>>,
    pub(super) sticky: Option<&'a StickyDocuments>,
    pub(super) enabled: bool,
    pub(super) qa_mode: bool,
}

impl<'a> Context<'a> {
    /// Of these attributes, a JSON object; anything else has no attributes.
    #[must_use]
    pub const fn new(attributes: &'a Value) -> Self {
        Self {
            attributes,
            url: "",
            forced_variations: None,
            forced_features: None,
            sticky: None,
            enabled: true,
            qa_mode: false,
        }
    }

    /// The address of the page: experiments may be targeted at it, and its query may choose variations.
    #[must_use]
    pub const fn url(self, url: &'a str) -> Self {
        Self { url, ..self }
    }

    /// Variations chosen by hand: experiment key → index.
    #[must_use]
    pub const fn forced_variations(self, forced: &'a Map<String, Value>) -> Self {
        Self { forced_variations: Some(forced), ..self }
    }

    /// Values chosen by hand: feature key → value.
    #[must_use]
    pub const fn forced_features(self, forced: &'a Map<String, Value>) -> Self {
        Self { forced_features: Some(forced), ..self }
    }

    /// Switches sticky bucketing on, with the documents there are: those of [`super::Payload::sticky_keys`].
    #[must_use]
    pub const fn sticky(self, documents: &'a StickyDocuments) -> Self {
        Self { sticky: Some(documents), ..self }
    }

    /// Whether experiments run at all.
    #[must_use]
    pub const fn enabled(self, enabled: bool) -> Self {
        Self { enabled, ..self }
    }

    /// Whether only what is chosen by hand has a variation.
    #[must_use]
    pub const fn qa_mode(self, qa_mode: bool) -> Self {
        Self { qa_mode, ..self }
    }

    /// The unit by an attribute, or by the fallback where there is no such attribute.
    pub(super) fn unit(&self, attribute: &'a str, fallback: Option<&'a str>) -> Unit<'a> {
        let value = |name: &str| self.attributes.get(name).filter(|value| truthy(value));
        match (value(attribute), fallback.map(|name| (name, value(name)))) {
            (None, Some((name, Some(value)))) => Unit { attribute: name, value: Some(value) },
            (value, _) => Unit { attribute, value },
        }
    }
}

/// What is told apart, and by which attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit<'a> {
    pub(super) attribute: &'a str,
    pub(super) value: Option<&'a Value>,
}

impl<'a> Unit<'a> {
    /// What is hashed; none where there is no unit.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        self.value.map(to_text)
    }

    /// What its sticky document goes by, which differs for lists and objects alone.
    pub(super) fn document_value(&self) -> Option<Cow<'a, str>> {
        self.value.map(to_json)
    }
}
