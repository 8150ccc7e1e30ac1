use std::collections::HashSet;
use std::io::Cursor;

use anklang_domain::{Body, Engagement, Item, Target};

use super::*;

fn facts(table: &str) -> Vec<Fact> {
    let read: Result<Vec<Fact>, LoadError> = Csv::of("t", Cursor::new(table.to_owned())).and_then(Iterator::collect);
    read.unwrap_or_else(|error| panic!("{error}"))
}

fn error(table: &str) -> String {
    match Csv::of("t", Cursor::new(table.to_owned())) {
        Ok(mut rows) => rows.find_map(Result::err).map(|error| error.to_string()).unwrap_or_default(),
        Err(error) => error.to_string(),
    }
}

fn engagement(fact: &Fact) -> &Engagement {
    if let Body::Engaged(done) = &fact.body { done } else { panic!("{fact:?}") }
}

fn item(fact: &Fact) -> &Item {
    if let Body::ItemPut { item } = &fact.body { item } else { panic!("{fact:?}") }
}

#[test]
fn engagements_come_in_whatever_their_columns_are_called() {
    for table in [
        "member,item,verb,at,value\nana,42,liked,2018-08-15T09:00:00Z,3.5\n",
        "\u{feff}Timestamp;Value;Event;User_ID;Item_ID\r\n1534323600;3.5;liked;ana;42\r\n",
        "at\tuser\titem\tverb\tvalue\n1534323600000\t ana \t42\tliked\t3.5",
    ] {
        let fact = &facts(table)[0];
        let done = engagement(fact);
        assert_eq!(fact.at.ms(), 1_534_323_600_000, "{table}");
        assert_eq!((done.member.as_str(), done.verb.as_str(), done.value), ("ana", "liked", Some(3.5)));
        assert!(matches!(&done.target, Target::Item(id) if id.as_str() == "42"));
    }
    assert_eq!(engagement(&facts("user,item,at\na,1,0\n")[0]).verb.as_str(), "viewed");
}

#[test]
fn columns_can_be_named() {
    let columns = Columns { member: Some("Who".into()), at: Some("when".into()), ..Columns::default() };
    let mut rows = Csv::of_with("t", Cursor::new("who,item,when,shop\nana,1,5,x\n"), &columns).expect("opens");
    let fact = rows.next().expect("a row").expect("good");
    assert_eq!((engagement(&fact).member.as_str(), fact.at.ms()), ("ana", 5000));
    assert_eq!(engagement(&fact).props["shop"], "x");
    let missing = Csv::of_with("t", Cursor::new("member,item\n"), &columns).err().map(|error| error.to_string());
    assert_eq!(missing.as_deref(), Some("t:1: field \"(the header)\": has no column Who; it has member, item"));
}

#[test]
fn items_are_recognised_by_their_title() {
    let table = "id,title,tags,author,created_at,kind,colour\n7,\"Soil, and\nwater\",a|b-c,ana,2018-08-15,guide,red\n8,T,\"x, y\",,0,,\n";
    let facts = facts(table);
    let (first, second) = (item(&facts[0]), item(&facts[1]));
    assert_eq!(
        (first.title.as_str(), first.tags.as_slice()),
        ("Soil, and\nwater", &["a".to_owned(), "b-c".to_owned()][..])
    );
    assert_eq!((first.author.as_ref().map(|id| id.as_str()), first.kind.as_str()), (Some("ana"), "guide"));
    assert_eq!(first.props["colour"], "red");
    assert_eq!((second.tags.len(), &second.author), (2, &None));
}

#[test]
fn the_same_file_twice_gives_the_same_ids_and_equal_rows_differ() {
    let table = "member,item,at\nana,1,5\nana,1,5\nbo,1,5\n";
    let ids: Vec<String> = facts(table).iter().map(|fact| fact.id.to_string()).collect();
    assert_eq!(ids, facts(table).iter().map(|fact| fact.id.to_string()).collect::<Vec<_>>());
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 3);
    assert_eq!(facts("id,member,item,at\ne1,ana,1,5\n")[0].id.as_str(), "e1");
}

#[test]
fn says_line_and_field_of_what_is_wrong() {
    for (table, says) in [
        (
            "a,b\n1,2\n",
            "t:1: field \"(the header)\": has no column member or user or member_id or user_id; it has a, b",
        ),
        ("member,item,at\nana,1,5\n,1,5\n", "t:3: field \"member\": an id must not be empty"),
        (
            "member,item,time\nana,1,soon\n",
            "t:2: field \"time\": \"soon\" is not a time in RFC 3339, such as 2018-08-15T09:00:00Z, nor a number of seconds or milliseconds",
        ),
        ("member,item,at,value\nana,1,5,much\n", "t:2: field \"value\": \"much\" is not a number"),
        ("member,item,at\nana,1\n", "t:2: field \"(the row)\": has 2 fields; the header has 3"),
        ("member,item\nana,1\n", "t:2: field \"at\": missing; name the column of times, or give one"),
        (
            "id,title,kind,at\n1,T,party,5\n",
            "t:2: field \"kind\": \"party\" is none of discussion, guide, event, poll, peer, subgroup",
        ),
    ] {
        assert_eq!(error(table), says);
    }
}

#[test]
fn bad_rows_can_be_passed_over_and_a_time_given() {
    let rows = Csv::of("t", Cursor::new("member,item\nana,1\n,2\nbo,3,4\ncy,5\n")).expect("opens");
    let mut rows = rows.on_bad(OnBad::GoOn).at(UnixMillis::saturating(9));
    assert_eq!(rows.by_ref().filter(Result::is_ok).count(), 2);
    assert_eq!((rows.report().errors_total, rows.report().facts_total()), (2, 2));
}

#[test]
fn a_quote_that_is_never_closed_does_not_fill_the_memory() {
    let table = format!("member,item,at\nana,1,5\n\"bo,1,5\n{}", "x,1,5\n".repeat(100_000));
    let mut rows = Csv::of("t", Cursor::new(table)).expect("opens");
    assert!(rows.next().is_some_and(|row| row.is_ok()));
    let error = rows.next().and_then(Result::err).map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("its quote is never closed"), "{error}");
    assert!(rows.next().is_none());
}

proptest::proptest! {
    #[test]
    fn any_text_is_an_answer(text in "[a-c,;\"\n\t0-9.é]{0,120}") {
        let _ = Csv::of("t", Cursor::new(format!("member,item,at\n{text}"))).map(|rows| rows.on_bad(OnBad::GoOn).count());
        let _ = Csv::of("t", Cursor::new(text)).map(|rows| rows.on_bad(OnBad::GoOn).count());
    }
}
