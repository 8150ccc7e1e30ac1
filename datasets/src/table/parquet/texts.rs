//! Columns as texts, row group after row group: for those who read any table, not one of an experiment.

use std::fs::File;
use std::path::{Path, PathBuf};

use anklang_domain::UnixMillis;
use bytes::Bytes;
use parquet::basic::Type as Physical;
use parquet::data_type::{BoolType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::column::{Chunk, Failed, Meaning};
use super::pages::Window;
use super::{TableError, bytes_of, damaged, groups_hold};

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// The place of a text that is missing.
const NONE: u32 = u32::MAX;

/// An opened file.
pub(crate) struct Texts {
    path: PathBuf,
    name: String,
    names: Vec<String>,
    whole: ParquetMetaData,
}

/// The texts of a column, and each row's place among them.
pub(crate) struct Placed {
    texts: Vec<Bytes>,
    places: Vec<u32>,
}

impl Placed {
    /// The text of a row; none where it is missing.
    pub(crate) fn get(&self, row: usize) -> Option<&[u8]> {
        self.texts.get(*self.places.get(row)? as usize).map(AsRef::as_ref)
    }
}

impl Texts {
    pub(crate) fn open(path: &Path) -> Result<Self, TableError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| TableError::Io { file: name.clone(), what: error.to_string() })?;
        let whole = ParquetMetaDataReader::new().parse_and_finish(&file).map_err(|error| damaged(&name, &error))?;
        groups_hold(&name, &whole)?;
        let leaves = whole.file_metadata().schema_descr().columns();
        let names = leaves.iter().map(|leaf| leaf.path().string()).collect();
        Ok(Self { path: path.to_owned(), name, names, whole })
    }

    /// The columns' names.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn groups(&self) -> usize {
        self.whole.num_row_groups()
    }

    /// How many rows a group has.
    pub(crate) fn rows(&self, group: usize) -> usize {
        usize::try_from(self.whole.row_group(group).num_rows()).unwrap_or_default()
    }

    /// A column of a group: numbers as they are written, moments in RFC 3339.
    pub(crate) fn column(&self, group: usize, column: usize) -> Result<Placed, TableError> {
        let chunk = self.whole.row_group(group).column(column);
        let refused = |what: String| TableError::NotATable {
            file: self.name.clone(),
            what: format!("column {:?} {what}", self.names[column]),
        };
        if chunk.column_descr().max_rep_level() > 0 {
            return Err(refused("is a list; a single value a row is needed".to_owned()));
        }
        let (start, length) = chunk.byte_range();
        let window = Window::new(start, bytes_of(&self.path, &self.name, start, length)?);
        let chunk = Chunk { window, chunk, rows: self.rows(group) };
        chunk.as_texts().map_err(|failed| match failed {
            Failed::Damaged(error) => damaged(&self.name, &error),
            Failed::Kind(kind) => refused(format!("is of type {kind}, which cannot be read as text")),
            Failed::TooMany(_) => refused("has too many different values".to_owned()),
            Failed::Cell { row, text } => refused(format!("row {}: {text:?} is no moment", row + 1)),
        })
    }
}

impl Chunk<'_> {
    fn as_texts(&self) -> Result<Placed, Failed> {
        let mut column = Column::new(self.meaning(), self.rows);
        match self.chunk.column_type() {
            Physical::BOOLEAN => self.each::<BoolType>(|value| column.push(value.map(bool::to_string)))?,
            Physical::INT32 => {
                self.each::<Int32Type>(|value| column.number(value.map(|value| i64::from(*value)), true))?
            }
            Physical::INT64 => self.each::<Int64Type>(|value| column.number(value.copied(), false))?,
            Physical::FLOAT => self.each::<FloatType>(|value| column.push(value.map(f32::to_string)))?,
            Physical::DOUBLE => self.each::<DoubleType>(|value| column.push(value.map(f64::to_string)))?,
            Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY if column.meaning == Meaning::Itself => {
                let (texts, places) = self.placed()?;
                return Ok(Placed { texts, places });
            }
            Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY | Physical::INT96 => return Err(self.kind()),
        }
        match column.bad {
            Some(row) => Err(Failed::Cell { row, text: "the number".to_owned() }),
            None => Ok(column.placed),
        }
    }
}

struct Column {
    meaning: Meaning,
    placed: Placed,
    /// The last number and its place: many rows have the same in a row.
    last: Option<(i64, u32)>,
    bad: Option<usize>,
}

impl Column {
    fn new(meaning: Meaning, rows: usize) -> Self {
        let placed = Placed { texts: Vec::new(), places: Vec::with_capacity(rows) };
        Self { meaning, placed, last: None, bad: None }
    }

    fn push(&mut self, text: Option<String>) {
        self.placed.places.push(text.as_ref().map_or(NONE, |_| self.placed.texts.len() as u32));
        self.placed.texts.extend(text.map(Bytes::from));
    }

    fn number(&mut self, number: Option<i64>, narrow: bool) {
        let Some(number) = number else { return self.push(None) };
        if let Some((_, place)) = self.last.filter(|(last, _)| *last == number) {
            return self.placed.places.push(place);
        }
        let text = match self.meaning {
            Meaning::Itself => Some(number.to_string()),
            Meaning::Unsigned if narrow => Some((number as u32).to_string()),
            Meaning::Unsigned => Some((number as u64).to_string()),
            Meaning::Decimal(scale) => Some((number as f64 / 10_f64.powi(scale)).to_string()),
            Meaning::Days => number.checked_mul(DAY_SECONDS * 1000).and_then(written),
            Meaning::Moments(second) => written(of_second(number, second)),
        };
        if text.is_none() {
            self.bad.get_or_insert(self.placed.places.len());
        }
        self.last = Some((number, self.placed.texts.len() as u32));
        self.push(Some(text.unwrap_or_default()));
    }
}

/// Milliseconds, of a number of which there are so many to a second.
const fn of_second(number: i64, second: i64) -> i64 {
    number.div_euclid(second / 1000)
}

fn written(ms: i64) -> Option<String> {
    UnixMillis::new(ms).ok().map(|moment| moment.to_string())
}
