//! Keys: what a program shows to be let in. Made of 256 random bits, printed once, kept only as SHA-256.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use anklang_domain::UnixMillis;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The file in the data folder that holds the hashes.
pub const KEYS_FILE: &str = "keys.json";
/// Random bytes in a key: too many to guess, so an ordinary hash protects them.
const SECRET_BYTES: usize = 32;
/// The longest key that is looked at.
const KEY_BYTES_MAX: usize = 200;

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sends events, nothing else. A browser's write key is public; this is the role for it.
    Track,
    /// Sends events and content.
    Ingest,
    /// Asks for lists.
    Serve,
    /// Everything, members' data and erasure included.
    Admin,
}

impl Role {
    /// Whether a key of this role may do what asks for `needed`.
    #[must_use]
    pub const fn covers(self, needed: Self) -> bool {
        match self {
            Self::Admin => true,
            Self::Ingest => matches!(needed, Self::Ingest | Self::Track),
            Self::Track => matches!(needed, Self::Track),
            Self::Serve => matches!(needed, Self::Serve),
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Ingest => "ingest",
            Self::Serve => "serve",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRecord {
    /// By which it is listed and removed.
    pub id: String,
    /// What it is good for.
    pub role: Role,
    /// What it is for, in its owner's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// SHA-256 of the key, in hexadecimal digits.
    pub sha256: String,
}

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not what `anklang key` wrote.
    #[error("{path} is not a file of keys: {error}")]
    Format {
        /// The file.
        path: String,
        /// Why.
        error: serde_json::Error,
    },
    /// The system has no random numbers to give.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// No key with this id.
    #[error("there is no key {0:?}; anklang key list shows those there are")]
    Unknown(String),
}

/// Whether a request is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Allowed,
    /// No key, or one that is not known.
    Unknown,
    /// A key of another role.
    Forbidden(Role),
}

/// The keys of a data folder.
#[derive(Debug)]
pub struct Keys {
    path: PathBuf,
    records: RwLock<Vec<KeyRecord>>,
    /// Without any key, everything is allowed: only for a server that listens to its own machine alone.
    open_without_keys: bool,
}

impl Keys {
    /// Reads the keys of a data folder; a missing file holds none.
    pub fn load(data: &Path, open_without_keys: bool) -> Result<Self, KeyError> {
        let path = data.join(KEYS_FILE);
        let records = RwLock::new(read(&path)?);
        Ok(Self { path, records, open_without_keys })
    }

    /// Reads the file again, so that keys added or removed count without a restart.
    pub fn reload(&self) -> Result<(), KeyError> {
        let records = read(&self.path)?;
        *self.records.write().unwrap_or_else(PoisonError::into_inner) = records;
        Ok(())
    }

