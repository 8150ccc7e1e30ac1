//! Scores that keep their ledger: the parts are the score.

use smallvec::SmallVec;

use super::features::Features;
use crate::rank::policy::Policy;
use crate::views::intern::ItemIx;

/// What a part of a score is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    TagInterest,
    Neighbour,
    Taste,
    Follows,
    Joined,
    Hot,
    Fresh,
    Language,
    Impression,
    Text,
    Similar,
    Rising,
    People,
    Base,
    Diversity,
}

impl Part {
    /// How many parts there are.
    pub(crate) const COUNT: usize = 15;

    /// All parts, in their order.
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::TagInterest,
        Self::Neighbour,
        Self::Taste,
        Self::Follows,
        Self::Joined,
        Self::Hot,
        Self::Fresh,
        Self::Language,
        Self::Impression,
        Self::Text,
        Self::Similar,
        Self::Rising,
        Self::People,
        Self::Base,
        Self::Diversity,
    ];

    /// The part's place in [`Part::ALL`].
    pub(crate) const fn place(self) -> usize {
        self as usize
    }

    /// The part's name in ledgers.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::TagInterest => "tag_interest",
            Self::Neighbour => "neighbour",
            Self::Taste => "taste",
            Self::Follows => "follows",
            Self::Joined => "joined",
            Self::Hot => "hot",
            Self::Fresh => "fresh",
            Self::Language => "language",
            Self::Impression => "impression",
            Self::Text => "text",
            Self::Similar => "similar",
            Self::Rising => "rising",
            Self::People => "people",
            Self::Base => "base",
            Self::Diversity => "diversity",
        }
    }

    /// Whether the part speaks for the item itself; the others only order what is worth showing.
    const fn is_relevance(self) -> bool {
        match self {
            Self::TagInterest
            | Self::Neighbour
            | Self::Taste
            | Self::Follows
            | Self::Joined
            | Self::Hot
            | Self::Language
            | Self::Text
            | Self::Similar
            | Self::Rising
            | Self::People
            | Self::Base => true,
            Self::Fresh | Self::Impression | Self::Diversity => false,
        }
    }
}

/// A candidate with its score and how it came about.
#[derive(Debug, Clone)]
pub(crate) struct Scored {
    pub(crate) features: Features,
    parts: SmallVec<[(Part, f32); 8]>,
    /// The sum of the parts, kept because sorting asks for it often.
    score: f32,
}

impl Scored {
    pub(crate) fn new(features: Features) -> Self {
        Self { features, parts: SmallVec::new(), score: 0.0 }
    }

    /// Scores a candidate for a member's list.
    pub(crate) fn for_member(features: Features, policy: &Policy) -> Self {
        let w = &policy.weights;
        let joined = if features.joined { (features.news.replies as f32).ln_1p() } else { 0.0 };
        let parts = [
            (Part::TagInterest, w.tag_interest * features.tag_interest),
            (Part::Neighbour, w.neighbour * features.neighbour),
            (Part::Taste, w.taste * features.taste),
            (Part::Follows, if features.follows.is_some() { w.follows } else { 0.0 }),
            (Part::Joined, w.joined * joined),
            (Part::Hot, w.hot * features.heat),
            (Part::Fresh, w.fresh * features.fresh),
            (Part::Language, if features.foreign { -w.language } else { 0.0 }),
            (Part::Impression, -w.impression * features.looks),
        ];
        let mut scored = Self::new(features);
        for (part, value) in parts {
            scored.add(part, value);
        }
        scored
    }

    /// Adds a part; one of 0 is left out.
    pub(crate) fn add(&mut self, part: Part, value: f32) {
        if value == 0.0 {
            return;
        }
        match self.parts.iter_mut().find(|(known, _)| *known == part) {
            Some((_, sum)) => *sum += value,
            None => self.parts.push((part, value)),
        }
        self.score = self.parts.iter().map(|(_, value)| value).sum();
    }

    pub(crate) fn item(&self) -> ItemIx {
        self.features.item
    }

    /// The score: the sum of the parts.
    pub(crate) const fn score(&self) -> f32 {
        self.score
    }

    /// What speaks for the item, without what only orders.
    pub(crate) fn relevance(&self) -> f32 {
        self.parts.iter().filter(|(part, _)| part.is_relevance()).map(|(_, value)| value).sum()
    }

    pub(crate) fn parts(&self) -> &[(Part, f32)] {
        &self.parts
    }
}

/// Best first; where two are as good, the item known longer comes first.
pub(crate) fn sort(scored: &mut Vec<Scored>) {
    // Places are sorted, not candidates: those are large.
    let mut order: Vec<(f32, ItemIx, usize)> =
        scored.iter().enumerate().map(|(place, scored)| (scored.score(), scored.item(), place)).collect();
    order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut old: Vec<Option<Scored>> = std::mem::take(scored).into_iter().map(Some).collect();
    scored.extend(order.into_iter().filter_map(|(_, _, place)| old[place].take()));
}
