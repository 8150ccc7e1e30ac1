//! From rows to units.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rayon::prelude::*;

use super::dictionary::{Code, Dictionary};
use super::measure::Moments;
use super::rows::{ByPart, PARTS, Rows, Seen};
use super::{ARMS_MAX, Block, Cells, LABELS_MAX, NO_LABEL, Table, TableError, Wanted};

/// How a file's parts name arms and labels, in the whole's codes.
struct Codes {
    arms: Vec<u8>,
    labels: Vec<Vec<Code>>,
}

/// The parts of a file, in the file's order.
pub(super) enum Parts {
    /// A row is a unit.
    Rows(Vec<Rows>),
    /// A row is a unit, and only moments are wanted.
    Moments(Vec<(Moments, Seen)>),
    /// A unit may have many rows.
    Units(Vec<ByPart>),
}

/// The moments of a part of the file, in its own codes; its rows go, so that the next part finds their room in the cache.
pub(super) fn moments(rows: Rows) -> (Moments, Seen) {
    let names = |texts: &Dictionary| vec![String::new(); texts.texts().count()];
    let block = Block { arms: rows.arms, numbers: rows.numbers, labels: rows.labels };
    let table = Table {
        arms: names(&rows.seen.arms),
        labels: rows.seen.labels.iter().map(names).collect(),
        blocks: vec![block],
        ..Table::default()
    };
    (Moments::of(&table), rows.seen)
}

impl Parts {
    pub(super) fn table(self, file: &str, wanted: &Wanted) -> Result<Table, TableError> {
        match self {
            Self::Rows(mut parts) => {
                let seen = parts.iter_mut().map(|part| std::mem::take(&mut part.seen)).collect();
                let (mut table, codes) = whole(file, wanted, seen)?;
                table.blocks = parts.into_par_iter().zip(codes).map(|(part, codes)| block(part, &codes)).collect();
                Ok(table)
            }
            Self::Moments(parts) => {
                let (parts, seen): (Vec<Moments>, Vec<Seen>) = parts.into_iter().unzip();
                let (mut table, codes) = whole(file, wanted, seen)?;
                let values: Vec<usize> = table.labels.iter().map(Vec::len).collect();
                let mut all = Moments::none(table.arms.len(), &values, wanted.numbers.len());
                for (part, codes) in parts.iter().zip(codes) {
                    all.merge(part, &codes.arms, &codes.labels);
                }
                table.moments = Some(all);
                Ok(table)
            }
            Self::Units(mut parts) => {
                let seen = parts.iter_mut().map(|part| std::mem::take(&mut part.seen)).collect();
                let (mut table, codes) = whole(file, wanted, seen)?;
                let days_from = wanted.labels.len();
                let orders: Vec<Vec<Code>> = table.labels[days_from..].iter().map(|days| ranks(days)).collect();
                let cells = &table.cells;
                let join = |part| join(&parts, &codes, part, cells, days_from, &orders);
                let joined: Vec<(Block, Odd)> = (0..PARTS).into_par_iter().map(join).collect();
                for (block, odd) in joined {
                    table.units_in_several_arms += odd.several_arms;
                    table.units_of_several_labels += odd.several_labels;
                    table.blocks.push(block);
                }
                Ok(table)
            }
        }
    }
}

