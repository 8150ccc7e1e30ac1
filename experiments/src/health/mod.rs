//! Is the experiment sound? Asked before any effect is shown.
//!
//! Each file is one question: a pure function over counts and moments that answers with a [`Check`]: a severity, a
//! sentence for a tired person, and the figures behind it. [`Health`] puts them worst first, and an alarm blocks the
//! effects: a sick experiment shows its sickness instead.
//!
//! ```
//! use anklang_experiments::health::{Health, srm};
//!
//! let arms = ["gate_30".to_owned(), "gate_40".to_owned()];
//! let health = Health::new([srm::check(&arms, &[0.5, 0.5], &[vec![44_700, 45_489]])]);
//! println!("{health}");
//! # assert!(!health.blocks_effects());
//! # assert!(health.to_string().starts_with("SUSPICIOUS"), "{health}");
//! ```

pub mod cause;
pub mod enough;
pub mod exposure;
pub mod gate;
pub mod imbalance;
pub mod interaction;
pub mod missing;
pub mod outlier;
pub mod several_arms;
mod severity;
pub mod shape;
pub mod srm;
pub mod table;
mod words;

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;

pub use severity::{ALARM_P, SUSPICIOUS_P, Severity};

use crate::infer::finding::Why;

/// Which question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Are the arms filled as planned?
    SampleRatio,
    /// If not, where does it come from?
    SampleRatioCause,
    /// Was a unit seen in more than one arm?
    SeveralArms,
    /// Does every exposure have its assignment, in its time?
    Exposure,
    /// Did the arms differ before the experiment?
    Imbalance,
    /// Are there enough data for an answer?
    Enough,
    /// Do other experiments get in the way?
    Interaction,
    /// Does one unit decide the outcome?
    Outlier,
    /// Are values missing more often in one arm?
    Missing,
}

/// The figures behind a check.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Details {
    /// Of [`Code::SampleRatio`].
    SampleRatio(srm::SampleRatio),
    /// Of [`Code::SampleRatioCause`].
    Cause(cause::Cause),
    /// Of [`Code::SeveralArms`].
    SeveralArms(several_arms::SeveralArms),
    /// Of [`Code::Exposure`].
    Exposure(exposure::Odd),
    /// Of [`Code::Imbalance`].
    Imbalance(imbalance::Imbalance),
    /// Of [`Code::Enough`].
    Enough(enough::Shortage),
    /// Of [`Code::Interaction`], whether the assignments are independent.
    Joint(interaction::Joint),
    /// Of [`Code::Interaction`], whether the effects are.
    Modification(interaction::Modification),
    /// Of [`Code::Outlier`].
    Outlier(outlier::Influence),
    /// Of [`Code::Missing`].
    Missing(missing::Missing),
}

/// The answer to one question about an experiment's health.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Which question.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The metric, or the other experiment, that this is about; none where it is the experiment as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// A sentence or two, without markup.
    pub says: String,
    /// Why it could not be tested, with [`Severity::Untested`] or an alarm about the design itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// The figures; none where it could not be tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
}

impl Check {
    pub(crate) fn new(code: Code, severity: Severity, says: String, details: Details) -> Self {
        Self { code, severity, subject: None, says, why: None, details: Some(details) }
    }

    pub(crate) fn untested(code: Code, severity: Severity, says: String, why: Why) -> Self {
        Self { code, severity, subject: None, says, why: Some(why), details: None }
    }

    pub(crate) fn about(mut self, subject: &str) -> Self {
        self.subject = Some(subject.to_owned());
        self
    }
}

/// All that was looked at, worst first.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Health {
    /// The answers, worst first.
    pub checks: Vec<Check>,
}

impl Health {
    /// Puts the answers in order, each sentence once: two dimensions that part the units alike have one and the same to
    /// say.
    #[must_use]
    pub fn new(checks: impl IntoIterator<Item = Check>) -> Self {
        let mut checks: Vec<Check> = checks.into_iter().collect();
        // Stable: of equal answers, the order of the questions, then the one they came in.
        checks.sort_by_key(|check| (std::cmp::Reverse(check.severity), check.code));
        let mut said = HashSet::new();
        checks.retain(|check| said.insert((check.code, check.subject.clone(), check.says.clone())));
        Self { checks }
    }

    /// The worst of it; [`Severity::Untested`] where nothing was looked at.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.checks.first().map_or(Severity::Untested, |check| check.severity)
    }

    /// Whether no effect is to be shown: something is wrong that may well be what makes the difference.
    #[must_use]
    pub fn blocks_effects(&self) -> bool {
        self.severity() == Severity::Alarm
    }

    /// What is wrong, without what is well.
    pub fn complaints(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.severity > Severity::Ok)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.checks.iter().map(|check| check.severity.to_string().len()).max().unwrap_or(0);
        for check in &self.checks {
            let Check { severity, says, .. } = check;
            match &check.subject {
                Some(subject) => writeln!(f, "{severity:<width$}  {subject}: {says}")?,
                None => writeln!(f, "{severity:<width$}  {says}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_not_said_twice() {
        let check = |severity, says: &str| Check {
            code: Code::SampleRatioCause,
            severity,
            subject: None,
            says: says.to_owned(),
            why: None,
            details: None,
        };
        let [bad, ok] = [Severity::Suspicious, Severity::Ok];
        let other = check(ok, "one").about("another metric");
        let health = Health::new([check(ok, "one"), check(bad, "two"), check(bad, "one"), check(bad, "two"), other]);
        let said: Vec<_> = health.checks.iter().map(|check| (check.severity, check.says.as_str())).collect();
        assert_eq!(said, [(bad, "two"), (bad, "one"), (ok, "one")]);
    }
}
