//! Slates to learn from: the journal is folded once more, and at chosen moments the candidates are measured as they were
//! then; what the member took part in next says which were right.
//!
//! A list that was served is a slate where something in it was clicked: what stood above the last click and at it was
//! examined, what stood below was not (Craswell et al. 2008). Where little was served, as in a community that was imported,
//! the beginning of a visit is taken for a request: all candidates of that moment are the slate.

use std::collections::VecDeque;

use anklang_domain::{Body, DAY_MS, Fact, HOUR_MS, ListKind, MemberId, Slate, Target, UnixMillis, Verb};
use anklang_models::logistic::Examples;
use hashbrown::HashMap;

use super::{COLUMNS, Ranker, TAKEN_MIN, example};
use crate::journal::Seq;
use crate::learn::Learned;
use crate::list::ListRequest;
use crate::rank::features::{Features, Want, measure};
use crate::rank::policy::Policy;
use crate::rank::score::Scored;
use crate::rank::signals::signals;
use crate::recommend::Ask;
use crate::retrieve::{SOURCES, merge};
use crate::views::Views;
use crate::views::engaged::{clicks_of, is_presence};
use crate::views::intern::{ItemIx, MemberIx};

/// A pause of this many hours begins another visit.
const VISIT_HOURS: i64 = 8;
/// How long after a slate taking part counts for it.
const TAKES_PART_MS: i64 = DAY_MS;
/// The latest visits of a member that are learned from, so that the few who come every hour do not speak for all.
const VISITS_PER_MEMBER: usize = 6;
/// Visits that are learned from in all, the latest.
const VISITS_MAX: usize = 1_000;
/// Communities with more items learn nothing for the ranker: the journal is folded beside what is served, which takes as
/// much memory again.
pub(crate) const ITEMS_MAX: usize = 300_000;

/// Whose visits are measured when.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// By time, the latest first.
    visits: Vec<(i64, MemberIx)>,
}

impl Plan {
    /// Nothing is to be measured.
    pub(crate) fn is_empty(&self) -> bool {
        self.visits.is_empty()
    }
}

/// The visits to learn from, as members' latest actions tell them.
pub(crate) fn plan(views: &Views) -> Plan {
    let mut visits = Vec::new();
    if views.catalogue.len() > ITEMS_MAX {
        return Plan::default();
    }
    for member in views.members.all().filter(|member| views.members.row(*member).behaviour) {
        let mut moments: Vec<i64> = views.members.row(member).recent.iter().map(|action| action.at.ms()).collect();
        moments.sort_unstable();
        let begins = (0..moments.len()).filter(|n| *n == 0 || moments[*n] - moments[*n - 1] > VISIT_HOURS * HOUR_MS);
        // The oldest action kept need not be the first of its visit.
        let full = moments.len() >= crate::views::members::RECENT_MAX;
        let begins: Vec<i64> = begins.map(|n| moments[n]).skip(usize::from(full)).collect();
        visits.extend(begins.into_iter().rev().take(VISITS_PER_MEMBER).map(|at| (at, member)));
    }
    visits.sort_unstable_by(|a, b| b.cmp(a));
    visits.truncate(VISITS_MAX);
    Plan { visits }
}

/// A slate whose answer is awaited.
struct Slated {
    until: i64,
    served: bool,
    items: Vec<ItemIx>,
    taken: Vec<bool>,
    measured: Vec<f32>,
}

/// The journal, folded once more.
pub(crate) struct Replay {
    views: Views,
    plan: Plan,
    policy: Policy,
    awaited: HashMap<MemberIx, VecDeque<Slated>>,
    visited: Examples,
    served: Examples,
}

impl Replay {
    /// Before the first fact; examples are scored by hand with this policy.
    pub(crate) fn new(plan: Plan, policy: Policy) -> Self {
        Self {
            views: Views::default(),
            plan,
            policy,
            awaited: HashMap::new(),
            visited: Examples::default(),
            served: Examples::default(),
        }
    }

    /// Takes the next fact of the journal.
    pub(crate) fn fold(&mut self, seq: Seq, fact: &Fact) {
        let at = fact.effective_at();
        while self.plan.visits.last().is_some_and(|(visit, _)| *visit <= at.ms()) {
            if let Some((visit, member)) = self.plan.visits.pop() {
                self.visit(UnixMillis::saturating(visit), member);
            }
        }
        if let Body::Served(slate) = &fact.body {
            self.slate(slate, at);
        }
        self.views.apply(seq, fact);
        if let Body::Engaged(engagement) = &fact.body
            && let (true, Target::Item(item)) = (takes_part(&engagement.verb), &engagement.target)
            && is_presence(engagement)
        {
            let member = self.views.members.find(engagement.member.as_str());
            let item = self.views.catalogue.find(item.as_str());
            if let (Some(member), Some(item)) = (member, item) {
                self.took_part(member, item, at);
            }
        }
    }

