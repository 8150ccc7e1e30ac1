//! What is read, and what is said of what cannot be.

use std::io::{Cursor, Write};
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn wanted(unit: Option<&str>, numbers: &[&str], labels: &[&str]) -> Wanted {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Wanted {
        unit: unit.map(str::to_owned),
        variant: "arm".to_owned(),
        numbers: owned(numbers),
        labels: owned(labels),
        days: Vec::new(),
        only_moments: false,
    }
}

fn read(bytes: impl AsRef<[u8]>, wanted: &Wanted) -> Result<Table, TableError> {
    Table::of("t.csv", Cursor::new(bytes.as_ref().to_vec()), wanted)
}

/// The units as they lie: arm, numbers, labels; in the order of arms and numbers, which is the file's no longer.
fn units(table: &Table) -> Vec<(String, Vec<String>)> {
    let of_block = |block: &Block| {
        let unit = |at: usize| {
            let numbers = block.numbers.iter().map(|column| column[at].to_string());
            let labels =
                block.labels.iter().zip(&table.labels).map(|(column, texts)| texts[column[at] as usize].clone());
            (table.arms[usize::from(block.arms[at])].clone(), numbers.chain(labels).collect())
        };
        (0..block.arms.len()).map(unit).collect::<Vec<_>>()
    };
    let mut units: Vec<_> = table.blocks.iter().flat_map(of_block).collect();
    units.sort();
    units
}

#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, wanted: &Wanted, says: &str) {
    let error = read(bytes, wanted).expect_err("refused").to_string();
    assert_eq!(error, says);
}

fn unit(arm: &str, cells: &[&str]) -> (String, Vec<String>) {
    (arm.to_owned(), cells.iter().map(|cell| (*cell).to_owned()).collect())
}

#[test]
fn all_shapes_of_a_table_are_read_alike() {
    let wanted = wanted(None, &["x"], &[]);
    let plain = "id,arm,x\n1,a,1.5\n2,b,2\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(plain.as_bytes()).expect("written");
    let gzip = gzip.finish().expect("written");
    for bytes in [
        plain.as_bytes(),
        b"id,arm,x\r\n1,a,1.5\r\n2,b,2\r\n",
        b"\xef\xbb\xbfid,arm,x\n1,a,1.5\n2,b,2",
        b"id;arm;x\n1;a;1.5\n\n2; b ;2\n\n",
        b"id\tarm\tx\n1\ta\t1.5\n2\tb\t2\n",
        b"\"id\",\"arm\",\"x\"\n\"1\n1\",\"a\",\"1.5\"\n\"2,\"\"\n\",b,2\n",
        b"\n\r\nid,arm,x\n1\" pipe,a,1.5\n2,b,2\r",
        &gzip,
    ] {
        let table = read(bytes, &wanted).expect("read");
        assert_eq!(units(&table), [unit("a", &["1.5"]), unit("b", &["2"])], "{}", String::from_utf8_lossy(bytes));
        assert_eq!((table.rows, &table.arms[..]), (2, &["a".to_owned(), "b".to_owned()][..]));
    }
}

#[test]
fn rows_of_a_unit_are_added_up() {
    let text = "u,arm,x,yes,seg\n1,a,1,true,de\n2,b,,false,us\n1,a,2,false,fr\n3,a,1,true,de\n3,b,1,true,de\n,a,9,true,de\n\
                4,,9,true,de\n2,b,NA,false,us\n5,a,NaN,,\n5,a,4,true,\n";
    let table = read(text, &wanted(Some("u"), &["x", "yes"], &["seg"])).expect("read");
    assert_eq!(
        units(&table),
        [unit("a", &["3", "1", "de"]), unit("a", &["4", "1", NO_LABEL]), unit("b", &["NaN", "0", "us"])]
    );
    assert_eq!((table.rows, table.rows_without_unit, table.rows_without_variant), (10, 1, 1));
    assert_eq!((table.units_in_several_arms, table.units_of_several_labels), (1, 1));
    assert_eq!(table.cells[0].missing, 3);
    assert!(table.cells[1].boolean() && !table.cells[0].boolean());
}

