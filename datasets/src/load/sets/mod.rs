//! Files as data sets, for models and their evaluation: see [`load`].

mod attributes;
mod catalogue;
mod cell;
mod checksum;
mod citeulike;
mod columns;
mod facts;
mod lists;
mod mind;
mod movielens;
mod names;
mod numbers;
mod rows;
mod stackexchange;
mod words;

use std::path::{Path, PathBuf};

use anklang_domain::Fact;
use anklang_models::{Log, MemberIx};
use serde::{Deserialize, Serialize};

pub use attributes::ATTRIBUTES_BYTES_MAX;
pub use catalogue::{CATALOGUE, Known, Match, Shape};
pub use cell::Unit;
pub use checksum::checksum;
pub use columns::{AT_NAMES, ITEM_NAMES, MEMBER_NAMES, SetColumns, WEIGHT_NAMES};
pub use facts::{INTERESTED_WEIGHT, REPLIED_WEIGHT};
pub use mind::BEHAVIOR_BYTES_MAX;
pub use movielens::RATING_MIN;
pub use numbers::NUMBERS_LINE_BYTES_MAX;
pub use rows::Weights;

use self::rows::Rows;
use super::LoadError;
use crate::dataset::{DataSet, Timed};

/// What a data set looks like on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A Stack Exchange dump: `Posts.xml` and others, see [`stackexchange`](super::stackexchange).
    StackExchange,
    /// MovieLens: `ratings.dat` and `movies.dat`, `ratings.csv` and `movies.csv`, or `u.data`.
    MovieLens,
    /// MIND: `behaviors.tsv` and `news.tsv`.
    Mind,
    /// `train.txt` and `test.txt`, lines of `user item item …`, without times: a split of its own.
    Lists,
    /// `sequences.txt`, lines of `user item item …` oldest first, and `item_attributes.json`.
    Sequences,
    /// `users.dat`, `item-tag.dat` and `tags.dat`, lines of `count id id …`.
    CiteULike,
    /// Facts, one a line, as `anklang export` writes them.
    Facts,
    /// CSV with a header: a row is a member, an item, perhaps a moment and a weight.
    Csv,
    /// The same as objects, one a line.
    Ndjson,
    /// The same as Parquet.
    Parquet,
}

/// A format, how it is called, and by which files it is known: the first of them, or any with these endings.
struct About {
    format: Format,
    name: &'static str,
    marks: &'static [&'static str],
    endings: &'static [&'static str],
    /// What else belongs to it, in the order in which it is read; `*` stands for the first file's ending.
    others: &'static [&'static str],
}

/// In the order in which files are held against them.
const FORMATS: [About; 10] = [
    About {
        format: Format::StackExchange,
        name: "stackexchange",
        marks: &["Posts.xml"],
        endings: &[],
        others: &["Users.xml", "Comments.xml", "Badges.xml", "Votes.xml"],
    },
    About {
        format: Format::MovieLens,
        name: "movielens",
        marks: &["ratings.dat", "ratings.csv", "u.data"],
        endings: &[],
        others: &["movies.*"],
    },
    About { format: Format::Mind, name: "mind", marks: &["behaviors.tsv"], endings: &[], others: &["news.tsv"] },
    About { format: Format::Lists, name: "lists", marks: &["train.txt"], endings: &[], others: &["test.txt"] },
    About {
        format: Format::Sequences,
        name: "sequences",
        marks: &["sequences.txt"],
        endings: &[],
        others: &["item_attributes.json"],
    },
    About {
        format: Format::CiteULike,
        name: "citeulike",
        marks: &["users.dat"],
        endings: &[],
        others: &["item-tag.dat", "tags.dat"],
    },
    About { format: Format::Facts, name: "facts", marks: &["facts.ndjson"], endings: &[], others: &[] },
    About { format: Format::Csv, name: "csv", marks: &[], endings: &["csv", "tsv", "csv.gz", "tsv.gz"], others: &[] },
    About {
        format: Format::Ndjson,
        name: "ndjson",
        marks: &[],
        endings: &["ndjson", "jsonl", "ndjson.gz", "jsonl.gz"],
        others: &[],
    },
    About { format: Format::Parquet, name: "parquet", marks: &[], endings: &["parquet"], others: &[] },
];

impl Format {
    /// Every format, in the order in which files are held against them.
    pub const ALL: [Self; FORMATS.len()] = [
        Self::StackExchange,
        Self::MovieLens,
        Self::Mind,
        Self::Lists,
        Self::Sequences,
        Self::CiteULike,
        Self::Facts,
        Self::Csv,
        Self::Ndjson,
        Self::Parquet,
    ];

    /// The format's name, as the command line has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.about().name
    }

    /// The format of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        FORMATS.iter().find(|about| about.name == name).map(|about| about.format)
    }

    fn about(self) -> &'static About {
        // Every format is among them: a test says so.
        FORMATS.iter().find(|about| about.format == self).unwrap_or(&FORMATS[0])
    }
}

/// How a data set is to be read; as a document, all that a saved run needs to read it again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// What it is called; without this, the name of its folder or file.
    pub name: Option<String>,
    /// What it looks like; without this, what its files tell.
    pub format: Option<Format>,
    /// What becomes of weights, such as ratings; without this, [`Weights::AsWritten`], and of MovieLens
    /// [`Weights::AtLeast`] [`RATING_MIN`].
    pub weights: Option<Weights>,
    /// What the columns of CSV, NDJSON and Parquet are called.
    pub columns: SetColumns,
    /// What a number is that stands for a moment; without this, what it looks like.
    pub unit: Option<Unit>,
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

