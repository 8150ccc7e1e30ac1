//! What is counted over many simulated experiments, and what it is held against.

use serde::Serialize;

/// How far off chance alone may put a count, in standard errors of a binomial: once in 370 rows that are as they should be.
pub const CHANCE_ERRORS: f64 = 3.0;

/// Where a bound gives chance no say: from so many runs on. Fewer cannot tell.
pub const RUNS_TO_TELL: u64 = 1_000;

/// What a share of simulated experiments is held against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// No more than the nominal share, and chance has no say: what is valid at any look stays well below.
    AtMost,
    /// No more than the nominal share, but for chance: what spends its level to the full.
    AtMostByChance,
    /// At least the nominal share, and chance has no say.
    AtLeast,
    /// Within so much of the nominal share; wider where so few runs cannot tell.
    Within(f64),
    /// As the nominal share, but for chance.
    Equal,
}

impl Bound {
    /// In one character.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::AtMost | Self::AtMostByChance => '≤',
            Self::AtLeast => '≥',
            Self::Within(_) | Self::Equal => '=',
        }
    }
}

/// A share of simulated experiments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measure {
    pub(super) what: String,
    pub(super) nominal: f64,
    pub(super) bound: Bound,
}

impl Measure {
    pub(super) fn new(what: impl Into<String>, nominal: f64, bound: Bound) -> Self {
        Self { what: what.into(), nominal, bound }
    }
}

/// How often something happened, of how many times it could have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    /// How often it happened.
    pub hits: u64,
    /// How often it could have.
    pub trials: u64,
}

impl Count {
    pub(super) fn note(&mut self, hit: bool) {
        self.hits += u64::from(hit);
        self.trials += 1;
    }

    /// Both together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self { hits: self.hits + other.hits, trials: self.trials + other.trials }
    }
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// What is measured.
    pub what: String,
    /// What it should be.
    pub nominal: f64,
    /// In which sense.
    pub bound: Bound,
    /// What it is; none where nothing was simulated.
    pub measured: Option<f64>,
    /// How far off it may be.
    pub tolerance: f64,
    /// Simulated experiments.
    pub trials: u64,
    /// Whether it is as it should be.
    pub ok: bool,
}

impl Row {
    pub(super) fn of(measure: &Measure, count: Count) -> Self {
        let Measure { what, nominal, bound } = measure.clone();
        let measured = (count.trials > 0).then(|| count.hits as f64 / count.trials as f64);
        let chance = CHANCE_ERRORS * (nominal * (1.0 - nominal) / count.trials.max(1) as f64).sqrt();
        let tolerance = match bound {
            Bound::AtMost | Bound::AtLeast if count.trials >= RUNS_TO_TELL => 0.0,
            Bound::AtMost | Bound::AtLeast | Bound::AtMostByChance | Bound::Equal => chance,
            Bound::Within(range) => range.max(chance),
        };
        let ok = measured.is_some_and(|measured| match bound {
            Bound::AtMost | Bound::AtMostByChance => measured <= nominal + tolerance,
            Bound::AtLeast => measured >= nominal - tolerance,
            Bound::Within(_) | Bound::Equal => (measured - nominal).abs() <= tolerance,
        });
        Self { what, nominal, bound, measured, tolerance, trials: count.trials, ok }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_in_their_sense() {
        let ok = |bound, hits| Row::of(&Measure::new("x", 0.05, bound), Count { hits, trials: 10_000 }).ok;
        assert!(ok(Bound::AtMost, 500) && !ok(Bound::AtMost, 501));
        assert!(ok(Bound::AtMostByChance, 560) && !ok(Bound::AtMostByChance, 570));
        assert!(ok(Bound::AtLeast, 500) && !ok(Bound::AtLeast, 499));
        assert!(ok(Bound::Within(0.01), 401) && !ok(Bound::Within(0.01), 399));
        assert!(ok(Bound::Equal, 440) && !ok(Bound::Equal, 430));
        assert!(!Row::of(&Measure::new("x", 0.05, Bound::AtMost), Count::default()).ok);
    }
}
