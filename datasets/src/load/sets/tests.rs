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

#[test]
fn what_cannot_be_recognised_is_told() {
    let folder = write(&[("x.bin", "")]);
    let failed = |path: &Path| load(path, &Options::default()).unwrap_err().to_string();
    assert!(failed(folder.path()).contains("lists (train.txt)"), "{}", failed(folder.path()));
    assert!(failed(&folder.path().join("none")).ends_with("not found"));
}

#[test]
fn every_format_is_described_and_can_be_named() {
    for (format, about) in Format::ALL.into_iter().zip(&FORMATS) {
        assert_eq!((about.format, format.about().format), (format, format));
        assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
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
{"id":"4","at":"2018-01-04T00:00:00Z","type":"member_aliased","from":"bob","to":"robert"}
{"id":"0","at":"2017-01-01T00:00:00Z","type":"engaged","member":"ann","verb":"replied","item":"gone"}
"#;
    let folder = write(&[("export.ndjson", lines)]);
    let set = load(&folder.path().join("export.ndjson"), &Options::default()).unwrap();
    assert_eq!((set.facts.len(), set.features.len()), (5, 3));
    assert_eq!(set.members, ["ann", "bob", "robert"]);
    let day = 86_400_000;
    let first = 1_514_764_800_000;
    assert_eq!(events(&set.log), [(first, 0, 0), (first + day, 2, 0)]);
    assert!(set.facts.is_sorted_by_key(Fact::effective_at));
}

#[test]
fn real_data_have_something_to_ask_however_they_are_divided() {
    use crate::split::Split;
    use crate::summary::fold_summary;
    for (name, split, cases) in [("amazon-beauty", "leave_last_out", 22_363), ("citeulike-a", "cold_items", 5_000)] {
        let Some(path) = data(name) else { continue };
        let set = load(&path, &Options::default()).unwrap();
        let fold = fold_summary(&split.parse::<Split>().unwrap().folds(&set, 1).unwrap()[0]);
        println!("{name} {fold}");
        assert!(fold.cases >= cases && fold.cases <= set.members.len(), "{fold}");
        assert_eq!(fold.cold_item_share == 1.0, split == "cold_items");
    }
}
