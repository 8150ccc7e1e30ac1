//! Parquet.

use std::path::Path;

use super::{Cells, Taker};
use crate::load::sets::Options;
use crate::load::sets::rows::Rows;
use crate::load::{LoadError, Place};
use crate::table::{ParquetTexts, TableError};

/// The line of an error is the row, from 1.
pub(crate) fn read(path: &Path, options: &Options) -> Result<Rows, LoadError> {
    let file = path.display().to_string();
    let whole = |what: String| LoadError::Whole { file: file.clone(), what };
    let table = ParquetTexts::open(path).map_err(of_table)?;
    let places = options.columns.places(table.names()).map_err(whole)?;
    let mut taker = Taker::new(options);
    taker.expect(&places);
    let mut row = 0;
    for group in 0..table.groups() {
        let read = |column: Option<usize>| column.map(|column| table.column(group, column)).transpose();
        let [member, item, at, weight] = places.map(read);
        let columns = [member, item, at, weight].into_iter().collect::<Result<Vec<_>, _>>().map_err(of_table)?;
        for place in 0..table.rows(group) {
            row += 1;
            let bad = |column: usize, what: String| {
                let place = Place { file: file.clone(), line: row, column: None };
                let field = places[column].and_then(|column| table.names().get(column)).cloned().unwrap_or_default();
                LoadError::Field { place, field, what }
            };
            let mut cells: Cells<Option<&str>> = [None; 4];
            for (column, of_column) in columns.iter().enumerate() {
                let Some(bytes) = of_column.as_ref().and_then(|texts| texts.get(place)) else { continue };
                let text = std::str::from_utf8(bytes).map_err(|error| bad(column, format!("not UTF-8: {error}")))?;
                cells[column] = Some(text);
            }
            taker.row(&cells).map_err(|error| bad(error.column, error.what))?;
        }
    }
    taker.finish(path)
}

fn of_table(error: TableError) -> LoadError {
    match error {
        TableError::Io { file, what } => LoadError::Io { file, what },
        TableError::NotATable { file, what } | TableError::TooMany { file, what } => LoadError::Whole { file, what },
        TableError::Row { place, what } => LoadError::Whole { file: place, what },
        other @ (TableError::NoColumn { .. } | TableError::TwiceColumn { .. }) => {
            LoadError::Whole { file: String::new(), what: other.to_string() }
        }
    }
}