#[test]
fn a_units_day_is_its_first() {
    let text = "u,arm,at\n1,a,2024-05-02T10:00:00Z\n1,a,2024-05-01\n2,b,1714608000\n3,b,\n";
    let wanted = Wanted { days: vec!["at".to_owned()], ..wanted(Some("u"), &[], &[]) };
    let table = read(text, &wanted).expect("read");
    assert_eq!(units(&table), [unit("a", &["2024-05-01"]), unit("b", &[NO_LABEL]), unit("b", &["2024-05-02"])]);
    refused(
        "u,arm,at\n1,a,soon\n",
        &wanted,
        "t.csv:2: column \"at\": \"soon\" is no date (2018-08-15), time (RFC 3339) or Unix time",
    );
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let one = wanted(None, &["x"], &[]);
    refused("", &one, "t.csv: is empty");
    refused("\n\n", &one, "t.csv: is empty");
    refused("arm,x\n", &one, "t.csv: has a header, but no rows");
    refused("arm,x", &one, "t.csv: has a header, but no rows");
    refused("a,1\nb,2\n", &one, "t.csv has no column \"arm\"; it has a, 1");
    refused("arm,x,x\na,1,2\n", &one, "t.csv has 2 columns \"x\": rename all but one");
    assert!(read("arm,x,y,y\na,1,2,3\n", &one).is_ok(), "who is not asked for may be there twice");
    refused("arm,x\na,1\nb,2,3\na,1\n", &one, "t.csv:3: has 3 fields; the header has 2");
    refused("arm,x\na,1\n\n\"b\n\n\",2\nb", &one, "t.csv:7: has 1 fields; the header has 2: is the file cut off here?");
    refused("arm,x\na,1\nb,\"2", &one, "t.csv:3: a quote is opened here and never closed: is the file cut off?");
    refused("arm,x\na,\"1\"2\n", &one, "t.csv:2: a quoted field is followed by something other than the next field");
    refused("arm,x\na,abc\n", &one, "t.csv:2: column \"x\": \"abc\" is not a number");
    refused(
        "arm;x\na;3,14\n",
        &one,
        "t.csv:2: column \"x\": \"3,14\" is not a number (decimals are written with a point)",
    );
    refused(b"arm,x\n\xff,1\n", &one, "t.csv: is not UTF-8: save it as UTF-8");
    refused(b"\xff\xfea\0r\0m\0", &one, "t.csv: is UTF-16: save it as UTF-8");
    refused(b"PK\x03\x04....", &one, "t.csv: is a ZIP archive or a spreadsheet: save the table as CSV");
    let mut many = "arm,x\n".to_owned();
    (0..=ARMS_MAX).for_each(|arm| many.push_str(&format!("arm {arm},1\n")));
    let says =
        "t.csv: column \"arm\" has more than 64 values, such as \"arm 0\", \"arm 1\", \"arm 2\": is it the variant?";
    refused(many, &one, says);
}

#[test]
fn a_gzip_file_that_is_cut_off_is_refused() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let rows: String = (0..5_000).map(|row| format!("a,{}\n", row * 7919 % 1000)).collect();
    gzip.write_all(format!("arm,x\n{rows}").as_bytes()).expect("written");
    let bytes = gzip.finish().expect("written");
    let one = wanted(None, &["x"], &[]);
    assert_eq!(read(&bytes, &one).expect("read").rows, 5_000);
    refused(&bytes[..bytes.len() / 2], &one, "t.csv: the compressed file is cut off");
}

