//! Does it hold what it promises? Thousands of simulated experiments of known truth, through the same code that analyses
//! real ones.
//!
//! A pure function of a seed and the number of a run: whoever runs it may spread the runs over threads, in any order, and
//! add the [`Tally`]s up. A deliberately broken estimator ([`BROKEN`]) runs through the same measures and must fail.
//!
//! ```
//! use anklang_experiments::calibrate::{Settings, Tally, sound};
//!
//! let settings = Settings { seed: 1, looks: 5 };
//! let study = sound(settings).into_iter().find(|study| study.name() == "proportion-10").expect("a study");
//! let tally = (0..50).map(|run| study.run(run)).fold(Tally::default(), Tally::merge);
//! assert!(study.rows(&tally).iter().all(|row| row.ok));
//! ```

mod draw;
mod effects;
mod measure;
mod power;
mod split;
mod world;

pub use measure::{Bound, CHANCE_ERRORS, Count, Row};

use draw::Draw;
use effects::Daily;
use measure::Measure;
use power::Promise;
use world::World;

use crate::infer::method::Method;

/// What all studies have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The seed; with the same one, the same figures.
    pub seed: u64,
    /// How often each experiment is looked at.
    pub looks: u32,
}

/// One kind of simulated experiment, and what is measured on it.
#[derive(Debug, Clone)]
pub struct Study {
    name: &'static str,
    settings: Settings,
    kind: Kind,
    measures: Vec<Measure>,
}

#[derive(Debug, Clone)]
enum Kind {
    Daily(Daily),
    Split { peeking: bool },
    Power(Promise),
}

/// What was counted, measure by measure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally(Vec<Count>);

impl Tally {
    /// Both together; associative and commutative.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let (mut long, short) = if self.0.len() < other.0.len() { (other.0, self.0) } else { (self.0, other.0) };
        long.iter_mut().zip(short).for_each(|(sum, count)| *sum = sum.merge(count));
        Self(long)
    }
}

impl Study {
    fn new(name: &'static str, settings: Settings, kind: Kind) -> Self {
        let measures = match &kind {
            Kind::Daily(daily) => daily.measures(name, settings.looks),
            Kind::Split { peeking } => split::measures(*peeking),
            Kind::Power(promise) => vec![promise.measure()],
        };
        Self { name, settings, kind, measures }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Simulates one run, the same for the same number.
    #[must_use]
    pub fn run(&self, run: u64) -> Tally {
        let mut counts = vec![Count::default(); self.measures.len()];
        let mut draw = Draw::of(self.settings.seed, self.name, run);
        match &self.kind {
            Kind::Daily(daily) => daily.run(&mut draw, self.settings.looks, &mut counts),
            Kind::Split { peeking } => split::run(*peeking, &mut draw, &mut counts),
            Kind::Power(promise) => promise.run(&mut draw, &mut counts),
        }
        Tally(counts)
    }

    /// What was measured, held against what it should be.
    #[must_use]
    pub fn rows(&self, tally: &Tally) -> Vec<Row> {
        let count = |at: usize| tally.0.get(at).copied().unwrap_or_default();
        self.measures.iter().enumerate().map(|(at, measure)| Row::of(measure, count(at))).collect()
    }
}

/// Each kind of outcome that an analysis has a default for, and its new units a day in each arm.
const WORLDS: [(&str, World, u64); 12] = [
    ("normal", World::Normal, 100),
    ("billion", World::Billion, 100),
    ("proportion-1", World::Proportion(0.01), 100),
    ("proportion-1-busy", World::Proportion(0.01), 1_000),
    ("proportion-10", World::Proportion(0.1), 100),
    ("lognormal", World::Lognormal, 100),
    ("purchases", World::Purchases, 100),
    ("purchases-busy", World::Purchases, 1_000),
    ("cuped", World::Adjusted, 100),
    ("cuped-lognormal", World::AdjustedLognormal, 100),
    ("ratio", World::Ratio, 100),
    ("cuped-ratio", World::AdjustedRatio, 100),
];

/// Everything that has to hold.
#[must_use]
pub fn sound(settings: Settings) -> Vec<Study> {
    let daily = |(name, world, units)| {
        Study::new(name, settings, Kind::Daily(Daily { world, units, daily: Method::default() }))
    };
    let mut studies: Vec<Study> = WORLDS.into_iter().map(daily).collect();
    studies.push(Study::new("split", settings, Kind::Split { peeking: false }));
    let names = ["power-proportion", "power-mean", "power-lognormal"];
    studies.extend(names.into_iter().zip(Promise::ALL).map(|(name, of)| Study::new(name, settings, Kind::Power(of))));
    studies
}

/// Estimators that are wrong on purpose, and what is wrong with them.
pub const BROKEN: [(&str, &str); 5] = [
    ("peeking", "a fixed-horizon test at every look"),
    ("cancelling-variance", "the variance as Σx² − (Σx)²/n, at a mean of 10⁹"),
    ("post-exposure-covariate", "CUPED with a covariate that the treatment moves"),
    ("visits-as-units", "a ratio's visits counted as if they were units"),
    ("split-peeking", "χ² of the split at every look"),
];

/// The study of an estimator that is wrong on purpose; none of that name.
#[must_use]
pub fn broken(name: &str, settings: Settings) -> Option<Study> {
    let (name, _) = BROKEN.into_iter().find(|(known, _)| *known == name)?;
    let daily = |world, daily| Kind::Daily(Daily { world, units: 100, daily });
    let kind = match name {
        "peeking" => daily(World::Normal, Method::FixedHorizon),
        "cancelling-variance" => daily(World::BillionFromSums, Method::default()),
        "post-exposure-covariate" => daily(World::AdjustedAfter, Method::default()),
        "visits-as-units" => daily(World::VisitsAsUnits, Method::default()),
        _ => Kind::Split { peeking: true },
    };
    Some(Study::new(name, settings, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(study: &Study, runs: u64) -> Vec<Row> {
        study.rows(&(0..runs).map(|run| study.run(run)).fold(Tally::default(), Tally::merge))
    }

    const SETTINGS: Settings = Settings { seed: 1, looks: 28 };

    #[test]
    fn what_is_broken_is_caught() {
        for (name, what) in BROKEN {
            let rows = rows(&broken(name, SETTINGS).unwrap(), 60);
            assert!(rows.iter().any(|row| !row.ok), "{name} ({what}) went through: {rows:#?}");
        }
        assert!(broken("nothing", SETTINGS).is_none());
    }

    #[test]
    fn what_is_sound_goes_through() {
        for study in sound(SETTINGS) {
            if !study.name().ends_with("busy") {
                let bad: Vec<Row> = rows(&study, 40).into_iter().filter(|row| !row.ok).collect();
                assert!(bad.is_empty(), "{bad:#?}");
            }
        }
    }

    #[test]
    fn runs_are_the_same_in_any_order() {
        let study = &sound(SETTINGS)[0];
        let there = (0..6).map(|run| study.run(run)).fold(Tally::default(), Tally::merge);
        let back = (0..6).rev().map(|run| study.run(run)).fold(Tally::default(), Tally::merge);
        assert_eq!(there, back);
        let other = sound(Settings { seed: 2, looks: 28 });
        assert_ne!(study.rows(&there), other[0].rows(&Tally::default()));
    }
}
