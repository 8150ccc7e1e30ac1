//! One column of one row group.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{
    AsBytes, BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, Type};

use super::super::cell::Cell;
use super::super::day::{day, day_of};
use super::super::dictionary::{Code, Dictionary};
use super::super::header::Role;
use super::super::rows::Who;
use super::super::{ARMS_MAX, Cells, LABELS_MAX};
use super::pages::{NO_PLACES, Places, Texts, Window};

/// Rows decoded at once: they stay in a core's cache.
const BATCH: usize = 8 * 1024;
/// The place of a text that is missing.
const NONE: u32 = u32::MAX;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// A column as its role needs it.
pub(super) enum Column {
    Who {
        parts: Vec<u8>,
        keys: Vec<u64>,
        missing: Vec<u32>,
    },
    /// A missing text has the code of some text, or 0; of labels, that of the empty one.
    Texts {
        codes: Vec<Code>,
        texts: Box<Dictionary>,
        missing: Vec<u32>,
    },
    Numbers {
        numbers: Vec<f64>,
        cells: Cells,
    },
}

/// Why a column was not read.
pub(super) enum Failed {
    Damaged(ParquetError),
    TooMany(Box<Dictionary>),
    /// The column's type cannot be read as what is wanted.
    Kind(String),
    /// One cell is not what is wanted; the row in the group from 0.
    Cell {
        row: usize,
        text: String,
    },
}

impl From<ParquetError> for Failed {
    fn from(error: ParquetError) -> Self {
        Self::Damaged(error)
    }
}

/// What a whole number stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Meaning {
    Itself,
    Unsigned,
    /// So many decimal places.
    Decimal(i32),
    Days,
    /// So many to a second.
    Moments(i64),
}

/// A column of a row group, in memory.
pub(super) struct Chunk<'a> {
    pub(super) window: Window,
    pub(super) chunk: &'a ColumnChunkMetaData,
    pub(super) rows: usize,
}

