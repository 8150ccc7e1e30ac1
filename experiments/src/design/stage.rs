//! The life of an experiment: draft → running → stopped. What is running is frozen but for its ramp and its stop.

use anklang_domain::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::{DesignError, read};
use super::experiment::{AssignedBy, Design, check_coverage};

/// An experiment in one of its stages.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// What was written down.
    pub design: Design,
    /// How far it is.
    pub stage: Stage,
    /// Counts the starts: a start anew draws anew. 0 before the first.
    pub phase: u32,
}

/// How far an experiment is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// It may be edited; nobody is assigned.
    Draft {
        /// The variant that was shipped after an earlier phase, which its audience keeps until the next begins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shipped: Option<String>,
    },
    /// Units are assigned.
    Running {
        /// Since when.
        started_at: UnixMillis,
    },
    /// Nobody is assigned any more.
    Stopped {
        /// Since when units were assigned.
        started_at: UnixMillis,
        /// Until when.
        stopped_at: UnixMillis,
        /// The variant that everybody of its audience gets from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shipped: Option<String>,
    },
}

impl Stage {
    /// Its name, as in the document.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Draft { .. } => "draft",
            Self::Running { .. } => "running",
            Self::Stopped { .. } => "stopped",
        }
    }

    /// The variant that everybody of the audience gets.
    #[must_use]
    pub fn shipped(&self) -> Option<&str> {
        match self {
            Self::Draft { shipped } | Self::Stopped { shipped, .. } => shipped.as_deref(),
            Self::Running { .. } => None,
        }
    }

    /// From when to when units are assigned: none for a draft, without an end while it runs.
    #[must_use]
    pub const fn period(&self) -> Option<(UnixMillis, Option<UnixMillis>)> {
        match self {
            Self::Draft { .. } => None,
            Self::Running { started_at } => Some((*started_at, None)),
            Self::Stopped { started_at, stopped_at, .. } => Some((*started_at, Some(*stopped_at))),
        }
    }
}

/// Why an experiment does not move on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StageError {
    /// Not in this stage.
    #[error("the experiment is {stage}: {what}")]
    Stage {
        /// The stage it is in.
        stage: &'static str,
        /// What may be done instead.
        what: &'static str,
    },
    /// The change itself is wrong.
    #[error(transparent)]
    Design(#[from] DesignError),
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(flatten)]
    stage: Stage,
    #[serde(default)]
    phase: u32,
}

const ENVELOPE: [&str; 5] = ["stage", "phase", "started_at", "stopped_at", "shipped"];

impl Experiment {
    /// A new draft.
    #[must_use]
    pub const fn draft(design: Design) -> Self {
        Self { design, stage: Stage::Draft { shipped: None }, phase: 0 }
    }

    /// Reads what [`Experiment::document`] wrote.
    pub fn parse(document: &Value) -> Result<Self, DesignError> {
        let Value::Object(fields) = document else {
            return Err(DesignError::at("", "an experiment is an object"));
        };
        let mut fields = fields.clone();
        let mut envelope = Map::new();
        for name in ENVELOPE {
            envelope.extend(fields.remove(name).map(|value| (name.to_owned(), value)));
        }
        let envelope: Envelope = if envelope.is_empty() {
            Envelope { stage: Stage::Draft { shipped: None }, phase: 0 }
        } else {
            read(&Value::Object(envelope))?
        };
        let design = Design::parse(&Value::Object(fields))?;
        if let Some(shipped) = envelope.stage.shipped()
            && design.variant(shipped).is_none()
        {
            return Err(DesignError::at("shipped", format!("there is no variant {shipped:?}")));
        }
        Ok(Self { design, stage: envelope.stage, phase: envelope.phase })
    }

