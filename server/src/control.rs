//! How a command finds the server that holds the data folder: a note with its address and a secret, which only the
//! folder's owner can read.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::keys::{KeyError, write_private};

/// The note's name in the data folder.
const CONTROL_FILE: &str = "server.json";

/// What the note says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

pub(crate) fn write(data: &Path, address: SocketAddr, token: &str) -> Result<PathBuf, KeyError> {
    let path = data.join(CONTROL_FILE);
    let note = Note { address, token: token.to_owned() };
    let failed = |error| KeyError::File { path: path.display().to_string(), error };
    let text = serde_json::to_vec(&note).map_err(|error| failed(std::io::Error::other(error)))?;
    write_private(&path, &text).map_err(failed)?;
    Ok(path)
}

/// The note of a server that runs, or ran until it was killed.
pub(crate) fn read(data: &Path) -> Option<Note> {
    serde_json::from_slice(&std::fs::read(data.join(CONTROL_FILE)).ok()?).ok()
}
