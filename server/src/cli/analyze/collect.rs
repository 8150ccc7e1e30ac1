//! From a table to what an analysis needs.

use anklang_datasets::table::measure::{By, Cell, Groups};
use anklang_datasets::table::{NO_LABEL, Table, Wanted};
use anklang_experiments::design::plan;
use anklang_experiments::health::cause::{self, Dimension};
use anklang_experiments::health::enough::{self, Supply};
use anklang_experiments::health::imbalance::{self, Before};
use anklang_experiments::health::{Check, missing, outlier, several_arms, srm};
use anklang_experiments::infer::joint::Joint;
use anklang_experiments::infer::quantile::QuantileSample;
use anklang_experiments::infer::summary::Summary;
use anklang_experiments::report::{ArmInput, Input, Measure, MetricInput, SegmentInput, words};
use anklang_experiments::{Moments, Why};

use super::arms::Arms;
use super::metrics::{self, Cap, Made, Metrics};

/// Values of one segment that are told apart: those with most units.
const SEGMENTS_MAX: usize = 20;
/// No cap.
const NONE: f64 = f64::INFINITY;

/// What is asked of a table.
pub(super) struct Asked<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) metrics: &'a Metrics,
    pub(super) arms: &'a Arms,
    pub(super) plan: plan::Analysis,
    pub(super) title: String,
}

/// What an analysis needs, and what a reader should know.
pub(super) fn collect(table: &Table, asked: Asked<'_>) -> (Input, Vec<String>) {
    let collector = Collector { table, asked: &asked };
    let units = collector.in_order(table.count(By::Arm).arms(0));
    let splits: Vec<Split> = (0..table.labels.len()).map(|label| collector.split(label)).collect();
    let mut checks = collector.split_checks(&units, &splits);
    let mut notes = Vec::new();
    if table.units_of_several_labels > 0 {
        let count = words::count(table.units_of_several_labels);
        notes.push(format!("{count} units have rows of several segments: the first row's counts."));
    }
    let mut metrics = Vec::new();
    for metric in &asked.metrics.all {
        let (input, more) = collector.metric(metric, &units, &splits[..asked.wanted.labels.len()]);
        checks.extend(more);
        metrics.push(input);
    }
    if metrics.is_empty() {
        notes.push(
            "Only its health is looked at: name what is measured with --metric, --ratio or --quantile.".to_owned(),
        );
    }
    let keys = asked.arms.keys.iter().zip(&asked.arms.weights).zip(units);
    let arms = keys.map(|((key, weight), units)| ArmInput { key: key.clone(), weight: *weight, units }).collect();
    (Input { title: asked.title, arms, health: checks, metrics, analysis: asked.plan }, notes)
}

/// A label's values, those with most units first; days in their order.
struct Split {
    label: usize,
    name: String,
    /// Each value's place in the table, and the units of each arm that have it.
    values: Vec<(usize, Vec<u64>)>,
}

/// A metric's summaries for some of the units.
struct Part {
    arms: Vec<Summary>,
    supply: Option<Supply>,
    refused: Option<Why>,
    /// Units of each arm that lack a value.
    missing: Vec<u64>,
}

struct Collector<'a> {
    table: &'a Table,
    asked: &'a Asked<'a>,
}

