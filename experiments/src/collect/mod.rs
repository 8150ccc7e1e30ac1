//! From the tally to what an analysis needs: a summary per metric, arm and segment, and the checks of health.

mod baseline;
mod health;
mod summarise;
#[cfg(test)]
mod tests;

use anklang_domain::{DAY_MS, UnixMillis};

use crate::design::{Experiment, Role};
use crate::health::enough::Supply;
use crate::infer::moments::Moments;
use crate::metrics::definition::Per;
use crate::metrics::value::UnitValue;
use crate::metrics::{Kind, Metric};
use crate::report::{ArmInput, Input, Measure, MetricInput, SegmentInput, words};
use crate::tally::{Observed, Tally};

use self::summarise::{Plan, Summarised};

pub use self::baseline::{Past, past};

/// Values of one dimension that are told apart, those with most units; the rest are left out and said so.
pub const SEGMENTS_MAX: usize = 20;
/// Metrics whose values are held in memory at once: 40 bytes a unit each. Those of one pass read a unit's logs while they
/// are near.
const METRICS_AT_ONCE: usize = 20;

/// What is asked of an experiment beyond its design.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// Dimensions by which the results are told apart.
    pub by: Vec<String>,
}

/// An experiment's data at a moment, and how long it has run.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    /// What an analysis needs.
    pub input: Input,
    /// Days from its start, or until its stop.
    pub days: f64,
}

/// Collects what an analysis of an experiment needs; none where it is not known or was never started.
#[must_use]
pub fn collect(tally: &Tally, key: &str, now: UnixMillis, ask: &Ask) -> Option<Collected> {
    let observed = tally.observe(key, now)?;
    let design = &observed.experiment.design;
    let counted = |at: usize| observed.subjects.iter().filter(|subject| subject.arm == at).count() as u64;
    let arm = |(at, variant): (usize, &crate::design::Variant)| ArmInput {
        key: variant.key.clone(),
        weight: variant.weight,
        units: counted(at),
    };
    let arms: Vec<ArmInput> = design.variants.iter().enumerate().map(arm).collect();
    let splits: Vec<Split> = ask.by.iter().map(|dimension| Split::new(&observed, dimension)).collect();
    let strata = design.analysis.stratify.as_ref().map(|dimension| Split::new(&observed, dimension));
    let wanted = design.metrics.all();
    let known = wanted.filter_map(|(metric, role)| Some((metric, role, tally.registry().metric(metric)?)));
    let known: Vec<_> = known.collect();
    let (mut metrics, mut digests, mut outcome) = (Vec::new(), Vec::new(), None);
    for some in known.chunks(METRICS_AT_ONCE) {
        for measured in measure_all(&observed, some) {
            let (input, digest) = measured.input(&observed, &splits, strata.as_ref());
            metrics.push(input);
            digests.push(digest);
            outcome = outcome.or_else(|| health::outcome(&measured.values));
        }
    }
    let days = (observed.until_ms - observed.started_ms).max(0) as f64 / DAY_MS as f64;
    let health = health::checks(tally, &observed, &arms, &digests, outcome.as_deref(), days, now);
    let title = if design.name.is_empty() { key.to_owned() } else { design.name.clone() };
    let input = Input { title, arms, health, metrics, analysis: design.analysis.clone() };
    Some(Collected { input, days })
}

/// What each unit counts for by several metrics; a unit's logs lie near each other, so they are read unit by unit.
fn measure_all<'a>(observed: &Observed<'_>, metrics: &[(&'a str, Role, &'a Metric)]) -> Vec<Measured<'a>> {
    let units = observed.subjects.len();
    let (mut readers, mut measured) = (Vec::new(), Vec::new());
    for (key, role, metric) in metrics {
        readers.push(observed.reader(metric));
        measured.push(Measured { key, role: *role, metric, values: Vec::with_capacity(units) });
    }
    for subject in &observed.subjects {
        for (reader, measured) in readers.iter().zip(&mut measured) {
            measured.values.push(observed.read(subject, reader));
        }
    }
    measured
}

