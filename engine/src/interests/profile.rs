//! A member's interest in tags, freed of the community's trends.
//!
//! Liu, Dolan and Pedersen 2010, eq. 8, for tags in place of news categories:
//!
//! > p(tag) = trend(tag) · \[Σₜ Nₜ·pₜ(tag | click)/pₜ(tag) + G\] / (Σₜ Nₜ + G)
//!
//! where pₜ(tag) is the community's share of the tag at the time of the click. The sum over periods is kept as a sum over
//! clicks, each divided by the share at its own moment, so no periods need be stored. Beyond the paper, clicks halve with
//! time, count by the verb's weight, and declared interests are clicks that never age.

use anklang_domain::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::views::intern::TopicIx;
use crate::views::moment::Moment;
use crate::views::topics::{Topics, halvings};

/// Clicks' worth of the community's taste that every member starts with: the paper's G.
pub(crate) const PRIOR_CLICKS: f64 = 10.0;
/// Clicks that a list of declared interests is worth.
pub(crate) const DECLARED_CLICKS: f64 = 8.0;
/// Half-life of a click's weight, in days.
pub(crate) const HALF_LIFE_DAYS: f64 = 90.0;
/// Tags kept for a member; past that the least go.
const TAGS_MAX: usize = 256;
/// The least genuine interest, relative to the community's: nobody dislikes a tag without end.
const LIFT_MIN: f64 = 0.05;

/// Σ clicks/pₜ of one tag, as of `at`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Mass {
    tag: TopicIx,
    mass: f32,
    at: Moment,
}

/// Clicks by tag, halving with time. Sorted by tag.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Profile {
    tags: Vec<Mass>,
    clicks: f32,
    clicks_at: Option<Moment>,
}

/// The interest in one tag at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interest {
    pub(crate) tag: TopicIx,
    /// The chance that the member's next click is on this tag.
    pub(crate) share: f64,
    /// The genuine interest: how many times the community's.
    pub(crate) lift: f64,
    /// Whether it was declared.
    pub(crate) declared: bool,
}

impl Interest {
    /// How much an item with this tag is for this member: the paper's p(tag), plus what the tag tells of the member beyond
    /// what holds for everybody, p·ln(lift), its term of the divergence between the member's clicks and the community's
    /// (Kullback and Leibler 1951). Without the second, what everybody reads would always come first; without the first,
    /// a member who is like everybody would have no interests.
    pub(crate) fn gain(&self) -> f64 {
        self.share * (1.0 + self.lift.ln())
    }
}

fn decayed(mass: f32, from: Moment, to: Moment) -> f32 {
    (f64::from(mass) * halvings(to.ms() - from.ms(), HALF_LIFE_DAYS)) as f32
}

impl Profile {
    /// Notes a click of `weight` (negative: of dislike) that is spread evenly over `tags`.
    pub(crate) fn click(&mut self, tags: &[TopicIx], weight: f64, at: UnixMillis, topics: &Topics) {
        let moment = Moment::from(at);
        for tag in tags {
            let mass = (weight / tags.len() as f64 / topics.trend(*tag, at)) as f32;
            self.add(*tag, mass, moment);
        }
        if weight > 0.0 && !tags.is_empty() {
            self.count(weight as f32, moment);
        }
        self.forget_least(moment);
    }

    fn count(&mut self, clicks: f32, at: Moment) {
        match self.clicks_at {
            Some(before) if before > at => self.clicks += decayed(clicks, at, before),
            Some(before) => {
                self.clicks = decayed(self.clicks, before, at) + clicks;
                self.clicks_at = Some(at);
            }
            None => {
                self.clicks = clicks;
                self.clicks_at = Some(at);
            }
        }
    }

    fn add(&mut self, tag: TopicIx, mass: f32, at: Moment) {
        match self.tags.binary_search_by_key(&tag, |entry| entry.tag) {
            Ok(place) => {
                let entry = &mut self.tags[place];
                if entry.at > at {
                    entry.mass += decayed(mass, at, entry.at);
                } else {
                    entry.mass = decayed(entry.mass, entry.at, at) + mass;
                    entry.at = at;
                }
            }
            Err(place) => self.tags.insert(place, Mass { tag, mass, at }),
        }
    }

    fn forget_least(&mut self, now: Moment) {
        let worth = |entry: &Mass| decayed(entry.mass, entry.at, now).abs();
        while self.tags.len() > TAGS_MAX {
            let least = self.tags.iter().enumerate().min_by(|a, b| worth(a.1).total_cmp(&worth(b.1)));
            let Some((place, _)) = least else { return };
            self.tags.remove(place);
        }
    }

