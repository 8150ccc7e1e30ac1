//! What can go wrong with a command.

use std::process::ExitCode;

use anklang_datasets::load::LoadError;
use anklang_datasets::table::TableError;

use crate::config::ConfigError;
use crate::keys::KeyError;
use crate::server::ServeError;
use anklang_engine::EngineError;
use anklang_engine::journal::CommitError;

/// Why a command did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Settings, flags or arguments are not right.
    #[error("{0}")]
    Use(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("{place}: {error}")]
    File { place: String, error: std::io::Error },
    /// What was asked for was done only in part, or not at all.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// 2 where whoever typed the command must act, else 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Use(_) | Self::Config(_) | Self::Serve(ServeError::OpenToTheNetwork { .. }) => ExitCode::from(2),
            Self::Serve(_)
            | Self::Keys(_)
            | Self::Engine(_)
            | Self::Commit(_)
            | Self::Load(_)
            | Self::Table(_)
            | Self::File { .. }
            | Self::Other(_) => ExitCode::from(1),
        }
    }
}
