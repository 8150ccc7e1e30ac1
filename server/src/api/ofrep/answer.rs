//! What is answered: a value with its reason, written without detours.

use anklang_experiments::registry::forced_variant;

use super::failure::{ErrorCode, Failure};
use super::question::Question;
use crate::flags::{Cause, Decision, Served};

/// The variant of a flag that gives its default.
const DEFAULT_VARIANT: &str = "default";
/// The variant of a value that a rule without an id gives.
const FORCED_VARIANT: &str = "forced";
/// The variant of a flag that is switched off.
const DISABLED_VARIANT: &str = "disabled";

/// A flag's evaluation.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    key: &'a str,
    served: &'a Served,
    pub(super) decision: Decision<'a>,
}

impl<'a> Answer<'a> {
    pub(super) fn of(served: &'a Served, key: &'a str, question: &'a Question) -> Result<Self, Failure> {
        let about = served
            .about(key)
            .ok_or_else(|| Failure::asked(ErrorCode::FlagNotFound, format!("there is no flag {key:?}")))?;
        let decision = if about.disabled { Decision::disabled() } else { served.decide(key, &question.context()) };
        // Without the key, the SDKs pass over a rule that needs it. Where another rule decides, that is right; where none
        // does, it is rather a key forgotten, and the default would hide it.
        if decision.cause == Cause::Default && about.splits_by_key && !question.has_key {
            let details = format!("{key:?} is split by units: send a targetingKey");
            return Err(Failure::asked(ErrorCode::TargetingKeyMissing, details));
        }
        if decision.cause == Cause::Cycle {
            return Err(Failure::ours(format!("the prerequisites of {key:?} lead back to it")));
        }
        Ok(Self { key, served, decision })
    }

    fn variant(&self) -> &str {
        match self.decision.cause {
            Cause::Assigned => self.decision.assigned().map_or(DEFAULT_VARIANT, |(_, variant)| variant),
            Cause::Forced | Cause::Targeted | Cause::RolledOut => match self.decision.rule() {
                "" => FORCED_VARIANT,
                rule => forced_variant(rule).unwrap_or(rule),
            },
            Cause::Disabled | Cause::Blocked => DISABLED_VARIANT,
            Cause::Default | Cause::Unknown | Cause::Cycle => DEFAULT_VARIANT,
        }
    }

    const fn reason(&self) -> &'static str {
        match self.decision.cause {
            Cause::Default | Cause::Forced => "STATIC",
            Cause::Targeted => "TARGETING_MATCH",
            Cause::RolledOut | Cause::Assigned => "SPLIT",
            Cause::Disabled | Cause::Blocked => "DISABLED",
            Cause::Unknown | Cause::Cycle => "UNKNOWN",
        }
    }

    /// Writes the answer as JSON. Without a value, the default in the client's code holds.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"key\":");
        text(out, self.key);
        out.extend_from_slice(b",\"reason\":\"");
        out.extend_from_slice(self.reason().as_bytes());
        out.extend_from_slice(b"\",\"variant\":");
        text(out, self.variant());
        let value = self.decision.value();
        if !value.is_null() {
            out.extend_from_slice(b",\"value\":");
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(&mut *out, value);
        }
        out.extend_from_slice(b",\"metadata\":{\"version\":\"");
        out.extend_from_slice(self.served.etag.as_bytes());
        out.push(b'"');
        let experiment = self.decision.assigned().map_or("", |(experiment, _)| experiment);
        for (name, word) in [("experiment", experiment), ("rule", self.decision.rule())] {
            if !word.is_empty() {
                out.extend_from_slice(b",\"");
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"\":");
                text(out, word);
            }
        }
        out.extend_from_slice(b"}}");
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text);
}
