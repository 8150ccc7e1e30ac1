//! Files as streams of bytes and lines: gzip by its first bytes, a limit on every line, a count of what was read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::{LoadError, Place, Progress};

/// The longest line or row of NDJSON and CSV that is taken, in bytes after decompression. A Stack Exchange post may have
/// 30,000 characters, of up to four bytes each, and what was exported must read back.
pub const LINE_BYTES_MAX: usize = 256 * 1024;

const BUFFER_BYTES: usize = 128 * 1024;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// An opened input: decompressed bytes out, bytes on disk counted.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) bytes: Box<dyn BufRead + Send>,
    read: Arc<AtomicU64>,
    total: u64,
}

impl Input {
    pub(super) fn open(path: &Path) -> Result<Self, LoadError> {
        let name = path.display().to_string();
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(|error| LoadError::io(&name, &error))?;
        if metadata.is_dir() {
            return Err(LoadError::Io { file: name, what: "is a folder; a file is needed".to_owned() });
        }
        Self::of(name, file, metadata.len())
    }

    /// Reads from anything, such as standard input; `total` is 0 where it is not known.
    pub(super) fn of(name: String, input: impl Read + Send + 'static, total: u64) -> Result<Self, LoadError> {
        let read = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner: input, read: Arc::clone(&read) };
        let mut raw = BufReader::with_capacity(BUFFER_BYTES, counted);
        let gzip = raw.fill_buf().map_err(|error| LoadError::io(&name, &error))?.starts_with(&GZIP_MAGIC);
        let mut bytes: Box<dyn BufRead + Send> = if gzip {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(raw)))
        } else {
            Box::new(raw)
        };
        // A byte order mark says nothing that we need. An error here comes again with the first line.
        if bytes.fill_buf().is_ok_and(|start| start.starts_with(b"\xef\xbb\xbf")) {
            bytes.consume(3);
        }
        Ok(Self { name, bytes, read, total })
    }

    pub(super) fn progress(&self) -> Progress {
        Progress { bytes_read: self.read.load(Ordering::Relaxed), bytes_total: self.total }
    }
}

struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// The lines of an input, one at a time, none longer than a limit.
pub(super) struct Lines {
    pub(super) input: Input,
    line: u64,
    buffer: Vec<u8>,
    bytes_max: usize,
}

impl Lines {
    pub(super) fn of(input: Input) -> Self {
        Self::with_max(input, LINE_BYTES_MAX)
    }

    /// Lines none of which is longer than `bytes_max`.
    pub(super) fn with_max(input: Input, bytes_max: usize) -> Self {
        Self { input, line: 0, buffer: Vec::new(), bytes_max }
    }

    /// The place of the line last read.
    pub(super) fn place(&self, column: Option<u64>) -> Place {
        Place { file: self.input.name.clone(), line: self.line, column }
    }

    /// The next line without its end and without white space around it; none after the last.
    pub(super) fn next_line(&mut self) -> Result<Option<&[u8]>, LoadError> {
        self.buffer.clear();
        self.line += 1;
        let mut limited = self.input.bytes.by_ref().take(self.bytes_max as u64 + 1);
        if let Err(error) = limited.read_until(b'\n', &mut self.buffer) {
            return Err(self.broken(&error));
        }
        if self.buffer.is_empty() {
            return Ok(None);
        }
        if self.buffer.len() > self.bytes_max {
            if self.buffer.last() != Some(&b'\n') {
                self.skip_rest()?;
            }
            return Err(LoadError::TooLong { place: self.place(None), bytes_max: self.bytes_max });
        }
        Ok(Some(self.buffer.trim_ascii()))
    }

    fn skip_rest(&mut self) -> Result<(), LoadError> {
        loop {
            let (used, done) = match self.input.bytes.fill_buf() {
                Ok([]) => return Ok(()),
                Ok(bytes) => match bytes.iter().position(|byte| *byte == b'\n') {
                    Some(end) => (end + 1, true),
                    None => (bytes.len(), false),
                },
                Err(error) => return Err(self.broken(&error)),
            };
            self.input.bytes.consume(used);
            if done {
                return Ok(());
            }
        }
    }

    fn broken(&self, error: &io::Error) -> LoadError {
        broken_at(self.place(None), error)
    }
}

/// An input that cannot be read further, with the line it was at: a cut-off gzip file, a failing disk.
pub(super) fn broken_at(place: Place, error: &io::Error) -> LoadError {
    let what = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the compressed file is cut off here".to_owned(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => format!("the compressed file is damaged: {error}"),
        _ => return LoadError::Io { file: place.to_string(), what: error.to_string() },
    };
    LoadError::Broken { place, what }
}