impl Chunk<'_> {
    pub(super) fn read(&self, role: Role) -> Result<Column, Failed> {
        match role {
            Role::Unit => self.who(),
            Role::Arm => self.texts(role, ARMS_MAX),
            Role::Label(_) | Role::Day(_) => self.texts(role, LABELS_MAX),
            Role::Number(_) => self.numbers(),
        }
    }

    pub(super) fn kind(&self) -> Failed {
        let descr = self.chunk.column_descr();
        let logical = descr.logical_type_ref().map_or_else(String::new, |kind| format!(" ({kind:?})"));
        Failed::Kind(format!("{}{logical}", self.chunk.column_type()))
    }

    pub(super) fn meaning(&self) -> Meaning {
        let descr = self.chunk.column_descr();
        match (descr.logical_type_ref(), descr.converted_type()) {
            (Some(LogicalType::Timestamp(time)), _) => Meaning::Moments(match time.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            }),
            (Some(LogicalType::Decimal(decimal)), _) => Meaning::Decimal(decimal.scale),
            (Some(LogicalType::Integer(integer)), _) if !integer.is_signed => Meaning::Unsigned,
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => Meaning::Days,
            (None, ConvertedType::TIMESTAMP_MILLIS) => Meaning::Moments(1_000),
            (None, ConvertedType::TIMESTAMP_MICROS) => Meaning::Moments(1_000_000),
            (None, ConvertedType::DECIMAL) => Meaning::Decimal(descr.type_scale()),
            (
                None,
                ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64,
            ) => Meaning::Unsigned,
            _ => Meaning::Itself,
        }
    }

    fn pages(&self) -> Result<SerializedPageReader<Window>, ParquetError> {
        SerializedPageReader::new(Arc::new(self.window.clone()), self.chunk, self.rows, None)
    }

    /// Gives each value to `take`, in order; none is a missing one.
    pub(super) fn each<T: DataType>(&self, take: impl FnMut(Option<&T::T>)) -> Result<(), ParquetError> {
        let reader = ColumnReaderImpl::<T>::new(self.chunk.column_descr_ptr(), Box::new(self.pages()?));
        self.drain(reader, take)
    }

    fn drain<T: DataType>(
        &self,
        mut reader: ColumnReaderImpl<T>,
        mut take: impl FnMut(Option<&T::T>),
    ) -> Result<(), ParquetError> {
        let there = self.chunk.column_descr().max_def_level();
        let (mut values, mut levels) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        let mut done = 0;
        while done < self.rows {
            values.clear();
            levels.clear();
            let (records, count, _) = reader.read_records(BATCH, Some(&mut levels), None, &mut values)?;
            if records == 0 {
                break;
            }
            if count == records {
                values.iter().for_each(|value| take(Some(value)));
            } else {
                let mut values = values.iter();
                levels.iter().for_each(|level| take((*level == there).then(|| values.next()).flatten()));
            }
            done += records;
        }
        if done == self.rows {
            return Ok(());
        }
        Err(ParquetError::EOF(format!("a column has {done} values; its row group has {}", self.rows)))
    }

    /// The column's texts, and each row's place among them.
    pub(super) fn placed(&self) -> Result<(Vec<Bytes>, Vec<u32>), Failed> {
        match self.through_dictionary() {
            Err(ParquetError::NYI(what)) if what == NO_PLACES => {}
            placed => return Ok(placed?),
        }
        let (mut texts, mut places) = (Vec::with_capacity(self.rows), Vec::with_capacity(self.rows));
        let mut take = |text: Option<Bytes>| {
            places.push(text.as_ref().map_or(NONE, |_| texts.len() as u32));
            texts.extend(text);
        };
        if self.chunk.column_type() == Physical::BYTE_ARRAY {
            self.each::<ByteArrayType>(|text| take(text.map(|text| text.as_bytes().to_vec().into())))?;
        } else {
            self.each::<FixedLenByteArrayType>(|text| take(text.map(|text| text.as_bytes().to_vec().into())))?;
        }
        Ok((texts, places))
    }

    fn through_dictionary(&self) -> Result<(Vec<Bytes>, Vec<u32>), ParquetError> {
        if self.chunk.dictionary_page_offset().is_none() || self.chunk.column_type() != Physical::BYTE_ARRAY {
            return Err(ParquetError::NYI(NO_PLACES.to_owned()));
        }
        let texts = Texts::default();
        let pages = Places { pages: self.pages()?, texts: Arc::clone(&texts) };
        let reader = ColumnReaderImpl::<Int32Type>::new(as_places(self.chunk.column_descr())?, Box::new(pages));
        let mut places = Vec::with_capacity(self.rows);
        self.drain(reader, |place| places.push(place.map_or(NONE, |place| *place as u32)))?;
        let texts = std::mem::take(&mut *texts.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((texts, places))
    }

    fn who(&self) -> Result<Column, Failed> {
        let (mut parts, mut keys, mut missing) =
            (Vec::with_capacity(self.rows), Vec::with_capacity(self.rows), Vec::new());
        let mut take = |who: Option<Who>| {
            let who = who.unwrap_or_else(|| {
                missing.push(keys.len() as u32);
                Who { part: 0, key: 0 }
            });
            parts.push(who.part);
            keys.push(who.key);
        };
        match self.chunk.column_type() {
            Physical::INT32 => self.each::<Int32Type>(|id| take(id.map(|id| Who::number(i64::from(*id) as u64))))?,
            Physical::INT64 => self.each::<Int64Type>(|id| take(id.map(|id| Who::number(*id as u64))))?,
            // What pandas makes of whole numbers some of which are missing.
            Physical::DOUBLE => self.each::<DoubleType>(|id| {
                take(id.filter(|id| !id.is_nan()).map(|id| Who::number(id.to_bits())));
            })?,
            Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => {
                let (texts, places) = self.placed()?;
                let known: Vec<Option<Who>> =
                    texts.iter().map(|text| (!text.is_empty()).then(|| Who::text(text))).collect();
                places.iter().for_each(|place| take(known.get(*place as usize).copied().flatten()));
            }
            Physical::BOOLEAN | Physical::INT96 | Physical::FLOAT => return Err(self.kind()),
        }
        Ok(Column::Who { parts, keys, missing })
    }

    fn texts(&self, role: Role, max: usize) -> Result<Column, Failed> {
        let is_day = matches!(role, Role::Day(_));
        let mut coder = Coder::new(role, max, self.rows);
        let meaning = self.meaning();
        match self.chunk.column_type() {
            Physical::BOOLEAN => self.each::<BoolType>(|value| {
                coder.number(value.map(|value| i64::from(*value)), |number| {
                    (!is_day).then(|| if number == 0 { b"false".to_vec() } else { b"true".to_vec() })
                })
            })?,
            Physical::INT32 => self.each::<Int32Type>(|value| {
                coder.number(value.map(|value| i64::from(*value)), |number| meaning.text(number, is_day));
            })?,
            Physical::INT64 => self.each::<Int64Type>(|value| {
                coder.number(value.map(|value| meaning.rounded(*value, is_day)), |number| meaning.text(number, is_day));
            })?,
            Physical::DOUBLE if !is_day => self.each::<DoubleType>(|value| {
                let bits = value.filter(|value| !value.is_nan()).map(|value| value.to_bits() as i64);
                coder.number(bits, |bits| Some(f64::from_bits(bits as u64).to_string().into_bytes()));
            })?,
            Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => {
                let (texts, places) = self.placed()?;
                coder.placed(&texts, &places, is_day);
            }
            Physical::INT96 | Physical::FLOAT | Physical::DOUBLE => return Err(self.kind()),
        }
        coder.finish()
    }

    fn numbers(&self) -> Result<Column, Failed> {
        let mut tally = Tally { numbers: Vec::with_capacity(self.rows), cells: Cells::default() };
        match (self.chunk.column_type(), self.meaning()) {
            (Physical::BOOLEAN, _) => {
                self.each::<BoolType>(|value| tally.push(value.map_or(Cell::Missing, |value| Cell::Bool(*value))))?;
            }
            (Physical::INT32, Meaning::Unsigned) => {
                self.each::<Int32Type>(|value| tally.number(value.map(|value| f64::from(*value as u32))))?;
            }
            (Physical::INT64, Meaning::Unsigned) => {
                self.each::<Int64Type>(|value| tally.number(value.map(|value| *value as u64 as f64)))?;
            }
            (Physical::INT32, Meaning::Decimal(scale)) => {
                let unit = 10_f64.powi(scale);
                self.each::<Int32Type>(|value| tally.number(value.map(|value| f64::from(*value) / unit)))?;
            }
            (Physical::INT64, Meaning::Decimal(scale)) => {
                let unit = 10_f64.powi(scale);
                self.each::<Int64Type>(|value| tally.number(value.map(|value| *value as f64 / unit)))?;
            }
            (Physical::INT32, Meaning::Itself) => {
                self.each::<Int32Type>(|value| tally.number(value.map(|value| f64::from(*value))))?;
            }
            (Physical::INT64, Meaning::Itself) => {
                self.each::<Int64Type>(|value| tally.number(value.map(|value| *value as f64)))?;
            }
            (Physical::FLOAT, Meaning::Itself) => {
                self.each::<FloatType>(|value| tally.number(value.map(|value| f64::from(*value))))?;
            }
            (Physical::DOUBLE, Meaning::Itself) => self.each::<DoubleType>(|value| tally.number(value.copied()))?,
            (Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY, Meaning::Decimal(scale)) => {
                let (texts, places) = self.placed()?;
                let unit = 10_f64.powi(scale);
                let known: Vec<f64> = texts.iter().map(|bytes| big_endian(bytes) / unit).collect();
                places.iter().for_each(|place| tally.number(known.get(*place as usize).copied()));
            }
            (Physical::BYTE_ARRAY, Meaning::Itself) => return self.numbers_of_texts(tally),
            (_, Meaning::Itself | Meaning::Unsigned | Meaning::Decimal(_) | Meaning::Days | Meaning::Moments(_)) => {
                return Err(self.kind());
            }
        }
        Ok(tally.finish())
    }

    fn numbers_of_texts(&self, mut tally: Tally) -> Result<Column, Failed> {
        let (texts, places) = self.placed()?;
        let known: Vec<Cell> = texts.iter().map(|text| Cell::of(text.trim_ascii())).collect();
        for (row, place) in places.into_iter().enumerate() {
            match known.get(place as usize) {
                Some(Cell::Text) => {
                    let text = texts.get(place as usize).map(|text| String::from_utf8_lossy(text).into_owned());
                    return Err(Failed::Cell { row, text: text.unwrap_or_default() });
                }
                found => tally.push(found.copied().unwrap_or(Cell::Missing)),
            }
        }
        Ok(tally.finish())
    }
}

