//! `{item: [attribute]}`: what is known of items, as one JSON object.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anklang_models::Csr;
use serde::Deserialize;

use super::names::{Names, Numbered};
use crate::load::lines::Input;
use crate::load::{LoadError, Place};

/// The largest file of attributes, in bytes: it is read whole.
pub const ATTRIBUTES_BYTES_MAX: u64 = 1 << 30;

/// An attribute as files write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Attribute {
    Number(i64),
    Text(String),
}

/// Items × attributes, and what the attributes are called, in the order of the items and then of each one's list.
pub(super) fn read(path: &Path, items: &Numbered) -> Result<(Csr, Vec<String>), LoadError> {
    let input = Input::open(path)?;
    let file = input.name.clone();
    let mut text = Vec::new();
    let read = input.bytes.take(ATTRIBUTES_BYTES_MAX + 1).read_to_end(&mut text);
    read.map_err(|error| LoadError::io(&file, &error))?;
    let bad = |line: u64, column: Option<u64>, what: String| LoadError::Broken {
        place: Place { file: file.clone(), line, column },
        what,
    };
    if text.len() as u64 > ATTRIBUTES_BYTES_MAX {
        return Err(bad(1, None, format!("longer than {ATTRIBUTES_BYTES_MAX} bytes")));
    }
    let lists: BTreeMap<String, Vec<Attribute>> = serde_json::from_slice(&text).map_err(|error| {
        let cut = if error.is_eof() { "the file is cut off: " } else { "" };
        let what = format!("{cut}{error}; {{\"item\": [attribute, …], …}} is needed");
        bad(error.line() as u64, Some(error.column() as u64), what)
    })?;
    let mut of_items = BTreeMap::new();
    for (name, attributes) in lists {
        let id = name.parse::<u64>().map_err(|_| bad(1, None, format!("the item {name:?} is not a whole number")))?;
        if let Some(item) = items.ix(id) {
            of_items.insert(item, attributes);
        }
    }
    let mut features = Names::default();
    let mut rows = vec![Vec::new(); items.names().len()];
    for (item, attributes) in of_items {
        for attribute in attributes {
            let feature = match attribute {
                Attribute::Number(number) => features.ix(&number.to_string()),
                Attribute::Text(text) => features.ix(&text),
            };
            let row: &mut Vec<(u32, f32)> = &mut rows[item as usize];
            if row.iter().all(|(known, _)| *known != feature) {
                row.push((feature, 1.0));
            }
        }
    }
    Ok((Csr::from_rows(features.len(), rows), features.into_vec()))
}
