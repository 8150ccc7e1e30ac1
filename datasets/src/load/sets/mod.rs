//! Files as data sets, for models and their evaluation: see [`load`].

mod attributes;
mod checksum;
mod citeulike;
mod facts;
mod lists;
mod names;
mod numbers;
mod stackexchange;
mod words;

use std::path::{Path, PathBuf};

use anklang_domain::Fact;
use anklang_models::{Log, MemberIx};

pub use attributes::ATTRIBUTES_BYTES_MAX;
pub use checksum::checksum;
pub use facts::{INTERESTED_WEIGHT, REPLIED_WEIGHT};
pub use numbers::NUMBERS_LINE_BYTES_MAX;

use super::LoadError;
use crate::dataset::{DataSet, Timed};

/// What a data set looks like on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A Stack Exchange dump: `Posts.xml` and others, see [`stackexchange`](super::stackexchange).
    StackExchange,
    /// `train.txt` and `test.txt`, lines of `user item item …`, without times: a split of its own.
    Lists,
    /// `sequences.txt`, lines of `user item item …` oldest first, and `item_attributes.json`.
    Sequences,
    /// `users.dat`, `item-tag.dat` and `tags.dat`, lines of `count id id …`.
    CiteULike,
}

impl Format {
    /// Every format, in the order in which a folder is held against them.
    pub const ALL: [Self; 4] = [Self::StackExchange, Self::Lists, Self::Sequences, Self::CiteULike];

    /// The format's name, as the command line has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StackExchange => "stackexchange",
            Self::Lists => "lists",
            Self::Sequences => "sequences",
            Self::CiteULike => "citeulike",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// The file by which a folder of this format is known.
    const fn mark(self) -> &'static str {
        match self {
            Self::StackExchange => "Posts.xml",
            Self::Lists => "train.txt",
            Self::Sequences => "sequences.txt",
            Self::CiteULike => "users.dat",
        }
    }
}

/// How a data set is to be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// What it is called; without this, the name of its folder or file.
    pub name: Option<String>,
    /// What it looks like; without this, what its files tell.
    pub format: Option<Format>,
}

/// What a reader makes of files.
#[derive(Debug)]
struct Parts {
    timed: Timed,
    log: Log,
    given: Option<Log>,
    members: Vec<String>,
    items: Vec<String>,
    features: Vec<String>,
    nobodies: Vec<MemberIx>,
    facts: Vec<Fact>,
}

impl Parts {
    fn new(timed: Timed, log: Log, members: Vec<String>, items: Vec<String>) -> Self {
        let (features, nobodies, facts) = (Vec::new(), Vec::new(), Vec::new());
        Self { timed, log, given: None, members, items, features, nobodies, facts }
    }
}

/// Loads a data set from a folder or file.
///
/// A member without items is kept, as a member of whom nothing is known. A pair of member and item that comes several
/// times is kept as several events; models take their weights together.
///
/// ```no_run
/// use anklang_datasets::load::{LoadError, Options, load};
///
/// let gowalla = load("data/gowalla".as_ref(), &Options::default())?;
/// println!("{}: {} members", gowalla.name, gowalla.log.members());
/// # Ok::<(), LoadError>(())
/// ```
pub fn load(path: &Path, options: &Options) -> Result<DataSet, LoadError> {
    let format = match options.format {
        Some(format) => format,
        None => recognised(path)?,
    };
    let files = Files::of(path, format)?;
    let parts = match format {
        Format::StackExchange => stackexchange::read(files.first()?.parent().unwrap_or(path)),
        Format::Lists => lists::split(files.first()?, files.optional(1)),
        Format::Sequences => lists::sequences(files.first()?, files.optional(1)),
        Format::CiteULike => citeulike::read(files.first()?, files.optional(1), files.optional(2)),
    }?;
    let checksum = checksum(&files.there())?;
    let of_path = || path.canonicalize().ok()?.file_stem().map(|name| name.to_string_lossy().into_owned());
    Ok(DataSet {
        name: options.name.clone().or_else(of_path).unwrap_or_else(|| path.display().to_string()),
        licence: None,
        checksum,
        timed: parts.timed,
        log: parts.log,
        given: parts.given,
        members: parts.members,
        items: parts.items,
        features: parts.features,
        nobodies: parts.nobodies,
        facts: parts.facts,
    })
}

fn recognised(path: &Path) -> Result<Format, LoadError> {
    let there = |format: &Format| match path.is_dir() {
        true => path.join(format.mark()).is_file(),
        false => path.file_name().is_some_and(|name| name.to_string_lossy() == format.mark()),
    };
    Format::ALL.into_iter().find(there).ok_or_else(|| {
        let marks = Format::ALL.map(|format| format!("{} ({})", format.mark(), format.as_str())).join(", ");
        let what =
            if path.exists() { format!("holds none of {marks}; name the format") } else { "not found".to_owned() };
        LoadError::Io { file: path.display().to_string(), what }
    })
}

/// The files of a data set, in the order in which they are read.
struct Files {
    path: PathBuf,
    files: Vec<Option<PathBuf>>,
}

impl Files {
    fn of(path: &Path, format: Format) -> Result<Self, LoadError> {
        let (folder, first) = match path.is_dir() {
            true => (path, path.join(format.mark())),
            false => (path.parent().unwrap_or(path), path.to_owned()),
        };
        let others: &[&str] = match format {
            // In the order in which they are read.
            Format::StackExchange => &["Users.xml", "Comments.xml", "Badges.xml", "Votes.xml"],
            Format::Lists => &["test.txt"],
            Format::Sequences => &["item_attributes.json"],
            Format::CiteULike => &["item-tag.dat", "tags.dat"],
        };
        let other = |name: &&str| Some(folder.join(name)).filter(|path| path.is_file());
        let files = std::iter::once(Some(first)).chain(others.iter().map(other)).collect();
        Ok(Self { path: path.to_owned(), files })
    }

    fn first(&self) -> Result<&Path, LoadError> {
        let what = || LoadError::Io { file: self.path.display().to_string(), what: "not found".to_owned() };
        self.optional(0).ok_or_else(what)
    }

    fn optional(&self, place: usize) -> Option<&Path> {
        self.files.get(place)?.as_deref()
    }

    fn there(&self) -> Vec<PathBuf> {
        self.files.iter().flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