/// The column as one of numbers, which are places in its dictionary.
fn as_places(descr: &ColumnDescriptor) -> Result<ColumnDescPtr, ParquetError> {
    let kind = Type::primitive_type_builder(descr.name(), Physical::INT32).build()?;
    let (defined, repeated) = (descr.max_def_level(), descr.max_rep_level());
    Ok(Arc::new(ColumnDescriptor::new(Arc::new(kind), defined, repeated, descr.path().clone())))
}

/// Two's complement, the highest byte first; beyond 16 bytes, NaN.
fn big_endian(bytes: &[u8]) -> f64 {
    let Some(first) = bytes.first().filter(|_| bytes.len() <= 16) else { return f64::NAN };
    let sign = if first & 0x80 == 0 { 0 } else { -1 };
    bytes.iter().fold(sign, |number: i128, byte| (number << 8) | i128::from(*byte)) as f64
}

impl Meaning {
    /// Of moments only the day counts, where a day is asked for.
    fn rounded(self, number: i64, is_day: bool) -> i64 {
        match self {
            Self::Moments(second) if is_day => number.div_euclid(second * DAY_SECONDS),
            Self::Itself | Self::Unsigned | Self::Decimal(_) | Self::Days | Self::Moments(_) => number,
        }
    }

    fn text(self, number: i64, is_day: bool) -> Option<Vec<u8>> {
        match self {
            Self::Days | Self::Moments(_) if is_day => {
                Some(day_of(Timestamp::from_second(number.checked_mul(DAY_SECONDS)?).ok()?))
            }
            Self::Days => Some(day_of(Timestamp::from_second(number.checked_mul(DAY_SECONDS)?).ok()?)),
            Self::Itself | Self::Unsigned | Self::Decimal(_) | Self::Moments(_) if is_day => {
                day(number.to_string().as_bytes())
            }
            Self::Unsigned => Some((number as u64).to_string().into_bytes()),
            Self::Decimal(scale) => Some((number as f64 / 10_f64.powi(scale)).to_string().into_bytes()),
            Self::Itself | Self::Moments(_) => Some(number.to_string().into_bytes()),
        }
    }
}

