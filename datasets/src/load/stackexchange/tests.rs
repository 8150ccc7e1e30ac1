use std::collections::HashSet;
use std::path::PathBuf;

use anklang_domain::{Body, Engagement, Item, Target, Verb};

use super::*;

const POSTS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE posts SYSTEM 'posts.dtd' [<!ENTITY lol "lollollol"> <!ENTITY file SYSTEM "file:///etc/hostname">]>
<posts>
  <row Id="1" PostTypeId="1" CreationDate="2018-03-12T17:00:45.567" Score="52" ViewCount="9" Body="&lt;p&gt;Is 2 &amp;lt; 3?&lt;/p&gt;" OwnerUserId="7" Title="On &quot;two&quot;" Tags="&lt;a&gt;&lt;b-c&gt;" />
  <row Id="2" PostTypeId="2" ParentId="1" CreationDate="2018-03-12T18:00:00.000" Body="&lt;p&gt;Yes&lt;/p&gt;" OwnerDisplayName="user9" />
  <row Id="3" PostTypeId="1" CreationDate="2018-03-13T00:00:00.000" Body="x" OwnerUserId="-1" Title="T" Tags="|a|b|" />
  <row Id="4" PostTypeId="5" CreationDate="2018-03-13T00:00:00.000" Body="wiki" />
  <row Id="5" PostTypeId="2" ParentId="99" CreationDate="2018-03-13T00:00:00.000" Body="orphan" OwnerUserId="7" />
</posts>
"#;
const COMMENTS: &str = r#"<comments>
  <row Id="1" PostId="2" Text="on the answer" CreationDate="2018-03-12T19:00:00.000" UserDisplayName="user9" />
  <row Id="2" PostId="1" Text="on the question" CreationDate="2018-03-12T17:30:00.000" UserId="8" />
  <row Id="3" PostId="5" Text="on an orphan" CreationDate="2018-03-12T17:30:00.000" UserId="8" />
  <row Id="4" PostId="77" Text="on nothing" CreationDate="2018-03-12T17:30:00.000" UserId="8" />
</comments>"#;
const VOTES: &str = r#"<votes>
  <row Id="1" PostId="1" VoteTypeId="5" UserId="8" CreationDate="2018-03-12T00:00:00.000" />
  <row Id="2" PostId="1" VoteTypeId="2" CreationDate="2018-03-12T00:00:00.000" />
  <row Id="3" PostId="2" VoteTypeId="1" CreationDate="2018-03-13T00:00:00.000" />
</votes>"#;

