//! The rows of a dump's XML files, one at a time, with where they lie. Declarations of types and entities are skipped,
//! never followed: only the five entities of XML itself and character numbers are understood.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use anklang_domain::UnixMillis;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::load::{LoadError, Place};

/// The longest row that is taken, in bytes of XML. The longest post has 30,000 characters, each up to 6 bytes as `&quot;`.
pub const ROW_BYTES_MAX: usize = 1 << 20;

const BUFFER_BYTES: usize = 256 * 1024;

/// Where a row lies in its file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) bytes: u32,
    pub(super) line: u32,
}

/// The reading position, shared with the reader that the XML parser owns.
#[derive(Default)]
struct Position {
    offset: Cell<u64>,
    line: Cell<u64>,
    line_start: Cell<u64>,
    /// Bytes that the present row may still have.
    left: Cell<usize>,
}

/// Counts lines and bytes as the parser takes them, and refuses to feed it a row without end.
struct Meter<R> {
    inner: R,
    position: Rc<Position>,
}

impl<R: BufRead> Read for Meter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Meter<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position.left.get() == 0 {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        let position = &self.position;
        // The parser has just seen these bytes, so the buffer still holds them.
        if let Ok(bytes) = self.inner.fill_buf() {
            for (index, byte) in bytes.iter().take(count).enumerate() {
                if *byte == b'\n' {
                    position.line.set(position.line.get() + 1);
                    position.line_start.set(position.offset.get() + index as u64 + 1);
                }
            }
        }
        position.offset.set(position.offset.get() + count as u64);
        position.left.set(position.left.get().saturating_sub(count));
        self.inner.consume(count);
    }
}

