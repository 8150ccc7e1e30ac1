//! The members: what each said of themselves, did, saw, follows, mutes, and was shown.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anklang_domain::{MemberId, Traits, UnixMillis};
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};

use super::intern::{ItemIx, MemberIx, Names, TopicIx};
use super::moment::Moment;
use crate::interests::profile::Profile;
use crate::list::Lang;

/// A pause this long ends a visit.
pub(crate) const VISIT_GAP_MS: i64 = 30 * 60 * 1000;
/// Recent actions kept for the interests by content.
pub(crate) const RECENT_MAX: usize = 32;
/// Items remembered as shown and not yet engaged with.
pub(crate) const SHOWN_MAX: usize = 200;

/// When a member last dealt with an item, in any way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) item: ItemIx,
    pub(crate) at: Moment,
}

/// An item dealt with of late, and how much that says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Action {
    pub(crate) item: ItemIx,
    pub(crate) at: Moment,
    pub(crate) weight: f32,
}

/// What a member follows or mutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Mark {
    Item(ItemIx),
    Topic(TopicIx),
    Author(MemberIx),
}

/// An item shown and not engaged with since.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) item: ItemIx,
    /// When it was shown last.
    pub(crate) at: Moment,
    /// How often it was looked at, by the chance that its places are.
    pub(crate) looks: f32,
}

/// The last two visits, as far as they can be told from what the member did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Visits {
    /// The end of the visit before the last.
    pub(crate) before: Moment,
    /// The beginning of the last visit.
    pub(crate) start: Moment,
    /// The last sign of it.
    pub(crate) end: Moment,
}

impl Visits {
    const NONE: Self = Self { before: Moment::of(i64::MIN), start: Moment::of(i64::MIN), end: Moment::of(i64::MIN) };

    fn note(&mut self, at: Moment) {
        if at > self.end {
            if at.ms() > self.end.ms().saturating_add(VISIT_GAP_MS) {
                self.before = self.end;
                self.start = at;
            }
            self.end = at;
        } else if at < self.start && at.ms() + VISIT_GAP_MS >= self.start.ms() {
            self.start = at;
        } else if at < self.start && at > self.before {
            self.before = at;
        }
    }

    /// The end of the last visit that is over at `now`; none where there was none.
    pub(crate) fn last_end(&self, now: UnixMillis) -> Option<Moment> {
        let over = self.end.ms().saturating_add(VISIT_GAP_MS) < now.ms();
        let end = if over { self.end } else { self.before };
        (end.ms() != i64::MIN).then_some(end)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MemberRow {
    /// Declared traits, as a JSON object; empty where there are none.
    traits: Box<str>,
    pub(crate) declared: Vec<TopicIx>,
    pub(crate) lang: Option<Tongue>,
    /// Whether what the member does may be used to rank for them.
    pub(crate) behaviour: bool,
    pub(crate) first_seen: Moment,
    pub(crate) visits: Visits,
    pub(crate) profile: Profile,
    /// By item.
    pub(crate) seen: Vec<Seen>,
    /// Oldest first.
    pub(crate) recent: Vec<Action>,
    /// Discussions opened or replied to, in the order they were joined.
    pub(crate) joined: Vec<ItemIx>,
    pub(crate) authored: Vec<ItemIx>,
    /// Sorted.
    pub(crate) follows: Vec<Mark>,
    /// Sorted.
    pub(crate) mutes: Vec<Mark>,
    /// Oldest first.
    pub(crate) shown: Vec<Shown>,
    pub(crate) engagements: u32,
}

/// A language as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tongue {
    En,
    De,
}

impl From<Tongue> for Lang {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::En => Self::En,
            Tongue::De => Self::De,
        }
    }
}

impl From<Lang> for Tongue {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::En,
            Lang::De => Self::De,
        }
    }
}

impl Default for MemberRow {
    fn default() -> Self {
        Self {
            traits: Box::default(),
            declared: Vec::new(),
            lang: None,
            behaviour: true,
            first_seen: Moment::of(i64::MAX),
            visits: Visits::NONE,
            profile: Profile::default(),
            seen: Vec::new(),
            recent: Vec::new(),
            joined: Vec::new(),
            authored: Vec::new(),
            follows: Vec::new(),
            mutes: Vec::new(),
            shown: Vec::new(),
            engagements: 0,
        }
    }
}

impl MemberRow {
    pub(crate) fn traits(&self) -> Traits {
        if self.traits.is_empty() { Traits::new() } else { serde_json::from_str(&self.traits).unwrap_or_default() }
    }

    /// Sets traits: a name given replaces, null removes, the others stay.
    pub(crate) fn put_traits(&mut self, new: &Traits) {
        let mut traits = self.traits();
        for (name, value) in new {
            if value.is_null() {
                traits.remove(name);
            } else {
                traits.insert(name.clone(), value.clone());
            }
        }
        self.traits = serde_json::to_string(&traits).unwrap_or_default().into();
    }

