//! Tables of anybody's experiment: a row says of a unit in which arm it was and what it did.
//!
//! CSV (comma, semicolon or tab; plain or gzip) and Parquet, read in parallel, and only the columns that are asked for.
//! Out come [`Block`]s of **units**: where a unit has several rows, its numbers are added up. The answer does not depend on
//! how many threads there are.
//!
//! ```
//! use anklang_datasets::table::{Table, TableError, Wanted};
//!
//! let csv = "user,arm,paid\n1,a,2.5\n2,b,\n1,a,1\n3,b,4\n";
//! let wanted = Wanted { unit: Some("user".into()), variant: "arm".into(), numbers: vec!["paid".into()], ..Wanted::default() };
//! let table = Table::of("orders.csv", std::io::Cursor::new(csv), &wanted)?;
//! assert_eq!((table.rows, table.units(), table.arms), (4, 3, vec!["a".to_owned(), "b".to_owned()]));
//! # Ok::<(), TableError>(())
//! ```

mod cell;
mod csv;
mod day;
mod dictionary;
mod error;
mod header;
pub mod measure;
mod parquet;
mod rows;
mod source;
#[cfg(test)]
mod tests;
mod units;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use error::TableError;
pub(crate) use parquet::texts::Texts as ParquetTexts;

/// The most arms: more are hardly an experiment, rather the wrong column.
pub const ARMS_MAX: usize = 64;
/// The most different values of a label.
pub const LABELS_MAX: usize = 1_000;
/// The most columns of a file.
pub const COLUMNS_MAX: usize = 10_000;
/// The longest row of CSV in bytes: a longer one is a quote that was never closed.
pub const ROW_BYTES_MAX: usize = 1024 * 1024;
/// The most rows: what is kept of them must lie in memory, 10 bytes and 8 for each number.
pub const ROWS_MAX: u64 = 1_000_000_000;
/// The text of a label where the cell was empty.
pub const NO_LABEL: &str = "(none)";

/// Which columns are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Who was assigned; without it every row is a unit.
    pub unit: Option<String>,
    /// In which arm.
    pub variant: String,
    /// Numbers, `true`/`false` among them.
    pub numbers: Vec<String>,
    /// Texts by which units are told apart.
    pub labels: Vec<String>,
    /// Labels that are dates or times, read as the day (UTC where a time says no other).
    pub days: Vec<String>,
    /// Nothing but counts and moments, by arm and by each label, is asked: rows that are units are not kept.
    pub only_moments: bool,
}

/// A table of units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Rows read, without the header.
    pub rows: u64,
    /// Rows left out because they name no unit.
    pub rows_without_unit: u64,
    /// Rows left out because they name no arm.
    pub rows_without_variant: u64,
    /// Units left out because their rows are in several arms.
    pub units_in_several_arms: u64,
    /// Units whose rows differ in some label; the first row's holds.
    pub units_of_several_labels: u64,
    /// The arms' names in the order in which they first come.
    pub arms: Vec<String>,
    /// Of each label, and after them of each day, its values in the order in which they first come.
    pub labels: Vec<Vec<String>>,
    /// What the cells of each number were.
    pub cells: Vec<Cells>,
    /// The units; none where only their moments were kept.
    pub blocks: Vec<Block>,
    moments: Option<measure::Moments>,
}

/// What the cells of a column of numbers were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cells {
    /// Empty, or a word for nothing, or not finite.
    pub missing: u64,
    /// Numbers.
    pub numbers: u64,
    /// `true` or `false`.
    pub booleans: u64,
}

impl Cells {
    /// Whether all that is there is `true` or `false`. Then a unit is `true` if any of its rows is; numbers are added up.
    #[must_use]
    pub const fn boolean(&self) -> bool {
        self.booleans > 0 && self.numbers == 0
    }
}

/// Some units, column by column; all columns are as long.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Block {
    /// Each unit's arm, an index into [`Table::arms`].
    pub arms: Vec<u8>,
    /// Of each number, each unit's; NaN where all its cells are missing. Nothing else here is not finite, unless a sum
    /// is beyond 1.8e308.
    pub numbers: Vec<Vec<f64>>,
    /// Of each label and day, each unit's: an index into the values in [`Table::labels`].
    pub labels: Vec<Vec<u16>>,
}

impl Table {
    /// Reads a file: Parquet by its first bytes, else CSV, plain or gzip.
    pub fn open(path: &Path, wanted: &Wanted) -> Result<Self, TableError> {
        let name = path.display().to_string();
        let io = |error: std::io::Error| TableError::Io { file: name.clone(), what: error.to_string() };
        if path.is_dir() {
            return Err(TableError::Io { file: name, what: "is a folder; a file is needed".to_owned() });
        }
        let mut magic = Vec::new();
        File::open(path).map_err(io)?.take(source::MAGIC_BYTES).read_to_end(&mut magic).map_err(io)?;
        if magic.starts_with(parquet::MAGIC) {
            return parquet::read(path, &name, wanted);
        }
        Self::of(&name, File::open(path).map_err(io)?, wanted)
    }

    /// Reads CSV from anything; `name` is what errors call it.
    pub fn of(name: &str, input: impl Read + Send + 'static, wanted: &Wanted) -> Result<Self, TableError> {
        csv::read(name, Box::new(input), wanted)
    }

    /// How many units there are.
    #[must_use]
    pub fn units(&self) -> usize {
        match &self.moments {
            Some(moments) => moments.units(),
            None => self.blocks.iter().map(|block| block.arms.len()).sum(),
        }
    }
}
