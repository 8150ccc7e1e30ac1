//! What holds of every list, checked against the facts themselves: a naive reading of them, with none of the engine's code.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::list::List;
use crate::recommend::ABSENCE_MAX_MS;

/// What the facts say, read one by one.
#[derive(Default)]
struct Told {
    /// For each id given up, the one kept.
    kept: BTreeMap<String, String>,
    items: BTreeMap<String, Thread>,
    /// By member and item: when they last dealt with it.
    looked: BTreeMap<(String, String), UnixMillis>,
    /// By member: kind and name of what they mute.
    muted: BTreeMap<String, BTreeSet<(&'static str, String)>>,
}

#[derive(Default)]
struct Thread {
    put: Option<Item>,
    live: bool,
    created: Option<UnixMillis>,
    /// By whom, and when.
    replies: Vec<(String, UnixMillis)>,
}

impl Told {
    fn of(facts: &[Fact]) -> Self {
        let mut facts = once(facts);
        receive(&mut facts, NOW);
        let mut told = Self::default();
        facts.iter().for_each(|fact| told.hear(fact));
        told
    }

    fn person(&self, id: &str) -> String {
        let mut id = id;
        while let Some(kept) = self.kept.get(id) {
            id = kept;
        }
        id.to_owned()
    }

    fn looks(&mut self, member: &str, item: &str, at: UnixMillis) {
        let last = self.looked.entry((self.person(member), item.to_owned())).or_insert(at);
        *last = at.max(*last);
    }

    fn hear(&mut self, fact: &Fact) {
        let at = fact.effective_at();
        match &fact.body {
            Body::ItemPut { item } => {
                let thread = self.items.entry(item.id.to_string()).or_default();
                let claimed = item.created_at.map(|created| created.min(fact.received_at.unwrap_or(at)));
                let first = thread.created.is_none();
                let created = claimed.or(thread.created).unwrap_or(at);
                (thread.put, thread.live, thread.created) = (Some(item.as_ref().clone()), true, Some(created));
                if let (true, Some(author)) = (first, &item.author) {
                    self.looks(author.as_str(), item.id.as_str(), created);
                }
            }
            Body::ItemRemoved(removed) => self.items.entry(removed.item.to_string()).or_default().live = false,
            Body::MemberAliased(alias) => self.alias(self.person(alias.from.as_str()), self.person(alias.to.as_str())),
            Body::Engaged(engagement) => self.engaged(engagement, at),
            _ => {}
        }
    }

    fn alias(&mut self, from: String, to: String) {
        if from == to {
            return;
        }
        let looked: Vec<_> = self.looked.iter().filter(|((who, _), _)| *who == from).map(clone).collect();
        for ((_, item), at) in looked {
            self.looks(&to, &item, at);
        }
        let muted = self.muted.remove(&from).unwrap_or_default();
        self.muted.entry(to.clone()).or_default().extend(muted);
        for marks in self.muted.values_mut() {
            if marks.remove(&("author", from.clone())) {
                marks.insert(("author", to.clone()));
            }
        }
        self.kept.insert(from, to);
    }

    fn engaged(&mut self, engagement: &Engagement, at: UnixMillis) {
        let member = engagement.member.as_str();
        let mark = match &engagement.target {
            Target::Item(item) => {
                self.looks(member, item.as_str(), at);
                if engagement.verb == Verb::Replied {
                    let thread = self.items.entry(item.to_string()).or_default();
                    thread.replies.push((member.to_owned(), at));
                }
                ("item", item.to_string())
            }
            Target::Tag(tag) => ("tag", plain(tag)),
            Target::Category(name) => ("category", plain(name)),
            Target::Author(author) => ("author", self.person(author.as_str())),
            Target::Site(_) => return,
        };
        let muted = self.muted.entry(self.person(member)).or_default();
        match engagement.verb {
            Verb::Muted => drop(muted.insert(mark)),
            Verb::Dismissed | Verb::LessLikeThis if mark.0 == "item" => drop(muted.insert(mark)),
            Verb::Followed | Verb::Unmuted => drop(muted.remove(&mark)),
            _ => {}
        }
    }

    fn is_muted(&self, person: &str, item: &Item) -> bool {
        let nothing = BTreeSet::new();
        let muted = self.muted.get(person).unwrap_or(&nothing);
        let is = |kind, name| muted.contains(&(kind, name));
        let tags: BTreeSet<String> = item.tags.iter().map(|tag| plain(tag)).filter(|tag| !tag.is_empty()).collect();
        is("item", item.id.to_string())
            || item.author.as_ref().is_some_and(|author| is("author", self.person(author.as_str())))
            || item.category.as_ref().is_some_and(|category| is("category", plain(category)))
            || (!tags.is_empty() && tags.into_iter().all(|tag| is("tag", tag)))
    }