struct Tally {
    numbers: Vec<f64>,
    cells: Cells,
}

impl Tally {
    #[inline]
    fn number(&mut self, number: Option<f64>) {
        let number = number.filter(|number| number.is_finite()).unwrap_or(f64::NAN);
        self.cells.missing += u64::from(number.is_nan());
        self.cells.numbers += u64::from(!number.is_nan());
        self.numbers.push(number);
    }

    fn push(&mut self, cell: Cell) {
        match cell {
            Cell::Number(number) => self.number(Some(number)),
            Cell::Bool(yes) => {
                self.cells.booleans += 1;
                self.numbers.push(f64::from(u8::from(yes)));
            }
            Cell::Missing | Cell::Text => self.number(None),
        }
    }

    fn finish(self) -> Column {
        Column::Numbers { numbers: self.numbers, cells: self.cells }
    }
}

/// Texts to codes, each different one looked at once.
struct Coder {
    codes: Vec<Code>,
    texts: Dictionary,
    missing: Vec<u32>,
    known: HashMap<i64, Code>,
    /// A label that is missing has a code of its own.
    of_missing: bool,
    max: usize,
    last: Option<(i64, Code)>,
    failed: Option<Failed>,
}

impl Coder {
    fn new(role: Role, max: usize, rows: usize) -> Self {
        Self {
            codes: Vec::with_capacity(rows),
            texts: Dictionary::default(),
            missing: Vec::new(),
            known: HashMap::new(),
            of_missing: role != Role::Arm,
            max,
            last: None,
            failed: None,
        }
    }

