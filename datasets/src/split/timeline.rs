//! A global timeline with rolling origins.

use std::sync::Arc;

use anklang_domain::{DAY_MS, HOUR_MS, UnixMillis};
use anklang_models::{Event, Log, MemberIx};
use serde::{Deserialize, Serialize};

use super::candidates::allows;
use super::source::{Source, sorted};
use super::{Candidates, Case, Fold, SplitError};
use crate::dataset::Timed;

const NAME: &str = "timeline";
/// The most origins: each is a training.
const ORIGINS_MAX: u32 = 1_000;
/// The longest span that may be set, in days: a thousand years.
const DAYS_MAX: f64 = 365_250.0;

/// Trained on what was before an origin, asked at every visit from the origin to the next: what will the member take part
/// in, of what may be listed at that moment? Each origin trains anew.
///
/// A **visit** is a run of a member's participations without a long gap. It is asked for at its first event's moment: all
/// before that moment is known, nothing of it or after is. **Right** is what the member takes part in from that moment
/// until the horizon ends, of what existed at that moment and could be listed; a visit without any such thing is not asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeline {
    /// How many origins there are.
    pub origins: u32,
    /// Days from one origin to the next, the last one's to the last event. Without it, the last `share` of the
    /// participations is cut into equal spans of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<f64>,
    /// Which share of the participations comes after the first origin, where `days` does not say.
    pub share: f64,
    /// For how many days after a visit's beginning what the member takes part in is right; 0: until the visit ends.
    pub horizon_days: f64,
    /// After how many hours without a participation another visit begins.
    pub gap_hours: f64,
    /// What may be listed. Without it, `missed` where the items' authors are known, else `unseen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Listed>,
}

/// What may be listed, as [`Candidates`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listed {
    /// [`Candidates::Unseen`].
    Unseen,
    /// [`Candidates::All`].
    All,
    /// [`Candidates::Missed`].
    Missed,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { origins: 5, days: None, share: 0.3, horizon_days: 7.0, gap_hours: 8.0, candidates: None }
    }
}

impl Timeline {
    pub(super) fn check(&self) -> Result<(), SplitError> {
        let bad = |field, want| Err(SplitError::Setting { split: NAME, field, want });
        if self.origins == 0 || self.origins > ORIGINS_MAX {
            return bad("origins", "between 1 and 1000");
        }
        if self.days.is_some_and(|days| !(days > 0.0 && days <= DAYS_MAX)) {
            return bad("days", "above 0 and at most 365250");
        }
        if !(self.share > 0.0 && self.share < 1.0) {
            return bad("share", "between 0 and 1");
        }
        if !(0.0..=DAYS_MAX).contains(&self.horizon_days) {
            return bad("horizon_days", "between 0 and 365250");
        }
        if !(self.gap_hours > 0.0 && self.gap_hours <= DAYS_MAX) {
            return bad("gap_hours", "above 0 and at most 365250");
        }
        Ok(())
    }

    /// The folds of a source whose events lie in `log`.
    pub(super) fn folds(&self, source: &Source<'_>, log: &Arc<Log>) -> Result<Vec<Fold>, SplitError> {
        if source.timed() != Timed::Moments {
            let data = source.data.name.clone();
            return Err(SplitError::Lacks { split: NAME, needs: "the moments of events", data });
        }
        let Some(origins) = self.origins(source) else { return Ok(Vec::new()) };
        let candidates = self.listed(source);
        let mut cases = self.cases(source, origins[0], &candidates);
        cases.sort_by_key(|case| (case.at, case.member));
        let whole_days = origins.windows(2).all(|pair| pair[1] - pair[0] >= DAY_MS);
        let spans = origins.iter().zip(origins.iter().skip(1).chain(&[i64::MAX]));
        let fold = |(start, end): (&i64, &i64)| {
            let of_span = cases.iter().filter(|case| (*start..*end).contains(&case.at));
            Fold {
                name: name(*start, whole_days),
                train: Arc::clone(log),
                train_before: *start,
                asked: Arc::clone(log),
                cases: of_span.cloned().collect(),
                candidates: candidates.clone(),
            }
        };
        let first = source.events.first().map_or(i64::MAX, |event| event.at);
        // Nothing can be learned before the first event.
        Ok(spans.filter(|(start, _)| **start > first).map(fold).collect())
    }

    fn listed(&self, source: &Source<'_>) -> Candidates {
        let known = source.log.facts().authors.iter().any(Option::is_some);
        match self.candidates.unwrap_or(if known { Listed::Missed } else { Listed::Unseen }) {
            Listed::Unseen => Candidates::Unseen,
            Listed::All => Candidates::All,
            Listed::Missed => Candidates::Missed,
        }
    }

    /// The origins, ascending; none where no time passes.
    fn origins(&self, source: &Source<'_>) -> Option<Vec<i64>> {
        let end = source.before.min(source.events.last()?.at.saturating_add(1));
        let count = i64::from(self.origins);
        let (first, step) = match self.days {
            Some(days) => {
                let step = span_ms(days, DAY_MS);
                (end.saturating_sub(step.saturating_mul(count)), step)
            }
            None => {
                let moments: Vec<i64> =
                    source.events.iter().filter(|event| source.is_target(event)).map(|event| event.at).collect();
                let first = *moments.get((moments.len() as f64 * (1.0 - self.share)) as usize)?;
                (first, end.saturating_sub(first) / count)
            }
        };
        (step > 0).then(|| (0..count).map(|place| first.saturating_add(step * place)).collect())
    }

