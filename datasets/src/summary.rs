//! A data set and its folds in numbers, before anything is trained on them.

use std::fmt;

use anklang_domain::UnixMillis;
use anklang_models::{Log, MemberIx};
use serde::Serialize;

use crate::dataset::{DataSet, Timed};
use crate::split::Fold;

/// A data set in numbers. Shares are from 0 to 1; what cannot be said of it is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// What it is called.
    pub name: String,
    /// Under which terms it is given.
    pub licence: Option<&'static str>,
    /// SHA-256 over its files.
    pub checksum: String,
    /// What the catalogue says.
    pub known: String,
    /// What it knows of time.
    pub timed: Timed,
    /// Members, those without events included.
    pub members: usize,
    /// Items, those without events included.
    pub items: usize,
    /// Events, but for those of a part to test on.
    pub events: usize,
    /// Different pairs of member and item among them.
    pub pairs: usize,
    /// Events of a pair that had one before: models take them together.
    pub duplicates: usize,
    /// Pairs ÷ (members × items).
    pub density: f64,
    /// The first event's moment.
    pub from: Option<String>,
    /// The last event's moment.
    pub to: Option<String>,
    /// Members without an event: they are kept, as strangers.
    pub members_without: usize,
    /// Members with one item only.
    pub members_with_one: usize,
    /// Items that nobody dealt with.
    pub items_without: usize,
    /// The median of members' different items, of members with any.
    pub history_median: f64,
    /// The most different items of a member.
    pub history_max: usize,
    /// Events that speak against an item: their weight is below 0.
    pub negative: usize,
    /// The Gini index of how many members dealt with each item: 0 all alike, near 1 a few have all.
    pub gini: f64,
    /// Different features of the items.
    pub features: usize,
    /// Which share of the items has any feature.
    pub content_share: f64,
    /// Which share of the items has a known author.
    pub author_share: f64,
    /// The part to test on, where the data set brings one.
    pub given: Option<Given>,
}

/// The part of a data set to test on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Given {
    /// Its events.
    pub events: usize,
    /// Which of its pairs are in the part to train on too, and so are not asked for.
    pub pairs_known: usize,
    /// Members with events here.
    pub members: usize,
    /// Which share of those has none in the part to train on.
    pub cold_member_share: f64,
    /// Which share of its events is on items that the part to train on has nothing of.
    pub cold_item_share: f64,
}

/// A fold in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoldSummary {
    /// What it is called.
    pub name: String,
    /// Events to train on.
    pub events: usize,
    /// Questions.
    pub cases: usize,
    /// Members who ask.
    pub members: usize,
    /// What would have been right, over all questions.
    pub targets: usize,
    /// Which share of the questions is by members of whom nothing was known when they asked.
    pub cold_member_share: f64,
    /// Which share of the targets is items that nothing to train on was done with.
    pub cold_item_share: f64,
}

/// The numbers of a data set.
#[must_use]
pub fn summary(data: &DataSet) -> Summary {
    let log = &data.log;
    let (histories, popularity) = distinct(log);
    let mut lengths: Vec<usize> = histories.iter().map(Vec::len).filter(|length| *length > 0).collect();
    lengths.sort_unstable();
    let pairs = lengths.iter().sum();
    let moment = |at: i64| (data.timed == Timed::Moments).then(|| UnixMillis::saturating(at).to_string());
    let content = &log.facts().content;
    let with_content = (0..content.rows()).filter(|item| !content.row(*item).0.is_empty()).count();
    let events = log.events();
    Summary {
        name: data.name.clone(),
        licence: data.licence,
        checksum: data.checksum.clone(),
        known: data.known().sentence(),
        timed: data.timed,
        members: log.members(),
        items: log.items(),
        events: events.len(),
        pairs,
        duplicates: events.len() - pairs,
        density: share(pairs, log.members() * log.items()),
        from: events.first().and_then(|event| moment(event.at)),
        to: events.last().and_then(|event| moment(event.at)),
        members_without: log.members() - lengths.len(),
        members_with_one: lengths.iter().filter(|length| **length == 1).count(),
        items_without: popularity.iter().filter(|count| **count == 0).count(),
        history_median: median(&lengths),
        history_max: lengths.last().copied().unwrap_or(0),
        negative: events.iter().filter(|event| event.weight < 0.0).count(),
        gini: gini(popularity),
        features: content.cols(),
        content_share: share(with_content, log.items()),
        author_share: share(log.facts().authors.iter().flatten().count(), log.items()),
        given: data.given.as_ref().map(|given| of_given(&histories, log, given)),
    }
}

