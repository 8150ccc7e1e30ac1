//! CSV with a header.

use std::path::Path;

use csv::StringRecord;

use super::{Cells, Taker};
use crate::load::csv::{bad_row, guarded};
use crate::load::lines::Input;
use crate::load::sets::Options;
use crate::load::sets::rows::Rows;
use crate::load::{LoadError, Place};

pub(crate) fn read(path: &Path, options: &Options) -> Result<Rows, LoadError> {
    let input = Input::open(path)?;
    let file = input.name.clone();
    let mut reader = guarded(input);
    let header = reader.headers().map_err(|error| bad_row(&file, &error))?;
    let names: Vec<String> = header.iter().map(str::to_owned).collect();
    if names.is_empty() {
        return Err(LoadError::Whole { file, what: "is empty; a header and rows are needed".to_owned() });
    }
    let place = |line: u64| Place { file: file.clone(), line, column: None };
    let places = options.columns.places(&names).map_err(|what| LoadError::Broken { place: place(1), what })?;
    let mut taker = Taker::new(options);
    taker.expect(&places);
    let mut record = StringRecord::new();
    loop {
        reader.get_mut().next_row();
        if !reader.read_record(&mut record).map_err(|error| bad_row(&file, &error))? {
            return taker.finish(path);
        }
        let cells: Cells<Option<&str>> = places.map(|column| record.get(column?));
        taker.row(&cells).map_err(|bad| LoadError::Field {
            place: place(record.position().map_or(0, csv::Position::line)),
            field: places[bad.column].and_then(|column| names.get(column)).cloned().unwrap_or_default(),
            what: bad.what,
        })?;
    }
}