    /// What is asked from `start` on, member by member.
    fn cases(&self, source: &Source<'_>, start: i64, candidates: &Candidates) -> Vec<Case> {
        let mut cases = Vec::new();
        for (member, places) in source.places().into_iter().enumerate() {
            let member = MemberIx(member as u32);
            let events: Vec<&Event> = places.into_iter().map(|place| &source.events[place]).collect();
            let events: Vec<&Event> = events.into_iter().filter(|event| source.is_target(event)).collect();
            for (begin, end) in self.visits(&events).into_iter().filter(|(begin, _)| events[*begin].at >= start) {
                let at = events[begin].at;
                let horizon = at.saturating_add(span_ms(self.horizon_days, DAY_MS));
                let later = events[begin..].iter().enumerate();
                let right = later.take_while(|(place, event)| match self.horizon_days > 0.0 {
                    true => event.at < horizon,
                    false => begin + place < end,
                });
                let mut targets = sorted(right.map(|(_, event)| event.item).collect());
                let view = source.log.before(at);
                targets.retain(|item| allows(candidates, member, &view, *item));
                if !targets.is_empty() {
                    cases.push(Case { member, at, targets });
                }
            }
        }
        cases
    }

    /// Where each visit begins and ends among a member's participations.
    fn visits(&self, events: &[&Event]) -> Vec<(usize, usize)> {
        let gap = span_ms(self.gap_hours, HOUR_MS);
        let begins = (0..events.len())
            .filter(|place| *place == 0 || events[*place].at.saturating_sub(events[*place - 1].at) > gap);
        let begins: Vec<usize> = begins.collect();
        let ends = begins.iter().skip(1).copied().chain([events.len()]);
        begins.iter().copied().zip(ends).collect()
    }
}

fn span_ms(count: f64, unit_ms: i64) -> i64 {
    (count * unit_ms as f64).round() as i64
}

fn name(origin: i64, whole_days: bool) -> String {
    let text = UnixMillis::saturating(origin).to_string();
    match text.split_once('T') {
        Some((day, _)) if whole_days => day.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use anklang_models::{Event, ItemFacts, ItemIx};

    use super::super::tests::set;
    use super::super::{Split, candidates};
    use super::*;
    use crate::dataset::DataSet;

    const DAY: i64 = DAY_MS;

    /// Two members, three questions by nobody known, a fourth by member 0.
    fn community() -> DataSet {
        let mut data = set(Timed::Moments, 3, 4, &[]);
        let event = |at, member, item, weight| Event { at, member: MemberIx(member), item: ItemIx(item), weight };
        let events = vec![
            event(DAY, 0, 0, 1.0),
            event(2 * DAY, 1, 0, 1.0),
            event(10 * DAY, 0, 1, 1.0),
            event(10 * DAY + HOUR_MS, 0, 0, 1.0),
            event(10 * DAY + 2 * HOUR_MS, 0, 3, 1.0),
            event(12 * DAY, 0, 2, 0.5),
            event(13 * DAY, 0, 1, 1.0),
            event(30 * DAY, 1, 3, 1.0),
        ];
        let authors = vec![None, None, None, Some(MemberIx(0))];
        let facts = ItemFacts { born: vec![0, 0, 0, 5 * DAY], authors, ..ItemFacts::default() };
        data.log = Log::new(3, 4, events, facts).unwrap();
        data
    }

    #[test]
    fn a_visit_is_asked_at_its_beginning_for_what_follows() {
        let data = community();
        let split: Split = "timeline:origins=1,days=25".parse().unwrap();
        let folds = split.folds(&data, 1).unwrap();
        assert_eq!((folds.len(), folds[0].name.as_str()), (1, "1970-01-06"));
        let of = |member, at, targets: &[u32]| Case {
            member: MemberIx(member),
            at,
            targets: targets.iter().copied().map(ItemIx).collect(),
        };
        // Question 0 has news by member 1; the own question 3 and the bookmark of 2 are not asked for. At the visit of
        // day 13, question 1 has no news, so nothing is asked.
        assert_eq!(folds[0].cases, [of(0, 10 * DAY, &[0, 1]), of(1, 30 * DAY, &[3])]);
        let visit: Split = "timeline:origins=1,days=25,horizon_days=0,candidates=unseen".parse().unwrap();
        assert_eq!(visit.folds(&data, 1).unwrap()[0].cases[0], of(0, 10 * DAY, &[1]));
        let mut mask = vec![true; 4];
        candidates(&folds[0], &folds[0].cases[0], &data.log.before(10 * DAY), &mut mask);
        assert_eq!(mask, [true, true, true, false]);
        candidates(&folds[0], &folds[0].cases[0], &data.log.before(13 * DAY), &mut mask);
        assert_eq!(mask, [false, false, false, false]);
    }

    #[test]
    fn an_origin_takes_over_from_the_one_before() {
        let data = community();
        let folds = "timeline:origins=2,share=0.6".parse::<Split>().unwrap().folds(&data, 1).unwrap();
        let about = |fold: &Fold| (fold.train_before / DAY, fold.cases.len());
        assert_eq!(folds.iter().map(about).collect::<Vec<_>>(), [(10, 1), (20, 1)]);
        let lacks = "timeline".parse::<Split>().unwrap().folds(&set(Timed::Order, 1, 1, &[]), 1).unwrap_err();
        assert!(lacks.to_string().contains("the moments of events"));
        for text in ["timeline:origins=0", "timeline:days=0", "timeline:share=1", "timeline:gap_hours=NaN"] {
            assert!(text.parse::<Split>().is_err(), "{text}");
        }
    }
}
