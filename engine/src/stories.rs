//! Stories of small communities, told fact by fact, and the lists that come of them.

use anklang_domain::{
    Body, Engagement, Fact, FactId, Item, ItemId, ListKind, MemberId, MemberPut, Props, Slate, SlateEntry, Target,
    UnixMillis, Verb,
};
use serde_json::json;

use crate::index::{IndexedItem, Mark, TextIndex};
use crate::learn::Learned;
use crate::list::{Lang, List, ListRequest};
use crate::recommend::{self, ListError};
use crate::views::Views;
use crate::views::catalogue::key_of;

/// A community in the making. Moments are hours since its beginning.
pub(crate) struct World {
    pub(crate) views: Views,
    index: TextIndex,
    facts: u64,
}

/// The moment of an hour.
pub(crate) fn at(hour: f64) -> UnixMillis {
    UnixMillis::saturating(1_500_000_000_000 + (hour * 3_600_000.0) as i64)
}

pub(crate) fn member(id: &str) -> MemberId {
    MemberId::parse(id).unwrap()
}

pub(crate) fn item(id: &str) -> ItemId {
    ItemId::parse(id).unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        Self { views: Views::default(), index: TextIndex::in_memory().unwrap(), facts: 0 }
    }

    pub(crate) fn fact(&mut self, hour: f64, body: Body) -> &mut Self {
        let id = FactId::parse(&format!("f{}", self.facts)).unwrap();
        let fact = Fact { id, at: at(hour), received_at: Some(at(hour)), source: "story".into(), body };
        self.views.apply(self.facts, &fact);
        self.facts += 1;
        if let Body::ItemPut { item } = fact.body {
            let tags: Vec<&str> = item.tags.iter().map(String::as_str).collect();
            let doc = IndexedItem { title: &item.title, body: &item.body, tags: &tags, ..IndexedItem::default() };
            self.index.put(key_of(item.id.as_str()), &doc).unwrap();
            self.index.commit(Mark { folded: self.facts, generation: 0 }).unwrap();
        }
        self
    }

    /// Somebody opens a discussion with these tags, parted by spaces.
    pub(crate) fn opens(&mut self, hour: f64, author: &str, id: &str, tags: &str) -> &mut Self {
        let mut put = Item::bare(item(id));
        put.title = format!("About {tags} ({id})");
        put.tags = tags.split(' ').map(str::to_owned).collect();
        put.author = Some(member(author));
        self.fact(hour, Body::ItemPut { item: Box::new(put) })
    }

    pub(crate) fn does(&mut self, hour: f64, who: &str, verb: &str, id: &str) -> &mut Self {
        self.does_to(hour, who, verb, Target::Item(item(id)))
    }

    pub(crate) fn does_to(&mut self, hour: f64, who: &str, verb: &str, target: Target) -> &mut Self {
        let verb = Verb::named(verb);
        self.fact(
            hour,
            Body::Engaged(Engagement { member: member(who), verb, target, value: None, props: Props::new() }),
        )
    }

    pub(crate) fn says(&mut self, hour: f64, who: &str, traits: serde_json::Value) -> &mut Self {
        let traits = traits.as_object().unwrap().clone();
        self.fact(hour, Body::MemberPut(MemberPut { member: member(who), traits }))
    }

    pub(crate) fn request(hour: f64, who: &str, list: ListKind) -> ListRequest {
        ListRequest { explain: true, ..ListRequest::new(list, Some(member(who)), at(hour)) }
    }

    pub(crate) fn asks(&self, request: &ListRequest) -> Result<List, ListError> {
        recommend::list(&self.views, &Learned::default(), &self.index.reader(), request)
    }

    pub(crate) fn missed(&self, hour: f64, who: &str) -> List {
        self.asks(&Self::request(hour, who, ListKind::Missed)).unwrap()
    }

    /// Asks for what was missed, and is shown it.
    pub(crate) fn is_shown(&mut self, hour: f64, who: &str) -> List {
        let list = self.missed(hour, who);
        let entries = list.items.iter().map(|entry| SlateEntry {
            item: entry.id.clone(),
            propensity: entry.propensity,
            discovery: entry.discovery,
        });
        let slate = Slate {
            member: Some(member(who)),
            slate: list.slate.id.clone(),
            list: ListKind::Missed,
            policy: list.slate.policy.clone(),
            entries: entries.collect(),
        };
        self.fact(hour, Body::Served(slate));
        list
    }
}

