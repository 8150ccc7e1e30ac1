//! What a unit was given under another id: who was seen in a variant stays there across log-in.

use anklang_experiments::assign::{Context, StickyDocument, StickyDocuments, assignment_key, sticky_key};
use serde_json::Value;

use super::KEY_ATTRIBUTE;
use crate::trials::Trials;

/// The documents of what the unit of these attributes was given under its other ids; empty for almost everybody.
pub(crate) fn remembered(trials: &Trials, attributes: &Value) -> StickyDocuments {
    if !trials.has_aliases() {
        return StickyDocuments::new();
    }
    let Some(unit) = attributes.get(KEY_ATTRIBUTE).and_then(Value::as_str) else { return StickyDocuments::new() };
    let tally = trials.read();
    let given = tally.given(unit);
    if given.is_empty() {
        return StickyDocuments::new();
    }
    let assignment =
        |(key, phase, variant): (&str, u32, &str)| (assignment_key(key, u64::from(phase)), variant.to_owned());
    let document = StickyDocument {
        attribute_name: KEY_ATTRIBUTE.to_owned(),
        attribute_value: unit.to_owned(),
        assignments: given.into_iter().map(assignment).collect(),
    };
    StickyDocuments::from([(sticky_key(KEY_ATTRIBUTE, unit), document)])
}

/// The context of an evaluation for these attributes, of whose unit these documents tell.
pub(crate) fn context<'a>(attributes: &'a Value, documents: &'a StickyDocuments) -> Context<'a> {
    let context = Context::new(attributes);
    // With no documents, sticky bucketing stays off, which is quicker.
    if documents.is_empty() { context } else { context.sticky(documents) }
}