    /// The document that is kept.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut document = serde_json::to_value(&self.design).unwrap_or_default();
        if let (Value::Object(fields), Ok(Value::Object(stage))) = (&mut document, serde_json::to_value(&self.stage)) {
            fields.extend(stage);
            fields.insert("phase".to_owned(), self.phase.into());
        }
        document
    }

    /// Another design: for a draft, or for the next phase of one that is stopped.
    pub fn edit(&self, design: Design) -> Result<Self, StageError> {
        match self.stage {
            Stage::Draft { .. } | Stage::Stopped { .. } => {
                // What is shipped stays shipped until the next phase begins, if the design still has it.
                let shipped = self.stage.shipped().filter(|key| design.variant(key).is_some()).map(str::to_owned);
                Ok(Self { design, stage: Stage::Draft { shipped }, phase: self.phase })
            }
            Stage::Running { .. } => Err(self.refuse("what runs is frozen; ramp it or stop it")),
        }
    }

    /// Starts a draft.
    pub fn start(&self, now: UnixMillis) -> Result<Self, StageError> {
        match self.stage {
            Stage::Draft { .. } => {}
            Stage::Running { .. } => return Err(self.refuse("it has been started already")),
            Stage::Stopped { .. } => return Err(self.refuse("put its design again to make a draft of the next phase")),
        }
        if self.design.ends_at.is_some_and(|end| end <= now) {
            return Err(DesignError::at("ends_at", "it would end before it starts").into());
        }
        // Whoever assigns elsewhere may have begun before this was written down; a draw of ours cannot.
        let elsewhere = self.design.assigned_by == AssignedBy::Elsewhere;
        let begins = |at: UnixMillis| if elsewhere { at } else { at.max(now) };
        let stage = Stage::Running { started_at: self.design.starts_at.map_or(now, begins) };
        Ok(Self { design: self.design.clone(), stage, phase: self.phase + 1 })
    }

    /// Lets more of the audience take part. Nobody who takes part moves.
    pub fn ramp(&self, coverage: f64) -> Result<Self, StageError> {
        match self.stage {
            Stage::Running { .. } => {}
            Stage::Draft { .. } => return Err(self.refuse("edit it instead")),
            Stage::Stopped { .. } => return Err(self.refuse("it takes nobody in any more")),
        }
        check_coverage(coverage)?;
        if coverage < self.design.coverage {
            let what = format!(
                "{} of the audience takes part; a smaller share would throw out who is in. Stop it instead",
                self.design.coverage
            );
            return Err(DesignError::at("coverage", what).into());
        }
        let mut ramped = self.clone();
        ramped.design.coverage = coverage;
        Ok(ramped)
    }

    /// Stops it; from then on its audience gets the variant shipped, or what was there before.
    pub fn stop(&self, now: UnixMillis, shipped: Option<String>) -> Result<Self, StageError> {
        let started_at = match self.stage {
            Stage::Running { started_at } => started_at,
            Stage::Draft { .. } => return Err(self.refuse("it has not been started")),
            Stage::Stopped { .. } => return Err(self.refuse("it has been stopped already")),
        };
        if let Some(key) = &shipped
            && self.design.variant(key).is_none()
        {
            return Err(DesignError::at("ship", format!("there is no variant {key:?}")).into());
        }
        let stage = Stage::Stopped { started_at, stopped_at: now.max(started_at), shipped };
        Ok(Self { design: self.design.clone(), stage, phase: self.phase })
    }

    const fn refuse(&self, what: &'static str) -> StageError {
        StageError::Stage { stage: self.stage.name(), what }
    }

    /// Whether units are assigned at this moment.
    #[must_use]
    pub fn assigns_at(&self, now: UnixMillis) -> bool {
        matches!(self.stage, Stage::Running { started_at } if started_at <= now)
            && self.design.ends_at.is_none_or(|end| now < end)
    }

    /// The moments at which that changes by itself.
    pub fn turns(&self) -> impl Iterator<Item = UnixMillis> + use<> {
        let turns = match self.stage {
            Stage::Running { started_at } => [Some(started_at), self.design.ends_at],
            Stage::Draft { .. } | Stage::Stopped { .. } => [None, None],
        };
        turns.into_iter().flatten()
    }
}
