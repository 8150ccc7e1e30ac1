//! Parquet: only the columns that are asked for, row groups and columns in parallel.

mod column;
mod pages;
pub(super) mod texts;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};
use rayon::prelude::*;

use self::column::{Chunk, Column, Failed};
use self::pages::Window;
use super::cell::SHOWN_CHARS_MAX;
use super::header::{Header, Role, Use};
use super::rows::{Rows, Seen};
use super::units::{Parts, moments, too_many_arms, too_many_labels};
use super::{ROWS_MAX, Table, TableError, Wanted};

/// What a Parquet file begins and ends with.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// Room that is made for a column before it is read; a damaged file may claim any size.
const COLUMN_BYTES_GUESS_MAX: usize = 64 * 1024 * 1024;

pub(super) fn read(path: &Path, name: &str, wanted: &Wanted) -> Result<Table, TableError> {
    let io = |error: std::io::Error| TableError::Io { file: name.to_owned(), what: error.to_string() };
    let file = File::open(path).map_err(io)?;
    let whole = ParquetMetaDataReader::new().parse_and_finish(&file).map_err(|error| damaged(name, &error))?;
    let leaves = whole.file_metadata().schema_descr().columns();
    let names = leaves.iter().map(|leaf| leaf.path().string()).collect();
    let header = Header::of(name, names, wanted)?;
    if let Some(list) = header.uses.iter().find(|used| leaves[used.column].max_rep_level() > 0) {
        let what = format!("column {:?} is a list; a single value a row is needed", header.names[list.column]);
        return Err(TableError::NotATable { file: name.to_owned(), what });
    }
    groups_hold(name, &whole)?;
    let reader = Reader { path, name, wanted, header, whole };
    let groups = 0..reader.whole.num_row_groups();
    if wanted.unit.is_some() {
        let parts = in_order(groups.into_par_iter().map(|group| reader.group(group).map(Rows::by_part)))?;
        return Parts::Units(parts).table(name, wanted);
    }
    if wanted.only_moments {
        let parts = in_order(groups.into_par_iter().map(|group| reader.group(group).map(moments)))?;
        return Parts::Moments(parts).table(name, wanted);
    }
    let parts = in_order(groups.into_par_iter().map(|group| reader.group(group)))?;
    Parts::Rows(parts).table(name, wanted)
}

/// Whether there are rows, not too many and as many as the file says, in columns that lie within it.
fn groups_hold(name: &str, whole: &ParquetMetaData) -> Result<(), TableError> {
    let rows = whole.file_metadata().num_rows();
    if rows == 0 {
        return Err(TableError::NotATable { file: name.to_owned(), what: "has columns, but no rows".to_owned() });
    }
    if u64::try_from(rows).is_ok_and(|rows| rows > ROWS_MAX) {
        return Err(TableError::TooMany { file: name.to_owned(), what: format!("has more than {ROWS_MAX} rows") });
    }
    let of_groups = whole.row_groups().iter().map(|group| group.num_rows());
    if of_groups.clone().any(|rows| rows < 0) || of_groups.fold(0_i64, i64::saturating_add) != rows {
        let what = "is damaged: its row groups have not as many rows as it says".to_owned();
        return Err(TableError::NotATable { file: name.to_owned(), what });
    }
    // The library itself stops the program at such a column.
    let outside = |column: &ColumnChunkMetaData| {
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        start < 0 || column.data_page_offset() < 0 || column.compressed_size() < 0
    };
    if whole.row_groups().iter().flat_map(|group| group.columns()).any(outside) {
        let what = "is damaged: a column lies before the file's beginning".to_owned();
        return Err(TableError::NotATable { file: name.to_owned(), what });
    }
    Ok(())
}

/// Everything, or the first error in the file's order, whichever thread met one first.
fn in_order<T: Send>(all: impl IndexedParallelIterator<Item = Result<T, TableError>>) -> Result<Vec<T>, TableError> {
    let all: Vec<Result<T, TableError>> = all.collect();
    all.into_iter().collect()
}

fn damaged(name: &str, error: &ParquetError) -> TableError {
    TableError::NotATable { file: name.to_owned(), what: format!("is cut off or damaged: {error}") }
}

fn bytes_of(path: &Path, name: &str, start: u64, length: u64) -> Result<Bytes, TableError> {
    let read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default().min(COLUMN_BYTES_GUESS_MAX));
        file.take(length).read_to_end(&mut bytes)?;
        Ok(Bytes::from(bytes))
    };
    read().map_err(|error: std::io::Error| TableError::Io { file: name.to_owned(), what: error.to_string() })
}

struct Reader<'a> {
    path: &'a Path,
    name: &'a str,
    wanted: &'a Wanted,
    header: Header,
    whole: ParquetMetaData,
}