    /// The file they are in.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every key, as it is kept.
    pub fn list(&self) -> Vec<KeyRecord> {
        self.records.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there is no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Whether whoever shows `key` may do what asks for `needed`.
    #[must_use]
    pub fn permit(&self, key: Option<&str>, needed: Role) -> Verdict {
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        if records.is_empty() && self.open_without_keys {
            return Verdict::Allowed;
        }
        let Some(key) = key.filter(|key| key.len() <= KEY_BYTES_MAX) else { return Verdict::Unknown };
        let hash = sha256_hex(key.as_bytes());
        // Comparing hashes of random keys tells nothing about the keys, however long it takes.
        match records.iter().find(|record| record.sha256 == hash) {
            Some(record) if record.role.covers(needed) => Verdict::Allowed,
            Some(record) => Verdict::Forbidden(record.role),
            None => Verdict::Unknown,
        }
    }

    /// Makes a key, keeps its hash, and returns the key, which nobody can find out again.
    pub fn add(&self, role: Role, name: &str, now: UnixMillis) -> Result<(KeyRecord, String), KeyError> {
        let key = format!("ak_{role}_{}", random_text()?);
        let sha256 = sha256_hex(key.as_bytes());
        let record = KeyRecord { id: sha256[..8].to_owned(), role, name: name.to_owned(), created_at: now, sha256 };
        self.change(|records| {
            records.push(record.clone());
            Ok(())
        })?;
        Ok((record, key))
    }

    /// Removes a key by its id.
    pub fn remove(&self, id: &str) -> Result<(), KeyError> {
        self.change(|records| {
            let at = records.iter().position(|record| record.id == id);
            let at = at.ok_or_else(|| KeyError::Unknown(id.to_owned()))?;
            records.remove(at);
            Ok(())
        })
    }

    fn change(&self, edit: impl FnOnce(&mut Vec<KeyRecord>) -> Result<(), KeyError>) -> Result<(), KeyError> {
        let mut records = read(&self.path)?;
        edit(&mut records)?;
        write(&self.path, &records)?;
        *self.records.write().unwrap_or_else(PoisonError::into_inner) = records;
        Ok(())
    }
}

/// 256 random bits as text.
pub(crate) fn random_text() -> Result<String, KeyError> {
    let mut bytes = [0_u8; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(KeyError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// SHA-256 in hexadecimal digits. Every request with a key asks for it, so no formatting machinery.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digest = Sha256::digest(bytes);
    digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|half| DIGITS[usize::from(half)]).collect()
}

fn file_error(path: &Path) -> impl Fn(std::io::Error) -> KeyError + '_ {
    |error| KeyError::File { path: path.display().to_string(), error }
}

fn read(path: &Path) -> Result<Vec<KeyRecord>, KeyError> {
    match std::fs::read(path) {
        Ok(bytes) => {
            serde_json::from_slice(&bytes).map_err(|error| KeyError::Format { path: path.display().to_string(), error })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(file_error(path)(error)),
    }
}

/// Written beside and moved into place, so that a reader never sees half of it.
fn write(path: &Path, records: &[KeyRecord]) -> Result<(), KeyError> {
    let failed = file_error(path);
    let text = serde_json::to_string_pretty(records)
        .map_err(|error| KeyError::Format { path: path.display().to_string(), error })?;
    write_private(path, text.as_bytes()).map_err(failed)
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    /// From FIPS 180-2, B.1.
    #[test]
    fn hashes_are_written_in_hexadecimal_digits() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_key_opens_what_its_role_covers_and_is_nowhere_on_disk() {
        let folder = folder();
        let keys = Keys::load(folder.path(), true).expect("no file yet");
        assert_eq!(keys.permit(None, Role::Admin), Verdict::Allowed);
        let (record, key) = keys.add(Role::Ingest, "backend", UnixMillis::default()).expect("added");
        assert_eq!(keys.permit(None, Role::Track), Verdict::Unknown);
        assert_eq!(keys.permit(Some(&key), Role::Track), Verdict::Allowed);
        assert_eq!(keys.permit(Some(&key), Role::Serve), Verdict::Forbidden(Role::Ingest));
        assert_eq!(keys.permit(Some("ak_ingest_guess"), Role::Track), Verdict::Unknown);
        let file = std::fs::read_to_string(folder.path().join(KEYS_FILE)).expect("written");
        assert!(!file.contains(&key) && file.contains(&record.sha256));
    }

    #[test]
    fn a_server_open_to_the_network_stays_closed_when_its_last_key_goes() {
        let folder = folder();
        let keys = Keys::load(folder.path(), false).expect("no file yet");
        let (record, key) = keys.add(Role::Admin, "", UnixMillis::default()).expect("added");
        keys.remove(&record.id).expect("removed");
        assert_eq!(keys.permit(Some(&key), Role::Track), Verdict::Unknown);
        assert!(matches!(keys.remove(&record.id), Err(KeyError::Unknown(_))));
    }

    #[test]
    fn another_process_adds_a_key_and_it_counts_after_a_reload() {
        let folder = folder();
        let server = Keys::load(folder.path(), true).expect("no file yet");
        let command = Keys::load(folder.path(), true).expect("no file yet");
        let (_, key) = command.add(Role::Serve, "", UnixMillis::default()).expect("added");
        server.reload().expect("read again");
        assert_eq!(server.permit(Some(&key), Role::Serve), Verdict::Allowed);
    }
}