/// Many pieces, and rows that lie across their borders.
#[test]
fn a_large_file_is_read_whole_and_its_lines_are_counted() {
    let mut text = "u,arm,x,note\n".to_owned();
    let (mut sum, rows) = (0, 150_000_u64);
    for row in 0..rows {
        sum += row % 10;
        let note = if row % 3 == 0 { "\"two\nlines, and a \"\"quote\"\"\"" } else { "plain" };
        text.push_str(&format!("user-{},{},{},{note}\n", row % 50_000, ["a", "b"][(row % 2) as usize], row % 10));
    }
    assert!(text.len() > 3 * ROW_BYTES_MAX);
    let table = read(&text, &wanted(Some("u"), &["x"], &[])).expect("read");
    assert_eq!((table.rows, table.units()), (rows, 50_000));
    let found: f64 = table.blocks.iter().flat_map(|block| &block.numbers[0]).sum();
    assert_eq!(found, sum as f64);
    let each = read(&text, &wanted(None, &["x"], &["note"])).expect("read");
    assert_eq!((each.units(), each.labels[0].len()), (rows as usize, 2));
    text.push_str("user-1,a,oops,plain\n");
    let line = text.lines().count();
    let says = format!("t.csv:{line}: column \"x\": \"oops\" is not a number");
    refused(&text, &wanted(Some("u"), &["x"], &[]), &says);
    let unclosed = format!("u,arm,x,note\n1,a,1,\"{}", "never closed ".repeat(200_000));
    let says = "t.csv:2: a row is longer than 1048576 bytes, or its quote is never closed";
    refused(unclosed, &wanted(None, &["x"], &[]), says);
}

#[test]
fn files_that_are_not_there_are_refused() {
    let nowhere = Table::open(&PathBuf::from("/nowhere/t.csv"), &wanted(None, &[], &[]));
    assert!(matches!(nowhere, Err(TableError::Io { .. })), "{nowhere:?}");
    let folder = Table::open(&std::env::temp_dir(), &wanted(None, &[], &[])).expect_err("a folder").to_string();
    assert!(folder.ends_with("is a folder; a file is needed"), "{folder}");
}

proptest! {
    /// The crate `csv` reads the same.
    #[test]
    fn any_table_is_read_as_by_csv(
        rows in prop::collection::vec(("[ab]", "[0-9]{1,3}(\\.[0-9])?", "[a-z,\"\n ]{0,6}"), 1..40),
        crlf: bool,
        ends: bool,
    ) {
        let end = if crlf { ::csv::Terminator::CRLF } else { ::csv::Terminator::Any(b'\n') };
        let mut writer = ::csv::WriterBuilder::new().terminator(end).from_writer(Vec::new());
        writer.write_record(["arm", "x", "note"]).unwrap();
        for (arm, x, note) in &rows {
            writer.write_record([arm, x, note]).unwrap();
        }
        let mut bytes = writer.into_inner().unwrap();
        if !ends {
            bytes.truncate(bytes.trim_ascii_end().len());
        }
        let table = read(&bytes, &wanted(None, &["x"], &["note"])).unwrap();
        let named = |note: &str| if note.trim().is_empty() { NO_LABEL.to_owned() } else { note.trim().to_owned() };
        let mut theirs: Vec<_> =
            rows.iter().map(|(arm, x, note)| (arm.clone(), vec![x.parse::<f64>().unwrap().to_string(), named(note)])).collect();
        theirs.sort();
        prop_assert_eq!(units(&table), theirs);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(prop::sample::select(b"arm,x\n\"\r;ab1\xff\0".to_vec()), 0..200)) {
        let mut table = b"arm,x\n".to_vec();
        table.extend(bytes);
        if let Ok(table) = read(&table, &wanted(None, &["x"], &["x"])) {
            prop_assert!(table.blocks.iter().all(|block| block.numbers[0].len() == block.arms.len()));
        }
    }
}