impl Collector<'_> {
    /// The table's arms in the order of the analysis.
    fn in_order<T: Clone>(&self, of_table: &[T]) -> Vec<T> {
        self.asked.arms.places.iter().filter_map(|place| of_table.get(*place).cloned()).collect()
    }

    fn split(&self, label: usize) -> Split {
        let wanted = self.asked.wanted;
        let name = wanted.labels.iter().chain(&wanted.days).nth(label).cloned().unwrap_or_default();
        let counts = self.table.count(By::Label(label));
        let texts = &self.table.labels[label];
        let mut values: Vec<(usize, Vec<u64>)> =
            (0..texts.len()).map(|value| (value, self.in_order(counts.arms(value)))).collect();
        values.retain(|(_, units)| units.iter().any(|count| *count > 0));
        if label < wanted.labels.len() {
            values.sort_by_key(|(value, units)| (std::cmp::Reverse(units.iter().sum::<u64>()), texts[*value].clone()));
        } else {
            values.sort_by(|a, b| texts[a.0].cmp(&texts[b.0]));
        }
        Split { label, name, values }
    }

    fn dimension(&self, split: &Split) -> Dimension {
        let texts = &self.table.labels[split.label];
        let values = split.values.iter().map(|(value, units)| (texts[*value].clone(), units.clone())).collect();
        Dimension { name: split.name.clone(), values }
    }

    /// Are the arms filled as planned, and if not, why? Were units seen in several arms?
    fn split_checks(&self, units: &[u64], splits: &[Split]) -> Vec<Check> {
        let Asked { arms, wanted, .. } = self.asked;
        let (segments, days) = splits.split_at(wanted.labels.len());
        let days = days.first().map(|days| self.dimension(days));
        let in_days = days.as_ref().map(|days| days.values.iter().map(|(_, units)| units.clone()).collect::<Vec<_>>());
        let mut checks = vec![srm::check(&arms.keys, &arms.weights, &in_days.unwrap_or_else(|| vec![units.to_vec()]))];
        let others: Vec<Dimension> = segments.iter().map(|split| self.dimension(split)).collect();
        let count = days.as_ref().map(|days| days.values.iter().filter(|(day, _)| day != NO_LABEL).count());
        let days = days.unwrap_or_else(|| Dimension { name: "day".to_owned(), values: Vec::new() });
        checks.extend(cause::checks(&arms.keys, &arms.weights, units, &days, &others));
        if wanted.unit.is_some() {
            let several = self.table.units_in_several_arms;
            checks.push(several_arms::check(several, units.iter().sum::<u64>() + several, &[]));
        }
        checks.extend(count.map(|count| enough::check_days(count as f64)));
        checks
    }

    fn metric(&self, metric: &metrics::Asked, units: &[u64], splits: &[Split]) -> (MetricInput, Vec<Check>) {
        let keys = &self.asked.arms.keys;
        let measured = Measured::of(self, metric);
        let whole = measured.parts(By::Arm);
        let part = measured.part(&whole, 0, units);
        let mut checks = Vec::new();
        if part.missing.iter().any(|count| *count > 0) {
            checks.push(missing::check(keys, &metric.key, &part.missing, units));
        }
        if let Some(Supply::Numbers(shapes)) = &part.supply {
            checks.push(outlier::check(keys, &metric.key, shapes));
        }
        checks.extend(measured.before());
        let mut notes = measured.notes.clone();
        let mut segments = Vec::new();
        for split in splits {
            let parts = measured.parts(By::Label(split.label));
            for (value, units) in split.values.iter().take(SEGMENTS_MAX) {
                let part = measured.part(&parts, *value, units);
                segments.push(SegmentInput {
                    dimension: split.name.clone(),
                    value: self.table.labels[split.label][*value].clone(),
                    arms: part.arms,
                    supply: part.supply,
                    refused: part.refused,
                });
            }
            if let Some(more) = split.values.len().checked_sub(SEGMENTS_MAX + 1) {
                notes.push(format!("{} more values of {}, of fewer units, are left out.", more + 1, split.name));
            }
        }
        let input = MetricInput {
            key: metric.key.clone(),
            name: metric.key.clone(),
            measure: measured.measure,
            role: metric.role,
            better: metric.better,
            arms: part.arms,
            supply: part.supply,
            refused: part.refused,
            segments,
            steps: Vec::new(),
            notes,
        };
        (input, checks)
    }
}

/// A metric and what was inferred of it.
struct Measured<'a> {
    collector: &'a Collector<'a>,
    metric: &'a metrics::Asked,
    measure: Measure,
    cap: f64,
    /// Of the past.
    cap_before: f64,
    notes: Vec<String>,
}

/// A metric's moments in groups of units.
enum Parts {
    Cells(Groups<Cell>),
    Adjusted(Groups<Joint<2>>, Groups<Cell>),
    Ratio(Groups<Joint<2>>),
    AdjustedRatio(Groups<Joint<4>>),
    Quantile(Groups<Vec<f64>>, f64),
}

impl<'a> Measured<'a> {
    fn of(collector: &'a Collector<'a>, metric: &'a metrics::Asked) -> Self {
        let (measure, note) = match metric.made {
            Made::Ratio { .. } => (Measure::Ratio, "A ratio of sums.".to_owned()),
            Made::Quantile { level, .. } => (Measure::Quantile, format!("The {level} quantile over units.")),
            Made::Value { of, .. } => {
                let cells = collector.table.cells(of, NONE, By::Arm);
                if cells.arms(0).iter().all(|cell| cell.binary) {
                    (Measure::Share, "A proportion: every unit has 0 or 1.".to_owned())
                } else {
                    (Measure::PerUnit, "A mean per unit.".to_owned())
                }
            }
        };
        let mut measured = Self { collector, metric, measure, cap: NONE, cap_before: NONE, notes: vec![note] };
        if let (Made::Value { of, pre }, Measure::PerUnit) = (metric.made, measure) {
            measured.hold(of, pre);
        }
        measured
    }

    /// Finds out what the mean is held to.
    fn hold(&mut self, of: usize, pre: Option<usize>) {
        let table = self.collector.table;
        let Some(cap) = self.collector.asked.metrics.cap else { return };
        let at = |column: usize| match cap {
            Cap::Value(value) => value,
            Cap::Quantile(share) => table.quantile(column, share).unwrap_or(NONE),
        };
        (self.cap, self.cap_before) = (at(of), pre.map_or(NONE, at));
        let above = words::count(table.above(of, self.cap));
        self.notes.push(format!("Capped at {}: {above} units lie above.", words::number(self.cap)));
    }