    pub(crate) fn saw(&mut self, item: ItemIx, at: Moment) {
        match self.seen.binary_search_by_key(&item, |seen| seen.item) {
            Ok(place) => self.seen[place].at = self.seen[place].at.max(at),
            Err(place) => self.seen.insert(place, Seen { item, at }),
        }
    }

    pub(crate) fn seen_at(&self, item: ItemIx) -> Option<Moment> {
        self.seen.binary_search_by_key(&item, |seen| seen.item).ok().map(|place| self.seen[place].at)
    }

    pub(crate) fn acted(&mut self, action: Action) {
        let place = self.recent.partition_point(|other| other.at <= action.at);
        self.recent.insert(place, action);
        if self.recent.len() > RECENT_MAX {
            self.recent.remove(0);
        }
    }

    pub(crate) fn visited(&mut self, at: Moment) {
        self.first_seen = self.first_seen.min(at);
        self.visits.note(at);
    }

    pub(crate) fn was_shown(&mut self, item: ItemIx, at: Moment, look: f32) {
        if let Some(place) = self.shown.iter().position(|shown| shown.item == item) {
            let mut shown = self.shown.remove(place);
            shown.looks += look;
            shown.at = shown.at.max(at);
            self.shown.push(shown);
        } else {
            self.shown.push(Shown { item, at, looks: look });
            if self.shown.len() > SHOWN_MAX {
                self.shown.remove(0);
            }
        }
    }

    /// Sets or clears a mark in a sorted list of marks.
    pub(crate) fn mark(marks: &mut Vec<Mark>, mark: Mark, set: bool) {
        match (marks.binary_search(&mark), set) {
            (Err(place), true) => marks.insert(place, mark),
            (Ok(place), false) => {
                marks.remove(place);
            }
            (Ok(_), true) | (Err(_), false) => {}
        }
    }

    /// Takes over what another row holds: two ids turned out to be one person.
    fn absorb(&mut self, other: Self) {
        let mut traits = other.traits();
        traits.extend(self.traits());
        if !traits.is_empty() {
            self.traits = serde_json::to_string(&traits).unwrap_or_default().into();
        }
        if self.declared.is_empty() {
            self.declared = other.declared;
        }
        self.lang = self.lang.or(other.lang);
        self.behaviour &= other.behaviour;
        self.first_seen = self.first_seen.min(other.first_seen);
        for at in [other.visits.before, other.visits.start, other.visits.end] {
            if at.ms() != i64::MIN {
                self.visits.note(at);
            }
        }
        self.profile.absorb(&other.profile);
        for seen in other.seen {
            self.saw(seen.item, seen.at);
        }
        for action in other.recent {
            self.acted(action);
        }
        let joined: HashSet<ItemIx> = self.joined.iter().copied().collect();
        self.joined.extend(other.joined.into_iter().filter(|item| !joined.contains(item)));
        self.authored.extend(other.authored);
        for mark in other.follows {
            Self::mark(&mut self.follows, mark, true);
        }
        for mark in other.mutes {
            Self::mark(&mut self.mutes, mark, true);
        }
        for shown in other.shown {
            self.was_shown(shown.item, shown.at, shown.looks);
        }
        self.engagements += other.engagements;
    }
}

pub(crate) fn push_once(items: &mut Vec<ItemIx>, item: ItemIx) {
    if !items.contains(&item) {
        items.push(item);
    }
}

/// The members' table. An id given up by an alias points to the one kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Members {
    names: Names,
    rows: Vec<MemberRow>,
    /// For each id, the id kept; itself where it was never given up.
    kept: Vec<MemberIx>,
    /// For each id kept, those given up for it.
    given_up: BTreeMap<MemberIx, Vec<MemberIx>>,
    aliases: u32,
}

impl Members {
    pub(crate) fn find(&self, id: &str) -> Option<MemberIx> {
        self.names.get(id).map(|number| self.person(MemberIx(number)))
    }

    /// The person behind an id, made where the id is new.
    pub(crate) fn intern(&mut self, id: &MemberId) -> MemberIx {
        let (number, new) = self.names.intern(id.as_str());
        if new {
            self.rows.push(MemberRow::default());
            self.kept.push(MemberIx(number));
        }
        self.person(MemberIx(number))
    }

    /// The person that an id, as stored, stands for by now.
    pub(crate) fn person(&self, member: MemberIx) -> MemberIx {
        if self.aliases == 0 { member } else { self.kept[member.row()] }
    }

