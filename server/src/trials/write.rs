//! Writing about experiments: a document is checked against what there is, gets the next version, and becomes a fact.

use anklang_domain::{Body, Configuration, FactId, stable_hash};
use anklang_engine::journal::CommitError;
use anklang_experiments::design::{DesignError, Experiment, StageError};
use anklang_experiments::registry::{Kind, Registry, Version};
use serde_json::Value;

use super::frozen;
use crate::app::App;

/// Who brings these facts.
const SOURCE: &str = "http";

/// A document as it now is.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) version: Version,
    /// Whether there was none before.
    pub(crate) created: bool,
}

/// Why a document was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// There is none of this key.
    #[error("there is no {} {key:?}", kind.name())]
    Unknown {
        /// Of this kind.
        kind: Kind,
        /// Under this key.
        key: String,
    },
    /// The document is wrong.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// The experiment's stage does not allow it.
    #[error("{0}")]
    Stage(String),
    /// Others refer to it.
    #[error("it is used by {0}")]
    InUse(String),
    /// Somebody else wrote it meanwhile.
    #[error("somebody else wrote it meanwhile: it is at version {0}; look at it again first")]
    Conflict(u32),
    /// It could not be made durable.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The key cannot be part of a fact's id.
    #[error(transparent)]
    Id(#[from] anklang_domain::IdError),
}

impl From<StageError> for WriteError {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Design(design) => Self::Design(design),
            StageError::Stage { .. } => Self::Stage(error.to_string()),
        }
    }
}

/// What is to be written.
#[derive(Debug, Clone)]
pub(crate) struct Draft<'a> {
    pub(crate) kind: Kind,
    pub(crate) key: &'a str,
    /// The version that was looked at, 0 where there was none; none where whatever there is may be replaced.
    pub(crate) seen: Option<u32>,
    pub(crate) author: String,
}

impl App {
    /// Writes a document that is made from what there is.
    pub(crate) async fn write(
        &self,
        draft: Draft<'_>,
        make: impl FnOnce(&Registry) -> Result<Option<Value>, WriteError>,
    ) -> Result<Written, WriteError> {
        let (version, document, created) = {
            let tally = self.trials.read();
            let registry = tally.registry();
            let latest = registry.latest(draft.kind, draft.key);
            let there = latest.map_or(0, |version| version.version);
            if draft.seen.is_some_and(|seen| seen != there) {
                return Err(WriteError::Conflict(there));
            }
            let document = make(registry)?;
            if let Some(latest) = latest
                && latest.document == document
                && draft.kind != Kind::Decision
            {
                return Ok(Written { version: latest.clone(), created: false });
            }
            // Counted over all of them: those of an import may come in any order.
            let newest =
                registry.history(draft.kind, draft.key).iter().map(|version| version.version).max().unwrap_or(0);
            if let Some(document) = &document {
                registry.check(draft.kind, draft.key, document)?;
                frozen::check(registry, draft.kind, draft.key, document)?;
            }
            (newest.checked_add(1).ok_or(WriteError::Conflict(newest))?, document, latest.is_none())
        };
        let configuration = Configuration {
            kind: draft.kind.name().to_owned(),
            key: draft.key.to_owned(),
            version,
            document: document.clone(),
            author: draft.author.clone(),
        };
        // Two who write the same version at once are one fact: the second is told.
        let id = format!("{}:{:016x}@{version}", draft.kind.name(), stable_hash(draft.key.as_bytes()));
        let fact = self.fact(FactId::parse(&id)?, None, SOURCE, Body::Configured(configuration));
        let at = fact.at;
        let receipt = self.ingest(vec![fact]).await?;
        if receipt.accepted == 0 {
            return Err(WriteError::Conflict(version));
        }
        Ok(Written { version: Version { version, at, author: draft.author, document }, created })
    }

    /// Puts a document in place of what there is.
    pub(crate) async fn put_document(&self, draft: Draft<'_>, document: Value) -> Result<Written, WriteError> {
        self.write(draft, |_| Ok(Some(document))).await
    }

    /// Takes a document away that nobody refers to.
    pub(crate) async fn remove_document(&self, draft: Draft<'_>) -> Result<Written, WriteError> {
        let (kind, key) = (draft.kind, draft.key.to_owned());
        self.write(draft, |registry| {
            if registry.latest(kind, &key).is_none() {
                return Err(WriteError::Unknown { kind, key });
            }
            let users = registry.used_by(kind, &key);
            if !users.is_empty() {
                return Err(WriteError::InUse(users.join(", ")));
            }
            if let Some(stage) = registry.experiment(&key).filter(|_| kind == Kind::Experiment).map(|e| e.stage.name())
                && stage != "draft"
            {
                return Err(WriteError::Stage(format!("the experiment is {stage}: only a draft is removed")));
            }
            Ok(None)
        })
        .await
    }

    /// Moves an experiment on.
    pub(crate) async fn move_on(
        &self,
        draft: Draft<'_>,
        step: impl FnOnce(&Experiment) -> Result<Experiment, StageError>,
    ) -> Result<Written, WriteError> {
        let key = draft.key.to_owned();
        self.write(draft, |registry| {
            let unknown = || WriteError::Unknown { kind: Kind::Experiment, key: key.clone() };
            let experiment = registry.experiment(&key).ok_or_else(unknown)?;
            Ok(Some(step(experiment)?.document()))
        })
        .await
    }
}
