//! What the whole index promises: words found in two languages, one answer for one set of documents, no trace of what
//! was removed, and a mark as durable as the documents.

use std::path::Path;
use std::time::Instant;

use anklang_domain::{Kind, Stream};
use proptest::prelude::*;

use super::*;

const MARK: Mark = Mark { folded: 7, generation: 1 };

fn item<'a>(title: &'a str, body: &'a str, tags: &'a [&'a str]) -> IndexedItem<'a> {
    IndexedItem { title, body, tags, ..IndexedItem::default() }
}

fn garden() -> TextIndex {
    let mut index = TextIndex::in_memory().unwrap();
    let guide = IndexedItem {
        kind: Kind::Guide,
        category: Some("Growing"),
        ..item("Growing tomatoes in pots", "", &["vegetables", "pots"])
    };
    index.put(1, &guide).unwrap();
    index
        .put(2, &item("Tomaten im Topf ziehen", "Welche Größe braucht der Topf für alte Sorten?", &["gemüse"]))
        .unwrap();
    index
        .put(3, &item("Pruning old roses", "Nothing on tomatoes here, but old varieties of roses.", &["roses"]))
        .unwrap();
    index.put(4, &item("Templates in C++", "🍅 is no template", &["c++", "machine learning"])).unwrap();
    index.commit(MARK).unwrap();
    index
}

fn keys(index: &TextIndex, text: &str) -> Vec<u64> {
    let hits = index.reader().search(&SearchQuery::new(text), 10).unwrap();
    assert!(hits.windows(2).all(|two| (two[1].score, two[0].key) <= (two[0].score, two[1].key)), "{hits:?}");
    hits.into_iter().map(|hit| hit.key).collect()
}

#[test]
fn words_are_found_in_both_languages() {
    let index = garden();
    assert_eq!(keys(&index, "tomato"), [1, 3]);
    assert_eq!(keys(&index, "Tomate"), [2]);
    for spelling in ["größe", "Groesse", "grossen", "GRÖSSE"] {
        assert_eq!(keys(&index, spelling), [2], "{spelling}");
    }
    assert_eq!(keys(&index, "gemuese"), [2]);
    assert_eq!(keys(&index, "c++"), [4]);
    assert_eq!(keys(&index, "🍅"), [4]);
    assert_eq!(keys(&index, "nothing-like-this-anywhere zzz"), [3]);
}

#[test]
fn phrases_hold_and_exclusions_exclude() {
    let index = garden();
    assert_eq!(keys(&index, "\"old varieties\""), [3]);
    assert!(keys(&index, "\"varieties old\"").is_empty());
    assert_eq!(keys(&index, "„alte Sorten“ tomate"), [2]);
    assert_eq!(keys(&index, "tomato -roses"), [1]);
    assert_eq!(keys(&index, "\"machine learning\""), [4]);
    assert!(keys(&index, "-roses").is_empty());
}

#[test]
fn searches_are_narrowed() {
    let reader = garden().reader();
    let search = |query| reader.search(&query, 10).unwrap().iter().map(|hit| hit.key).collect::<Vec<_>>();
    assert_eq!(search(SearchQuery { kind: Some(Kind::Guide), ..SearchQuery::new("tomato topf") }), [1]);
    assert_eq!(search(SearchQuery { category: Some("growing"), ..SearchQuery::new("tomato roses") }), [1]);
    assert!(search(SearchQuery { kind: Some(Kind::Poll), ..SearchQuery::new("tomato") }).is_empty());
}

#[test]
fn likes_share_tags_and_telling_words() {
    let mut index = garden();
    index.put(5, &item("Old roses", "", &["Roses"])).unwrap();
    index.commit(MARK).unwrap();
    let like = index.reader().more_like(&item("Old roses", "", &["roses"]), Some(5), 10).unwrap();
    assert_eq!(like[0].key, 3);
    assert!(like.iter().all(|hit| hit.key != 5));
    let tagged = index.reader().tags(&[("ROSES", 1.0), ("pots", 3.0), ("c++", -1.0)], 10).unwrap();
    assert_eq!(tagged.iter().map(|hit| hit.key).collect::<Vec<_>>(), [1, 3, 5]);
    assert_eq!(index.reader().tags_yardstick(&[("roses", 1.0)], 10).unwrap().len(), 2);
}

#[test]
fn a_question_without_an_answer_has_none() {
    let empty = TextIndex::in_memory().unwrap();
    assert!(keys(&empty, "anything").is_empty());
    let index = garden();
    assert!(index.reader().tags(&[], 10).unwrap().is_empty());
    assert!(index.reader().tags(&[("roses", f32::NAN)], 10).unwrap().is_empty());
    assert!(index.reader().search(&SearchQuery::new("roses"), 0).unwrap().is_empty());
    assert!(index.reader().more_like(&IndexedItem::default(), None, 5).unwrap().is_empty());
}

#[test]
fn marks_and_documents_survive_together() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("text");
    let mut index = TextIndex::open(&path).unwrap();
    assert_eq!(index.mark(), None);
    index.put(1, &item("first", "", &[])).unwrap();
    index.commit(MARK).unwrap();
    index.put(2, &item("second", "", &[])).unwrap();
    drop(index);
    let mut index = TextIndex::open(&path).unwrap();
    assert_eq!((index.mark(), index.reader().num_docs()), (Some(MARK), 1));
    index.clear().unwrap();
    index.put(3, &item("third", "", &[])).unwrap();
    index.commit(Mark { folded: 8, ..MARK }).unwrap();
    assert_eq!(keys(&index, "first second third"), [3]);
}

