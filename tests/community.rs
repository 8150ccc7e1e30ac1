//! Real communities, from Stack Exchange's dumps: imported whole, twice without a repetition, served as they were.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::site::{Server, folder, run, shared, succeed};

const THEN: &str = "2018-08-15T09:00:00Z";
const COMMUNITIES: &[&str] = &["stackexchange-history-meta", "stackexchange-quantumcomputing"];

fn import(data: &Path, dump: &Path) -> String {
    succeed(data, &["import", "stackexchange", dump.to_str().expect("UTF-8")])
}

/// How many rows of a dump's file have this attribute.
fn rows(dump: &Path, file: &str, attribute: &str) -> usize {
    let text = std::fs::read_to_string(dump.join(file)).expect("a file of the dump");
    text.lines().filter(|line| line.contains("<row ") && line.contains(attribute)).count()
}

fn exported(data: &Path) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    succeed(data, &["export"]).lines().map(parse).collect()
}

fn count(facts: &[Value], is: impl Fn(&Value) -> bool) -> usize {
    facts.iter().filter(|fact| is(fact)).count()
}

#[test]
fn a_dump_comes_in_whole_and_once() {
    for dump in COMMUNITIES.iter().filter_map(|name| shared(name)) {
        let (_folder, data) = folder();
        import(&data, &dump);
        let facts = exported(&data);
        let questions = count(&facts, |fact| fact["type"] == "item_put");
        let replies = count(&facts, |fact| fact["verb"] == "replied");
        assert_eq!(questions, rows(&dump, "Posts.xml", "PostTypeId=\"1\""), "questions of {}", dump.display());
        let answers = rows(&dump, "Posts.xml", "PostTypeId=\"2\"");
        assert!(replies >= answers && answers > 0, "{replies} replies, {answers} answers");
        assert!(count(&facts, |fact| fact["type"] == "member_put") > 100);
        let markup = |fact: &&Value| fact["props"]["text"].as_str().is_some_and(|text| text.contains("</p>"));
        assert_eq!(facts.iter().find(markup), None, "HTML is not text");
        let again = import(&data, &dump);
        assert!(again.starts_with(&format!("0 new facts, {} known before", facts.len())), "{again}");
        assert_eq!(exported(&data).len(), facts.len());
    }
}

/// Who replied most before the moment, and the tags of what they replied to, the most frequent first.
fn busiest(facts: &[Value]) -> (String, Vec<String>) {
    let tags: BTreeMap<&str, &Value> = facts
        .iter()
        .filter(|fact| fact["type"] == "item_put")
        .filter_map(|fact| Some((fact["item"]["id"].as_str()?, &fact["item"]["tags"])))
        .collect();
    let replies: Vec<(&str, &str)> = facts
        .iter()
        .filter(|fact| fact["verb"] == "replied" && fact["at"].as_str().is_some_and(|at| at < THEN))
        .filter_map(|fact| Some((fact["member"].as_str()?, fact["item"].as_str()?)))
        .collect();
    let mut by_member: BTreeMap<&str, usize> = BTreeMap::new();
    replies.iter().for_each(|(member, _)| *by_member.entry(member).or_default() += 1);
    let (member, _) = by_member.into_iter().max_by_key(|(_, replies)| *replies).expect("replies");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, item) in replies.iter().filter(|(who, _)| *who == member) {
        let of_item = tags.get(item).and_then(|tags| tags.as_array()).into_iter().flatten();
        of_item.filter_map(Value::as_str).for_each(|tag| *counts.entry(tag).or_default() += 1);
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    (member.to_owned(), counts.into_iter().take(15).map(|(tag, _)| tag.to_owned()).collect())
}