/// Loads a data set from a folder or file, of the format that its files' names tell, or of the one that is named.
///
/// | what may be odd | what becomes of it |
/// |---|---|
/// | a member without items | kept, as a member of whom nothing is known; [`summary`](crate::summary) counts them |
/// | a member and item several times | several events; models take their weights together; the summary counts them |
/// | a negative weight | speaks against the item; where a pair's weights sum to 0 or less, models leave it out |
/// | a weight that is NaN, infinite or no number | an error with file, line and column |
/// | an id that is no number | fine, but in the formats of lines of numbers, where it is an error with file and line |
/// | a byte order mark, CRLF, no newline at the end, gzip | read as if it were not so |
/// | an empty file, one of another kind, without a column | an error that names file, column and the columns there are |
/// | bytes that are not UTF-8 | an error with file and line, but in MovieLens' `movies.dat`, which is Latin-1 |
/// | a file that is cut off | an error with file and line where the format can tell: by a count, an open element or quote, gzip, Parquet, JSON, fields that are missing. Lists and sequences cannot tell; there the checksum differs from the catalogue's |
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
    let files = Files::of(path, format);
    let first = files.first()?;
    let rows = |read: fn(&Path, &Options) -> Result<Rows, LoadError>| {
        let made = read(first, options)?.finish(|_| Default::default());
        made.map_err(|error| LoadError::Whole { file: first.display().to_string(), what: error.to_string() })
    };
    let parts = match format {
        Format::StackExchange => stackexchange::read(first.parent().unwrap_or(path)),
        Format::MovieLens => movielens::read(first, files.other(0), options),
        Format::Mind => mind::read(first, files.other(0)),
        Format::Lists => lists::split(first, files.other(0)),
        Format::Sequences => lists::sequences(first, files.other(0)),
        Format::CiteULike => citeulike::read(first, files.other(0), files.other(1)),
        Format::Facts => facts::read(first),
        Format::Csv => rows(columns::read_csv),
        Format::Ndjson => rows(columns::read_ndjson),
        Format::Parquet => rows(columns::read_parquet),
    }?;
    let checksum = checksum(&files.there())?;
    let of_path = || path.canonicalize().ok()?.file_stem().map(|name| name.to_string_lossy().into_owned());
    let name = options.name.clone().or_else(of_path).unwrap_or_else(|| path.display().to_string());
    let by_format = (format == Format::StackExchange).then_some("CC BY-SA (Stack Exchange)");
    Ok(DataSet {
        licence: Match::of(&name, &checksum).known().map(|known| known.licence).or(by_format),
        name,
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

/// The format that a folder's or file's names tell.
fn recognised(path: &Path) -> Result<Format, LoadError> {
    let file = path.display().to_string();
    let known = |about: &&About| match path.is_dir() {
        true => about.marks.iter().any(|mark| path.join(mark).is_file()),
        false => {
            let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
            about.marks.iter().any(|mark| name == mark.to_lowercase())
                || about.endings.iter().any(|ending| name.ends_with(&format!(".{ending}")))
        }
    };
    if !path.exists() {
        return Err(LoadError::Io { file, what: "not found".to_owned() });
    }
    let format = FORMATS.iter().find(known).map(|about| about.format).ok_or_else(|| {
        let known = FORMATS.iter().map(|about| {
            let endings = about.endings.iter().map(|ending| format!("*.{ending}"));
            let files =
                about.marks.iter().map(|mark| (*mark).to_owned()).chain(endings).collect::<Vec<_>>().join(" or ");
            format!("{} ({files})", about.name)
        });
        let what = format!("is of no format known here: {}; name one", known.collect::<Vec<_>>().join(", "));
        LoadError::Whole { file, what }
    })?;
    if format == Format::Ndjson && facts::begins(path)? { Ok(Format::Facts) } else { Ok(format) }
}

/// The files of a data set.
struct Files {
    path: PathBuf,
    first: Option<PathBuf>,
    others: Vec<Option<PathBuf>>,
}

impl Files {
    fn of(path: &Path, format: Format) -> Self {
        let about = format.about();
        let (folder, first) = match path.is_dir() {
            true => (path, about.marks.iter().map(|mark| path.join(mark)).find(|path| path.is_file())),
            false => (path.parent().unwrap_or(path), path.is_file().then(|| path.to_owned())),
        };
        let ending = first.as_deref().and_then(Path::extension).map(|ending| ending.to_string_lossy().into_owned());
        let ending = ending.unwrap_or_default();
        let other = |name: &&str| Some(folder.join(name.replace('*', &ending))).filter(|path| path.is_file());
        Self { path: path.to_owned(), first, others: about.others.iter().map(other).collect() }
    }

    fn first(&self) -> Result<&Path, LoadError> {
        let what = || LoadError::Io {
            file: self.path.display().to_string(),
            what: "the file to read is not there".to_owned(),
        };
        self.first.as_deref().ok_or_else(what)
    }

    /// One of the other files that belong to the format, where it is there.
    fn other(&self, place: usize) -> Option<&Path> {
        self.others.get(place)?.as_deref()
    }

    fn there(&self) -> Vec<PathBuf> {
        self.first.iter().chain(self.others.iter().flatten()).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