/// The numbers of a fold.
#[must_use]
pub fn fold_summary(fold: &Fold) -> FoldSummary {
    let train = fold.train.before(fold.train_before);
    let mut met = vec![false; fold.train.items()];
    train.events().iter().for_each(|event| met[event.item.ix()] = true);
    let targets = || fold.cases.iter().flat_map(|case| &case.targets);
    let cold = |case: &&crate::split::Case| fold.asked.before(case.at).history(case.member).next().is_none();
    let mut members: Vec<MemberIx> = fold.cases.iter().map(|case| case.member).collect();
    members.sort_unstable();
    members.dedup();
    FoldSummary {
        name: fold.name.clone(),
        events: train.events().len(),
        cases: fold.cases.len(),
        members: members.len(),
        targets: targets().count(),
        cold_member_share: share(fold.cases.iter().filter(cold).count(), fold.cases.len()),
        cold_item_share: share(targets().filter(|item| !met[item.ix()]).count(), targets().count()),
    }
}

/// Each member's different items, ascending, and how many members each item has.
fn distinct(log: &Log) -> (Vec<Vec<u32>>, Vec<usize>) {
    let mut popularity = vec![0; log.items()];
    let view = log.whole();
    let of_member = |member: usize| {
        let mut items: Vec<u32> = view.history(MemberIx(member as u32)).map(|event| event.item.0).collect();
        items.sort_unstable();
        items.dedup();
        items.iter().for_each(|item| popularity[*item as usize] += 1);
        items
    };
    ((0..log.members()).map(of_member).collect(), popularity)
}

