//! NDJSON: one fact a line, in the JSON form of [`Fact`]; what `anklang export` writes.

use std::io::Read;
use std::path::Path;

use anklang_domain::{Fact, FactId, UnixMillis};
use serde_json::Value;

use super::lines::{Input, Lines};
use super::{Load, LoadError, OnBad, Progress, Report};

/// How many fields of a bad line are tried to find the one to blame.
const BLAMED_FIELDS_MAX: usize = 64;

/// Facts from NDJSON, plain or gzip. Blank lines, a byte order mark and CRLF are fine.
///
/// ```
/// use anklang_datasets::load::{Load, LoadError, Ndjson, OnBad};
///
/// let lines = r#"{"id":"f1","at":"2018-08-15T09:00:00Z","type":"engaged","member":"ana","verb":"liked","item":42}
/// {"id":"f2","at":"yesterday","type":"item_removed","item":"42"}
/// {"id":"f3","at":"2018-08-15T09:00:01Z","type":"item_removed","item":"42"}"#;
/// let mut facts = Ndjson::of("facts.ndjson", std::io::Cursor::new(lines))?.on_bad(OnBad::GoOn);
/// let read: Vec<_> = facts.by_ref().collect();
/// assert!(read[0].is_ok() && read[2].is_ok());
/// assert_eq!(
///     read[1].as_ref().unwrap_err().to_string(),
///     "facts.ndjson:2: field \"at\": \"yesterday\" is not a time in RFC 3339, such as 2018-08-15T09:00:00Z",
/// );
/// assert_eq!(facts.report().facts_total(), 2);
/// # Ok::<(), LoadError>(())
/// ```
pub struct Ndjson {
    lines: Lines,
    report: Report,
    on_bad: OnBad,
    ended: bool,
}

impl Ndjson {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        Ok(Self::over(Input::open(path)?))
    }

    /// Reads from anything; `name` is what errors call it.
    pub fn of(name: &str, input: impl Read + Send + 'static) -> Result<Self, LoadError> {
        Ok(Self::over(Input::of(name.to_owned(), input, 0)?))
    }

    fn over(input: Input) -> Self {
        Self { lines: Lines::of(input), report: Report::default(), on_bad: OnBad::Stop, ended: false }
    }

    /// What to do about a bad line; without this, [`OnBad::Stop`].
    #[must_use]
    pub fn on_bad(self, on_bad: OnBad) -> Self {
        Self { on_bad, ..self }
    }

    fn read(&mut self) -> Option<Result<Fact, LoadError>> {
        loop {
            let line = match self.lines.next_line() {
                Ok(Some([])) => continue,
                Ok(Some(line)) => line,
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            };
            return Some(match serde_json::from_slice::<Fact>(line) {
                Ok(fact) => Ok(fact),
                Err(error) => {
                    let bad = explain(line, &error);
                    let field = bad.field.unwrap_or_else(|| "(the line)".to_owned());
                    Err(LoadError::Field { place: self.lines.place(bad.column), field, what: bad.what })
                }
            });
        }
    }
}

impl Iterator for Ndjson {
    type Item = Result<Fact, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read();
        self.ended = self.report.read(read.as_ref(), self.on_bad);
        read
    }
}

impl Load for Ndjson {
    fn report(&self) -> &Report {
        &self.report
    }

    fn progress(&self) -> Progress {
        self.lines.input.progress()
    }
}

struct Bad {
    field: Option<String>,
    column: Option<u64>,
    what: String,
}

impl Bad {
    fn missing(field: &str) -> Self {
        Self { field: Some(field.to_owned()), column: None, what: "missing".to_owned() }
    }
}

/// Finds out which field of a bad line is to blame, and says what would be right.
fn explain(line: &[u8], error: &serde_json::Error) -> Bad {
    let value = match serde_json::from_slice::<Value>(line) {
        Ok(value) => value,
        Err(error) => {
            let what = format!("not JSON: {}", without_place(&error));
            return Bad { field: None, column: Some(error.column() as u64), what };
        }
    };
    let Some(fields) = value.as_object() else {
        let what = "a fact is a JSON object, {\"id\": …, \"at\": …, \"type\": …}".to_owned();
        return Bad { field: None, column: None, what };
    };
    if let Some(field) = ["id", "at", "type"].into_iter().find(|field| !fields.contains_key(*field)) {
        return Bad::missing(field);
    }
    let what = message(&value).unwrap_or_else(|| without_place(error));
    let named = what.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    if let Some(named) = named {
        return Bad::missing(named);
    }
    let blamed = blame(&value, &[], &what);
    Bad { field: (!blamed.is_empty()).then(|| blamed.join(".")), column: None, what }
}

fn message(value: &Value) -> Option<String> {
    serde_json::from_value::<Fact>(value.clone()).err().map(|error| without_place(&error))
}

