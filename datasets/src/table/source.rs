//! A file of text in pieces of whole rows, handed to whoever asks next.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::{ROW_BYTES_MAX, TableError};

/// Large enough that starting a piece costs nothing, small enough that its columns stay in a core's cache.
const PIECE_BYTES: usize = ROW_BYTES_MAX;
/// By so many first bytes a file's kind is known.
pub(super) const MAGIC_BYTES: u64 = 4;

const BUFFER_BYTES: usize = 128 * 1024;
const GZIP: &[u8] = &[0x1f, 0x8b];
const BOM: &[u8] = b"\xef\xbb\xbf";

/// What other files begin with, and what to do about them.
const FOREIGN: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "is a ZIP archive or a spreadsheet: save the table as CSV"),
    (b"\xff\xfe", "is UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "is UTF-16: save it as UTF-8"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd: unpack it first (gzip is read as it is)"),
    (b"ARROW1", "is an Arrow file: save it as Parquet or CSV"),
];

pub(super) struct Source {
    file: String,
    input: Box<dyn Read + Send>,
    gzip: bool,
    delimiter: u8,
    /// The beginning of the next piece.
    carry: Vec<u8>,
    pieces: usize,
    ended: bool,
}

/// A piece of whole rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its place among the pieces.
    pub(super) index: usize,
    /// Whether nothing follows.
    pub(super) last: bool,
}

/// Why there is no piece.
#[derive(Debug)]
pub(super) enum Broken {
    Io(io::Error),
    /// The row at the piece's beginning is too long.
    TooLong,
}

impl Source {
    pub(super) fn of(file: &str, input: Box<dyn Read + Send>) -> Result<Self, TableError> {
        let io = |error: io::Error| TableError::Io { file: file.to_owned(), what: error.to_string() };
        let mut raw = BufReader::with_capacity(BUFFER_BYTES, input);
        let start = raw.fill_buf().map_err(io)?;
        if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| start.starts_with(magic)) {
            return Err(TableError::NotATable { file: file.to_owned(), what: (*what).to_owned() });
        }
        let gzip = start.starts_with(GZIP);
        let input: Box<dyn Read + Send> = if gzip { Box::new(MultiGzDecoder::new(raw)) } else { Box::new(raw) };
        Ok(Self { file: file.to_owned(), input, gzip, delimiter: b',', carry: Vec::new(), pieces: 0, ended: false })
    }

    /// The beginning of the file without its byte order mark: at least the header, if that is not too long.
    pub(super) fn start(&mut self) -> Result<&[u8], TableError> {
        let read = self.input.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut self.carry);
        read.map_err(|error| self.broken(&error))?;
        if self.carry.starts_with(BOM) {
            self.carry.drain(..BOM.len());
        }
        Ok(&self.carry)
    }

    /// Leaves out the first bytes of what [`Source::start`] gave, which have told the delimiter.
    pub(super) fn skip(&mut self, bytes: usize, delimiter: u8) {
        self.carry.drain(..bytes);
        self.delimiter = delimiter;
    }

    /// Reads the next piece into `piece`; none after the last.
    pub(super) fn next(&mut self, piece: &mut Vec<u8>) -> Result<Option<Piece>, Broken> {
        piece.clear();
        if self.ended {
            return Ok(None);
        }
        std::mem::swap(piece, &mut self.carry);
        let wanted = PIECE_BYTES.saturating_sub(piece.len()) as u64;
        let read = self.input.by_ref().take(wanted).read_to_end(piece);
        if let Err(error) = read {
            self.ended = true;
            return Err(Broken::Io(error));
        }
        self.ended = piece.len() < PIECE_BYTES;
        if !self.ended {
            let Some(end) = rows_end(piece, self.delimiter) else {
                self.ended = true;
                return Err(Broken::TooLong);
            };
            self.carry.extend_from_slice(&piece[end..]);
            piece.truncate(end);
        }
        self.pieces += 1;
        Ok(Some(Piece { index: self.pieces - 1, last: self.ended }))
    }

    /// No more pieces are wanted.
    pub(super) fn stop(&mut self) {
        self.ended = true;
    }

    pub(super) fn broken(&self, error: &io::Error) -> TableError {
        let file = self.file.clone();
        match error.kind() {
            io::ErrorKind::UnexpectedEof if self.gzip => {
                TableError::NotATable { file, what: "the compressed file is cut off".to_owned() }
            }
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if self.gzip => {
                TableError::NotATable { file, what: format!("the compressed file is damaged: {error}") }
            }
            _ => TableError::Io { file, what: error.to_string() },
        }
    }
}

/// Where the last whole row ends, after its line break; none where there is no whole row. `bytes` begin with a row.
fn rows_end(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let end_in =
        |from: usize, to: usize| bytes[from..to].iter().rposition(|byte| *byte == b'\n').map(|at| from + at + 1);
    if !bytes.contains(&b'"') {
        return end_in(0, bytes.len());
    }
    let (mut found, mut outside) = (None, 0);
    while let Some(quote) = bytes[outside..].iter().position(|byte| *byte == b'"').map(|at| outside + at) {
        found = end_in(outside, quote).or(found);
        // A quote within a field is a letter like any other.
        let opens = quote == 0 || bytes[quote - 1] == delimiter || bytes[quote - 1] == b'\n';
        match opens.then(|| quoted_end(bytes, quote)) {
            None => outside = quote + 1,
            Some(Some(end)) => outside = end + 1,
            Some(None) => return found,
        }
    }
    end_in(outside, bytes.len()).or(found)
}

/// The place of the quote that closes the one at `open`; two quotes stand for one within.
pub(super) fn quoted_end(bytes: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == b'"')?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_ends_with_a_row() {
        for (text, end) in [
            ("a,b\nc,d\ne", Some(8)),
            ("a,b", None),
            ("a,\"b\nc\"\nd", Some(8)),
            ("a\nb,\"c\nd", Some(2)),
            ("a\nb,\"c\"\"\nd\"\n", Some(12)),
            ("5\" pipe\n6\" pipe\n7", Some(16)),
            ("\"a\nb", None),
        ] {
            assert_eq!(rows_end(text.as_bytes(), b','), end, "{text:?}");
        }
    }
}