    /// The next value, as a number that stands for it, and its text; none where it is not what it should be.
    fn number(&mut self, number: Option<i64>, text: impl Fn(i64) -> Option<Vec<u8>>) {
        let code = match number {
            Some(number) => match self.last {
                Some((last, code)) if last == number => Some(code),
                Some(_) | None => self.look_up(number, text),
            },
            None => self.code(Vec::new()),
        };
        self.codes.push(code.unwrap_or_default());
    }

    /// The texts of a column, and each row's place among them.
    fn placed(&mut self, texts: &[Bytes], places: &[u32], is_day: bool) {
        let mut known: Vec<Option<Code>> = vec![None; texts.len()];
        for place in places {
            let place = *place as usize;
            let code = known.get(place).copied().flatten().or_else(|| {
                let text = texts.get(place).map_or(&[][..], |text| text.trim_ascii());
                let code = self.text(text, is_day);
                // A missing one is counted each time.
                if let Some(known) = known.get_mut(place).filter(|_| !text.is_empty()) {
                    *known = code;
                }
                code
            });
            self.codes.push(code.unwrap_or_default());
        }
    }

    fn text(&mut self, text: &[u8], is_day: bool) -> Option<Code> {
        if !is_day {
            return self.code(text.to_vec());
        }
        let Some(day) = day(text) else {
            let (row, text) = (self.codes.len(), String::from_utf8_lossy(text).into_owned());
            self.failed.get_or_insert(Failed::Cell { row, text });
            return None;
        };
        self.code(day)
    }

    fn look_up(&mut self, number: i64, text: impl Fn(i64) -> Option<Vec<u8>>) -> Option<Code> {
        if let Some(code) = self.known.get(&number) {
            self.last = Some((number, *code));
            return Some(*code);
        }
        let Some(text) = text(number) else {
            let row = self.codes.len();
            self.failed.get_or_insert_with(|| Failed::Cell { row, text: number.to_string() });
            return None;
        };
        if text.is_empty() {
            return self.code(text);
        }
        let code = self.code(text)?;
        self.known.insert(number, code);
        self.last = Some((number, code));
        Some(code)
    }

    fn code(&mut self, text: Vec<u8>) -> Option<Code> {
        if text.is_empty() {
            self.missing.push(self.codes.len() as u32);
            if !self.of_missing {
                return None;
            }
        }
        let code = self.texts.code(&text, self.max);
        if code.is_none() && self.failed.is_none() {
            self.failed = Some(Failed::TooMany(Box::default()));
        }
        code
    }

    fn finish(self) -> Result<Column, Failed> {
        match self.failed {
            Some(Failed::TooMany(_)) => Err(Failed::TooMany(Box::new(self.texts))),
            Some(failed) => Err(failed),
            None => Ok(Column::Texts { codes: self.codes, texts: Box::new(self.texts), missing: self.missing }),
        }
    }
}