pub(crate) fn ids(list: &List) -> Vec<&str> {
    list.items.iter().map(|entry| entry.id.as_str()).collect()
}

fn codes(list: &List, id: &str) -> Vec<&'static str> {
    let entry = list.items.iter().find(|entry| entry.id.as_str() == id);
    entry.map(|entry| entry.reasons.iter().map(|reason| reason.code).collect()).unwrap_or_default()
}

/// A community that talks of gardens, bread and bicycles; ana gardens, and was last there in hour 10.
fn village() -> World {
    let mut world = World::new();
    for (n, (author, tags)) in
        [("bob", "gardening soil"), ("cem", "baking bread"), ("dot", "cycling repair"), ("eve", "gardening roses")]
            .into_iter()
            .enumerate()
    {
        world.opens(n as f64, author, &format!("old{n}"), tags);
    }
    for hour in [5.0, 6.0, 7.0] {
        world.does(hour, "ana", "liked", "old0").does(hour, "ana", "replied", "old3");
        world.does(hour, "bob", "liked", "old2").does(hour, "cem", "replied", "old2");
    }
    world.does_to(10.0, "ana", "viewed", Target::SITE);
    world.opens(20.0, "bob", "g1", "gardening soil").opens(21.0, "cem", "b1", "baking bread");
    world.opens(22.0, "dot", "c1", "cycling repair").opens(23.0, "eve", "g2", "gardening pots");
    world
}

#[test]
fn what_was_missed_is_about_the_members_tags_and_says_why() {
    let list = village().missed(40.0, "ana");
    assert_eq!(list.since, Some(at(10.0)));
    assert_eq!(&ids(&list)[..2], ["g1", "g2"]);
    assert_eq!(codes(&list, "g1")[0], "interest_tag");
    assert_eq!(list.items[0].reasons[0].subject.as_deref(), Some("gardening"));
}

#[test]
fn one_place_is_for_something_different_and_says_so() {
    let list = village().missed(40.0, "ana");
    let different: Vec<_> = list.items.iter().filter(|entry| entry.discovery).collect();
    assert_eq!(different.len(), 1);
    assert_eq!(different[0].reasons[0].code, "discovery");
    assert!(!different[0].tags.iter().any(|tag| tag == "gardening"));
    assert!(different[0].propensity.get() < 1.0);
    assert!(list.items.iter().filter(|entry| !entry.discovery).all(|entry| entry.propensity.get() == 1.0));
}

#[test]
fn the_ledger_sums_to_the_score() {
    for entry in village().missed(40.0, "ana").items {
        let sum: f32 = entry.ledger.unwrap().iter().map(|part| part.value).sum();
        assert!((sum - entry.score).abs() < 1e-4, "{sum} {}", entry.score);
    }
}

#[test]
fn what_was_seen_since_is_not_missed_until_somebody_replies() {
    let mut world = village();
    world.does(30.0, "ana", "viewed", "g1");
    assert!(!ids(&world.missed(30.1, "ana")).contains(&"g1"));
    world.does(31.0, "cem", "replied", "g1").does(31.5, "dot", "replied", "g1");
    let list = world.missed(40.0, "ana");
    let entry = list.items.iter().find(|entry| entry.id.as_str() == "g1").unwrap();
    assert_eq!(entry.new_replies, 2);
}