/// Calls `visit` with every row of a file and where it lies: the row, or what is wrong with it. The error returned is
/// what ended the reading; the rows before it have been visited.
pub(super) fn each_row(
    path: &Path,
    name: &str,
    visit: &mut dyn FnMut(Span, Result<Row<'_>, LoadError>),
) -> Result<(), LoadError> {
    let file = File::open(path).map_err(|error| LoadError::io(name, &error))?;
    let position = Rc::new(Position::default());
    position.line.set(1);
    let inner = BufReader::with_capacity(BUFFER_BYTES, file);
    let mut reader = Reader::from_reader(Meter { inner, position: Rc::clone(&position) });
    let mut buffer = Vec::new();
    let mut open = 0_u32;
    loop {
        buffer.clear();
        position.left.set(ROW_BYTES_MAX);
        let (offset, place) = (position.offset.get(), position.place(name));
        let event = reader.read_event_into(&mut buffer);
        let bytes = u32::try_from(position.offset.get() - offset).unwrap_or(u32::MAX);
        let span = Span { offset, bytes, line: u32::try_from(place.line).unwrap_or(u32::MAX) };
        match event {
            Ok(Event::Empty(element)) if is_row(&element) => visit(span, Row::of(&element, place)),
            Ok(Event::Start(element)) => {
                open += 1;
                if is_row(&element) {
                    visit(span, Row::of(&element, place));
                }
            }
            Ok(Event::End(_)) => open = open.saturating_sub(1),
            Ok(Event::Eof) if open > 0 => {
                let what = "the file is cut off: it ends before its outermost element does".to_owned();
                return Err(LoadError::Broken { place, what });
            }
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(quick_xml::Error::Encoding(error)) => {
                let field = "(the row)".to_owned();
                visit(span, Err(LoadError::Field { place, field, what: format!("not UTF-8: {error}") }));
            }
            Err(error) => return Err(LoadError::Broken { place, what: why(&error) }),
        }
    }
}

fn is_row(element: &BytesStart<'_>) -> bool {
    element.name().0 == "row"
}

fn why(error: &quick_xml::Error) -> String {
    match error {
        quick_xml::Error::Io(io) if io.kind() == io::ErrorKind::FileTooLarge => {
            format!("an element is longer than {ROW_BYTES_MAX} bytes, or its quote is never closed")
        }
        quick_xml::Error::Syntax(error) => format!("the file is cut off within this element, or is not XML: {error}"),
        error => error.to_string(),
    }
}

impl Position {
    fn place(&self, name: &str) -> Place {
        let column = self.offset.get().saturating_sub(self.line_start.get()) + 1;
        Place { file: name.to_owned(), line: self.line.get(), column: Some(column) }
    }
}

/// Reads rows again, by where they lie.
pub(super) struct Rereader {
    name: String,
    file: BufReader<File>,
    offset: u64,
    buffer: Vec<u8>,
}

impl Rereader {
    pub(super) fn open(path: &Path, name: &str) -> Result<Self, LoadError> {
        let file = File::open(path).map_err(|error| LoadError::io(name, &error))?;
        let file = BufReader::with_capacity(BUFFER_BYTES, file);
        Ok(Self { name: name.to_owned(), file, offset: 0, buffer: Vec::new() })
    }

    /// Calls `make` with the row.
    pub(super) fn row<T>(
        &mut self,
        span: Span,
        make: impl FnOnce(&Row<'_>) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        // Rows are asked for nearly in the order in which they lie, so most of these moves stay within the buffer.
        let distance = span.offset.wrapping_sub(self.offset) as i64;
        self.buffer.resize(span.bytes as usize, 0);
        let read = self.file.seek_relative(distance).and_then(|()| self.file.read_exact(&mut self.buffer));
        read.map_err(|error| LoadError::io(&self.name, &error))?;
        self.offset = span.offset + u64::from(span.bytes);
        let place = Place { file: self.name.clone(), line: u64::from(span.line), column: None };
        let changed = || LoadError::Io { file: self.name.clone(), what: "changed while it was read".to_owned() };
        let text = std::str::from_utf8(&self.buffer).map_err(|_| changed())?;
        match Reader::from_str(text).read_event() {
            Ok(Event::Empty(element) | Event::Start(element)) => make(&Row::of(&element, place)?),
            Ok(_) | Err(_) => Err(changed()),
        }
    }
}

/// A row: its attributes, as text, numbers and times.
pub(super) struct Row<'a> {
    place: Place,
    attributes: Vec<Attribute<'a>>,
}

impl<'a> Row<'a> {
    fn of(element: &'a BytesStart<'_>, place: Place) -> Result<Self, LoadError> {
        let attributes: Result<Vec<_>, _> = element.attributes().collect();
        match attributes {
            Ok(attributes) => Ok(Self { place, attributes }),
            Err(error) => {
                Err(LoadError::Field { place, field: "(the row)".to_owned(), what: format!("bad attributes: {error}") })
            }
        }
    }

    pub(super) fn bad(&self, field: &str, what: String) -> LoadError {
        LoadError::Field { place: self.place.clone(), field: field.to_owned(), what }
    }

    /// The attribute as text, its entities resolved; none where it is absent.
    pub(super) fn text(&self, field: &str) -> Result<Option<String>, LoadError> {
        let Some(attribute) = self.attributes.iter().find(|attribute| attribute.key.0 == field) else {
            return Ok(None);
        };
        match attribute.normalized_value(XmlVersion::Implicit1_0) {
            Ok(text) => Ok(Some(text.into_owned())),
            Err(error) => Err(self.bad(field, error.to_string())),
        }
    }

    pub(super) fn number(&self, field: &str) -> Result<Option<i64>, LoadError> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let number =
            text.trim().parse().map_err(|_| self.bad(field, format!("{:?} is not a whole number", cut(&text))));
        number.map(Some)
    }

    pub(super) fn needed_number(&self, field: &str) -> Result<i64, LoadError> {
        self.number(field)?.ok_or_else(|| self.bad(field, "missing".to_owned()))
    }

    pub(super) fn needed_time(&self, field: &str) -> Result<UnixMillis, LoadError> {
        let text = self.text(field)?.ok_or_else(|| self.bad(field, "missing".to_owned()))?;
        UnixMillis::parse(&text).map_err(|error| self.bad(field, error.to_string()))
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(64)]
}