#[test]
fn lists_are_about_what_the_member_cares_for_and_change_with_what_they_do() {
    for dump in COMMUNITIES.iter().filter_map(|name| shared(name)) {
        let (_folder, data) = folder();
        import(&data, &dump);
        let (member, tags) = busiest(&exported(&data));
        let server = Server::start(&data, &["--as-of", THEN]);
        let path = format!("/v1/members/{member}/missed?since=2018-07-20T00:00:00Z");
        let list = server.get(&path).ok();
        assert_eq!(list["at"], THEN);
        let items = list["items"].as_array().expect("items");
        assert!(!items.is_empty(), "{member} of {} missed nothing", dump.display());
        for item in items {
            assert!(item["last_activity_at"].as_str().is_some_and(|at| at < THEN), "from the future: {item}");
            assert!(item["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()), "without a reason: {item}");
            assert_ne!(item["author"].as_str(), Some(member.as_str()), "their own: {item}");
        }
        let chosen: Vec<&Value> = items.iter().filter(|item| item["discovery"] != true).collect();
        let about = |item: &&&Value| {
            item["tags"].as_array().into_iter().flatten().any(|tag| tags.iter().any(|own| tag == own.as_str()))
        };
        let fitting = chosen.iter().filter(about).count();
        assert!(fitting * 2 > chosen.len(), "{fitting} of {} are about {tags:?}: {list}", chosen.len());
        let first = chosen.first().expect("an entry")["id"].as_str().expect("an id").to_owned();
        let viewed = json!({"event": "Discussion Viewed", "userId": member, "properties": {"discussion_id": first}});
        server.post("/v1/track", &viewed).ok();
        let after = server.ids(&path);
        assert!(!after.contains(&first), "{first} was seen and is still missed: {after:?}");
    }
}

/// The tag of most questions in the last weeks before the moment.
fn talked_about(facts: &[Value]) -> String {
    let late = |fact: &&Value| {
        fact["type"] == "item_put" && fact["at"].as_str().is_some_and(|at| ("2018-07-21"..THEN).contains(&at))
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let tags = facts.iter().filter(late).filter_map(|fact| fact["item"]["tags"].as_array()).flatten();
    tags.filter_map(Value::as_str).for_each(|tag| *counts.entry(tag).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).expect("tags").0.to_owned()
}

#[test]
fn declared_interests_count_from_the_first_moment() {
    let Some(dump) = shared(COMMUNITIES[1]) else { return };
    let (_folder, data) = folder();
    import(&data, &dump);
    let subject = talked_about(&exported(&data));
    let server = Server::start(&data, &["--as-of", THEN]);
    let path = "/v1/members/newcomer/missed?since=2018-07-20T00:00:00Z&limit=5";
    let before = server.ids(path);
    server.post("/v1/identify", &json!({"userId": "newcomer", "traits": {"interests": [subject]}})).ok();
    let after = server.get(path).ok();
    let fits = |item: &&Value| item["tags"].as_array().into_iter().flatten().any(|tag| *tag == *subject);
    let items = after["items"].as_array().expect("items");
    assert!(items.iter().any(|item| fits(&item)), "{after}");
    assert_ne!(before, items.iter().map(|item| item["id"].as_str().unwrap_or("")).collect::<Vec<_>>());
}

#[test]
fn a_dump_cut_off_in_the_middle_is_told_and_what_came_before_is_in() {
    let Some(dump) = shared(COMMUNITIES[0]) else { return };
    let (folder, data) = folder();
    let cut = folder.path().join("cut");
    assert!(Command::new("cp").args(["-r", "--no-preserve=mode"]).args([&dump, &cut]).status().expect("cp").success());
    let posts = std::fs::read(cut.join("Posts.xml")).expect("posts");
    std::fs::write(cut.join("Posts.xml"), &posts[..posts.len() / 2]).expect("written");
    let output = run(&data, &["import", "stackexchange", cut.to_str().expect("UTF-8")]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("Posts.xml:") && told.contains("what was read is in"), "{told}");
    let text = String::from_utf8_lossy(&posts[..posts.len() / 2]).into_owned();
    let whole =
        text.lines().filter(|line| line.contains("PostTypeId=\"1\"") && line.trim_end().ends_with("/>")).count();
    let questions = count(&exported(&data), |fact| fact["type"] == "item_put");
    assert_eq!(questions, whole, "every question before the cut");
}