    /// Whether it was opened, and how many others replied, after `since` and after this member's last look.
    fn news(&self, person: &str, thread: &Thread, id: &str, since: UnixMillis, now: UnixMillis) -> (bool, u32) {
        let looked = self.looked.get(&(person.to_owned(), id.to_owned()));
        let from = looked.map_or(since, |at| since.max(*at));
        let other = |(by, at): &&(String, UnixMillis)| self.person(by) != person && *at > from && *at <= now;
        (thread.created.is_some_and(|created| created > from), thread.replies.iter().filter(other).count() as u32)
    }
}

fn clone((key, at): (&(String, String), &UnixMillis)) -> ((String, String), UnixMillis) {
    (key.clone(), *at)
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase()
}

/// What holds of every list.
fn check_shape(list: &List, first: usize) {
    let mut known = BTreeSet::new();
    for (place, entry) in list.items.iter().enumerate() {
        assert_eq!(entry.position, first + place);
        assert!(known.insert(&entry.id), "{} stands here twice", entry.id);
        assert!(!entry.reasons.is_empty() && entry.reasons.iter().all(|reason| !reason.text.is_empty()));
        assert!(entry.propensity.get() > 0.0 && entry.propensity.get() <= 1.0);
        let sum: f32 = entry.ledger.as_ref().unwrap().iter().map(|part| part.value).sum();
        assert!((sum - entry.score).abs() <= 1e-4 * entry.score.abs().max(1.0), "{sum} is not {}", entry.score);
    }
}

/// What holds of a list of a member's own.
fn check_own(told: &Told, list: &List, id: &str, now: UnixMillis) {
    let person = told.person(id);
    for entry in &list.items {
        let thread = &told.items[entry.id.as_str()];
        let item = thread.put.as_ref().unwrap();
        assert!(thread.live && thread.created.unwrap() <= now, "{}", entry.id);
        assert!(item.ends_at.is_none_or(|end| end > now), "{} is over", entry.id);
        assert!(
            item.author.as_ref().is_none_or(|author| told.person(author.as_str()) != person),
            "{} is own",
            entry.id
        );
        assert!(!told.is_muted(&person, item), "{} is muted by {id}", entry.id);
    }
}

fn check_missed(told: &Told, list: &List, id: &str, since: UnixMillis, now: UnixMillis) {
    check_own(told, list, id, now);
    for entry in &list.items {
        let thread = &told.items[entry.id.as_str()];
        let (opened, replies) = told.news(&told.person(id), thread, entry.id.as_str(), since, now);
        assert!(opened || replies > 0, "{} has no news for {id}", entry.id);
        assert_eq!(entry.new_replies, replies, "{} for {id}", entry.id);
        assert_eq!(entry.kind, Kind::Discussion);
    }
}

fn check_pages(engine: &Engine, whole: &List, request: &ListRequest, size: usize) {
    let mut paged = Vec::new();
    loop {
        let page = ListRequest { limit: size, offset: paged.len(), ..request.clone() };
        let list = engine.list(&page).unwrap();
        check_shape(&list, paged.len() + 1);
        let (more, none) = (list.more, list.items.is_empty());
        paged.extend(list.items);
        if none || !more {
            break;
        }
    }
    let ids = |items: &[crate::list::ListItem]| items.iter().map(|entry| entry.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&paged), ids(&whole.items), "pages of {size}: {:?} {:?}", request.list, request.member);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 400, ..ProptestConfig::default() })]
    #[test]
    fn keep_their_word(facts in history(140), size in 1..6_usize, past in 0..41_i64, back in 0..50_i64) {
        let (engine, told) = (in_memory(&facts), Told::of(&facts));
        for now in [NOW, BEGAN.plus_ms(past * DAY_MS)] {
            let asked = now.plus_ms(-back * DAY_MS);
            let since = asked.max(now.plus_ms(-ABSENCE_MAX_MS)).min(now);
            for id in MEMBERS {
                for kind in [ListKind::Missed, ListKind::Feed, ListKind::Trending, ListKind::Search] {
                    let query = Some("roses dough".to_owned());
                    let request = ListRequest { query, since: Some(asked), ..request(kind, Some(id), now) };
                    let list = engine.list(&request).unwrap();
                    check_shape(&list, 1);
                    check_pages(&engine, &list, &request, size);
                    match kind {
                        ListKind::Missed => check_missed(&told, &list, id, since, now),
                        ListKind::Feed | ListKind::Trending => check_own(&told, &list, id, now),
                        ListKind::Related | ListKind::Search => {}
                    }
                }
            }
        }
    }
}

#[test]
fn the_far_end_of_the_pages_is_no_trap() {
    let engine = in_memory(&[]);
    let far = ListRequest { offset: usize::MAX, ..request(ListKind::Missed, None, NOW) };
    assert!(engine.list(&far).unwrap().items.is_empty());
}

/// Nine discussions that ana missed, and the list of them after these pages were served. Having been shown counts nothing
/// here, so that the same list would come again.
fn after_serving(offsets: &[usize], limit: usize) -> (Engine, ListRequest, List) {
    let mut facts: Vec<Fact> = (0..9).map(|n| super::erasing::opened(&format!("i{n}"), 60 * 24 * 30 + n)).collect();
    facts.push(super::erasing::visit("ana", 1));
    let (kind, key, document) = ("policy".into(), "default".into(), Some(json!({"weights": {"impression": 0.0}})));
    let body = Body::Configured(Configuration { kind, key, version: 2, document, author: String::new() });
    facts.push(Fact { body, id: FactId::parse("policy").unwrap(), ..facts[0].clone() });
    let engine = in_memory(&facts);
    for offset in offsets.iter().copied() {
        let page = ListRequest { log: true, limit, offset, ..request(ListKind::Missed, Some("ana"), NOW) };
        assert_eq!(engine.list(&page).unwrap().items.len(), limit);
    }
    submit(&engine, &[super::erasing::visit("bob", 2)]); // what was served is written with it
    assert_eq!(engine.stats().slates, offsets.len() as u64);
    let again = request(ListKind::Missed, Some("ana"), NOW.plus_ms(60_000));
    let whole = engine.list(&again).unwrap();
    (engine, again, whole)
}

#[test]
fn pages_fit_after_they_were_served() {
    let (engine, again, whole) = after_serving(&[0, 3], 3);
    assert_eq!(whole.items.len(), 9);
    for size in [2, 3, 6] {
        check_pages(&engine, &whole, &again, size);
    }
}

#[test]
fn pages_fit_without_the_one_that_was_served() {
    let (engine, again, whole) = after_serving(&[0], 1);
    assert_eq!(whole.items.len(), 8);
    check_pages(&engine, &whole, &again, 1);
}
