//! The stream of facts: the next thing that happens, again and again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use anklang_domain::{
    Body, DAY_MS, Engagement, Fact, FactId, Item, ItemId, MemberId, MemberPut, Props, Stream, Target, Traits,
    UnixMillis, Verb, stable_hash,
};

use super::clock::Clock;
use super::people::{self, Person, Role};
use super::site::Site;
use super::threads::{Thread, tag_name};
use super::topics::TOPICS;
use super::visit::{Deed, LIST_LEN, Memory, Visit, returns};
use super::words::Voice;
use super::{Params, ValidParams, chance};

/// The share of members who are there from the start.
const FOUNDERS: f64 = 0.6;
/// Founders join within so many days before the start.
const FOUNDING_DAYS: i64 = 30;
/// How often another member is drawn for a visit before one is taken at whatever hour.
const DRAWS_MAX: usize = 24;

/// Something that will happen at a time; the count keeps what happens at once in the order in which it was decided.
#[derive(Debug, Clone, Copy)]
struct Pending {
    at: i64,
    count: u64,
    member: u32,
    deed: Deed,
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.count) == (other.at, other.count)
    }
}
impl Eq for Pending {}
impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Pending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.count).cmp(&(other.at, other.count))
    }
}

/// The facts of a [`super::Community`], in the order of time.
pub struct Facts {
    params: Params,
    mark: String,
    clock: Clock,
    rng: Stream,
    people: Vec<Person>,
    ids: Vec<MemberId>,
    memories: Vec<Memory>,
    /// Activity of the members up to and with each.
    activity: Vec<f64>,
    looks: [f64; LIST_LEN],
    site: Site,
    pending: BinaryHeap<Reverse<Pending>>,
    deeds: Vec<(i64, Deed)>,
    joined: u32,
    /// Engagements decided upon.
    decided: u64,
    /// Facts made.
    made: u64,
    now: i64,
}

/// What happens next if nothing pending comes before it.
enum Next {
    Join,
    Thread,
    Visit,
    Nothing,
}

impl Facts {
    pub(super) fn of(params: &ValidParams) -> Self {
        let params: Params = Params::clone(params);
        let people: Vec<Person> = (0..params.members).map(|number| Person::of(&params, number)).collect();
        let mut sum = 0.0;
        let activity = people.iter().map(|person| {
            sum += f64::from(person.activity);
            sum
        });
        let mark = format!("{:08x}", stable_hash(format!("{params:?}").as_bytes()) >> 32);
        Self {
            mark,
            clock: Clock::of(params.start, params.days),
            rng: chance(params.seed, "events", 0),
            ids: (0..params.members).filter_map(|number| MemberId::parse(&format!("m{number}")).ok()).collect(),
            memories: vec![Memory::default(); people.len()],
            activity: activity.collect(),
            looks: std::array::from_fn(|place| (place as f64 + 1.0).powf(-params.position_bias)),
            site: Site::empty(),
            pending: BinaryHeap::new(),
            deeds: Vec::new(),
            joined: 0,
            decided: 0,
            made: 0,
            now: i64::MIN,
            people,
            params,
        }
    }

    /// What is next of what happens by itself, and when.
    fn upcoming(&self) -> (i64, Next) {
        let join = if self.joined < self.params.members { self.join_at(self.joined) } else { i64::MAX };
        let opened = self.site.threads.len() as u32;
        let thread = if opened < self.params.discussions {
            self.clock.at((f64::from(opened) + 0.1 + 0.8 * jitter(opened)) / f64::from(self.params.discussions))
        } else {
            i64::MAX
        };
        // The clock of visits is driven by what they bring, so the number of engagements is met.
        let visit = if self.decided < self.params.engagements {
            self.clock.at((self.decided as f64 + 0.5) / self.params.engagements as f64)
        } else {
            i64::MAX
        };
        let first = join.min(thread).min(visit);
        let next = match first {
            i64::MAX => Next::Nothing,
            at if at == join => Next::Join,
            at if at == thread => Next::Thread,
            _ => Next::Visit,
        };
        (first.max(self.now), next)
    }