#[test]
fn a_damaged_or_older_index_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    for damage in ["{}", "no json", "{\"segments\":[],\"schema\":[],\"opstamp\":0}"] {
        let mut index = TextIndex::open(dir.path()).unwrap();
        index.put(1, &item("first", "", &[])).unwrap();
        index.commit(MARK).unwrap();
        drop(index);
        std::fs::write(dir.path().join("meta.json"), damage).unwrap();
        let index = TextIndex::open(dir.path()).unwrap();
        assert_eq!((index.mark(), index.reader().num_docs()), (None, 0), "{damage}");
    }
    let mut index = TextIndex::open(dir.path()).unwrap();
    index.put(1, &item("first", "", &[])).unwrap();
    index.commit(MARK).unwrap();
    drop(index);
    for entry in std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|extension| extension == "term") {
            std::fs::remove_file(entry).unwrap();
        }
    }
    assert_eq!(TextIndex::open(dir.path()).unwrap().mark(), None, "a file is missing");
    let meta = dir.path().join("meta.json");
    let mut index = TextIndex::open(dir.path()).unwrap();
    index.put(1, &item("first", "", &[])).unwrap();
    index.commit(MARK).unwrap();
    drop(index);
    let older = std::fs::read_to_string(&meta).unwrap().replace("\\\"format\\\":1", "\\\"format\\\":0");
    std::fs::write(&meta, older).unwrap();
    assert_eq!(TextIndex::open(dir.path()).unwrap().mark(), None);
}

/// Every term that lies in the folder, in whichever segment, and every file that is no part of a living segment.
/// Dictionaries are automata: searching the files' bytes for a word would miss it.
pub(crate) fn traces(dir: &Path) -> (Vec<String>, Vec<String>) {
    let index = tantivy::Index::open_in_dir(dir).unwrap();
    let searcher = index.reader().unwrap().searcher();
    let mut terms = Vec::new();
    for segment in searcher.segment_readers() {
        for (field, entry) in index.schema().fields().filter(|(_, entry)| entry.field_type().is_str()) {
            let inverted = segment.inverted_index(field).unwrap();
            let mut stream = inverted.terms().stream().unwrap();
            while let Some((term, _)) = stream.next() {
                terms.push(format!("{}: {}", entry.name(), String::from_utf8_lossy(term)));
            }
        }
    }
    let living: Vec<String> = index.searchable_segment_ids().unwrap().iter().map(|id| id.uuid_string()).collect();
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let strange = names.filter(|name| !name.starts_with('.') && !living.iter().any(|id| name.starts_with(id.as_str())));
    (terms, strange.collect())
}