    fn visit(&mut self, now: UnixMillis, member: MemberIx) {
        let measured = measured(&self.views, member, now, None, &self.policy);
        self.await_answer(member, now, false, measured);
    }

    fn slate(&mut self, slate: &Slate, at: UnixMillis) {
        let (Some(id), ListKind::Missed | ListKind::Feed) = (&slate.member, slate.list) else { return };
        let Some(member) = self.views.members.find(id.as_str()) else { return };
        let items: Vec<ItemIx> =
            slate.entries.iter().filter_map(|entry| self.views.catalogue.find(entry.item.as_str())).collect();
        let measured = measured(&self.views, member, at, Some(items), &self.policy);
        self.await_answer(member, at, true, measured);
    }

    fn await_answer(&mut self, member: MemberIx, now: UnixMillis, served: bool, measured: (Vec<ItemIx>, Vec<f32>)) {
        let (items, measured) = measured;
        if items.is_empty() {
            return;
        }
        let slated =
            Slated { until: now.ms() + TAKES_PART_MS, served, taken: vec![false; items.len()], items, measured };
        self.awaited.entry(member).or_default().push_back(slated);
    }

    fn took_part(&mut self, member: MemberIx, item: ItemIx, at: UnixMillis) {
        let Some(awaited) = self.awaited.get_mut(&member) else { return };
        let over = awaited.partition_point(|slated| slated.until < at.ms());
        let over: Vec<Slated> = awaited.drain(..over).collect();
        for slated in awaited.iter_mut() {
            if let Some(place) = slated.items.iter().position(|other| *other == item) {
                slated.taken[place] = true;
            }
        }
        over.into_iter().for_each(|slated| self.close(slated));
    }

    /// What a slate teaches, once its time is over.
    fn close(&mut self, slated: Slated) {
        let Some(last) = slated.taken.iter().rposition(|taken| *taken) else { return };
        let (examples, examined) = match slated.served {
            true => (&mut self.served, last + 1),
            false => (&mut self.visited, slated.items.len()),
        };
        examples.measured.extend_from_slice(&slated.measured[..examined * COLUMNS]);
        examples.yes.extend_from_slice(&slated.taken[..examined]);
    }

    /// Learns from all slates. What was served teaches alone as soon as it is enough, for then it is known what was looked at.
    pub(crate) fn learn(mut self) -> Option<Ranker> {
        let mut left: Vec<(MemberIx, VecDeque<Slated>)> = std::mem::take(&mut self.awaited).into_iter().collect();
        left.sort_unstable_by_key(|(member, _)| *member);
        left.into_iter().flat_map(|(_, slates)| slates).for_each(|slated| self.close(slated));
        drop(self.views);
        let clicked = self.served.yes.iter().filter(|yes| **yes).count();
        if clicked < TAKEN_MIN {
            self.served.measured.append(&mut self.visited.measured);
            self.served.yes.append(&mut self.visited.yes);
        }
        Ranker::learn(self.served)
    }
}

/// A click or more.
fn takes_part(verb: &Verb) -> bool {
    clicks_of(verb) >= 1.0
}

/// The candidates of a moment, or these in their order, and what is measured of them.
fn measured(
    views: &Views,
    member: MemberIx,
    now: UnixMillis,
    items: Option<Vec<ItemIx>>,
    policy: &Policy,
) -> (Vec<ItemIx>, Vec<f32>) {
    let nothing = Learned::default();
    // Before their first deed nobody is known.
    let known = (member.0 as usize) < views.members.ids();
    let id = known.then(|| MemberId::parse(views.members.id(member)).ok()).flatten();
    let request = ListRequest {
        since: Some(policy.earliest(now)),
        policy: Some((String::new(), *policy)),
        ..ListRequest::new(ListKind::Missed, id, now)
    };
    let ask = Ask::new(views, &nothing, &request);
    let want = if items.is_some() { Want::Any } else { Want::News };
    let found = items.unwrap_or_else(|| merge(&ask, &SOURCES));
    let candidates: Vec<Features> = found.into_iter().filter_map(|item| measure(&ask, item, want)).collect();
    let signals = signals(&ask, &candidates);
    let items = candidates.iter().map(|features| features.item).collect();
    let mut measured = Vec::with_capacity(candidates.len() * COLUMNS);
    for (features, signals) in candidates.into_iter().zip(&signals) {
        example(&Scored::for_member(features, &ask.policy), signals, policy, &mut measured);
    }
    (items, measured)
}