#[test]
fn what_one_joined_returns_only_for_others_replies_and_says_so() {
    let mut world = village();
    world.does(11.0, "ana", "replied", "old0");
    assert!(!ids(&world.missed(40.0, "ana")).contains(&"old0"), "ana alone acted");
    world.does(35.0, "bob", "replied", "old0");
    let list = world.missed(40.0, "ana");
    assert!(codes(&list, "old0").contains(&"joined"), "{list:?}");
    let text = list.items.iter().flat_map(|e| &e.reasons).find(|r| r.code == "joined").unwrap().text.clone();
    assert_eq!(text, "1 new reply in a discussion you joined");
}

#[test]
fn never_ones_own_nor_what_is_muted() {
    let mut world = village();
    world.opens(24.0, "ana", "own", "gardening").does(25.0, "bob", "replied", "own");
    world.does_to(9.0, "ana", "muted", Target::Author(member("eve")));
    world.does_to(9.0, "ana", "muted", Target::Tag("Baking".into())).does_to(
        9.0,
        "ana",
        "muted",
        Target::Tag("bread".into()),
    );
    let list = world.missed(40.0, "ana");
    assert!(ids(&list).iter().all(|id| !["own", "g2", "b1"].contains(id)), "{:?}", ids(&list));
    world.does(41.0, "ana", "dismissed", "g1");
    assert!(!ids(&world.missed(50.0, "ana")).contains(&"g1"));
}

#[test]
fn what_was_shown_and_ignored_does_not_come_back_until_something_happens() {
    let mut world = village();
    let first = world.is_shown(40.0, "ana");
    assert!(ids(&first).contains(&"g1"));
    let later = world.missed(48.0, "ana");
    assert!(ids(&later).iter().all(|id| !ids(&first).contains(id)), "{:?}", ids(&later));
    world.does(49.0, "cem", "replied", "g1");
    assert!(ids(&world.missed(50.0, "ana")).contains(&"g1"));
}

#[test]
fn a_slate_is_never_served_again_as_it_was() {
    let mut world = village();
    let mut last: Vec<String> = Vec::new();
    for minute in 0..12 {
        let list = world.is_shown(40.0 + f64::from(minute) / 60.0, "ana");
        let now: Vec<String> = ids(&list).iter().map(ToString::to_string).collect();
        assert!(now.is_empty() || now != last, "{now:?}");
        last = now;
    }
    assert!(last.is_empty(), "looked at twelve times: {last:?}");
}

#[test]
fn cold_start_is_declared_then_hot_then_fresh() {
    let mut world = village();
    for who in ["u1", "u2", "u3", "u4"] {
        world.does(39.0, who, "replied", "c1");
    }
    let stranger = world.missed(40.0, "nobody-yet");
    assert_eq!(ids(&stranger)[0], "c1", "hot first");
    let place = |id| ids(&stranger).iter().position(|other| *other == id).unwrap();
    assert!(place("g2") < place("g1") && place("b1") < place("g1"), "then fresh: {:?}", ids(&stranger));
    world.says(39.5, "new", json!({"interests": ["Baking"]}));
    let declared = world.missed(40.0, "new");
    assert_eq!(ids(&declared)[0], "b1");
    assert_eq!(codes(&declared, "b1")[0], "declared_tag");
}

#[test]
fn without_consent_only_what_was_declared_counts() {
    let mut world = village();
    world.says(12.0, "ana", json!({"interests": "cycling", "consent_behaviour": false}));
    let list = world.missed(40.0, "ana");
    assert_eq!(ids(&list)[0], "c1");
    let told: Vec<_> = list.items.iter().filter(|e| !e.discovery).flat_map(|e| &e.reasons).map(|r| r.code).collect();
    assert!(!told.contains(&"interest_tag") && !told.contains(&"neighbour"), "{told:?}");
}

#[test]
fn an_engagement_changes_the_next_answer() {
    let mut world = village();
    let before = world.missed(40.0, "ana");
    for _ in 0..6 {
        world.does(8.0, "ana", "replied", "old2");
    }
    let after = world.missed(40.0, "ana");
    assert_ne!(ids(&before), ids(&after));
    assert!(codes(&after, "c1").contains(&"interest_tag"), "{after:?}");
}

