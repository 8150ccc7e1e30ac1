//! Configuration: `anklang.toml`, then the environment, then flags; what comes later wins. One table holds every
//! setting, so that each can be set in all three ways and none can be misspelt in silence.

mod env;
mod file;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anklang_domain::UnixMillis;

use crate::nearest::nearest;

/// The file that is read where no other is named, if it is there.
pub const CONFIG_FILE: &str = "anklang.toml";
/// Where facts are kept.
pub const DATA_DEFAULT: &str = "./anklang-data";
/// Where the server listens.
pub const LISTEN_DEFAULT: &str = "127.0.0.1:8080";
/// What is logged.
pub const LOG_DEFAULT: &str = "info,actix_server=warn";

/// Bounds of the server, each with its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Threads that answer requests.
    pub workers: usize,
    /// Open connections, for each worker.
    pub connections_max: usize,
    /// Requests that are answered at the same time; one more gets 503.
    pub requests_in_flight_max: usize,
    /// Streams of flag changes that are open at the same time; one more gets 503. Each is a connection, too, and a file to
    /// the operating system.
    pub streams_max: usize,
    /// Bytes of a batch of items, unpacked.
    pub batch_bytes_max: usize,
    /// Facts that wait for the journal; one more gets 429.
    pub queue_facts_max: usize,
    /// Seconds that a request's body may take to arrive whole.
    pub body_seconds_max: u64,
    /// Minutes between snapshots, which make the next start quick; 0 takes one at the end only.
    pub snapshot_minutes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            connections_max: 10_000,
            requests_in_flight_max: 1_024,
            streams_max: 10_000,
            batch_bytes_max: 32 << 20,
            queue_facts_max: 100_000,
            body_seconds_max: 30,
            snapshot_minutes: 15,
        }
    }
}

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The moment at which the clock stands still.
    pub as_of: Option<UnixMillis>,
    /// What is logged, as `tracing` filters are written.
    pub log: String,
    /// Whether the log is JSON.
    pub log_json: bool,
    /// Bounds.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from(DATA_DEFAULT),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            as_of: None,
            log: LOG_DEFAULT.to_owned(),
            log_json: false,
            limits: Limits::default(),
        }
    }
}

/// A setting that is not right, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}")]
pub struct ConfigError {
    /// The file and line, the variable, or the flag.
    pub place: String,
    /// What is wrong and what would be right.
    pub why: String,
}

type Set = fn(&mut Config, &str) -> Result<(), String>;

/// Every setting: its key in the file, what it is for, and how it is read. In the environment, `limits.workers` is
/// `ANKLANG_LIMITS_WORKERS`.
const SETTINGS: &[(&str, Set)] = &[
    ("data", |config, text| keep(&mut config.data, text, "a folder")),
    ("listen", |config, text| keep(&mut config.listen, text, "an address with its port, such as 127.0.0.1:8080")),
    ("as_of", |config, text| {
        config.as_of = Some(UnixMillis::parse(text).map_err(|error| error.to_string())?);
        Ok(())
    }),
    ("log", |config, text| keep(&mut config.log, text, "a filter, such as info")),
    ("log_json", |config, text| keep(&mut config.log_json, text, "true or false")),
    ("limits.workers", |config, text| at_least_one(&mut config.limits.workers, text)),
    ("limits.connections_max", |config, text| at_least_one(&mut config.limits.connections_max, text)),
    ("limits.requests_in_flight_max", |config, text| at_least_one(&mut config.limits.requests_in_flight_max, text)),
    ("limits.streams_max", |config, text| at_least_one(&mut config.limits.streams_max, text)),
    ("limits.batch_bytes_max", |config, text| at_least_one(&mut config.limits.batch_bytes_max, text)),
    ("limits.queue_facts_max", |config, text| at_least_one(&mut config.limits.queue_facts_max, text)),
    ("limits.body_seconds_max", |config, text| {
        keep(&mut config.limits.body_seconds_max, text, "a whole number of seconds")
    }),
    ("limits.snapshot_minutes", |config, text| {
        keep(&mut config.limits.snapshot_minutes, text, "a whole number of minutes")
    }),
];

