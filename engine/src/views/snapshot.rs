//! Snapshots: the views as of a place in the journal, so that a restart folds only what came after.
//!
//! A file is a header (magic, format, generation of the journal, checksum and length of what follows) and the views in
//! postcard. It is written beside the old one and renamed over it, so that a crash leaves one of the two. A snapshot that
//! is damaged, of another format or of another generation is no error: the views are folded anew.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Views;

/// Changes whenever the stored form of the views does, or what is folded into them.
const FORMAT: u32 = 9;
const MAGIC: &[u8; 8] = b"ANKVIEWS";
pub(crate) const HEADER: usize = 8 + 4 + 8 + 8 + 8;
const BUFFER_BYTES: usize = 1 << 20;

/// Hashes and counts what passes through.
struct Checked<W> {
    inner: W,
    hash: Xxh3Default,
    length: u64,
}

impl<W: Write> Write for Checked<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

pub(crate) fn header(generation: u64, checksum: u64, length: u64) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[12..20].copy_from_slice(&generation.to_le_bytes());
    bytes[20..28].copy_from_slice(&checksum.to_le_bytes());
    bytes[28..36].copy_from_slice(&length.to_le_bytes());
    bytes
}

/// Writes the views; durable when it returns.
pub(crate) fn write(views: &Views, generation: u64, path: &Path) -> std::io::Result<()> {
    write_value(views, generation, path)
}

/// Writes a value behind a header; durable when it returns.
pub(crate) fn write_value(value: &impl Serialize, generation: u64, path: &Path) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = File::create(&fresh)?;
    file.write_all(&[0; HEADER])?;
    let buffer = BufWriter::with_capacity(BUFFER_BYTES, file);
    // Postcard writes byte by byte: hash behind a buffer of its own.
    let checked = Checked { inner: buffer, hash: Xxh3Default::new(), length: 0 };
    let outer = BufWriter::with_capacity(BUFFER_BYTES, checked);
    let outer = postcard::to_io(value, outer).map_err(std::io::Error::other)?;
    let mut checked = outer.into_inner().map_err(|e| e.into_error())?;
    checked.flush()?;
    let bytes = header(generation, checked.hash.digest(), checked.length);
    let mut file = checked.inner.into_inner().map_err(|e| e.into_error())?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// What became of reading a snapshot.
#[derive(Debug)]
pub(crate) enum Found {
    Views(Box<Views>),
    /// There is none, or none that can be used, and why.
    None(&'static str),
}

/// Reads the views of this generation of the journal.
pub(crate) fn read(path: &Path, generation: u64) -> std::io::Result<Found> {
    Ok(match read_value::<Views>(path, generation)? {
        Ok(mut views) => {
            views.catalogue.index_keys();
            Found::Views(Box::new(views))
        }
        Err(why) => Found::None(why),
    })
}

/// Reads a value that [`write_value`] wrote for this generation of the journal; else says why there is none.
pub(crate) fn read_value<T: DeserializeOwned>(
    path: &Path,
    generation: u64,
) -> std::io::Result<Result<T, &'static str>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Err("there is no snapshot")),
        Err(e) => return Err(e),
    };
    let mut bytes = Vec::with_capacity(file.metadata()?.len() as usize);
    file.read_to_end(&mut bytes)?;
    let Some((head, body)) = bytes.split_at_checked(HEADER) else {
        return Ok(Err("the snapshot is cut off"));
    };
    if head != header(generation, xxh3_64(body), body.len() as u64) {
        return Ok(Err("the snapshot is damaged, or of another version"));
    }
    Ok(postcard::from_bytes(body).map_err(|_| "the snapshot does not decode"))
}