    /// Adds another profile's clicks to these.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for entry in &other.tags {
            self.add(entry.tag, entry.mass, entry.at);
        }
        if let Some(at) = other.clicks_at {
            self.count(other.clicks, at);
        }
        if let Some(at) = self.clicks_at {
            self.forget_least(at);
        }
    }

    /// Clicks as of a moment, halved by age.
    pub(crate) fn clicks(&self, now: UnixMillis) -> f64 {
        self.clicks_at.map_or(0.0, |at| f64::from(decayed(self.clicks, at, now.into())))
    }

    /// The interests at a moment, by tag; `behaviour` false counts declared interests only.
    pub(crate) fn interests(
        &self,
        declared: &[TopicIx],
        behaviour: bool,
        now: UnixMillis,
        topics: &Topics,
    ) -> Interests {
        let clicks = if behaviour { self.clicks(now) } else { 0.0 };
        let sworn = if declared.is_empty() { 0.0 } else { DECLARED_CLICKS };
        let all = clicks + sworn + PRIOR_CLICKS;
        let each = sworn / declared.len().max(1) as f64;
        let interest = |tag: TopicIx, mass: f64| {
            let trend = topics.trend(tag, now);
            let said = declared.contains(&tag);
            let mass = mass + if said { each / trend } else { 0.0 };
            let lift = ((mass + PRIOR_CLICKS) / all).max(LIFT_MIN);
            Interest { tag, share: (trend * lift).min(1.0), lift, declared: said }
        };
        let kept: &[Mass] = if behaviour { &self.tags } else { &[] };
        let mut by_tag: Vec<Interest> = kept
            .iter()
            .map(|entry| interest(entry.tag, f64::from(decayed(entry.mass, entry.at, now.into()))))
            .chain(declared.iter().filter(|tag| !kept.iter().any(|e| e.tag == **tag)).map(|tag| interest(*tag, 0.0)))
            .collect();
        by_tag.sort_unstable_by_key(|interest| interest.tag);
        by_tag.dedup_by_key(|interest| interest.tag);
        Interests { by_tag, clicks: clicks + sworn }
    }
}

/// A member's interests at a moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Interests {
    by_tag: Vec<Interest>,
    /// Clicks' worth of evidence behind them.
    pub(crate) clicks: f64,
}

impl Interests {
    pub(crate) fn of(&self, tag: TopicIx) -> Option<&Interest> {
        self.by_tag.binary_search_by_key(&tag, |interest| interest.tag).ok().map(|place| &self.by_tag[place])
    }

    /// The strongest interests that tell the member from the community, strongest first.
    pub(crate) fn top(&self, count: usize) -> Vec<Interest> {
        let mut top: Vec<Interest> = self.by_tag.iter().filter(|interest| interest.lift > 1.0).copied().collect();
        top.sort_unstable_by(|a, b| b.gain().total_cmp(&a.gain()).then(a.tag.cmp(&b.tag)));
        top.truncate(count);
        top
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::topics::TopicKind;

    fn at(day: i64) -> UnixMillis {
        UnixMillis::saturating(day * anklang_domain::DAY_MS)
    }

    fn community() -> (Topics, TopicIx, TopicIx) {
        let mut topics = Topics::default();
        let (common, rare) = (topics.intern(TopicKind::Tag, "common"), topics.intern(TopicKind::Tag, "rare"));
        topics.click(&[common], 90.0, at(1));
        topics.click(&[rare], 10.0, at(1));
        (topics, common, rare)
    }

    /// Liu et al. 2010 eq. 8 by hand: 4 clicks on the rare tag with p = 10.5/101, G = 10.
    #[test]
    fn the_trend_is_divided_out_and_multiplied_back() {
        let (topics, common, rare) = community();
        let mut profile = Profile::default();
        profile.click(&[rare], 4.0, at(1), &topics);
        let interests = profile.interests(&[], true, at(1), &topics);
        let trend = 10.5 / 101.0;
        let lift = (4.0 / trend + 10.0) / 14.0;
        let got = interests.of(rare).unwrap();
        assert!((got.lift - lift).abs() < 1e-5 && (got.share - trend * lift).abs() < 1e-6, "{got:?}");
        assert!(interests.of(common).is_none());
    }

    #[test]
    fn who_clicks_like_everybody_has_no_genuine_interest() {
        let (topics, common, rare) = community();
        let mut profile = Profile::default();
        profile.click(&[common], 90.5, at(1), &topics);
        profile.click(&[rare], 10.5, at(1), &topics);
        for tag in [common, rare] {
            let lift = profile.interests(&[], true, at(1), &topics).of(tag).unwrap().lift;
            assert!((lift - 1.0).abs() < 1e-6, "{lift}");
        }
    }

    #[test]
    fn declared_interests_count_from_the_first_moment_and_without_consent() {
        let (topics, common, rare) = community();
        let mut profile = Profile::default();
        profile.click(&[common], 50.0, at(1), &topics);
        let interests = profile.interests(&[rare], false, at(1), &topics);
        assert_eq!(interests.top(5).iter().map(|i| i.tag).collect::<Vec<_>>(), [rare]);
        assert!(interests.of(common).is_none());
    }

    #[test]
    fn dislike_lowers_and_time_heals() {
        let (topics, _, rare) = community();
        let mut profile = Profile::default();
        profile.click(&[rare], -4.0, at(1), &topics);
        let lift = |day| profile.interests(&[], true, at(day), &topics).of(rare).unwrap().lift;
        assert!(lift(1) < 0.5 && lift(1) >= LIFT_MIN);
        assert!(lift(1000) > 0.9);
    }
}