/// What the checks of health ask of a metric.
struct Digest<'a> {
    key: &'a str,
    supply: Option<Supply>,
    /// Of each arm, what units did before their exposure; none where that is not looked at.
    before: Option<Vec<Moments>>,
}

/// A metric, and what each unit counts for.
struct Measured<'a> {
    key: &'a str,
    role: Role,
    metric: &'a Metric,
    /// Of each of [`Observed::subjects`].
    values: Vec<UnitValue>,
}

impl<'a> Measured<'a> {
    fn input(&self, observed: &Observed<'_>, splits: &[Split], strata: Option<&Split>) -> (MetricInput, Digest<'a>) {
        let plan = Plan::new(self.metric, observed, &self.values, strata);
        let whole = plan.summarise(0..self.values.len());
        let before = health::before(observed, self);
        let digest = Digest { key: self.key, supply: whole.supply.clone(), before };
        let mut segments = Vec::new();
        for split in splits {
            for (value, places) in split.values.iter().zip(&split.places).take(SEGMENTS_MAX) {
                let part = plan.summarise(places.iter().copied());
                segments.push(SegmentInput {
                    dimension: split.dimension.clone(),
                    value: value.clone(),
                    arms: part.arms,
                    supply: part.supply,
                    refused: part.refused,
                });
            }
        }
        let mut notes = notes(self.metric, &whole);
        notes.extend(self.still_open(observed));
        notes.extend(self.as_counted(observed, &plan, &whole));
        let left_out = splits.iter().filter(|split| split.values.len() > SEGMENTS_MAX);
        notes.extend(left_out.map(|split| {
            let rest = split.values.len() - SEGMENTS_MAX;
            format!("{rest} more values of {}, of fewer units, are left out.", split.dimension)
        }));
        let name = &self.metric.terms.name;
        let input = MetricInput {
            key: self.key.to_owned(),
            name: if name.is_empty() { self.key.to_owned() } else { name.clone() },
            measure: measure(&self.metric.kind),
            role: self.role,
            better: self.metric.terms.better,
            arms: whole.arms,
            supply: whole.supply,
            refused: whole.refused,
            segments,
            steps: whole.steps,
            notes,
        };
        (input, digest)
    }
}

impl Measured<'_> {
    /// Units whose window is not over yet, where they are counted all the same.
    fn still_open(&self, observed: &Observed<'_>) -> Option<String> {
        let days = self.metric.terms.window_days.filter(|_| !self.metric.terms.mature_only)?;
        let (_, window_ms) = self.metric.window_ms();
        let open = |subject: &&crate::tally::Subject| subject.exposed_ms.saturating_add(window_ms) > observed.until_ms;
        let open = observed.subjects.iter().filter(open).count() as u64;
        let all = words::count(observed.subjects.len() as u64);
        (open > 0).then(|| {
            let open = words::count(open);
            format!(
                "{open} of {all} units have not had their {days} days yet and count with what they did so far: an effect \
                 that takes time looks smaller (mature_only leaves them out)."
            )
        })
    }

    /// What a reader would not expect of how units are counted.
    fn as_counted(&self, observed: &Observed<'_>, plan: &Plan<'_>, whole: &Summarised) -> Vec<String> {
        let design = &observed.experiment.design;
        let mut notes = Vec::new();
        if plan.counts_members() {
            notes.push(format!("Per member; what was randomised is {}, and the error allows for that.", design.unit));
        } else if !design.by_member() {
            notes.push(format!("Of each {} as a whole, whichever of its members did it.", design.unit));
        }
        if whole.nobody > 0 {
            let none = words::count(whole.nobody);
            notes.push(format!("{none} units are left out: no exposure names a member of them, so nothing is known."));
        }
        if let Some(strata) = plan.stratified() {
            notes.push(format!("Post-stratified by {}, in place of the units' own past.", strata.dimension));
        }
        if whole.strata_small > 1 {
            let least = summarise::STRATUM_UNITS_MIN;
            notes.push(format!("{} strata of fewer than {least} units in some arm are one.", whole.strata_small));
        }
        notes
    }
}