/// A Parquet file of so many rows in groups of 1,000: ids, arms (of which each tenth is missing), numbers of several kinds.
fn parquet_file(dictionary: bool, codec: ::parquet::basic::Compression, rows: i64) -> tempfile::NamedTempFile {
    use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
    let schema = "message t { required int64 u; optional binary arm (STRING); optional double x; optional boolean yes;
                  required int32 cents (DECIMAL(9,2)); required int32 day (DATE); required int64 at (TIMESTAMP(MILLIS,true)); }";
    let schema = ::parquet::schema::parser::parse_message_type(schema).expect("a schema");
    let properties = ::parquet::file::properties::WriterProperties::builder()
        .set_compression(codec)
        .set_dictionary_enabled(dictionary)
        .build();
    let file = tempfile::NamedTempFile::new().expect("a file");
    let out = file.reopen().expect("opened");
    let mut writer =
        ::parquet::file::writer::SerializedFileWriter::new(out, schema.into(), properties.into()).expect("a writer");
    for from in (0..rows).step_by(1_000) {
        let rows = || from..(from + 1_000).min(rows);
        let mut group = writer.next_row_group().expect("a group");
        let mut column = group.next_column().expect("next").expect("a column");
        column.typed::<Int64Type>().write_batch(&rows().map(|row| row / 2).collect::<Vec<_>>(), None, None).expect("u");
        column.close().expect("closed");
        let there: Vec<i16> = rows().map(|row| i16::from(row % 10 != 9)).collect();
        let arms: Vec<ByteArray> =
            rows().filter(|row| row % 10 != 9).map(|row| if row / 2 % 2 == 0 { "a" } else { "b" }.into()).collect();
        let mut column = group.next_column().expect("next").expect("a column");
        column.typed::<ByteArrayType>().write_batch(&arms, Some(&there), None).expect("arm");
        column.close().expect("closed");
        let there: Vec<i16> = rows().map(|row| i16::from(row % 4 != 3)).collect();
        let numbers: Vec<f64> =
            rows().filter(|row| row % 4 != 3).map(|row| if row % 4 == 2 { f64::NAN } else { row as f64 }).collect();
        let mut column = group.next_column().expect("next").expect("a column");
        column.typed::<DoubleType>().write_batch(&numbers, Some(&there), None).expect("x");
        column.close().expect("closed");
        let mut column = group.next_column().expect("next").expect("a column");
        let yes: Vec<bool> = rows().map(|row| row % 3 == 0).collect();
        column.typed::<BoolType>().write_batch(&yes, Some(&vec![1; yes.len()]), None).expect("yes");
        column.close().expect("closed");
        for values in [
            rows().map(|row| row as i32 + 5).collect::<Vec<_>>(),
            rows().map(|row| 19_000 + (row % 3) as i32).collect(),
        ] {
            let mut column = group.next_column().expect("next").expect("a column");
            column.typed::<Int32Type>().write_batch(&values, None, None).expect("cents, day");
            column.close().expect("closed");
        }
        let mut column = group.next_column().expect("next").expect("a column");
        let at: Vec<i64> = rows().map(|row| 19_000 * 86_400_000 + row * 60_000).collect();
        column.typed::<Int64Type>().write_batch(&at, None, None).expect("at");
        column.close().expect("closed");
        group.close().expect("closed");
    }
    writer.close().expect("closed");
    file
}

