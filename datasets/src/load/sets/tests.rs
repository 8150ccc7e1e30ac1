use tempfile::TempDir;

use super::*;

/// A folder with these files.
pub(super) fn write(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Moment, member and item of each event.
pub(super) fn events(log: &Log) -> Vec<(i64, u32, u32)> {
    log.events().iter().map(|event| (event.at, event.member.0, event.item.0)).collect()
}

/// A folder of the test data; none where it is missing, and then it says so.
pub(super) fn data(name: &str) -> Option<PathBuf> {
    let data = std::env::var_os("ANKLANG_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")), PathBuf::from);
    let path = data.join(name);
    if !path.exists() {
        println!("NOT RUN: no {}; set ANKLANG_DATA", path.display());
        return None;
    }
    Some(path)
}

fn shape(set: &DataSet) -> [usize; 4] {
    let given = set.given.as_ref().map_or(0, |log| log.events().len());
    [set.log.members(), set.log.items(), set.log.events().len(), given]
}

#[test]
fn the_line_formats_are_known_by_their_files() {
    for (name, timed, expected) in [
        ("gowalla", Timed::No, [29_858, 40_981, 810_128, 217_242]),
        ("movielens-1m", Timed::No, [6_040, 3_260, 801_218, 197_321]),
        ("amazon-beauty", Timed::Order, [22_363, 12_101, 198_502, 0]),
        ("citeulike-a", Timed::No, [5_551, 16_980, 204_986, 0]),
    ] {
        let Some(path) = data(name) else { continue };
        let set = load(&path, &Options::default()).unwrap();
        assert_eq!((set.name.as_str(), set.timed), (name, timed));
        assert_eq!(shape(&set), expected, "{name}");
        assert_eq!((set.members.len(), set.items.len()), (expected[0], expected[1]));
        assert_eq!(set.features.len(), set.log.facts().content.cols());
    }
}

#[test]
fn what_cannot_be_recognised_is_told() {
    let folder = write(&[("x.bin", "")]);
    let failed = |path: &Path| load(path, &Options::default()).unwrap_err().to_string();
    assert!(failed(folder.path()).contains("lists (train.txt)"), "{}", failed(folder.path()));
    assert!(failed(&folder.path().join("none")).ends_with("not found"));
}

#[test]
fn every_format_is_described_and_can_be_named() {
    use Format::*;
    for format in [StackExchange, MovieLens, Mind, Lists, Sequences, CiteULike, Facts, Csv, Ndjson, Parquet] {
        assert_eq!(format.about().format, format);
        assert_eq!(Format::parse(format.as_str()), Some(format));
    }
    let folder = write(&[("t", "1 2\n")]);
    let told = Options { format: Some(Format::Lists), name: Some("mine".to_owned()), ..Options::default() };
    let set = load(&folder.path().join("t"), &told).unwrap();
    assert_eq!((set.name.as_str(), set.log.events().len()), ("mine", 1));
    let failed = load(folder.path(), &told).unwrap_err().to_string();
    assert!(failed.ends_with("the file to read is not there"), "{failed}");
}

#[test]
fn exported_facts_are_a_data_set() {
    let lines = r#"{"id":"1","at":"2018-01-01T00:00:00Z","type":"item_put","item":{"id":"q","title":"Two slits","tags":["a"],"author":"ann"}}
{"id":"2","at":"2018-01-02T00:00:00Z","type":"engaged","member":"bob","verb":"replied","item":"q"}
{"id":"3","at":"2018-01-03T00:00:00Z","type":"engaged","member":"bob","verb":"viewed","item":"q"}
"#;
    let folder = write(&[("export.ndjson", lines)]);
    let set = load(&folder.path().join("export.ndjson"), &Options::default()).unwrap();
    assert_eq!((set.facts.len(), events(&set.log).len(), set.features.len()), (3, 2, 3));
}