fn measure(kind: &Kind) -> Measure {
    match kind {
        Kind::Mean { .. } => Measure::PerUnit,
        Kind::Proportion { .. } | Kind::Retention { .. } | Kind::Funnel { .. } => Measure::Share,
        Kind::Ratio { .. } => Measure::Ratio,
        Kind::Quantile { .. } => Measure::Quantile,
        Kind::TimeToEvent { .. } => Measure::Days,
    }
}

fn notes(metric: &Metric, whole: &Summarised) -> Vec<String> {
    let mut notes = Vec::new();
    if whole.immature > 0 {
        notes.push(format!("{} units were exposed too recently to be counted.", words::count(whole.immature)));
    }
    if let Some([above, below]) = whole.caps {
        let and_below = if below.is_finite() && matches!(metric.kind, Kind::Ratio { .. }) {
            format!(" above the line and {} below", words::number(below))
        } else {
            String::new()
        };
        let (cap, units) = (words::number(above), words::count(whole.capped));
        notes.push(format!("Capped at {cap}{and_below}: {units} units lie above."));
        if above == 0.0 {
            let what =
                "So many units count for 0 that the cap is 0, and all are alike: take a higher quantile, or a value.";
            notes.push(what.to_owned());
        }
    }
    if matches!(metric.kind, Kind::Quantile { per: Per::Event, .. }) {
        notes.push("Of units with an event: if a variant changes who has one, it compares different units.".to_owned());
    }
    if let Kind::TimeToEvent { horizon_days, .. } = metric.kind {
        notes
            .push(format!("Mean days without the event, of the first {horizon_days} (restricted mean survival time)."));
    }
    notes
}

/// The units by their value of a dimension.
#[derive(Default)]
struct Split {
    dimension: String,
    /// Those with most units first; days in their order.
    values: Vec<String>,
    /// Of each subject, the place of its value.
    of: Vec<Option<usize>>,
    /// Of each value, its subjects.
    places: Vec<Vec<usize>>,
}

impl Split {
    fn new(observed: &Observed<'_>, name: &str) -> Self {
        let of = vec![None; observed.subjects.len()];
        let mut split = Self { dimension: name.to_owned(), of, ..Self::default() };
        let Some(dimension) = observed.dimension_named(name) else { return split };
        let mut places = std::collections::BTreeMap::<i64, Vec<usize>>::new();
        for (place, subject) in observed.subjects.iter().enumerate() {
            if let Some(code) = observed.coded(subject, dimension) {
                places.entry(code).or_default().push(place);
            }
        }
        let mut values: Vec<(String, Vec<usize>)> =
            places.into_iter().map(|(code, places)| (observed.spell(dimension, code), places)).collect();
        values.sort_unstable();
        if name != crate::tally::DAY {
            values.sort_by_key(|(_, places)| std::cmp::Reverse(places.len()));
        }
        for (at, (value, places)) in values.into_iter().enumerate() {
            places.iter().for_each(|place| split.of[*place] = Some(at));
            split.values.push(value);
            split.places.push(places);
        }
        split
    }

    /// Units of each arm, for each value.
    fn counts(&self, observed: &Observed<'_>, arms: usize) -> Vec<Vec<u64>> {
        let mut counts = vec![vec![0; arms]; self.values.len()];
        for (subject, place) in observed.subjects.iter().zip(&self.of) {
            if let Some(place) = place {
                counts[*place][subject.arm] += 1;
            }
        }
        counts
    }
}

/// The key and the design of another experiment that was under way at the same time.
fn at_the_same_time<'a>(
    tally: &'a Tally,
    observed: &Observed<'_>,
    now: UnixMillis,
) -> impl Iterator<Item = (&'a str, &'a Experiment)> {
    let (started, until, key) = (observed.started_ms, observed.until_ms, observed.key.to_owned());
    tally.registry().experiments().filter(move |(other, experiment)| {
        let Some((other_started, stopped)) = experiment.stage.period() else { return false };
        *other != key && other_started.ms() < until && started < stopped.unwrap_or(now).ms()
    })
}
