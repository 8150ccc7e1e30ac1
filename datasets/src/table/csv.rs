//! CSV, by pieces, in parallel.

use std::io::Read;
use std::sync::{Mutex, PoisonError};

use super::cell::{Cell, SHOWN_CHARS_MAX};
use super::header::{Header, Role};
use super::measure::Moments;
use super::rows::{ByPart, Rows, Seen, TooMany, Who};
use super::source::{Broken, Piece, Source, quoted_end};
use super::units::{Parts, moments, too_many_arms, too_many_labels};
use super::{ROW_BYTES_MAX, ROWS_MAX, Table, TableError, Wanted};

/// Rows of which this many bytes are typical; only a guess for how much room a piece's columns need.
const ROW_BYTES_GUESS: usize = 24;

pub(super) fn read(name: &str, input: Box<dyn Read + Send>, wanted: &Wanted) -> Result<Table, TableError> {
    let mut source = Source::of(name, input)?;
    let (shape, header_bytes) = shape(name, source.start()?, wanted)?;
    source.skip(header_bytes.0, shape.delimiter);
    let source = Mutex::new(source);
    let workers = rayon::broadcast(|_| work(&source, &shape));
    let mut done: Vec<Done> = workers.into_iter().flatten().collect();
    done.sort_unstable_by_key(|done| done.index);
    let source = source.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (mut rows, mut moments, mut units) = (Vec::new(), Vec::new(), Vec::new());
    // From 1, and after the header.
    let mut line = 1 + header_bytes.1;
    let mut count = 0;
    for done in done {
        match done.read {
            Ok((part, lines)) => {
                line += lines;
                count += part.rows();
                match part {
                    Part::Rows(part) => rows.push(part),
                    Part::Moments(part) => moments.push(part),
                    Part::Units(part) => units.push(part),
                }
            }
            Err(bad) => return Err(shape.error(bad, line, &source)),
        }
        if count > ROWS_MAX {
            let what = format!("has more than {ROWS_MAX} rows");
            return Err(TableError::TooMany { file: name.to_owned(), what });
        }
    }
    if count == 0 {
        return Err(TableError::NotATable { file: name.to_owned(), what: "has a header, but no rows".to_owned() });
    }
    let parts = match (&wanted.unit, wanted.only_moments) {
        (Some(_), _) => Parts::Units(units),
        (None, true) => Parts::Moments(moments),
        (None, false) => Parts::Rows(rows),
    };
    parts.table(name, wanted)
}

/// What is the same for every row.
struct Shape<'a> {
    file: &'a str,
    wanted: &'a Wanted,
    header: Header,
    delimiter: u8,
}

/// A piece that was read, or could not be.
struct Done {
    index: usize,
    /// With how many lines it has.
    read: Result<(Part, u64), Bad>,
}

enum Part {
    Rows(Rows),
    Moments((Moments, Seen)),
    Units(ByPart),
}

impl Part {
    fn rows(&self) -> u64 {
        match self {
            Self::Rows(rows) => rows.seen.rows,
            Self::Moments((_, seen)) => seen.rows,
            Self::Units(rows) => rows.seen.rows,
        }
    }
}

/// What is wrong, and how many lines into the piece.
struct Bad {
    line: u64,
    what: What,
}

enum What {
    Broken(Broken),
    TooMany(TooMany, Box<Rows>),
    Ragged { fields: usize, last: bool },
    NotANumber { number: usize, text: String },
    NotATime { label: usize, text: String },
    NeverClosed,
    AfterQuote,
}

fn work(source: &Mutex<Source>, shape: &Shape<'_>) -> Vec<Done> {
    let (mut bytes, mut done) = (Vec::new(), Vec::new());
    loop {
        let piece = source.lock().unwrap_or_else(PoisonError::into_inner).next(&mut bytes);
        let (index, read) = match piece {
            Ok(None) => return done,
            Ok(Some(piece)) => (piece.index, shape.part(&bytes, piece)),
            // Nothing comes after it.
            Err(broken) => (usize::MAX, Err(Bad { line: 0, what: What::Broken(broken) })),
        };
        if read.is_err() {
            source.lock().unwrap_or_else(PoisonError::into_inner).stop();
        }
        done.push(Done { index, read });
    }
}