    fn join_at(&self, number: u32) -> i64 {
        let share = (f64::from(number) + 0.5) / f64::from(self.params.members);
        if share < FOUNDERS {
            let before = (1.0 - share / FOUNDERS) * (FOUNDING_DAYS * DAY_MS) as f64;
            self.params.start.ms() - before as i64
        } else {
            self.clock.at((share - FOUNDERS) / (1.0 - FOUNDERS))
        }
    }

    fn join(&mut self) -> Option<Fact> {
        let number = self.joined;
        self.joined += 1;
        let person = &self.people[number as usize];
        let mut traits = Traits::new();
        traits.insert("name".to_owned(), people::name(self.params.seed, number).into());
        traits.insert("locale".to_owned(), person.locale().into());
        traits.insert("timezone".to_owned(), person.timezone().into());
        if person.declares {
            let declared = person.declared(&mut chance(self.params.seed, "declared", u64::from(number)));
            traits.insert("interests".to_owned(), declared.into());
        }
        let member = self.ids.get(number as usize)?.clone();
        self.fact(Body::MemberPut(MemberPut { member, traits }))
    }

    fn open_thread(&mut self) -> Option<Fact> {
        let number = self.site.threads.len() as u32;
        let thread = Thread::of(&self.params, number);
        let author = self.author_for(&thread);
        self.site.open(thread, author);
        let mut rng = chance(self.params.seed, "text", u64::from(number));
        let tags = thread.tags(&mut rng);
        let voice = Voice::of(&tags, thread.german, &mut rng);
        let mut item = Item::bare(ItemId::parse(&format!("d{number}")).ok()?);
        item.title = voice.title(&mut rng);
        item.body = voice.body(&mut rng);
        item.tags = tags.iter().map(|tag| tag_name(*tag).to_owned()).collect();
        item.category = Some(TOPICS[usize::from(thread.topics[0])].key.to_owned());
        item.author = self.ids.get(author as usize).cloned();
        item.language = Some(if thread.german { "de" } else { "en" }.to_owned());
        item.created_at = Some(UnixMillis::saturating(self.now));
        self.fact(Body::ItemPut { item: Box::new(item) })
    }

    /// Somebody who would open this discussion: the best of a few active members.
    fn author_for(&mut self, thread: &Thread) -> u32 {
        let mut best = (f64::MIN, 0);
        for _ in 0..DRAWS_MAX {
            let number = self.active_member();
            let person = &self.people[number as usize];
            let writes = match person.role {
                Role::Author => 1.0,
                Role::Replier => 0.3,
                Role::Lurker => 0.02,
            };
            let speaks = if person.german == thread.german { 1.0 } else { 0.05 };
            let wish = writes * speaks * (0.05 + thread.affinity(person)) * self.rng.unit();
            if wish > best.0 {
                best = (wish, number);
            }
        }
        best.1
    }

    /// A member who has joined, by activity.
    fn active_member(&mut self) -> u32 {
        let joined = (self.joined as usize).clamp(1, self.activity.len());
        let point = self.rng.unit() * self.activity[joined - 1];
        self.activity[..joined].partition_point(|sum| *sum <= point).min(joined - 1) as u32
    }

    fn visit(&mut self) {
        let mut number = self.active_member();
        for _ in 0..DRAWS_MAX {
            let free = self.memories[number as usize].busy_until < self.now;
            if free && self.rng.unit() < self.people[number as usize].awake(self.now) {
                break;
            }
            number = self.active_member();
        }
        self.with_visit(number, |visit, looks, rng| visit.browse(looks, rng));
    }