#[test]
fn no_byte_of_a_removed_document_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut index = TextIndex::open(dir.path()).unwrap();
    for round in 0..4_u64 {
        for key in 0..20 {
            index.put(round * 100 + key, &item("a common title", "with a common body", &["common"])).unwrap();
        }
        index.put(1000 + round, &item("Xylophon", "", &["qwertzuiop"])).unwrap();
        index.commit(MARK).unwrap();
    }
    let told = |terms: &[String]| terms.iter().any(|term| term.contains("xyloph") || term.contains("qwertzuiop"));
    assert!(told(&traces(dir.path()).0), "the test would find them");
    for round in 0..3 {
        index.remove(1000 + round).unwrap();
    }
    index.put(1003, &item("a replacement", "", &[])).unwrap();
    index.commit(MARK).unwrap();
    assert!(told(&traces(dir.path()).0), "a removal alone leaves them");
    assert_eq!(index.purge_deleted(MARK).unwrap(), 0);
    let (terms, strange) = traces(dir.path());
    assert!(!told(&terms), "{terms:?}");
    assert_eq!(strange, ["meta.json"]);
    assert_eq!((index.mark(), index.reader().num_docs()), (Some(MARK), 81));
    index.put(5000, &item("after the purge", "", &[])).unwrap();
    index.commit(MARK).unwrap();
    assert_eq!(keys(&index, "purge"), [5000]);
    drop(index);
    assert_eq!(TextIndex::open(dir.path()).unwrap().mark(), Some(MARK));
}

const WORDS: [&str; 12] =
    ["rose", "tomato", "Größe", "pots", "garden", "old", "soil", "worm", "bee", "hive", "seed", "shade"];
const TAGS: [&str; 5] = ["roses", "vegetables", "soil", "bees", "c++"];

#[derive(Debug, Clone)]
enum Step {
    Put(u64, Vec<usize>, Vec<usize>),
    Remove(u64),
    Commit,
    Purge,
}

fn step() -> impl Strategy<Value = Step> {
    let words = prop::collection::vec(0..WORDS.len(), 0..9);
    let tags = prop::collection::vec(0..TAGS.len(), 0..3);
    prop_oneof![
        12 => (0..24_u64, words, tags).prop_map(|(key, words, tags)| Step::Put(key, words, tags)),
        3 => (0..24_u64).prop_map(Step::Remove),
        5 => Just(Step::Commit),
        1 => Just(Step::Purge),
    ]
}

fn put(index: &mut TextIndex, key: u64, words: &[usize], tags: &[usize]) {
    let words: Vec<&str> = words.iter().map(|word| WORDS[*word]).collect();
    let tags: Vec<&str> = tags.iter().map(|tag| TAGS[*tag]).collect();
    let (title, body) = words.split_at(words.len() / 3);
    index.put(key, &item(&title.join(" "), &body.join(" "), &tags)).unwrap();
}