impl Reader<'_> {
    fn group(&self, group: usize) -> Result<Rows, TableError> {
        let read = |used: &Use| self.column(group, used).map(|column| (used.role, column));
        let columns: Vec<_> = in_order(self.header.uses.par_iter().map(read))?;
        let count = usize::try_from(self.whole.row_group(group).num_rows()).unwrap_or_default();
        let mut rows = Rows::new(self.wanted, 0);
        rows.seen = Seen { rows: count as u64, ..rows.seen };
        let mut left_out = Vec::new();
        for (role, column) in columns {
            rows.put(role, column, &mut left_out);
        }
        if !left_out.is_empty() {
            rows.leave_out(&left_out);
        }
        Ok(rows)
    }

    fn column(&self, group: usize, used: &Use) -> Result<Column, TableError> {
        let (of_group, count) = (self.whole.row_group(group), self.whole.row_group(group).num_rows());
        let chunk = of_group.column(used.column);
        let (start, length) = chunk.byte_range();
        let bytes = bytes_of(self.path, self.name, start, length)?;
        let chunk =
            Chunk { window: Window::new(start, bytes), chunk, rows: usize::try_from(count).unwrap_or_default() };
        chunk.read(used.role).map_err(|failed| self.error(failed, group, used))
    }

    fn error(&self, failed: Failed, group: usize, used: &Use) -> TableError {
        let file = self.name.to_owned();
        let column = &self.header.names[used.column];
        match failed {
            Failed::Damaged(error) => damaged(self.name, &error),
            Failed::TooMany(texts) => match used.role {
                Role::Label(at) | Role::Day(at) => too_many_labels(&file, self.wanted, at),
                Role::Arm | Role::Unit | Role::Number(_) => too_many_arms(&file, self.wanted, &texts),
            },
            Failed::Kind(kind) => {
                let wanted = match used.role {
                    Role::Unit => "a unit",
                    Role::Arm | Role::Label(_) => "a name",
                    Role::Number(_) => "a number",
                    Role::Day(_) => "a date",
                };
                let what = format!("column {column:?} is of type {kind}, which cannot be read as {wanted}");
                TableError::NotATable { file, what }
            }
            Failed::Cell { row, text } => {
                let before: i64 = (0..group).map(|group| self.whole.row_group(group).num_rows()).sum();
                let what = match used.role {
                    Role::Day(_) => "no date (2018-08-15), time (RFC 3339) or Unix time",
                    Role::Unit | Role::Arm | Role::Number(_) | Role::Label(_) => "not a number",
                };
                let text: String = text.chars().take(SHOWN_CHARS_MAX).collect();
                let place = format!("{file}, row {}", before + row as i64 + 1);
                TableError::Row { place, what: format!("column {column:?}: {text:?} is {what}") }
            }
        }
    }
}

impl Rows {
    /// Takes in a whole column; rows that lack their unit or arm go to `left_out`.
    fn put(&mut self, role: Role, column: Column, left_out: &mut Vec<u32>) {
        match (role, column) {
            (Role::Unit, Column::Who { parts, keys, missing }) => {
                (self.parts, self.keys) = (parts, keys);
                self.seen.without_unit = missing.len() as u64;
                left_out.extend(missing);
            }
            (Role::Arm, Column::Texts { codes, texts, missing }) => {
                self.arms = codes.into_iter().map(|code| code as u8).collect();
                self.seen.arms = *texts;
                self.seen.without_arm = missing.len() as u64;
                left_out.extend(missing);
            }
            (Role::Label(at) | Role::Day(at), Column::Texts { codes, texts, .. }) => {
                (self.labels[at], self.seen.labels[at]) = (codes, *texts);
            }
            (Role::Number(at), Column::Numbers { numbers, cells }) => {
                (self.numbers[at], self.seen.cells[at]) = (numbers, cells);
            }
            // A column is read as its role asks.
            (Role::Unit | Role::Arm | Role::Number(_) | Role::Label(_) | Role::Day(_), _) => {}
        }
    }

    fn leave_out(&mut self, rows: &[u32]) {
        let mut keep = vec![true; self.arms.len()];
        rows.iter().for_each(|row| keep[*row as usize] = false);
        self.parts = kept(&self.parts, &keep);
        self.keys = kept(&self.keys, &keep);
        self.arms = kept(&self.arms, &keep);
        self.numbers.iter_mut().for_each(|column| *column = kept(column, &keep));
        self.labels.iter_mut().for_each(|column| *column = kept(column, &keep));
    }
}

fn kept<T: Copy>(column: &[T], keep: &[bool]) -> Vec<T> {
    column.iter().zip(keep).filter(|(_, keep)| **keep).map(|(value, _)| *value).collect()
}