fn dump(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

fn read(folder: &Path) -> (Vec<Fact>, Vec<String>, Report) {
    let mut dump = StackExchange::open(folder).expect("opens");
    let (mut facts, mut errors) = (Vec::new(), Vec::new());
    for fact in dump.by_ref() {
        match fact {
            Ok(fact) => facts.push(fact),
            Err(error) => errors.push(error.to_string()),
        }
    }
    (facts, errors, dump.report().clone())
}

fn items(facts: &[Fact]) -> Vec<&Item> {
    facts
        .iter()
        .filter_map(|fact| if let Body::ItemPut { item } = &fact.body { Some(item.as_ref()) } else { None })
        .collect()
}

fn engagements(facts: &[Fact]) -> Vec<&Engagement> {
    facts.iter().filter_map(|fact| if let Body::Engaged(done) = &fact.body { Some(done) } else { None }).collect()
}

#[test]
fn a_small_dump_becomes_the_facts_it_says() {
    let folder = dump(&[("Posts.xml", POSTS), ("Comments.xml", COMMENTS), ("Votes.xml", VOTES)]);
    let (facts, errors, report) = read(folder.path());
    assert_eq!(errors, Vec::<String>::new());
    let questions = items(&facts);
    assert_eq!((questions[0].title.as_str(), questions[0].body.as_str()), ("On \"two\"", "Is 2 < 3?"));
    assert_eq!(questions[0].tags, ["a", "b-c"]);
    assert_eq!(questions[1].tags, ["a", "b"]);
    assert_eq!(questions[1].author, None);
    assert!(questions.iter().all(|item| item.props.is_empty()), "scores and views are from the future");
    let said: Vec<String> = engagements(&facts)
        .iter()
        .map(|done| format!("{} {} {}", done.member, done.verb.as_str(), serde_json::json!(done.target)))
        .collect();
    let deleted = "deleted:1:".len();
    let replies: Vec<&str> = said.iter().filter(|line| line.starts_with("deleted:1:")).map(String::as_str).collect();
    assert_eq!(replies.len(), 2);
    assert_eq!(replies[0], replies[1], "one name within a question is one person");
    assert!(replies[0][deleted..].ends_with(r#" replied {"item":"1"}"#));
    assert_eq!(said[0], r#"8 replied {"item":"1"}"#);
    assert_eq!(said[3], r#"8 bookmarked {"item":"1"}"#);
    assert_eq!(said[4], r#"7 accepted_answer {"item":"1"}"#);
    assert_eq!(report.missing, ["Users.xml", "Badges.xml", "PostLinks.xml", "Tags.xml"]);
    assert_eq!(report.skipped_total(), 5, "{:?}", report.skipped);
    assert!(facts.is_sorted_by_key(|fact| fact.at));
}

#[test]
fn entities_of_ones_own_are_never_expanded() {
    for entity in ["&lol;", "&file;"] {
        let folder = dump(&[("Posts.xml", &POSTS.replace("On &quot;two&quot;", entity))]);
        let (facts, errors, _) = read(folder.path());
        assert_eq!(items(&facts).len(), 1);
        assert!(errors[0].starts_with("Posts.xml:4: field \"Title\": "), "{errors:?}");
        assert!(errors[0].contains("unrecognized entity"), "{errors:?}");
    }
}

#[test]
fn what_stands_before_a_break_is_delivered_and_the_break_is_named() {
    for (cut, place) in [("Is 2 &amp;lt", "Posts.xml:4:3: "), ("<row Id=\"3\"", "Posts.xml:6:3: ")] {
        let at = POSTS.find(cut).expect("in the text") + 8;
        let folder = dump(&[("Posts.xml", &POSTS[..at]), ("Comments.xml", COMMENTS)]);
        let (facts, errors, report) = read(folder.path());
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with(place), "{errors:?}");
        assert_eq!(items(&facts).len(), usize::from(place.contains(":6:")));
        assert_eq!((report.errors_total, report.errors.len()), (1, 1));
    }
    let folder = dump(&[("Posts.xml", POSTS.strip_suffix("</posts>\n").expect("ends so"))]);
    let (facts, errors, _) = read(folder.path());
    assert_eq!(items(&facts).len(), 2);
    assert!(errors[0].contains("cut off"), "{errors:?}");
}

#[test]
fn a_bad_row_costs_only_itself() {
    for (good, bad, says) in [
        ("2018-03-12T17:00:45.567", "yesterday", "Posts.xml:4:3: field \"CreationDate\": \"yesterday\" is not a time"),
        ("Id=\"1\" PostTypeId", "Id=\"one\" PostTypeId", "Posts.xml:4:3: field \"Id\": \"one\" is not a whole number"),
        ("Id=\"1\" PostTypeId", "PostTypeId", "Posts.xml:4:3: field \"Id\": missing"),
        ("Score=\"52\"", "Score=52", "Posts.xml:4:3: field \"(the row)\": bad attributes"),
        ("Score=\"52\"", "Id=\"52\"", "Posts.xml:4:3: field \"(the row)\": bad attributes"),
    ] {
        let folder = dump(&[("Posts.xml", &POSTS.replacen(good, bad, 1))]);
        let (facts, errors, _) = read(folder.path());
        assert_eq!(items(&facts).len(), 1, "{bad}");
        assert!(errors[0].starts_with(says), "{errors:?}");
    }
}

#[test]
fn a_row_without_end_is_refused_before_it_fills_the_memory() {
    let endless = POSTS.replace("Is 2", &"x".repeat(2 * ROW_BYTES_MAX));
    let folder = dump(&[("Posts.xml", &endless)]);
    let (_, errors, _) = read(folder.path());
    assert!(errors[0].contains("longer than"), "{errors:?}");
}

#[test]
fn no_posts_is_said_plainly() {
    let folder = dump(&[("Comments.xml", COMMENTS)]);
    let error = StackExchange::open(folder.path()).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(
        error.ends_with("Posts.xml: not found; a Stack Exchange dump is a folder with at least Posts.xml"),
        "{error}"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn damage_anywhere_is_an_answer(at in 0..POSTS.len(), with in proptest::collection::vec(proptest::num::u8::ANY, 0..4)) {
        let mut bytes = POSTS.as_bytes().to_vec();
        let end = (at + with.len()).min(bytes.len());
        bytes.splice(at..end, with);
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("Posts.xml"), bytes).expect("written");
        let (facts, _, report) = read(folder.path());
        proptest::prop_assert_eq!(facts.len() as u64, report.facts_total());
    }
}

fn shared(community: &str) -> Option<PathBuf> {
    let data = std::env::var_os("ANKLANG_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let folder = data.join(community);
    if !folder.is_dir() {
        println!("DID NOT RUN: {} is missing; set ANKLANG_DATA", folder.display());
    }
    folder.is_dir().then_some(folder)
}

/// The numbers are those of `grep -c` over the files, less what the report names as skipped.
#[test]
fn a_young_community_comes_in_whole() {
    let Some(folder) = shared("stackexchange-quantumcomputing") else { return };
    let (facts, errors, report) = read(&folder);
    assert_eq!(errors, Vec::<String>::new());
    let count = |what: &str| report.facts.get(what).copied().unwrap_or_default();
    assert_eq!((count("questions"), count("answers"), count("comments")), (612, 1060, 3413));
    // Of 710 favourites and 390 acceptances, 4 and 1 are on posts that are not in the dump.
    assert_eq!((count("users"), count("badges"), count("favourites")), (3460, 4671, 706));
    assert_eq!((count("accepted answers"), count("bounties")), (389, 22));
    check_whole(&facts);
    let of_day = engagements(&facts)
        .iter()
        .filter(|done| done.verb == Verb::Bookmarked && done.props["precision"] == "day")
        .count();
    assert_eq!(of_day, 706);
}

#[test]
fn a_quiet_community_comes_in_whole() {
    let Some(folder) = shared("stackexchange-history-meta") else { return };
    let (facts, errors, report) = read(&folder);
    assert_eq!(errors, Vec::<String>::new());
    let count = |what: &str| report.facts.get(what).copied().unwrap_or_default();
    assert_eq!((count("questions"), count("answers"), count("comments")), (556, 1095, 3454));
    assert_eq!((count("users"), count("badges")), (2294, 4931));
    assert_eq!(report.missing, ["Votes.xml", "PostLinks.xml", "Tags.xml"]);
    check_whole(&facts);
}

fn check_whole(facts: &[Fact]) {
    for fact in facts {
        let line = serde_json::to_string(fact).expect("json");
        assert!(line.len() < crate::load::LINE_BYTES_MAX, "{}", fact.id);
        assert_eq!(serde_json::from_str::<Fact>(&line).expect("reads back"), *fact);
    }
    assert!(facts.is_sorted_by_key(|fact| fact.at));
    let ids: HashSet<&str> = facts.iter().map(|fact| fact.id.as_str()).collect();
    assert_eq!(ids.len(), facts.len(), "every fact has an id of its own");
    let known: HashSet<&str> = items(facts).iter().map(|item| item.id.as_str()).collect();
    for item in items(facts) {
        assert!(!item.title.is_empty() && !item.tags.is_empty() && !item.body.contains("<p>"), "{item:?}");
    }
    for done in engagements(facts) {
        assert!(!matches!(&done.target, Target::Item(id) if !known.contains(id.as_str())), "{done:?}");
    }
}