/// What is known of all parts together, and each part's codes in it.
fn whole(file: &str, wanted: &Wanted, seen: Vec<Seen>) -> Result<(Table, Vec<Codes>), TableError> {
    let labels = wanted.labels.len() + wanted.days.len();
    let mut table = Table { cells: vec![Cells::default(); wanted.numbers.len()], ..Table::default() };
    let mut arms = Dictionary::default();
    let mut texts: Vec<Dictionary> = (0..labels).map(|_| Dictionary::default()).collect();
    let mut codes = Vec::with_capacity(seen.len());
    for part in seen {
        table.rows += part.rows;
        table.rows_without_unit += part.without_unit;
        table.rows_without_variant += part.without_arm;
        for (sum, cells) in table.cells.iter_mut().zip(part.cells) {
            sum.missing += cells.missing;
            sum.numbers += cells.numbers;
            sum.booleans += cells.booleans;
        }
        let of_arms = arms.merge(&part.arms, ARMS_MAX).ok_or_else(|| too_many_arms(file, wanted, &arms))?;
        let of_labels =
            texts.iter_mut().zip(&part.labels).enumerate().map(|(at, (whole, part))| {
                whole.merge(part, LABELS_MAX).ok_or_else(|| too_many_labels(file, wanted, at))
            });
        let of_labels = of_labels.collect::<Result<Vec<_>, _>>()?;
        codes.push(Codes { arms: of_arms.into_iter().map(|code| code as u8).collect(), labels: of_labels });
    }
    let text = |bytes: &[u8]| {
        let not =
            |_| TableError::NotATable { file: file.to_owned(), what: "is not UTF-8: save it as UTF-8".to_owned() };
        std::str::from_utf8(bytes).map(str::to_owned).map_err(not)
    };
    table.arms = arms.texts().map(text).collect::<Result<_, _>>()?;
    let named = |bytes: &[u8]| if bytes.is_empty() { Ok(NO_LABEL.to_owned()) } else { text(bytes) };
    table.labels = texts.iter().map(|texts| texts.texts().map(named).collect()).collect::<Result<_, _>>()?;
    Ok((table, codes))
}

pub(super) fn too_many_arms(file: &str, wanted: &Wanted, arms: &Dictionary) -> TableError {
    let first = arms.texts().take(3).map(|text| format!("{:?}", String::from_utf8_lossy(text))).collect::<Vec<_>>();
    let what = format!(
        "column {:?} has more than {ARMS_MAX} values, such as {}: is it the variant?",
        wanted.variant,
        first.join(", ")
    );
    TableError::TooMany { file: file.to_owned(), what }
}

pub(super) fn too_many_labels(file: &str, wanted: &Wanted, at: usize) -> TableError {
    let name = wanted.labels.iter().chain(&wanted.days).nth(at).map_or("", String::as_str);
    let what = format!("column {name:?} has more than {LABELS_MAX} values; group them first");
    TableError::TooMany { file: file.to_owned(), what }
}

fn block(rows: Rows, codes: &Codes) -> Block {
    let mut block = Block { arms: rows.arms, numbers: rows.numbers, labels: rows.labels };
    block.arms.iter_mut().for_each(|arm| *arm = codes.arms[usize::from(*arm)]);
    for (column, codes) in block.labels.iter_mut().zip(&codes.labels) {
        column.iter_mut().for_each(|code| *code = codes[usize::from(*code)]);
    }
    block
}

/// The place of each day in the order of time; a missing one comes last.
fn ranks(days: &[String]) -> Vec<Code> {
    let mut order: Vec<usize> = (0..days.len()).collect();
    order.sort_by_key(|day| (days[*day] == NO_LABEL, &days[*day]));
    let mut ranks = vec![0; days.len()];
    for (rank, day) in order.into_iter().enumerate() {
        ranks[day] = rank as Code;
    }
    ranks
}

/// Units that are not as they should be.
#[derive(Debug, Clone, Copy, Default)]
struct Odd {
    several_arms: u64,
    several_labels: u64,
}