/// The path of the field that is to blame: the error is gone, or another one, without it. A needed field that is merely
/// missed when it is taken away comes second to one whose absence is fine.
fn blame(value: &Value, path: &[String], error: &str) -> Vec<String> {
    let pointer: String = path.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect();
    let Some(Value::Object(fields)) = value.pointer(&pointer) else { return path.to_vec() };
    let (mut needed, mut envelope) = (None, None);
    for name in fields.keys().take(BLAMED_FIELDS_MAX) {
        let mut without = value.clone();
        if let Some(Value::Object(fields)) = without.pointer_mut(&pointer) {
            fields.remove(name);
        }
        let other = message(&without);
        let deeper = || path.iter().cloned().chain([name.clone()]).collect::<Vec<_>>();
        if other.as_deref() == Some(error) {
            continue;
        } else if path.is_empty() && ["id", "at", "type"].contains(&name.as_str()) {
            let itself = match name.as_str() {
                "id" => serde_json::from_value::<FactId>(fields[name].clone()).is_err(),
                "at" => serde_json::from_value::<UnixMillis>(fields[name].clone()).is_err(),
                _ => false,
            };
            if itself {
                return deeper();
            }
            envelope = Some(deeper()).filter(|_| name == "type");
        } else if other.is_some_and(|other| other == format!("missing field `{name}`")) {
            needed = needed.or(Some(deeper()));
        } else {
            return blame(value, &deeper(), error);
        }
    }
    match needed.or(envelope) {
        Some(found) => blame(value, &found, error),
        None => path.to_vec(),
    }
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ").map_or_else(|| text.clone(), |end| text[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;
    use crate::load::LINE_BYTES_MAX;

    const GOOD: &str = r#"{"id":"f1","at":"2018-01-01T00:00:00Z","type":"item_removed","item":"1"}"#;

    fn first_error(lines: impl Into<Vec<u8>>) -> (u64, String) {
        let mut facts = Ndjson::of("f", Cursor::new(lines.into())).expect("opens");
        let error = facts.by_ref().find_map(Result::err).expect("an error");
        assert!(facts.next().is_none(), "reading stops at the first bad line");
        (facts.report().facts_total(), error.to_string())
    }

    #[test]
    fn says_line_and_field_of_what_is_wrong() {
        for (bad, says) in [
            ("{", "f:2:1: field \"(the line)\": not JSON: EOF while parsing an object"),
            ("[1]", "f:2: field \"(the line)\": a fact is a JSON object, {\"id\": …, \"at\": …, \"type\": …}"),
            (r#"{"at":"2018-01-01T00:00:00Z","type":"item_removed","item":"1"}"#, "f:2: field \"id\": missing"),
            (
                &GOOD.replace("2018", "18"),
                "f:2: field \"at\": \"18-01-01T00:00:00Z\" is not a time in RFC 3339, such as 2018-08-15T09:00:00Z",
            ),
            (&GOOD.replace("f1", " "), "f:2: field \"id\": an id must not be empty"),
            (
                &GOOD.replace(r#""item":"1""#, r#""item":true"#),
                "f:2: field \"item\": invalid type: boolean `true`, expected an id (a string or a whole number)",
            ),
            (&GOOD.replace(r#","item":"1""#, ""), "f:2: field \"item\": missing"),
            (
                r#"{"id":"f","at":"2018-01-01T00:00:00Z","type":"item_put","item":{"id":"1","title":3}}"#,
                "f:2: field \"item.title\": invalid type: integer `3`, expected a string",
            ),
        ] {
            assert_eq!(first_error(format!("{GOOD}\n{bad}\n{GOOD}\n")), (1, says.to_owned()), "{bad}");
        }
    }

    #[test]
    fn an_unknown_type_is_answered_with_the_known_ones() {
        let (_, says) = first_error(GOOD.replace("item_removed", "item_deleted"));
        assert!(
            says.starts_with("f:1: field \"type\": unknown variant `item_deleted`, expected one of `item_put`"),
            "{says}"
        );
    }

    #[test]
    fn blank_lines_crlf_and_a_byte_order_mark_are_fine() {
        let text = format!("\u{feff}{GOOD}\r\n\r\n  \n{GOOD}");
        let facts = Ndjson::of("f", Cursor::new(text)).expect("opens");
        assert_eq!(facts.filter(Result::is_ok).count(), 2);
    }

    #[test]
    fn a_long_line_is_refused_and_the_next_is_read() {
        let text = format!("{}\n{GOOD}\n", "x".repeat(LINE_BYTES_MAX * 2));
        let facts = Ndjson::of("f", Cursor::new(text)).expect("opens").on_bad(OnBad::GoOn);
        let read: Vec<_> = facts.collect();
        assert!(matches!(&read[0], Err(LoadError::TooLong { place, .. }) if place.line == 1));
        assert!(read[1].is_ok() && read.len() == 2);
    }

    #[test]
    fn a_cut_off_gzip_file_gives_what_came_before() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        for n in 0..2000_u64 {
            let unlike = anklang_domain::stable_hash(&n.to_le_bytes());
            writeln!(gzip, "{}", GOOD.replace("f1", &format!("f{unlike:x}"))).expect("in memory");
        }
        let whole = gzip.finish().expect("in memory");
        let facts = Ndjson::of("f", Cursor::new(whole.clone())).expect("opens");
        assert_eq!(facts.filter(Result::is_ok).count(), 2000);
        let (before, says) = first_error(&whole[..whole.len() / 2]);
        assert!((500..1500).contains(&before), "{before}");
        assert_eq!(says, format!("f:{}: the compressed file is cut off here", before + 1));
    }

    #[test]
    fn what_is_written_reads_back() {
        use crate::community::{Community, Params};
        let params = Params { members: 20, discussions: 20, engagements: 500, ..Params::default() };
        let facts: Vec<Fact> = Community::new(params.check().expect("in range")).facts().collect();
        let lines: String = facts.iter().map(|fact| serde_json::to_string(fact).expect("json") + "\n").collect();
        let read: Result<Vec<Fact>, _> = Ndjson::of("f", Cursor::new(lines)).expect("opens").collect();
        assert_eq!(read.expect("all good"), facts);
    }

    #[test]
    fn a_bomb_of_gzip_is_one_long_line() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..64 {
            gzip.write_all(&[b'x'; 1 << 20]).expect("in memory");
        }
        assert!(first_error(gzip.finish().expect("in memory")).1.contains("longer than"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_an_answer(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let facts = Ndjson::of("f", Cursor::new(bytes)).map(|facts| facts.on_bad(OnBad::GoOn).count());
            proptest::prop_assert!(facts.is_ok());
        }
    }
}
