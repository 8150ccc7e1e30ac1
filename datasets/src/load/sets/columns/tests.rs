use proptest::prelude::*;

use super::super::tests::{events, write};
use super::super::{Format, Options, Unit, Weights, load};
use super::*;
use crate::dataset::{DataSet, Timed};

fn of(name: &str, text: &str, options: &Options) -> Result<DataSet, String> {
    let folder = write(&[(name, text)]);
    let path = folder.path().join(name);
    load(&path, options).map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

fn plain(name: &str, text: &str) -> Result<DataSet, String> {
    of(name, text, &Options::default())
}

#[test]
fn usual_columns_are_found_and_others_are_named() {
    let set =
        plain("a.csv", "\u{feff}User_ID;page;movieId;Rating;timestamp\r\nann;1;m1;2.5;10\r\nbob;1;m1;-1;5").unwrap();
    assert_eq!((set.timed, set.name.as_str(), set.members.len()), (Timed::Moments, "a", 2));
    assert_eq!(events(&set.log), [(5_000, 1, 0), (10_000, 0, 0)]);
    assert_eq!(set.log.events()[0].weight, -1.0);
    let columns = SetColumns {
        member: Some("who".into()),
        item: Some("WHAT".into()),
        at: Some("when".into()),
        weight: Some("stars".into()),
    };
    let options =
        Options { columns, unit: Some(Unit::Millis), weights: Some(Weights::AtLeast(4.0)), ..Options::default() };
    let set = of("a.tsv", "when\twhat\twho\tstars\n10\tx\tann\t5\n11\ty\tann\t3\n", &options).unwrap();
    assert_eq!((events(&set.log), set.items.len()), (vec![(10, 0, 0)], 2));
    let set =
        plain("a.ndjson", "{\"user\":1,\"item\":\"x\",\"rating\":2}\n\n{\"item\":7,\"user\":\"1\",\"rating\":\"3\"}")
            .unwrap();
    assert_eq!((events(&set.log), set.timed), (vec![(0, 0, 0), (0, 0, 1)], Timed::No));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (name, text, error) in [
        ("a.csv", "", "a.csv: is empty; a header and rows are needed"),
        ("a.csv", "user,item\n", "a.csv: has no rows"),
        (
            "a.csv",
            "user|item\n1|2\n",
            "a.csv:1: has no column for a member (member, member_id, user, user_id, userid, customer_id, visitorid, reviewerid); it has user|item. Columns are separated by comma, semicolon or tab",
        ),
        ("a.csv", "user,item,rating\n1,2,3\n1,2,NaN\n", "a.csv:3: field \"rating\": \"NaN\" is not a finite number"),
        ("a.csv", "user,item,rating\n1,2,\n", "a.csv:2: field \"rating\": missing; a weight is needed in every row"),
        (
            "a.csv",
            "user,item,time\n1,2,soon\n",
            "a.csv:2: field \"time\": \"soon\" is not a time in RFC 3339, such as 2018-08-15T09:00:00Z, nor a number of seconds or milliseconds since 1970",
        ),
        ("a.csv", "user,item\n1,2\n1\n", "a.csv:3: field \"(the row)\": has 1 fields; the header has 2"),
        ("a.csv", "user,item\n,2\n", "a.csv:2: field \"user\": missing; a member is needed in every row"),
        ("a.jsonl", "{\"user\":1,\"item\":2}\n{\"user\":1,\"it", "a.jsonl:2:13: the line is cut off"),
        (
            "a.jsonl",
            "{\"user\":1,\"item\":2}\n{\"user\":1}",
            "a.jsonl:2: field \"item\": missing; an item is needed in every row",
        ),
        ("a.jsonl", "[1]", "a.jsonl:1:0: not an object: invalid type: sequence, expected a map at line 1 column 0"),
        ("a.parquet", "PAR1", "a.parquet: is cut off or damaged: EOF: Parquet file too small. Size is 4 but need 8"),
    ] {
        assert_eq!(plain(name, text).map(|_| ()).unwrap_err(), error);
    }
    let columns = SetColumns { at: Some("when".into()), ..SetColumns::default() };
    let failed = of("a.csv", "user,item\n1,2\n", &Options { columns, ..Options::default() }).map(|_| ()).unwrap_err();
    assert!(failed.starts_with("a.csv:1: has no column when; it has user, item"), "{failed}");
    let folder = write(&[]);
    let path = folder.path().join("a.csv");
    std::fs::write(&path, b"user,item\n1,\xff\n").unwrap();
    assert!(
        load(&path, &Options::default()).unwrap_err().to_string().contains("a.csv:2: field \"(the row)\": not UTF-8")
    );
}

#[test]
fn a_gzip_file_that_is_cut_off_is_refused() {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writeln!(gzip, "user,item").unwrap();
    for row in 0..3000_u64 {
        writeln!(gzip, "{row},{:x}", anklang_domain::stable_hash(&row.to_le_bytes())).unwrap();
    }
    let whole = gzip.finish().unwrap();
    let folder = write(&[]);
    let path = folder.path().join("a.csv.gz");
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(load(&path, &Options::default()).unwrap().log.events().len(), 3000);
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let failed = load(&path, &Options::default()).unwrap_err().to_string();
    assert!(failed.ends_with("the compressed file is cut off here"), "{failed}");
}

/// A file of 25 rows in groups of ten: members by number, items by name, each fifth moment missing where `holes`.
fn parquet_file(holes: bool, dictionary: bool) -> Vec<u8> {
    use ::parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int64Type};
    use ::parquet::file::{properties::WriterProperties, writer::SerializedFileWriter};
    let schema = "message t { required int64 user_id; required binary item_id (STRING);
                  optional int64 at (TIMESTAMP(MICROS,true)); required float rating; }";
    let schema = ::parquet::schema::parser::parse_message_type(schema).unwrap();
    let properties = WriterProperties::builder().set_dictionary_enabled(dictionary).build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema.into(), properties.into()).unwrap();
    for from in [0, 10, 20_i64] {
        let rows: Vec<i64> = (from..(from + 10).min(25)).collect();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let users: Vec<i64> = rows.iter().map(|row| row / 2).collect();
        column.typed::<Int64Type>().write_batch(&users, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let items: Vec<ByteArray> = rows.iter().map(|row| format!("i{}", row % 4).as_str().into()).collect();
        column.typed::<ByteArrayType>().write_batch(&items, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let there: Vec<i16> = rows.iter().map(|row| i16::from(!holes || row % 5 != 4)).collect();
        let moments = rows.iter().zip(&there).filter(|(_, there)| **there == 1).map(|(row, _)| row * 1_000_000);
        column.typed::<Int64Type>().write_batch(&moments.collect::<Vec<_>>(), Some(&there), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let ratings: Vec<f32> = rows.iter().map(|row| *row as f32).collect();
        column.typed::<FloatType>().write_batch(&ratings, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

#[test]
fn parquet_is_read_as_it_is_written() {
    let folder = write(&[]);
    let path = folder.path().join("a.parquet");
    for dictionary in [true, false] {
        std::fs::write(&path, parquet_file(false, dictionary)).unwrap();
        let set = load(&path, &Options::default()).unwrap();
        assert_eq!((set.members.len(), set.items.as_slice()), (13, &["i0", "i1", "i2", "i3"].map(str::to_owned)[..]));
        for (row, event) in set.log.events().iter().enumerate() {
            let wanted = (row as i64 * 1000, row as u32 / 2, row as u32 % 4, row as f32);
            assert_eq!((event.at, event.member.0, event.item.0, event.weight), wanted);
        }
    }
    std::fs::write(&path, parquet_file(true, true)).unwrap();
    let failed = load(&path, &Options::default()).unwrap_err().to_string();
    assert!(failed.ends_with("a.parquet:5: field \"at\": missing; a moment is needed in every row"), "{failed}");
    let columns = SetColumns { at: Some("when".into()), ..SetColumns::default() };
    let failed = load(&path, &Options { columns, ..Options::default() }).unwrap_err().to_string();
    assert!(failed.contains("a.parquet: has no column when; it has user_id, item_id, at, rating"), "{failed}");
}

#[test]
fn a_parquet_file_that_is_damaged_is_read_or_refused() {
    let whole = parquet_file(false, true);
    let folder = write(&[]);
    let path = folder.path().join("a.parquet");
    for length in [5, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(load(&path, &Options::default()).unwrap_err().to_string().contains("is cut off or damaged"));
    }
    for at in (4..whole.len()).step_by(7) {
        let mut broken = whole.clone();
        broken[at] ^= 0xff;
        std::fs::write(&path, &broken).unwrap();
        let _whichever = load(&path, &Options::default());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..120), header in any::<bool>()) {
        let folder = write(&[]);
        for (format, start) in [(Format::Csv, "user,item,at\n"), (Format::Ndjson, "{\"user\":1,\"item\":2}\n"), (Format::Parquet, "PAR1")] {
            let path = folder.path().join("f");
            let start = if header { start.as_bytes() } else { &[] };
            std::fs::write(&path, [start, &bytes].concat()).unwrap();
            let _ = load(&path, &Options { format: Some(format), ..Options::default() });
        }
    }

    #[test]
    fn what_is_written_is_read(rows in prop::collection::vec(("[a-z]{1,3}", "[a-z \"\n,]{0,3}[a-z]", 0..4_000_000_000_i64, -9_i8..9), 1..20)) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let csv = rows.iter().map(|(member, item, at, weight)| format!("{member},{},{at},{weight}\n", quoted(item)));
        let csv = format!("user,item,at,weight\n{}", csv.collect::<String>());
        let json = rows.iter().map(|(member, item, at, weight)| {
            format!("{}\n", serde_json::json!({"user": member, "item": item.trim(), "at": at, "weight": weight}))
        });
        let named = |set: DataSet| -> Vec<(String, String, i64, f32)> {
            let name = |event: &anklang_models::Event| (set.members[event.member.ix()].clone(), set.items[event.item.ix()].clone(), event.at, event.weight);
            set.log.events().iter().map(name).collect()
        };
        let mut wanted: Vec<_> = rows.iter().map(|(member, item, at, weight)| (member.clone(), item.trim().to_owned(), at * 1000, f32::from(*weight))).collect();
        wanted.sort_by_key(|row| row.2);
        prop_assert_eq!(&named(plain("a.csv", &csv).unwrap()), &wanted);
        prop_assert_eq!(&named(plain("a.ndjson", &json.collect::<String>()).unwrap()), &wanted);
    }
}