/// The units of one part of all.
fn join(
    parts: &[ByPart],
    codes: &[Codes],
    part: usize,
    cells: &[Cells],
    days_from: usize,
    orders: &[Vec<Code>],
) -> (Block, Odd) {
    let ranges = || {
        parts.iter().zip(codes).map(|(rows, codes)| {
            let range = rows.bounds[part] as usize..rows.bounds[part + 1] as usize;
            (rows, codes, range)
        })
    };
    let rows = ranges().map(|(_, _, range)| range.len()).sum();
    let found = Found::of(ranges().flat_map(|(rows, _, range)| &rows.keys[range]), rows);
    let mut arms = vec![None; found.count];
    let mut several = vec![false; found.count];
    let mut unit = found.units.iter();
    for (rows, codes, range) in ranges() {
        for (arm, unit) in rows.arms[range].iter().zip(&mut unit) {
            let arm = codes.arms[usize::from(*arm)];
            several[*unit as usize] |= *arms[*unit as usize].get_or_insert(arm) != arm;
        }
    }
    let numbers = cells.iter().enumerate().map(|(at, cells)| {
        let values = ranges().flat_map(|(rows, _, range)| &rows.numbers[at][range]);
        added_up(values, &found, cells.boolean())
    });
    let numbers: Vec<Vec<f64>> = numbers.collect();
    let mut differ = vec![false; found.count];
    let columns = parts.first().map_or(0, |rows| rows.labels.len());
    let labels = (0..columns).map(|at| {
        let values = ranges().flat_map(|(rows, codes, range)| {
            rows.labels[at][range].iter().map(|code| codes.labels[at][usize::from(*code)])
        });
        match at.checked_sub(days_from) {
            Some(day) => earliest(values, &found, &orders[day]),
            None => first(values, &found, &mut differ),
        }
    });
    let labels: Vec<Vec<Code>> = labels.collect();
    let odd = Odd { several_arms: count(&several), several_labels: count(&differ) };
    let arms = arms.into_iter().map(Option::unwrap_or_default).collect();
    let mut block = Block { arms, numbers, labels };
    if odd.several_arms > 0 {
        block.arms = without(block.arms, &several);
        block.numbers = block.numbers.into_iter().map(|column| without(column, &several)).collect();
        block.labels = block.labels.into_iter().map(|column| without(column, &several)).collect();
    }
    (block, odd)
}

fn count(flags: &[bool]) -> u64 {
    flags.iter().filter(|flag| **flag).count() as u64
}

fn without<T: Copy>(column: Vec<T>, left_out: &[bool]) -> Vec<T> {
    column.into_iter().zip(left_out).filter(|(_, out)| !**out).map(|(value, _)| value).collect()
}

/// Which unit each row is of, counted in the order in which they first come.
struct Found {
    units: Vec<u32>,
    count: usize,
}

impl Found {
    fn of<'a>(keys: impl Iterator<Item = &'a u64>, rows: usize) -> Self {
        let mut known: Vec<u64> = Vec::with_capacity(rows);
        let mut table: HashTable<u32> = HashTable::with_capacity(rows);
        // The uppermost bits of a whole number's key say its part and are the same here.
        let hash = |key: u64| key.rotate_left(8);
        let units = keys.map(|key| {
            let slot =
                table.entry(hash(*key), |unit| known[*unit as usize] == *key, |unit| hash(known[*unit as usize]));
            match slot {
                Entry::Occupied(slot) => *slot.get(),
                Entry::Vacant(slot) => {
                    let unit = known.len() as u32;
                    slot.insert(unit);
                    known.push(*key);
                    unit
                }
            }
        });
        let units = units.collect();
        Self { units, count: known.len() }
    }
}

/// NaN, which is a missing cell, adds nothing; a unit all of whose cells are missing is missing.
fn added_up<'a>(values: impl Iterator<Item = &'a f64>, found: &Found, boolean: bool) -> Vec<f64> {
    let mut sums = vec![f64::NAN; found.count];
    for (value, unit) in values.zip(&found.units) {
        let sum = &mut sums[*unit as usize];
        *sum = match (sum.is_nan(), value.is_nan()) {
            (true, _) => *value,
            (false, true) => *sum,
            (false, false) if boolean => sum.max(*value),
            (false, false) => *sum + *value,
        };
    }
    sums
}

fn first(values: impl Iterator<Item = Code>, found: &Found, differ: &mut [bool]) -> Vec<Code> {
    let mut labels = vec![None; found.count];
    for (value, unit) in values.zip(&found.units) {
        differ[*unit as usize] |= *labels[*unit as usize].get_or_insert(value) != value;
    }
    labels.into_iter().map(Option::unwrap_or_default).collect()
}

fn earliest(values: impl Iterator<Item = Code>, found: &Found, ranks: &[Code]) -> Vec<Code> {
    let mut labels: Vec<Option<Code>> = vec![None; found.count];
    for (value, unit) in values.zip(&found.units) {
        let label = labels[*unit as usize].get_or_insert(value);
        if ranks[usize::from(value)] < ranks[usize::from(*label)] {
            *label = value;
        }
    }
    labels.into_iter().map(Option::unwrap_or_default).collect()
}
