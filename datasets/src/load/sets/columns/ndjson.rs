//! NDJSON: an object a line, its fields the columns.

use std::path::Path;

use serde_json::{Map, Value};

use super::{Cells, Taker};
use crate::load::LoadError;
use crate::load::lines::{Input, Lines};
use crate::load::sets::Options;
use crate::load::sets::rows::Rows;

/// Blank lines are skipped. The first object's fields are the columns: what it has, all must have.
pub(crate) fn read(path: &Path, options: &Options) -> Result<Rows, LoadError> {
    let mut lines = Lines::of(Input::open(path)?);
    let mut taker = Taker::new(options);
    let mut columns: Option<(Vec<String>, Cells<Option<usize>>)> = None;
    loop {
        let parsed = match lines.next_line()? {
            Some([]) => continue,
            Some(line) => serde_json::from_slice::<Map<String, Value>>(line),
            None => return taker.finish(path),
        };
        let object = parsed.map_err(|error| LoadError::Broken {
            place: lines.place(Some(error.column() as u64)),
            what: if error.is_eof() { "the line is cut off".to_owned() } else { format!("not an object: {error}") },
        })?;
        if columns.is_none() {
            let names: Vec<String> = object.keys().cloned().collect();
            let places = options.columns.places(&names);
            let places = places.map_err(|what| LoadError::Broken { place: lines.place(None), what })?;
            taker.expect(&places);
            columns = Some((names, places));
        }
        let Some((names, places)) = &columns else { continue };
        let name = |column: usize| places[column].and_then(|place| names.get(place)).map(String::as_str);
        let texts = [0, 1, 2, 3].map(|column| object.get(name(column)?).and_then(text));
        let cells = [0, 1, 2, 3].map(|column: usize| texts[column].as_deref());
        taker.row(&cells).map_err(|bad| {
            let field = name(bad.column).unwrap_or_default().to_owned();
            LoadError::Field { place: lines.place(None), field, what: bad.what }
        })?;
    }
}

/// A value as a cell; none where it is null, or no cell at all.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
