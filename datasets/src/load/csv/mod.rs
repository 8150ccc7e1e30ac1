//! CSV with a header: engagements, or items.

mod table;

use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::path::Path;

use anklang_domain::{Fact, UnixMillis};
use csv::StringRecord;

use self::table::Table;
use super::lines::{Input, LINE_BYTES_MAX, broken_at};
use super::{Load, LoadError, OnBad, Place, Progress, Report};

pub use self::table::Columns;

/// The most columns that are taken.
pub const COLUMNS_MAX: usize = 256;

/// Facts from CSV, plain or gzip, separated by comma, semicolon or tab, whichever the header has most of.
///
/// A header with `title` is a table of **items**: `id` (or `item`, `item_id`), `title`, `body`, `tags` (separated by `|`,
/// `;` or `,`), `category`, `author`, `created_at`, `language`, `kind`, `url`. Any other is a table of **engagements**:
/// `member` (or `user`, `member_id`, `user_id`), `item` (or `item_id`), `verb` (or `event`; `viewed` where there is none),
/// `at` (or `timestamp`, `time`), `value`, `id`. [`Columns`] names others. Columns with no meaning are kept as props.
///
/// Times are RFC 3339, or seconds or milliseconds since 1970. A row without a time needs [`Csv::at`].
///
/// The fact's id is the row's `id`; where there is none it is made from the row's content and how often that content
/// came before, so the same file twice adds nothing. This takes about 24 bytes a row.
///
/// ```
/// use anklang_datasets::load::{Csv, LoadError};
/// use anklang_domain::{Body, Fact};
///
/// let table = "user_id;item;event;timestamp;page\nana;42;liked;1534323600;2\n";
/// let facts: Vec<Fact> = Csv::of("likes.csv", std::io::Cursor::new(table))?.collect::<Result<_, _>>()?;
/// assert_eq!(facts[0].at.to_string(), "2018-08-15T09:00:00Z");
/// assert!(matches!(&facts[0].body, Body::Engaged(done) if done.props["page"] == "2"));
/// # Ok::<(), LoadError>(())
/// ```
pub struct Csv {
    reader: csv::Reader<Guard>,
    name: String,
    table: Table,
    record: StringRecord,
    /// How often a row of this content was read.
    seen: HashMap<u64, u32>,
    at: Option<UnixMillis>,
    report: Report,
    on_bad: OnBad,
    ended: bool,
}

impl Csv {
    /// Opens a file and reads its header.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        Self::over(Input::open(path)?, &Columns::default())
    }

    /// Opens a file whose columns have names of their own.
    pub fn open_with(path: &Path, columns: &Columns) -> Result<Self, LoadError> {
        Self::over(Input::open(path)?, columns)
    }

    /// Reads from anything; `name` is what errors call it.
    pub fn of(name: &str, input: impl Read + Send + 'static) -> Result<Self, LoadError> {
        Self::of_with(name, input, &Columns::default())
    }

    /// Reads from anything, with columns that have names of their own.
    pub fn of_with(name: &str, input: impl Read + Send + 'static, columns: &Columns) -> Result<Self, LoadError> {
        Self::over(Input::of(name.to_owned(), input, 0)?, columns)
    }

    fn over(input: Input, columns: &Columns) -> Result<Self, LoadError> {
        let name = input.name.clone();
        let mut reader = guarded(input);
        let header = reader.headers().map_err(|error| bad_row(&name, &error))?;
        let table = Table::of(header, columns).map_err(|(field, what)| {
            let place = Place { file: name.clone(), line: 1, column: None };
            LoadError::Field { place, field, what }
        })?;
        Ok(Self {
            reader,
            name,
            table,
            record: StringRecord::new(),
            seen: HashMap::new(),
            at: None,
            report: Report::default(),
            on_bad: OnBad::Stop,
            ended: false,
        })
    }

    /// What to do about a bad row; without this, [`OnBad::Stop`].
    #[must_use]
    pub fn on_bad(self, on_bad: OnBad) -> Self {
        Self { on_bad, ..self }
    }

    /// The time of rows that have none.
    #[must_use]
    pub fn at(self, at: UnixMillis) -> Self {
        Self { at: Some(at), ..self }
    }

    fn read(&mut self) -> Option<Result<Fact, LoadError>> {
        self.reader.get_mut().next_row();
        match self.reader.read_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => {
                let line = self.record.position().map_or(0, csv::Position::line);
                let fact = self.table.fact(&self.record, self.at, &mut self.seen);
                Some(fact.map_err(|(field, what)| {
                    let place = Place { file: self.name.clone(), line, column: None };
                    LoadError::Field { place, field, what }
                }))
            }
            Err(error) => Some(Err(bad_row(&self.name, &error))),
        }
    }
}

impl Iterator for Csv {
    type Item = Result<Fact, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read();
        self.ended = self.report.read(read.as_ref(), self.on_bad);
        read
    }
}

impl Load for Csv {
    fn report(&self) -> &Report {
        &self.report
    }

    fn progress(&self) -> Progress {
        self.reader.get_ref().input.progress()
    }
}

/// A reader of CSV with a header, of the delimiter that the header has most of.
pub(super) fn guarded(mut input: Input) -> csv::Reader<Guard> {
    let delimiter = delimiter(&mut input);
    let guard = Guard { input, left: LINE_BYTES_MAX };
    csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::Headers).from_reader(guard)
}

/// Feeds the CSV reader, and refuses to feed it a row without end: one whose quote is never closed.
pub(super) struct Guard {
    input: Input,
    left: usize,
}

impl Guard {
    /// The row that is read next may be as long as any.
    pub(super) fn next_row(&mut self) {
        self.left = LINE_BYTES_MAX;
    }
}

impl Read for Guard {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let room = buffer.len().min(self.left);
        let count = self.input.bytes.read(&mut buffer[..room])?;
        self.left -= count;
        Ok(count)
    }
}

fn delimiter(input: &mut Input) -> u8 {
    // An error here comes again with the header.
    let start = input.bytes.fill_buf().unwrap_or_default();
    let header = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| header.iter().filter(|byte| *byte == delimiter).count();
    // The last of equals wins, so a header without any is separated by commas.
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

pub(super) fn bad_row(name: &str, error: &csv::Error) -> LoadError {
    let line = error.position().map_or(1, csv::Position::line);
    let place = Place { file: name.to_owned(), line, column: None };
    let row = |what: String| LoadError::Field { place: place.clone(), field: "(the row)".to_owned(), what };
    match error.kind() {
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => LoadError::Broken {
            place,
            what: format!("a row is longer than {LINE_BYTES_MAX} bytes, or its quote is never closed"),
        },
        csv::ErrorKind::Io(error) => broken_at(place, error),
        csv::ErrorKind::Utf8 { err, .. } => row(format!("not UTF-8: {err}")),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            row(format!("has {len} fields; the header has {expected_len}"))
        }
        _ => row(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