#[test]
fn engagements_may_come_before_their_item() {
    let mut world = village();
    for _ in 0..6 {
        world.does(8.0, "fay", "replied", "later");
    }
    world.opens(9.0, "dot", "later", "cycling repair");
    world.does_to(9.5, "fay", "viewed", Target::SITE);
    assert_eq!(ids(&world.missed(40.0, "fay"))[0], "c1");
}

#[test]
fn followers_hear_of_what_they_follow() {
    let mut world = village();
    world.does_to(9.0, "gil", "followed", Target::Tag("repair".into()));
    world.does_to(9.0, "gil", "followed", Target::Author(member("cem")));
    let list = world.missed(40.0, "gil");
    assert!(codes(&list, "c1").contains(&"follows_tag"), "{list:?}");
    assert!(codes(&list, "b1").contains(&"follows_author"), "{list:?}");
}

#[test]
fn events_need_their_kind_and_end() {
    let mut world = village();
    let mut event = Item::bare(item("meet"));
    event.kind = anklang_domain::Kind::Event;
    event.tags = vec!["gardening".into()];
    event.ends_at = Some(at(60.0));
    world.fact(24.0, Body::ItemPut { item: Box::new(event) });
    assert!(!ids(&world.missed(40.0, "ana")).contains(&"meet"));
    let events = |hour| {
        let kind = Some(anklang_domain::Kind::Event);
        world.asks(&ListRequest { kind, ..World::request(hour, "ana", ListKind::Missed) }).unwrap()
    };
    assert_eq!(ids(&events(40.0)), ["meet"]);
    assert!(events(61.0).items.is_empty());
}

#[test]
fn reasons_speak_german() {
    let world = village();
    let request = ListRequest { lang: Some(Lang::De), ..World::request(40.0, "ana", ListKind::Missed) };
    let list = world.asks(&request).unwrap();
    assert_eq!(list.items[0].reasons[0].text, "Weil du oft in „gardening“ unterwegs bist");
    assert!(list.items.iter().any(|entry| entry.reasons[0].text == "Mal etwas anderes"));
}

#[test]
fn feed_related_trending_and_search_answer() {
    let mut world = village();
    for who in [
        "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10", "u11", "u12", "u13", "u14", "u15", "u16", "u17",
        "u18",
    ] {
        world.does(39.0, who, "replied", "c1");
    }
    let ask = |list| {
        world.asks(&ListRequest {
            query: Some("bread".into()),
            item: Some(item("g1")),
            ..World::request(40.0, "ana", list)
        })
    };
    let feed = ask(ListKind::Feed).unwrap();
    assert!(!ids(&feed).contains(&"old0") && ids(&feed).contains(&"g1"), "{feed:#?}");
    let related = ask(ListKind::Related).unwrap();
    assert_eq!(ids(&related)[0], "old0");
    assert_eq!(related.items[0].reasons[0].code, "similar");
    let trending = ask(ListKind::Trending).unwrap();
    assert_eq!((ids(&trending)[0], trending.items[0].reasons[0].code), ("c1", "rising"));
    let search = ask(ListKind::Search).unwrap();
    assert_eq!(ids(&search).len(), 2);
    let unknown = ListRequest { item: Some(item("nope")), ..World::request(40.0, "ana", ListKind::Related) };
    assert!(matches!(world.asks(&unknown), Err(ListError::UnknownItem(_))));
}

#[test]
fn pages_follow_each_other() {
    let mut world = village();
    for n in 0..30 {
        world.opens(25.0 + f64::from(n) / 10.0, &format!("w{n}"), &format!("p{n}"), "gardening soil");
    }
    let page = |offset| {
        world.asks(&ListRequest { offset, limit: 10, ..World::request(40.0, "ana", ListKind::Missed) }).unwrap()
    };
    let (one, two) = (page(0), page(10));
    assert!(one.more);
    assert_eq!((one.items[0].position, two.items[0].position), (1, 11));
    assert!(ids(&two).iter().all(|id| !ids(&one).contains(id)));
}
