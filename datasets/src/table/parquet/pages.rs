//! The bytes of a column, and the texts of one whose values are places in a dictionary.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// A part of a file, in memory, where it lies in the file: threads that share an open file would move its one cursor.
#[derive(Clone)]
pub(super) struct Window {
    start: u64,
    bytes: Bytes,
}

impl Window {
    pub(super) fn new(start: u64, bytes: Bytes) -> Self {
        Self { start, bytes }
    }

    fn from(&self, at: u64) -> Result<Bytes> {
        let from = at.checked_sub(self.start).and_then(|from| usize::try_from(from).ok());
        let from = from.filter(|from| *from <= self.bytes.len());
        from.map(|from| self.bytes.slice(from..)).ok_or_else(|| outside(at))
    }
}

fn outside(at: u64) -> ParquetError {
    ParquetError::EOF(format!("byte {at} is outside of the column's bytes"))
}

impl Length for Window {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Window {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut bytes = self.from(start)?;
        if bytes.len() < length {
            return Err(outside(start + length as u64));
        }
        Ok(bytes.split_to(length))
    }
}

/// The texts of a dictionary.
pub(super) type Texts = Arc<Mutex<Vec<Bytes>>>;

/// The pages of a text column, made to look as those of a column of numbers: each value is its text's place in the
/// dictionary. So a text that recurs is looked at once.
pub(super) struct Places<P> {
    pub(super) pages: P,
    pub(super) texts: Texts,
}

/// Why a column cannot be read as places: some of its pages hold the texts themselves.
pub(super) const NO_PLACES: &str = "texts outside of the dictionary";

impl<P: PageReader> Places<P> {
    fn placed(&self, page: Page) -> Result<Page> {
        let (Page::DataPage { encoding, .. } | Page::DataPageV2 { encoding, .. }) = page else {
            return self.dictionary(page);
        };
        if matches!(encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY) {
            return Ok(page);
        }
        Err(ParquetError::NYI(NO_PLACES.to_owned()))
    }

    fn dictionary(&self, page: Page) -> Result<Page> {
        let Page::DictionaryPage { mut buf, num_values, encoding, is_sorted } = page else { return Ok(page) };
        let mut texts = Vec::new();
        let mut places = Vec::new();
        for place in 0..num_values {
            texts.push(text_of(&mut buf).map_err(|_| ParquetError::EOF("the dictionary is cut off".to_owned()))?);
            places.extend_from_slice(&place.to_le_bytes());
        }
        *self.texts.lock().unwrap_or_else(PoisonError::into_inner) = texts;
        Ok(Page::DictionaryPage { buf: Bytes::from(places), num_values, encoding, is_sorted })
    }
}

/// Four bytes that say how long it is, and the text.
fn text_of(buffer: &mut Bytes) -> io::Result<Bytes> {
    let mut length = [0; 4];
    buffer.reader().read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if buffer.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(buffer.split_to(length))
}

impl<P: PageReader> Iterator for Places<P> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<P: PageReader> PageReader for Places<P> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        page.map(|page| self.placed(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}