fn of_given(histories: &[Vec<u32>], train: &Log, given: &Log) -> Given {
    let (asked, _) = distinct(given);
    let mut met = vec![false; train.items()];
    train.events().iter().for_each(|event| met[event.item.ix()] = true);
    let members = asked.iter().filter(|items| !items.is_empty()).count();
    let cold = asked.iter().zip(histories).filter(|(items, known)| !items.is_empty() && known.is_empty()).count();
    let known =
        |(items, known): (&Vec<u32>, &Vec<u32>)| items.iter().filter(|item| known.binary_search(item).is_ok()).count();
    Given {
        events: given.events().len(),
        pairs_known: asked.iter().zip(histories).map(known).sum(),
        members,
        cold_member_share: share(cold, members),
        cold_item_share: share(
            given.events().iter().filter(|event| !met[event.item.ix()]).count(),
            given.events().len(),
        ),
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn median(sorted: &[usize]) -> f64 {
    match sorted.len() {
        0 => 0.0,
        length => (sorted[(length - 1) / 2] + sorted[length / 2]) as f64 / 2.0,
    }
}

/// G = Σ (2i − n − 1)·x₍ᵢ₎ ÷ (n·Σ x), x ascending, i from 1; 0 where there is nothing.
fn gini(mut counts: Vec<usize>) -> f64 {
    counts.sort_unstable();
    let (length, total) = (counts.len() as f64, counts.iter().sum::<usize>() as f64);
    if total == 0.0 {
        return 0.0;
    }
    let ranked = counts.iter().zip(1_u32..).map(|(count, rank)| (2.0 * f64::from(rank) - length - 1.0) * *count as f64);
    ranked.sum::<f64>() / (length * total)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| format!("{:.2}%", share * 100.0);
        writeln!(f, "{}  sha256 {}", self.name, self.checksum.get(..12).unwrap_or(&self.checksum))?;
        writeln!(f, "  {}", self.known)?;
        writeln!(f, "  licence     {}", self.licence.unwrap_or("not known"))?;
        writeln!(
            f,
            "  members     {} ({} without events, {} with one item)",
            self.members, self.members_without, self.members_with_one
        )?;
        writeln!(f, "  items       {} ({} without events), Gini {:.3}", self.items, self.items_without, self.gini)?;
        writeln!(
            f,
            "  events      {} ({} of a pair that had one, {} negative)",
            self.events, self.duplicates, self.negative
        )?;
        writeln!(f, "  density     {}", percent(self.density))?;
        writeln!(f, "  history     median {}, at most {}", self.history_median, self.history_max)?;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => writeln!(f, "  time        {from} to {to}")?,
            _ if self.timed == Timed::Order => writeln!(f, "  time        only the order of each member's events")?,
            _ => writeln!(f, "  time        not known")?,
        }
        writeln!(f, "  content     {} features, of {} of the items", self.features, percent(self.content_share))?;
        writeln!(f, "  authors     of {} of the items", percent(self.author_share))?;
        if let Some(given) = &self.given {
            writeln!(
                f,
                "  to test on  {} events of {} members; cold: {} of the members, {} of the events; {} pairs known before",
                given.events,
                given.members,
                percent(given.cold_member_share),
                percent(given.cold_item_share),
                given.pairs_known
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for FoldSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| format!("{:.1}%", share * 100.0);
        write!(
            f,
            "{}: {} events to train on; {} cases of {} members, {} targets; cold: {} of the cases, {} of the targets",
            self.name,
            self.events,
            self.cases,
            self.members,
            self.targets,
            percent(self.cold_member_share),
            percent(self.cold_item_share)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::tests::set;
    use crate::split::{Given as GivenSplit, Split};

    #[test]
    fn a_set_and_its_test_part_in_numbers() {
        let mut data = set(Timed::Moments, 4, 5, &[(0, 0, 0), (1000, 0, 0), (2000, 0, 1), (3000, 1, 0)]);
        data.given = Some(set(Timed::No, 4, 5, &[(0, 0, 1), (0, 0, 4), (0, 3, 0)]).log);
        let summary = summary(&data);
        assert_eq!((summary.events, summary.pairs, summary.duplicates), (4, 3, 1));
        assert_eq!((summary.members_without, summary.members_with_one, summary.items_without), (2, 1, 3));
        assert_eq!((summary.history_median, summary.history_max, summary.density), (1.5, 2, 0.15));
        assert_eq!(summary.to.as_deref(), Some("1970-01-01T00:00:03Z"));
        // (2·4−6)·1 + (2·5−6)·2 = 10, over 5·3.
        assert!((summary.gini - 10.0 / 15.0).abs() < 1e-12);
        let given = summary.given.clone().unwrap();
        assert_eq!((given.members, given.pairs_known), (2, 1));
        assert_eq!((given.cold_member_share, given.cold_item_share), (0.5, 1.0 / 3.0));
        let text = summary.to_string();
        assert!(
            text.contains("4 (1 of a pair that had one, 0 negative)") && text.contains("to test on  3 events"),
            "{text}"
        );
        assert!(serde_json::to_value(&summary).unwrap()["timed"] == "moments");
        let fold = &Split::Given(GivenSplit::default()).folds(&data, 1).unwrap()[0];
        let fold = fold_summary(fold);
        assert_eq!((fold.cases, fold.targets, fold.cold_member_share, fold.cold_item_share), (2, 2, 0.5, 0.5));
    }

    #[test]
    fn nothing_has_a_summary_too() {
        let summary = summary(&set(Timed::No, 0, 0, &[]));
        assert_eq!((summary.density, summary.gini, summary.history_median), (0.0, 0.0, 0.0));
    }
}
