//! Small histories for tests, told in few words.

use anklang_domain::{Fact, UnixMillis};
use serde_json::{Value, json};

use crate::collect::{Ask, Collected, collect};
use crate::report::{Analysis, analyse};
use crate::tally::Tally;

/// When histories begin.
pub(crate) const BEGAN: i64 = 1_500_000_000_000;
pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Facts in the order in which they are told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Story {
    pub(crate) facts: Vec<Fact>,
}

impl Story {
    fn tell(&mut self, at: i64, mut body: Value) {
        body["id"] = json!(format!("f{}", self.facts.len()));
        body["at"] = json!(UnixMillis::saturating(BEGAN + at));
        self.facts.push(serde_json::from_value(body).expect("a fact"));
    }

    pub(crate) fn configured(&mut self, at: i64, kind: &str, key: &str, document: Value) {
        let version = self.facts.len() + 1;
        self.tell(
            at,
            json!({ "type": "configured", "kind": kind, "key": key, "version": version, "document": document }),
        );
    }

    /// An experiment of two arms that runs from the beginning, with these fields on top.
    pub(crate) fn running(&mut self, key: &str, more: Value) {
        let mut design = json!({
            "variants": [{ "key": "a", "weight": 0.5 }, { "key": "b", "weight": 0.5 }],
            "stage": "running", "phase": 1, "started_at": UnixMillis::saturating(BEGAN),
            "assigned_by": "elsewhere",
        });
        for (name, value) in more.as_object().expect("fields") {
            design[name] = value.clone();
        }
        self.configured(0, "experiment", key, design);
    }

    pub(crate) fn exposed(&mut self, at: i64, key: &str, unit: &str, variant: &str, props: Value) {
        let body = json!({ "type": "exposed", "unit": unit, "experiment": key, "variant": variant, "props": props });
        self.tell(at, body);
    }

    pub(crate) fn did(&mut self, at: i64, member: &str, verb: &str, value: f64) {
        self.tell(at, json!({ "type": "engaged", "member": member, "verb": verb, "site": true, "value": value }));
    }

    pub(crate) fn aliased(&mut self, from: &str, to: &str) {
        self.tell(0, json!({ "type": "member_aliased", "from": from, "to": to }));
    }

    pub(crate) fn put(&mut self, at: i64, member: &str, traits: Value) {
        self.tell(at, json!({ "type": "member_put", "member": member, "traits": traits }));
    }

    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.facts.iter().for_each(|fact| tally.apply(fact));
        if tally.behind() {
            let mut anew = tally.anew();
            self.facts.iter().for_each(|fact| anew.apply(fact));
            assert!(!anew.behind(), "folded anew, it is not behind");
            return anew;
        }
        tally
    }

    pub(crate) fn collected(&self, key: &str, at: i64, by: &[&str]) -> Collected {
        let ask = Ask { by: by.iter().map(|name| (*name).to_owned()).collect() };
        collect(&self.tally(), key, UnixMillis::saturating(BEGAN + at), &ask).expect("an experiment under way")
    }

    pub(crate) fn analysis(&self, key: &str, at: i64) -> Analysis {
        analyse(&self.collected(key, at, &[]).input)
    }
}
