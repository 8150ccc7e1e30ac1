//! That a unit was given a variant, as a fact: once for each experiment, unit and variant, however often it is asked.

use std::sync::atomic::{AtomicU64, Ordering};

use anklang_domain::{Body, Exposure, FactId, MemberId, Props, stable_hash};
use serde_json::Value;

/// The attributes by which a unit is a member of the community.
const MEMBER_ATTRIBUTES: [&str; 4] = ["id", "userId", "user_id", "targetingKey"];
/// The attributes of a visitor who is not known, or not yet.
const ANONYMOUS_ATTRIBUTES: [&str; 4] = ["anonymousId", "anonymous_id", "deviceId", "device_id"];
/// The attributes that are kept with an exposure, so that results can be looked at by them.
const KEPT_ATTRIBUTES: [&str; 18] = [
    "country",
    "region",
    "language",
    "locale",
    "browser",
    "device",
    "deviceType",
    "device_type",
    "os",
    "platform",
    "appVersion",
    "app_version",
    "utmSource",
    "utmMedium",
    "utmCampaign",
    "utm_source",
    "utm_medium",
    "utm_campaign",
];
/// The longest text of a kept attribute, in bytes.
const KEPT_BYTES_MAX: usize = 100;
/// Exposures remembered, so that the same one asked for again costs no more than a look. A power of two.
const REMEMBERED: usize = 1 << 17;

/// An exposure to be noted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Assignment<'a> {
    /// Which experiment.
    pub(crate) experiment: &'a str,
    /// Which run of it: what came before a restart is another exposure.
    pub(crate) phase: &'a str,
    /// Which variant, by its key.
    pub(crate) variant: &'a str,
    /// By which attribute units are told apart.
    pub(crate) attribute: &'a str,
    /// The unit.
    pub(crate) unit: &'a str,
}

impl Assignment<'_> {
    /// What names this exposure. The lengths keep "a" + "bc" and "ab" + "c" apart.
    fn text(&self) -> Vec<u8> {
        let parts = [self.experiment, self.phase, self.variant, self.unit];
        let mut text = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum::<usize>() + 1);
        for part in parts {
            text.extend_from_slice(&(part.len() as u64).to_le_bytes());
            text.extend_from_slice(part.as_bytes());
        }
        text
    }

    /// The id of the fact: the same exposure is the same fact, whoever reports it, and the unit is in it as a hash only.
    pub(crate) fn fact_id(&self) -> FactId {
        let mut text = self.text();
        let first = stable_hash(&text);
        text.push(b'#');
        let second = stable_hash(&text);
        // Two numbers, since one of 64 bits would meet another among a few billions.
        FactId::parse(&format!("exposed:{first:016x}{second:016x}"))
            .unwrap_or_else(|_| FactId::numbered("exposed", first))
    }

    /// What the fact says. `client` names who gave the variant, or who reported it.
    pub(crate) fn body(&self, client: &str, attributes: &Value) -> Body {
        let mut props = kept(attributes);
        // A context that names its client knows better.
        let named = attributes.get("client").and_then(Value::as_str).filter(|named| named.len() <= KEPT_BYTES_MAX);
        props.insert("client".to_owned(), named.filter(|named| !named.is_empty()).unwrap_or(client).into());
        if !self.phase.is_empty() {
            props.insert("phase".to_owned(), self.phase.into());
        }
        if self.attribute != crate::flags::KEY_ATTRIBUTE {
            props.insert("attribute".to_owned(), self.attribute.into());
        }
        Body::Exposed(Exposure {
            member: self.member(attributes),
            unit: self.unit.to_owned(),
            experiment: self.experiment.to_owned(),
            variant: self.variant.to_owned(),
            props,
        })
    }

    /// Who was exposed: the unit itself where it is a person, else whoever is named beside it.
    fn member(&self, attributes: &Value) -> Option<MemberId> {
        let named = || MEMBER_ATTRIBUTES.iter().find_map(|name| MemberId::parse(attributes.get(*name)?.as_str()?).ok());
        let itself = || MemberId::parse(self.unit).ok();
        if MEMBER_ATTRIBUTES.contains(&self.attribute) {
            itself()
        } else if ANONYMOUS_ATTRIBUTES.contains(&self.attribute) {
            named().or_else(itself)
        } else {
            named()
        }
    }
}