/// The file's columns, and how many bytes and lines the header has.
fn shape<'a>(file: &'a str, start: &[u8], wanted: &'a Wanted) -> Result<(Shape<'a>, (usize, u64)), TableError> {
    let not = |what: String| TableError::NotATable { file: file.to_owned(), what };
    let blank = start.iter().take_while(|byte| byte.is_ascii_whitespace() && **byte != b'\t').count();
    if blank == start.len() {
        return Err(not("is empty".to_owned()));
    }
    let line_end = start[blank..].iter().position(|byte| *byte == b'\n').map_or(start.len(), |at| blank + at);
    let line = &start[blank..line_end];
    let count = |delimiter: &u8| line.iter().filter(|byte| *byte == delimiter).count();
    // The last of equals wins, so a header without any is separated by commas.
    let delimiter = [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
    let (mut at, mut names, mut scratch) = (blank, Vec::new(), Vec::new());
    loop {
        let field = Field::at(start, at, delimiter).map_err(|_| not("line 1: a quote is never closed".to_owned()))?;
        let text = std::str::from_utf8(field.text(start, &mut scratch));
        names.push(text.map_err(|_| not("is not UTF-8: save it as UTF-8".to_owned()))?.to_owned());
        at = field.next;
        if field.ends_row {
            break;
        }
    }
    let header = Header::of(file, names, wanted)?;
    let lines = start[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
    Ok((Shape { file, wanted, header, delimiter }, (at, lines)))
}

impl Shape<'_> {
    fn part(&self, bytes: &[u8], piece: Piece) -> Result<(Part, u64), Bad> {
        let mut rows = Rows::new(self.wanted, bytes.len() / ROW_BYTES_GUESS);
        let mut line = 0;
        let read = self.rows(bytes, piece, &mut rows, &mut line);
        match read {
            Ok(()) if self.wanted.unit.is_some() => Ok((Part::Units(rows.by_part()), line)),
            Ok(()) if self.wanted.only_moments => Ok((Part::Moments(moments(rows)), line)),
            Ok(()) => Ok((Part::Rows(rows), line)),
            Err(what) => Err(Bad { line, what: what.with(rows) }),
        }
    }

    fn rows(&self, bytes: &[u8], piece: Piece, rows: &mut Rows, line: &mut u64) -> Result<(), Wrong> {
        let (mut at, mut scratch) = (0, Vec::new());
        while at < bytes.len() {
            if let [b'\n', ..] | [b'\r', b'\n', ..] = bytes[at..] {
                at += if bytes[at] == b'\n' { 1 } else { 2 };
                *line += 1;
                continue;
            }
            let before = rows.arms.len();
            let mut uses = self.header.uses.iter().peekable();
            let (mut column, mut keep, mut breaks) = (0, true, 0);
            let next = loop {
                let field = Field::at(bytes, at, self.delimiter)?;
                if field.quoted {
                    breaks += bytes[field.start..field.end].iter().filter(|byte| **byte == b'\n').count() as u64;
                }
                while let Some(used) = uses.next_if(|used| used.column == column) {
                    keep &= take(rows, used.role, field.text(bytes, &mut scratch))?;
                }
                (column, at) = (column + 1, field.next);
                if field.ends_row {
                    break at;
                }
            };
            if column != self.header.names.len() {
                let last = piece.last && next == bytes.len();
                return Err(Wrong::What(What::Ragged { fields: column, last }));
            }
            rows.seen.rows += 1;
            if !keep {
                rows.truncate(before);
            }
            *line += 1 + breaks;
        }
        Ok(())
    }

    fn error(&self, bad: Bad, first_line: u64, source: &Source) -> TableError {
        let file = self.file.to_owned();
        let line = first_line + bad.line;
        let row = |what: String| TableError::Row { place: format!("{}:{line}", self.file), what };
        let name = |at: usize| self.wanted.numbers.get(at).map_or("", String::as_str);
        match bad.what {
            What::Broken(Broken::Io(error)) => source.broken(&error),
            What::Broken(Broken::TooLong) => {
                row(format!("a row is longer than {ROW_BYTES_MAX} bytes, or its quote is never closed"))
            }
            What::TooMany(TooMany::Arms, rows) => too_many_arms(&file, self.wanted, &rows.seen.arms),
            What::TooMany(TooMany::Labels(at), _) => too_many_labels(&file, self.wanted, at),
            What::Ragged { fields, last } => {
                let cut = if last { ": is the file cut off here?" } else { "" };
                row(format!("has {fields} fields; the header has {}{cut}", self.header.names.len()))
            }
            What::NotANumber { number, text } => {
                let comma = if text.contains(',') { " (decimals are written with a point)" } else { "" };
                row(format!("column {:?}: {text:?} is not a number{comma}", name(number)))
            }
            What::NotATime { label, text } => {
                let name = self.wanted.days.get(label - self.wanted.labels.len()).map_or("", String::as_str);
                row(format!("column {name:?}: {text:?} is no date (2018-08-15), time (RFC 3339) or Unix time"))
            }
            What::NeverClosed => row("a quote is opened here and never closed: is the file cut off?".to_owned()),
            What::AfterQuote => row("a quoted field is followed by something other than the next field".to_owned()),
        }
    }
}

/// As [`What`], before it is known which rows it is about.
enum Wrong {
    What(What),
    TooMany(TooMany),
}

impl Wrong {
    fn with(self, rows: Rows) -> What {
        match self {
            Self::What(what) => what,
            Self::TooMany(many) => What::TooMany(many, Box::new(rows)),
        }
    }
}

impl From<What> for Wrong {
    fn from(what: What) -> Self {
        Self::What(what)
    }
}

impl From<TooMany> for Wrong {
    fn from(many: TooMany) -> Self {
        Self::TooMany(many)
    }
}

/// Takes in one cell. False where the row is to be left out.
fn take(rows: &mut Rows, role: Role, text: &[u8]) -> Result<bool, Wrong> {
    match role {
        Role::Unit if text.is_empty() => {
            rows.seen.without_unit += 1;
            return Ok(false);
        }
        Role::Unit => rows.push_who(Who::text(text)),
        Role::Arm if text.is_empty() => {
            rows.seen.without_arm += 1;
            return Ok(false);
        }
        Role::Arm => rows.push_arm(text)?,
        Role::Number(at) => {
            let cells = &mut rows.seen.cells[at];
            let number = match Cell::of(text) {
                Cell::Number(number) => {
                    cells.numbers += 1;
                    number
                }
                Cell::Bool(yes) => {
                    cells.booleans += 1;
                    f64::from(u8::from(yes))
                }
                Cell::Missing => {
                    cells.missing += 1;
                    f64::NAN
                }
                Cell::Text => return Err(What::NotANumber { number: at, text: shown(text) }.into()),
            };
            rows.numbers[at].push(number);
        }
        Role::Label(at) => rows.push_label(at, text)?,
        Role::Day(at) => {
            let day = super::day::day(text).ok_or_else(|| What::NotATime { label: at, text: shown(text) })?;
            rows.push_label(at, &day)?;
        }
    }
    Ok(true)
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(SHOWN_CHARS_MAX).collect()
}

/// A field of a row.
#[derive(Debug, Clone, Copy)]
struct Field {
    /// Without quotes around it.
    start: usize,
    end: usize,
    quoted: bool,
    /// Where the next field or row begins.
    next: usize,
    ends_row: bool,
}

impl Field {
    #[inline]
    fn at(bytes: &[u8], at: usize, delimiter: u8) -> Result<Self, What> {
        if bytes.get(at) == Some(&b'"') {
            return Self::quoted(bytes, at, delimiter);
        }
        let end = field_end(bytes, at, delimiter);
        let ends_row = bytes.get(end) != Some(&delimiter);
        Ok(Self { start: at, end, quoted: false, next: (end + 1).min(bytes.len()), ends_row })
    }

    fn quoted(bytes: &[u8], at: usize, delimiter: u8) -> Result<Self, What> {
        let close = quoted_end(bytes, at).ok_or(What::NeverClosed)?;
        let end = field_end(bytes, close + 1, delimiter);
        if !bytes[close + 1..end].trim_ascii().is_empty() {
            return Err(What::AfterQuote);
        }
        let ends_row = bytes.get(end) != Some(&delimiter);
        Ok(Self { start: at + 1, end: close, quoted: true, next: (end + 1).min(bytes.len()), ends_row })
    }

    /// What it says, without white space around it.
    #[inline]
    fn text<'a>(&self, bytes: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let text = &bytes[self.start..self.end];
        if !self.quoted || !text.contains(&b'"') {
            return text.trim_ascii();
        }
        scratch.clear();
        let mut quotes = 0;
        // Every second quote is left out.
        scratch.extend(text.iter().filter(|byte| {
            quotes += usize::from(**byte == b'"');
            **byte != b'"' || quotes % 2 == 1
        }));
        scratch.trim_ascii()
    }
}

/// Where the next delimiter or line break is, or the end: eight bytes at once, as fields are short.
#[inline]
fn field_end(bytes: &[u8], from: usize, delimiter: u8) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let (delimiters, breaks) = (ONES * u64::from(delimiter), ONES * u64::from(b'\n'));
    // The lowest bit that is set marks the first byte that is 0 (Mycroft 1987); above it there may be false ones.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut at = from;
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        let found = zeros(word ^ delimiters) | zeros(word ^ breaks);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|byte| *byte == delimiter || *byte == b'\n').map_or(bytes.len(), |found| at + found)
}
