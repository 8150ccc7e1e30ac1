//! Files whose lines are whole numbers with white space between them.

use std::path::Path;

use crate::load::lines::{Input, Lines};
use crate::load::{LoadError, Place};

/// The longest line of numbers, in bytes: a member with a million items.
pub const NUMBERS_LINE_BYTES_MAX: usize = 16 << 20;
/// How much of a bad word an error shows.
const SHOWN_CHARS_MAX: usize = 40;

/// The numbers of a file, line by line. Blank lines between others are kept as lines without a number.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    file: String,
    values: Vec<u64>,
    /// Where each line's numbers begin, and where the last one's end.
    starts: Vec<usize>,
}

impl Numbers {
    pub(super) fn open(path: &Path) -> Result<Self, LoadError> {
        Self::of(Input::open(path)?)
    }

    pub(super) fn of(input: Input) -> Result<Self, LoadError> {
        let mut lines = Lines::with_max(input, NUMBERS_LINE_BYTES_MAX);
        let mut numbers = Self { file: lines.input.name.clone(), values: Vec::new(), starts: vec![0] };
        let mut bad = None;
        while let Some(line) = lines.next_line()? {
            for word in line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
                match number(word) {
                    Some(number) => numbers.values.push(number),
                    None => bad = bad.or_else(|| Some(String::from_utf8_lossy(word).into_owned())),
                }
            }
            if let Some(word) = bad {
                let shown: String = word.chars().take(SHOWN_CHARS_MAX).collect();
                let what = format!("{shown:?} is not a whole number; a line is numbers with spaces between them");
                return Err(LoadError::Broken { place: lines.place(None), what });
            }
            numbers.starts.push(numbers.values.len());
        }
        if numbers.values.is_empty() {
            let what = "is empty; lines of whole numbers are needed".to_owned();
            return Err(LoadError::Whole { file: numbers.file, what });
        }
        Ok(numbers)
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Each line, from 0, and its numbers.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &[u64])> {
        (0..self.len()).map(|line| (line, self.line(line)))
    }

    /// A line's numbers.
    pub(super) fn line(&self, line: usize) -> &[u64] {
        &self.values[self.starts[line]..self.starts[line + 1]]
    }

    /// What is wrong with a line, counted from 0.
    pub(super) fn bad(&self, line: usize, what: String) -> LoadError {
        let place = Place { file: self.file.clone(), line: line as u64 + 1, column: None };
        LoadError::Broken { place, what }
    }
}

fn number(word: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(word).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: impl Into<Vec<u8>>) -> Result<Vec<Vec<u64>>, String> {
        let input = Input::of("f".to_owned(), std::io::Cursor::new(bytes.into()), 0).unwrap();
        let numbers = Numbers::of(input).map_err(|error| error.to_string())?;
        Ok(numbers.lines().map(|(_, line)| line.to_vec()).collect())
    }

    #[test]
    fn lines_are_read_as_they_are_written_anywhere() {
        assert_eq!(read("\u{feff}1 2\r\n\n3\t4 ").unwrap(), [vec![1, 2], vec![], vec![3, 4]]);
    }

    #[test]
    fn what_is_no_number_is_told_with_its_line() {
        for (text, error) in [
            ("1 2\n3 x", "f:2: \"x\" is not a whole number; a line is numbers with spaces between them"),
            ("1 -2", "f:1: \"-2\" is not a whole number; a line is numbers with spaces between them"),
            ("1,2", "f:1: \"1,2\" is not a whole number; a line is numbers with spaces between them"),
            ("1 NaN", "f:1: \"NaN\" is not a whole number; a line is numbers with spaces between them"),
            ("", "f: is empty; lines of whole numbers are needed"),
            ("\n\n", "f: is empty; lines of whole numbers are needed"),
        ] {
            assert_eq!(read(text).unwrap_err(), error);
        }
        assert!(read(&b"1 \xff\xfe"[..]).unwrap_err().starts_with("f:1: "));
        assert!(read("99999999999999999999").unwrap_err().starts_with("f:1: "));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(bytes);
        }

        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(prop::collection::vec(any::<u64>(), 1..5), 1..9)) {
            let line = |row: &Vec<u64>| row.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
            let text = rows.iter().map(line).collect::<Vec<_>>().join("\n");
            prop_assert_eq!(read(text).unwrap(), rows);
        }
    }
}
