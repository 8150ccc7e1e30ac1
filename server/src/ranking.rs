//! Which policy ranks a member's lists: the community's, unless the feature `ranking` says otherwise. So an experiment of
//! that key, or one that the feature names, tries out policies: a variant's value is what it changes of the policy.

use anklang_domain::{MemberId, Traits};
use anklang_engine::Policy;
use anklang_experiments::design::{Design, DesignError};
use anklang_experiments::registry::Kind;
use serde_json::Value;

use crate::app::App;
use crate::flags::{Cause, KEY_ATTRIBUTE, context, remembered};

/// The feature that is asked.
pub(crate) const FEATURE: &str = "ranking";
/// Who an exposure says it was given by.
const CLIENT: &str = "lists";

impl App {
    /// Another policy for a member's list than the community's, and its name in slates; none where there is no other.
    /// `shown` says whether the list is shown to the member, and not only looked at.
    pub(crate) fn ranking(&self, member: &MemberId, shown: bool) -> Option<(String, Policy)> {
        let served = self.flags.current();
        served.about(FEATURE).filter(|about| !about.disabled)?;
        // Who was never heard of is not made known by asking.
        let known = self.engine.member(member)?;
        let attributes = attributes(member, known.traits);
        let documents = remembered(&self.trials, &attributes);
        let decision = served.decide(FEATURE, &context(&attributes, &documents));
        let name = match decision.cause {
            Cause::Assigned => decision.assigned().map(|(experiment, variant)| format!("{experiment}:{variant}"))?,
            Cause::Forced | Cause::Targeted | Cause::RolledOut => format!("{FEATURE}:{}", decision.rule()),
            Cause::Default | Cause::Disabled | Cause::Blocked | Cause::Cycle | Cause::Unknown => return None,
        };
        if shown {
            self.expose(&served, &decision, CLIENT, &attributes);
        }
        let value = decision.value();
        if !value.is_object() {
            return Some((name, self.engine.policy())); // a variant without a value of its own, such as a control
        }
        match self.engine.policy().changed(value) {
            Ok(policy) => Some((name, policy)),
            Err(error) => {
                tracing::warn!(%error, policy = name, "a variant's policy is not used");
                None
            }
        }
    }
}

impl App {
    /// Checks that the variants of an experiment on the ranking are policies: each value is what it changes of the
    /// community's, as `{"weights": {"fresh": 2}}`.
    pub(crate) fn check_ranking(&self, key: &str, design: &Design) -> Result<(), DesignError> {
        let named = || {
            let tally = self.trials.read();
            let feature = tally.registry().latest(Kind::Feature, FEATURE).and_then(|version| version.document.as_ref());
            let rules = feature.and_then(|feature| feature["rules"].as_array()).into_iter().flatten();
            rules.into_iter().any(|rule| rule["experiment"] == key)
        };
        if key != FEATURE && !named() {
            return Ok(());
        }
        for (at, variant) in design.variants.iter().enumerate() {
            let Some(value) = &variant.value else { continue };
            if let Err(error) = self.engine.policy().changed(value) {
                return Err(DesignError::at(format!("variants[{at}].value"), error.to_string()));
            }
        }
        Ok(())
    }
}

/// What rules may ask of a member: what they declared, and their id.
fn attributes(member: &MemberId, mut traits: Traits) -> Value {
    traits.insert(KEY_ATTRIBUTE.to_owned(), member.as_str().into());
    Value::Object(traits)
}