    fn parts(&self, by: By) -> Parts {
        let table = self.collector.table;
        match self.metric.made {
            Made::Value { of, pre: None } => Parts::Cells(table.cells(of, self.cap, by)),
            Made::Value { of, pre: Some(pre) } => {
                let joints = table.joints([of, pre], [self.cap, self.cap_before], by);
                Parts::Adjusted(joints, table.cells(of, self.cap, by))
            }
            Made::Ratio { of, pre: None } => Parts::Ratio(table.joints(of, [NONE; 2], by)),
            Made::Ratio { of: [a, b], pre: Some([c, d]) } => {
                Parts::AdjustedRatio(table.joints([a, b, c, d], [NONE; 4], by))
            }
            Made::Quantile { of, level } => Parts::Quantile(table.values(of, by), level),
        }
    }

    /// Of the units with one value; `units` are all of them, by arm.
    fn part(&self, parts: &Parts, value: usize, units: &[u64]) -> Part {
        let order = self.collector;
        let (arms, supply, refused) = match parts {
            Parts::Cells(cells) => {
                let cells = order.in_order(cells.arms(value));
                (cells.iter().map(|cell| self.plain(cell)).collect(), Some(self.supply(&cells)), None)
            }
            Parts::Adjusted(joints, cells) => {
                let arms = order.in_order(joints.arms(value)).into_iter().map(Summary::AdjustedMean).collect();
                (arms, Some(self.supply(&order.in_order(cells.arms(value)))), None)
            }
            Parts::Ratio(joints) => {
                let arms: Vec<_> = order.in_order(joints.arms(value)).into_iter().map(Summary::Ratio).collect();
                let supply = Supply::Units(arms.iter().map(Summary::units).collect());
                (arms, Some(supply), None)
            }
            Parts::AdjustedRatio(joints) => {
                let arms: Vec<_> = order.in_order(joints.arms(value)).into_iter().map(Summary::AdjustedRatio).collect();
                let supply = Supply::Units(arms.iter().map(Summary::units).collect());
                (arms, Some(supply), None)
            }
            Parts::Quantile(values, level) => quantiles(order.in_order(values.arms(value)), *level),
        };
        let there = |(summary, units): (&Summary, &u64)| units.saturating_sub(summary.units());
        let missing = arms.iter().zip(units).map(there).collect();
        Part { arms, supply, refused, missing }
    }

    fn plain(&self, cell: &Cell) -> Summary {
        match self.measure {
            Measure::Share => Summary::Proportion { successes: successes(cell), n: cell.shape.n },
            Measure::PerUnit | Measure::Ratio | Measure::Quantile | Measure::Days => {
                Summary::Mean(cell.shape.moments())
            }
        }
    }

    fn supply(&self, cells: &[Cell]) -> Supply {
        match self.measure {
            Measure::Share => Supply::Conversions(cells.iter().map(|cell| (successes(cell), cell.shape.n)).collect()),
            Measure::PerUnit | Measure::Ratio | Measure::Quantile | Measure::Days => {
                Supply::Numbers(cells.iter().map(|cell| cell.shape).collect())
            }
        }
    }

    /// Did the arms differ before?
    fn before(&self) -> Vec<Check> {
        let Made::Value { pre: Some(pre), .. } = self.metric.made else { return Vec::new() };
        let cells = self.collector.table.cells(pre, self.cap_before, By::Arm);
        let arms: Vec<Moments> =
            self.collector.in_order(cells.arms(0)).iter().map(|cell| cell.shape.moments()).collect();
        imbalance::checks(&self.collector.asked.arms.keys, &[Before { metric: self.metric.key.clone(), arms }])
    }
}

/// The mean of zeros and ones times their number is their sum but for rounding.
fn successes(cell: &Cell) -> u64 {
    (cell.shape.mean * cell.shape.n as f64).round() as u64
}

fn quantiles(values: Vec<Vec<f64>>, level: f64) -> (Vec<Summary>, Option<Supply>, Option<Why>) {
    let units: Vec<u64> = values.iter().map(|values| values.len() as u64).collect();
    let samples = values.into_iter().map(|mut values| QuantileSample::of(&mut values, level).map(Summary::Quantile));
    let supply = Some(Supply::Units(units.clone()));
    match samples.collect::<Result<Vec<_>, Why>>() {
        Ok(arms) => (arms, supply, None),
        Err(why) => {
            let counted = |n: u64| Summary::Mean(Moments { n, ..Moments::default() });
            (units.into_iter().map(counted).collect(), supply, Some(why))
        }
    }
}