fn keep<T: std::str::FromStr>(place: &mut T, text: &str, what: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("must be {what}, not empty"));
    }
    *place = text.trim().parse().map_err(|_| format!("{text:?} is not {what}"))?;
    Ok(())
}

fn at_least_one(place: &mut usize, text: &str) -> Result<(), String> {
    keep(place, text, "a whole number from 1")?;
    if *place == 0 { Err("must be at least 1".to_owned()) } else { Ok(()) }
}

impl Config {
    /// Reads the file (a named one must be there) and the environment. Flags are put on top by [`Config::set`].
    pub fn load(named: Option<&Path>, variables: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        let path = named.unwrap_or(Path::new(CONFIG_FILE));
        match std::fs::read_to_string(path) {
            Ok(text) => file::apply(&mut config, &text, &path.display().to_string())?,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(ConfigError { place: path.display().to_string(), why: error.to_string() });
            }
        }
        env::apply(&mut config, variables)?;
        Ok(config)
    }

    /// Sets one setting by its key.
    pub fn set(&mut self, key: &str, text: &str, place: &str) -> Result<(), ConfigError> {
        let wrong = |why: String| ConfigError { place: place.to_owned(), why };
        let Some((_, set)) = SETTINGS.iter().find(|(known, _)| *known == key) else {
            return Err(wrong(unknown(key)));
        };
        set(self, text).map_err(|why| wrong(format!("{key}: {why}")))
    }
}

fn unknown(key: &str) -> String {
    match nearest(key, SETTINGS.iter().map(|(known, _)| *known)) {
        Some(right) => format!("there is no setting {key:?}; did you mean {right}?"),
        None => format!(
            "there is no setting {key:?}; there are {}",
            SETTINGS.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("anklang.toml");
        std::fs::write(&path, file).expect("written");
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(Some(&path), variables)
    }

    #[test]
    fn what_comes_later_wins() {
        let file = "listen = \"127.0.0.1:1\"\ndata = \"a\"\n[limits]\nworkers = 3\n";
        let mut config = load(
            file,
            &[
                ("ANKLANG_DATA_DIR", "b"),
                ("ANKLANG_DATA", "not a setting"),
                ("ANKLANG_LIMITS_WORKERS", "4"),
                ("PATH", "x"),
            ],
        )
        .expect("good");
        config.set("data", "c", "--data").expect("good");
        assert_eq!((config.data.as_path(), config.limits.workers), (Path::new("c"), 4));
        assert_eq!(config.listen.port(), 1);
    }

    #[test]
    fn a_misspelt_setting_is_told_its_line_and_the_right_name() {
        let why = |file: &str| load(file, &[]).expect_err("wrong").to_string();
        let told = why("data = \"a\"\n\n[limits]\nworker = 3\n");
        assert!(told.contains("anklang.toml, line 4") && told.contains("did you mean limits.workers?"), "{told}");
        let told = why("as_of = \"yesterday\"\n");
        assert!(told.contains("line 1") && told.contains("RFC 3339"), "{told}");
        assert!(why("limits = 3\n").contains("limits"));
        assert!(why("data = [1]\n").contains("line 1"));
        assert!(why("data = \n").contains("line 1"));
        assert!(why("[limits]\nworkers = 0").contains("at least 1"));
        let told = load("", &[("ANKLANG_LISTN", "x")]).expect_err("wrong").to_string();
        assert!(told.contains("ANKLANG_LISTN") && told.contains("ANKLANG_LISTEN"), "{told}");
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        assert!(Config::load(Some(Path::new("/nowhere/x.toml")), std::iter::empty()).is_err());
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = Config::default();
        assert_eq!(config.listen.to_string(), LISTEN_DEFAULT);
        assert_eq!(config.data, Path::new(DATA_DEFAULT));
    }
}