#[test]
fn parquet_is_read_as_csv_is() {
    use ::parquet::basic::{Compression, GzipLevel, ZstdLevel};
    let rows = 2_500;
    let mut csv = "u,arm,x,yes,cents,day,at\n".to_owned();
    for row in 0..rows {
        let arm = if row % 10 == 9 { "" } else { ["a", "b"][(row / 2 % 2) as usize] };
        let x = if row % 4 >= 2 { String::new() } else { row.to_string() };
        let at = 19_000 * 86_400_i64 + row * 60;
        csv += &format!(
            "{},{arm},{x},{},{},2022-01-{:02},{at}\n",
            row / 2,
            row % 3 == 0,
            (row + 5) as f64 / 100.0,
            8 + row % 3
        );
    }
    for unit in [None, Some("u")] {
        for labels in [vec!["arm"], vec!["yes", "day"]] {
            let mut wanted = wanted(unit, &["x", "yes", "cents"], &labels);
            wanted.days = vec!["day".to_owned(), "at".to_owned()];
            let theirs = read(&csv, &wanted).expect("read");
            let codecs = [
                Compression::UNCOMPRESSED,
                Compression::SNAPPY,
                Compression::LZ4_RAW,
                Compression::ZSTD(ZstdLevel::default()),
                Compression::GZIP(GzipLevel::default()),
            ];
            for (codec, dictionary) in codecs.into_iter().zip([true, false, true, false, true]) {
                let file = parquet_file(dictionary, codec, rows);
                let table = Table::open(file.path(), &wanted).expect("read");
                assert_eq!(units(&table).len(), units(&theirs).len());
                assert_eq!(
                    without_case(units(&table)),
                    without_case(units(&theirs)),
                    "{codec:?} {dictionary} {unit:?}"
                );
                assert_eq!((table.rows, table.rows_without_variant), (2_500, 250));
                assert_eq!(table.cells, theirs.cells);
            }
        }
    }
}

/// `TRUE` of one file is `true` of another.
fn without_case(units: Vec<(String, Vec<String>)>) -> Vec<(String, Vec<String>)> {
    units.into_iter().map(|(arm, cells)| (arm, cells.into_iter().map(|cell| cell.to_lowercase()).collect())).collect()
}

#[test]
fn a_parquet_file_that_is_damaged_is_refused() {
    let file = parquet_file(true, ::parquet::basic::Compression::SNAPPY, 2_500);
    let bytes = std::fs::read(file.path()).expect("read");
    let wanted = wanted(None, &["x"], &[]);
    let cut = tempfile::NamedTempFile::new().expect("a file");
    for length in [5, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(cut.path(), &bytes[..length]).expect("written");
        let error = Table::open(cut.path(), &wanted).expect_err("cut off").to_string();
        assert!(error.contains("is cut off or damaged"), "{length}: {error}");
    }
    for at in (8..bytes.len()).step_by(37) {
        let mut broken = bytes.clone();
        broken[at] ^= 0xff;
        std::fs::write(cut.path(), &broken).expect("written");
        // Read or refused, but not more than that.
        let _whichever = Table::open(cut.path(), &wanted);
    }
    let texts = self::wanted(None, &["arm"], &[]);
    let error = Table::open(file.path(), &texts).expect_err("not numbers").to_string();
    assert!(error.ends_with("row 1: column \"arm\": \"a\" is not a number"), "{error}");
    let dates = self::wanted(None, &["day"], &[]);
    let error = Table::open(file.path(), &dates).expect_err("not numbers").to_string();
    assert!(error.contains("column \"day\" is of type INT32"), "{error}");
}

proptest! {
    /// Only moments, or all rows: the same.
    #[test]
    fn moments_alone_are_those_of_the_rows(
        rows in prop::collection::vec((0..3_usize, 0..4_usize, prop::sample::select(vec!["0.1", "7", "", "-1e6", "0", "1"])), 1..80),
    ) {
        let text: String = rows.iter().map(|(arm, seg, x)| format!("{},s{seg},{x}\n", ["a", "b", ""][*arm])).collect();
        let all = wanted(None, &["x"], &["seg"]);
        let table = read(format!("arm,seg,x\n{text}"), &all).unwrap();
        let moments = read(format!("arm,seg,x\n{text}"), &Wanted { only_moments: true, ..all }).unwrap();
        prop_assert_eq!(table.units(), moments.units());
        for by in [measure::By::Arm, measure::By::Label(0)] {
            prop_assert_eq!(table.count(by), moments.count(by));
            prop_assert_eq!(table.cells(0, f64::INFINITY, by), moments.cells(0, f64::INFINITY, by));
        }
    }
}