    fn with_visit(&mut self, number: u32, act: impl FnOnce(&mut Visit<'_>, &[f64; LIST_LEN], &mut Stream)) {
        let memory = &mut self.memories[number as usize];
        let now = self.now.max(memory.busy_until);
        let person = &self.people[number as usize];
        let mut visit = Visit { number, person, memory, site: &self.site, deeds: &mut self.deeds, now };
        act(&mut visit, &self.looks, &mut self.rng);
        let mut deeds = std::mem::take(&mut self.deeds);
        for (at, deed) in deeds.drain(..) {
            self.decide(at, number, deed);
        }
        self.deeds = deeds;
    }

    fn decide(&mut self, at: i64, member: u32, deed: Deed) {
        // What would come after the end is not part of the story.
        if at < self.clock.end() {
            let comes_back = matches!(deed, Deed::Returns(_));
            self.decided += u64::from(!comes_back);
            let count = self.made + self.decided + self.pending.len() as u64;
            self.pending.push(Reverse(Pending { at, count, member, deed }));
        } else {
            self.decided += 1;
        }
    }

    /// Lets a pending deed happen.
    fn happen(&mut self, pending: Pending) -> Option<Fact> {
        let (verb, item) = match pending.deed {
            Deed::Returns(item) => {
                self.with_visit(pending.member, |visit, _, rng| visit.come_back(item, rng));
                return None;
            }
            Deed::Site => return self.engaged(pending.member, Verb::Viewed, Target::SITE, None, Props::new()),
            Deed::Viewed { item, position, seconds } => {
                self.site.viewed(item);
                let mut props = Props::new();
                if position > 0 {
                    props.insert("position".to_owned(), position.into());
                }
                let target = Target::Item(ItemId::parse(&format!("d{item}")).ok()?);
                return self.engaged(pending.member, Verb::Viewed, target, Some(f64::from(seconds)), props);
            }
            Deed::Replied(item) => return self.reply(pending.member, item),
            Deed::Liked(item) => (Verb::Liked, item),
            Deed::Bookmarked(item) => (Verb::Bookmarked, item),
            Deed::Followed(item) => (Verb::Followed, item),
            Deed::Helpful(item) => (Verb::Helpful, item),
            Deed::Shared(item) => (Verb::Shared, item),
            Deed::Dismissed(item) => (Verb::Dismissed, item),
        };
        let target = Target::Item(ItemId::parse(&format!("d{item}")).ok()?);
        self.engaged(pending.member, verb, target, None, Props::new())
    }

    fn reply(&mut self, member: u32, item: u32) -> Option<Fact> {
        let others = self.site.replied(item, member);
        let author = self.site.threads[item as usize].author;
        for (at, other) in returns(self.now, author, &others, &self.people, &mut self.rng) {
            if at < self.clock.end() {
                self.decide(at, other, Deed::Returns(item));
            }
        }
        let thread = self.site.threads[item as usize].thread;
        let mut text = chance(self.params.seed, "text", u64::from(item));
        let tags = thread.tags(&mut text);
        let voice = Voice::of(&tags, thread.german, &mut text);
        let mut props = Props::new();
        props.insert("text".to_owned(), voice.reply(&mut self.rng).into());
        let target = Target::Item(ItemId::parse(&format!("d{item}")).ok()?);
        self.engaged(member, Verb::Replied, target, None, props)
    }

    fn engaged(&mut self, member: u32, verb: Verb, target: Target, value: Option<f64>, props: Props) -> Option<Fact> {
        let member = self.ids.get(member as usize)?.clone();
        self.fact(Body::Engaged(Engagement { member, verb, target, value, props }))
    }

    fn fact(&mut self, body: Body) -> Option<Fact> {
        let id = FactId::parse(&format!("sim:{}:{}", self.mark, self.made)).ok()?;
        self.made += 1;
        let at = UnixMillis::saturating(self.now);
        Some(Fact { id, at, received_at: Some(at), source: "simulator".to_owned(), body })
    }
}

impl Iterator for Facts {
    type Item = Fact;

    fn next(&mut self) -> Option<Fact> {
        loop {
            let (at, next) = self.upcoming();
            let pending_at = self.pending.peek().map(|Reverse(pending)| pending.at);
            if let Some(due) = pending_at.filter(|due| *due <= at || matches!(next, Next::Nothing)) {
                let Reverse(pending) = self.pending.pop()?;
                self.now = due;
                if let Some(fact) = self.happen(pending) {
                    return Some(fact);
                }
                continue;
            }
            self.now = at;
            match next {
                Next::Join => return self.join(),
                Next::Thread => return self.open_thread(),
                Next::Visit => self.visit(),
                Next::Nothing => return None,
            }
        }
    }
}

/// A fixed number between 0 and 1 for each discussion, so that they are not opened like clockwork.
fn jitter(number: u32) -> f64 {
    Stream::new(u64::from(number)).unit()
}
