//! Topics: what the community talks about, how much of late, and where it happened last.

use anklang_domain::UnixMillis;
use serde::{Deserialize, Serialize};

use super::activity::Activity;
use super::intern::{Names, TopicIx};

/// Half-life of the community's trend, in days: after a month, half of what was said counts.
pub(crate) const TREND_HALF_LIFE_DAYS: f64 = 30.0;
/// Clicks that every known topic starts with, so that a topic nobody clicked yet has a share above zero.
const TREND_SMOOTHING: f64 = 0.5;

/// A sum that halves with time, held at the moment of its newest addition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decayed {
    pub(crate) mass: f64,
    pub(crate) at_ms: i64,
}

impl Decayed {
    /// Adds `mass` that happened at `at_ms`, which may lie before what is there already.
    pub(crate) fn add(&mut self, mass: f64, at_ms: i64, half_life_days: f64) {
        if self.mass == 0.0 || at_ms >= self.at_ms {
            self.mass = self.at(at_ms, half_life_days) + mass;
            self.at_ms = at_ms;
        } else {
            self.mass += mass * halvings(self.at_ms - at_ms, half_life_days);
        }
    }

    /// The sum as it stands at a moment.
    pub(crate) fn at(&self, at_ms: i64, half_life_days: f64) -> f64 {
        if self.mass == 0.0 { 0.0 } else { self.mass * halvings(at_ms - self.at_ms, half_life_days) }
    }
}

/// 2^(−age / half-life); 1 for what lies ahead.
pub(crate) fn halvings(age_ms: i64, half_life_days: f64) -> f64 {
    let days = age_ms.max(0) as f64 / anklang_domain::DAY_MS as f64;
    (-days / half_life_days).exp2()
}

/// What a topic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum TopicKind {
    Tag,
    Category,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Topic {
    pub(crate) kind: TopicKind,
    /// Clicks of the community, halving.
    clicks: Decayed,
    pub(crate) activity: Activity,
    /// Live items with this topic.
    pub(crate) items: u32,
}

/// The topics' table and the community's click distribution over tags.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Topics {
    names: Names,
    rows: Vec<Topic>,
    clicks: Decayed,
    tags: u32,
}

/// A tag as it is compared: trimmed, lower case.
pub(crate) fn normal(name: &str) -> String {
    name.trim().to_lowercase()
}

impl Topics {
    /// The topic of this kind and name, made where it is new.
    pub(crate) fn intern(&mut self, kind: TopicKind, name: &str) -> TopicIx {
        let (number, new) = self.names.intern(&key(kind, name));
        if new {
            self.rows.push(Topic { kind, clicks: Decayed::default(), activity: Activity::default(), items: 0 });
            self.tags += u32::from(kind == TopicKind::Tag);
        }
        TopicIx(number)
    }

    pub(crate) fn name(&self, topic: TopicIx) -> &str {
        let text = self.names.text(topic.0);
        text.split_once(':').map_or(text, |(_, name)| name)
    }

    pub(crate) fn row(&self, topic: TopicIx) -> &Topic {
        &self.rows[topic.row()]
    }

    pub(crate) fn row_mut(&mut self, topic: TopicIx) -> &mut Topic {
        &mut self.rows[topic.row()]
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Notes a click of the community that is spread evenly over `tags`.
    pub(crate) fn click(&mut self, tags: &[TopicIx], weight: f64, at: UnixMillis) {
        if tags.is_empty() {
            return;
        }
        let part = weight / tags.len() as f64;
        for tag in tags {
            self.rows[tag.row()].clicks.add(part, at.ms(), TREND_HALF_LIFE_DAYS);
        }
        self.clicks.add(weight, at.ms(), TREND_HALF_LIFE_DAYS);
    }

    /// The share of a tag in the community's clicks of late, above 0: p_t(tag) of Liu et al. 2010.
    pub(crate) fn trend(&self, tag: TopicIx, at: UnixMillis) -> f64 {
        let own = self.rows[tag.row()].clicks.at(at.ms(), TREND_HALF_LIFE_DAYS) + TREND_SMOOTHING;
        let all = self.clicks.at(at.ms(), TREND_HALF_LIFE_DAYS) + TREND_SMOOTHING * f64::from(self.tags.max(1));
        own / all
    }
}

fn key(kind: TopicKind, name: &str) -> String {
    let sort = match kind {
        TopicKind::Tag => 't',
        TopicKind::Category => 'c',
    };
    format!("{sort}:{}", normal(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> UnixMillis {
        UnixMillis::saturating(day * anklang_domain::DAY_MS)
    }

    #[test]
    fn shares_are_a_distribution_over_tags() {
        let mut topics = Topics::default();
        let tags: Vec<TopicIx> = ["a", "b", "c"].iter().map(|t| topics.intern(TopicKind::Tag, t)).collect();
        topics.click(&tags[..2], 1.0, at(1));
        topics.click(&tags[..1], 3.0, at(20));
        let shares: Vec<f64> = tags.iter().map(|t| topics.trend(*t, at(20))).collect();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{shares:?}");
        assert!(shares[0] > shares[1] && shares[1] > shares[2], "{shares:?}");
    }

    #[test]
    fn order_of_additions_does_not_matter() {
        let (mut forth, mut back) = (Decayed::default(), Decayed::default());
        for day in [1, 5, 9] {
            forth.add(1.0, at(day).ms(), 30.0);
            back.add(1.0, at(10 - day).ms(), 30.0);
        }
        assert!((forth.at(at(20).ms(), 30.0) - back.at(at(20).ms(), 30.0)).abs() < 1e-12);
    }
}