/// The attributes worth keeping: few, and small.
fn kept(attributes: &Value) -> Props {
    let small = |value: &Value| match value {
        Value::String(text) => text.len() <= KEPT_BYTES_MAX,
        Value::Bool(_) | Value::Number(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    let there = KEPT_ATTRIBUTES.iter().filter_map(|name| Some((*name, attributes.get(*name)?)));
    there.filter(|(_, value)| small(value)).map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

/// Exposures that were noted lately. It may forget one, whose fact is then known by its id; it never invents one, but
/// for two whose numbers of 64 bits are the same.
#[derive(Debug)]
pub(crate) struct Remembered(Box<[AtomicU64]>);

impl Default for Remembered {
    fn default() -> Self {
        Self((0..REMEMBERED).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Remembered {
    /// The place of an exposure that was not noted lately; none for one that was.
    pub(crate) fn fresh(&self, assignment: &Assignment<'_>) -> Option<Fresh<'_>> {
        let number = stable_hash(&assignment.text());
        let slot = self.0.get(number as usize & (REMEMBERED - 1))?;
        (slot.load(Ordering::Relaxed) != number).then_some(Fresh { slot, number })
    }
}

/// An exposure that is to be remembered once it is noted.
#[derive(Debug)]
pub(crate) struct Fresh<'a> {
    slot: &'a AtomicU64,
    number: u64,
}

impl Fresh<'_> {
    /// From now on the exposure counts as noted.
    pub(crate) fn remember(self) {
        self.slot.store(self.number, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const SOIL: Assignment<'static> =
        Assignment { experiment: "soil", phase: "1", variant: "b", attribute: "id", unit: "ana" };

    fn body(assignment: Assignment<'_>, attributes: Value) -> Value {
        serde_json::to_value(assignment.body("ofrep", &attributes)).expect("json")
    }

    #[test]
    fn a_unit_that_is_a_person_is_the_member() {
        let fact =
            body(SOIL, json!({"id": "ana", "country": "DE", "email": "a@b.example", "browser": "x".repeat(101)}));
        assert_eq!(fact["member"], "ana");
        assert_eq!(fact["props"], json!({"client": "ofrep", "country": "DE", "phase": "1"}));
        let company = Assignment { attribute: "company", unit: "acme", ..SOIL };
        assert_eq!(body(company, json!({"id": "ana"}))["member"], "ana");
        assert_eq!(body(company, json!({}))["member"], Value::Null);
        let device = Assignment { attribute: "deviceId", unit: "d1", ..SOIL };
        assert_eq!(body(device, json!({}))["member"], "d1");
        assert_eq!(body(device, json!({"userId": "ana"}))["member"], "ana");
    }

    #[test]
    fn what_was_noted_is_not_noted_again() {
        let remembered = Remembered::default();
        assert!(remembered.fresh(&SOIL).is_some(), "looking alone changes nothing");
        remembered.fresh(&SOIL).expect("fresh").remember();
        assert!(remembered.fresh(&SOIL).is_none());
        assert!(remembered.fresh(&Assignment { variant: "a", ..SOIL }).is_some(), "another arm is another exposure");
    }

    proptest! {
        #[test]
        fn different_exposures_have_different_ids(a in "[ab]{0,4}", b in "[ab]{0,4}", c in "[ab]{0,4}", d in "[ab]{0,4}") {
            let one = Assignment { experiment: &a, unit: &b, ..SOIL };
            let other = Assignment { experiment: &c, unit: &d, ..SOIL };
            prop_assert_eq!(one.fact_id() == other.fact_id(), a == c && b == d);
        }
    }
}