    /// Makes two ids one person.
    pub(crate) fn alias(&mut self, from: &MemberId, to: &MemberId) {
        let (from, to) = (self.intern(from), self.intern(to));
        if from == to {
            return;
        }
        let mut ids = self.given_up.remove(&from).unwrap_or_default();
        ids.push(from);
        for id in &ids {
            self.kept[id.row()] = to;
        }
        self.given_up.entry(to).or_default().append(&mut ids);
        self.aliases += 1;
        let other = std::mem::take(&mut self.rows[from.row()]);
        self.rows[to.row()].absorb(other);
    }

    /// What a member follows or mutes, sorted, with authors by the ids they have by now.
    pub(crate) fn present<'m>(&self, marks: &'m [Mark]) -> Cow<'m, [Mark]> {
        let authors = marks.partition_point(|mark| !matches!(mark, Mark::Author(_)));
        let is_past = |mark: &Mark| matches!(mark, Mark::Author(author) if self.person(*author) != *author);
        if !marks[authors..].iter().any(is_past) {
            return Cow::Borrowed(marks);
        }
        let mut present = marks.to_vec();
        for mark in &mut present[authors..] {
            if let Mark::Author(author) = mark {
                *author = self.person(*author);
            }
        }
        present.sort_unstable();
        present.dedup();
        Cow::Owned(present)
    }

    /// Brings a member's marks up to date before one of an author is set or cleared.
    pub(crate) fn update_marks(&mut self, member: MemberIx) {
        let row = self.row(member);
        let (follows, mutes) = (self.present(&row.follows), self.present(&row.mutes));
        if let (Cow::Borrowed(_), Cow::Borrowed(_)) = (&follows, &mutes) {
            return;
        }
        let (follows, mutes) = (follows.into_owned(), mutes.into_owned());
        let row = self.row_mut(member);
        (row.follows, row.mutes) = (follows, mutes);
    }

    /// Every id that stands for this person, the kept one first.
    pub(crate) fn ids_of(&self, person: MemberIx) -> Vec<String> {
        let others = self.given_up.get(&person).map_or(&[][..], Vec::as_slice);
        [person].iter().chain(others).map(|id| self.id(*id).to_owned()).collect()
    }

    pub(crate) fn id(&self, member: MemberIx) -> &str {
        self.names.text(member.0)
    }

    pub(crate) fn row(&self, member: MemberIx) -> &MemberRow {
        &self.rows[member.row()]
    }

    pub(crate) fn row_mut(&mut self, member: MemberIx) -> &mut MemberRow {
        &mut self.rows[member.row()]
    }

    /// Everybody, each by the id kept.
    pub(crate) fn all(&self) -> impl Iterator<Item = MemberIx> + '_ {
        let ids = (0..self.rows.len() as u32).map(MemberIx);
        ids.filter(|member| self.person(*member) == *member)
    }

    /// Ids, those given up included.
    pub(crate) fn ids(&self) -> usize {
        self.rows.len()
    }

    /// People, not ids.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() - self.aliases as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Moment {
        Moment::of(minute * 60_000)
    }

    #[test]
    fn a_visit_under_way_does_not_count_as_the_last() {
        let mut visits = Visits::NONE;
        assert_eq!(visits.last_end(UnixMillis::saturating(0)), None);
        for minute in [0, 10, 200, 210] {
            visits.note(at(minute));
        }
        let now = |minute: i64| UnixMillis::saturating(minute * 60_000);
        assert_eq!(visits.last_end(now(215)), Some(at(10)));
        assert_eq!(visits.last_end(now(300)), Some(at(210)));
    }

    #[test]
    fn visits_do_not_depend_on_the_order_within_them() {
        let (mut forth, mut back) = (Visits::NONE, Visits::NONE);
        for minute in [0, 10, 200, 210] {
            forth.note(at(minute));
            back.note(at(210 - minute));
        }
        assert_eq!(forth.last_end(UnixMillis::saturating(at(215).ms())), Some(at(10)));
        assert_eq!(back.last_end(UnixMillis::saturating(at(215).ms())), Some(at(10)));
    }

    #[test]
    fn aliases_follow_each_other_and_never_loop() {
        let id = |text: &str| MemberId::parse(text).unwrap();
        let mut members = Members::default();
        let anonymous = members.intern(&id("anon"));
        members.row_mut(anonymous).saw(ItemIx(7), at(1));
        members.alias(&id("anon"), &id("ana"));
        members.alias(&id("ana"), &id("ana@work"));
        members.alias(&id("ana@work"), &id("anon"));
        let ana = members.find("anon").unwrap();
        assert_eq!(members.find("ana"), Some(ana));
        assert_eq!(members.id(ana), "ana@work");
        assert_eq!(members.row(ana).seen_at(ItemIx(7)), Some(at(1)));
        assert_eq!(members.ids_of(ana).len(), 3);
        assert_eq!(members.len(), 1);
    }
}