/// Every answer of an index to a fixed set of questions, with small limits, so that ties fall at the cut-off.
fn answers(reader: &TextReader) -> Vec<Vec<Hit>> {
    let mut answers = Vec::new();
    for limit in [1, 3, 50] {
        for text in [
            "rose",
            "tomato pots garden soil",
            "\"old rose\" bee",
            "groesse worm -hive",
            "the seed of shade c++",
            "\"rose\" \"soil\" \"old\" bee",
        ] {
            answers.push(reader.search(&SearchQuery::new(text), limit).unwrap());
        }
        answers.push(reader.tags(&[("roses", 1.0), ("soil", 0.3), ("bees", 2.5)], limit).unwrap());
        answers.push(reader.more_like(&item("old garden", "rose soil soil", &["bees"]), Some(3), limit).unwrap());
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_history_of_the_same_documents_answers_alike(steps in prop::collection::vec(step(), 1..90)) {
        let mut lived = TextIndex::in_memory().unwrap();
        let mut documents = std::collections::BTreeMap::new();
        for step in &steps {
            match step {
                Step::Put(key, words, tags) => {
                    put(&mut lived, *key, words, tags);
                    documents.insert(*key, (words, tags));
                }
                Step::Remove(key) => {
                    lived.remove(*key).unwrap();
                    documents.remove(key);
                }
                Step::Commit => lived.commit(MARK).unwrap(),
                Step::Purge => drop(lived.purge_deleted(MARK).unwrap()),
            }
        }
        lived.commit(MARK).unwrap();
        let mut fresh = TextIndex::in_memory().unwrap();
        for (key, (words, tags)) in documents.iter().rev() {
            put(&mut fresh, *key, words, tags);
        }
        fresh.commit(MARK).unwrap();
        prop_assert_eq!(lived.reader().num_docs(), documents.len() as u64);
        prop_assert_eq!(answers(&lived.reader()), answers(&fresh.reader()));
    }
}

/// Not a test: `cargo test --release -p anklang-engine index -- --ignored --nocapture measures`.
#[test]
#[ignore = "a measurement"]
fn measures() {
    let dir = tempfile::tempdir().unwrap();
    let mut index = TextIndex::open(dir.path()).unwrap();
    let mut chance = Stream::new(1);
    // Squared, so that some words and tags are common and most are rare.
    let mut draw = |of: f64| (chance.unit() * chance.unit() * of) as u32;
    let mut spent = std::time::Duration::ZERO;
    let mut simulated = |key: u64, index: &mut TextIndex| {
        let title: Vec<String> = (0..8).map(|_| format!("wort{}", draw(50_000.0))).collect();
        let body: Vec<String> = (0..80).map(|_| format!("wort{}", draw(50_000.0))).collect();
        let tags: Vec<String> = (0..3).map(|_| format!("tag{}", draw(500.0))).collect();
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let (title, body) = (title.join(" "), body.join(" "));
        let began = Instant::now();
        index.put(key, &item(&title, &body, &tags)).unwrap();
        began.elapsed()
    };
    for key in 0..100_000 {
        spent += simulated(key, &mut index);
    }
    let began = Instant::now();
    index.commit(MARK).unwrap();
    println!("bulk: {:.0} documents/s", 100_000.0 / (spent + began.elapsed()).as_secs_f64());
    let mut commits = Vec::new();
    for round in 0..100 {
        for key in 0..10 {
            simulated(round * 900 + key, &mut index);
        }
        let began = Instant::now();
        index.commit(MARK).unwrap();
        commits.push(began.elapsed());
    }
    commits.sort_unstable();
    println!("commit of 10 replacements: median {:?}, worst {:?}", commits[50], commits[99]);
    let tags: Vec<(String, f32)> = (0..10).map(|tag| (format!("tag{}", tag * 7), 1.0 + tag as f32)).collect();
    let tags: Vec<(&str, f32)> = tags.iter().map(|(tag, weight)| (tag.as_str(), *weight)).collect();
    let reader = index.reader();
    let time = |name: &str, ask: &dyn Fn() -> usize| {
        ask();
        let began = Instant::now();
        let found: usize = (0..50).map(|_| ask()).sum();
        println!("{name}: {:?} each, {} found", began.elapsed() / 50, found / 50);
    };
    time("tags, 10 of them, top 100", &|| reader.tags(&tags, 100).unwrap().len());
    time("the same by tantivy's own scores", &|| reader.tags_yardstick(&tags, 100).unwrap().len());
    time("search for 3 words", &|| reader.search(&SearchQuery::new("wort5 wort77 wort900"), 20).unwrap().len());
    let began = Instant::now();
    index.purge_deleted(MARK).unwrap();
    println!("purge: {:?}", began.elapsed());
}
