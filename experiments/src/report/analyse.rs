//! From what is known to what may be said.

use super::{Analysis, ArmLine, Input, Line, MetricInput, MetricTable, SegmentTable, Valid};
use crate::design::Role;
use crate::design::plan::{self, MethodName};
use crate::health::enough::{self, Shortage, Supply};
use crate::health::gate::{Gate, Guarded};
use crate::health::{Check, Details, Health};
use crate::infer::bayesian::Prior;
use crate::infer::compare::Question;
use crate::infer::effect::Scale;
use crate::infer::finding::{Finding, Why};
use crate::infer::method::Method;
use crate::infer::sequential::group::{Looks, Spending};
use crate::infer::summary::Summary;

/// Says what may be said: health first, then for each metric each arm against the control.
///
/// Alpha is shared equally between the arms (Bonferroni), so that a metric's intervals hold together; a guardrail's test
/// is made at that level too. P-values are corrected as the plan says in families: the goals, once for each arm, for they
/// decide, and what else is looked at must not make that harder; secondary metrics likewise, apart from them; segments by
/// dimension. Guardrails are not corrected for one another: a variant ships only if each of them holds, so that none of
/// them makes a false promise likelier (intersection–union, Berger 1982).
#[must_use]
pub fn analyse(input: &Input) -> Analysis {
    let mut checks = input.health.clone();
    let keys: Vec<String> = input.arms.iter().map(|arm| arm.key.clone()).collect();
    let short: Vec<Option<Why>> = input.metrics.iter().map(|metric| shortage(&keys, metric, &mut checks)).collect();
    let health = Health::new(checks);
    let sick = health.blocks_effects().then(|| health.checks.first().and_then(|check| check.why)).flatten();
    let sick = if health.blocks_effects() { Some(sick.unwrap_or(Why::Unhealthy)) } else { None };
    let questions = Questions::new(input);
    let asked = questions.prepared();
    let table = |(metric, short): (&MetricInput, &Option<Why>)| {
        table(&keys, metric, sick.or(metric.refused).or(*short), sick, &asked, &input.analysis)
    };
    let mut metrics: Vec<MetricTable> = input.metrics.iter().zip(&short).map(table).collect();
    correct_metrics(&mut metrics, &input.analysis);
    Analysis {
        title: input.title.clone(),
        method: label(input.analysis.method).to_owned(),
        valid: valid(&input.analysis, units(input)),
        alpha: input.analysis.alpha,
        correction: input.analysis.correction,
        health,
        arms: input
            .arms
            .iter()
            .map(|arm| ArmLine { key: arm.key.clone(), weight: arm.weight, units: arm.units })
            .collect(),
        metrics,
    }
}

/// The two questions asked of every pair of arms; or why none can be.
struct Questions {
    asked: Result<[Gate; 2], Why>,
}

impl Questions {
    fn new(input: &Input) -> Self {
        let comparisons = input.arms.len().saturating_sub(1).max(1) as f64;
        let alpha = input.analysis.alpha / comparisons;
        let asked = method(&input.analysis, units(input)).map(|method| {
            [Scale::Absolute, Scale::Relative]
                .map(|scale| Gate::new(Question { scale, method: method.clone(), alpha, ..Question::default() }))
        });
        Self { asked }
    }

    fn prepared(&self) -> Asked<'_> {
        let [absolute, relative] = self.asked.as_ref().map_err(|why| *why)?;
        Ok([absolute.prepare()?, relative.prepare()?])
    }
}

fn units(input: &Input) -> u64 {
    input.arms.iter().map(|arm| arm.units).sum()
}

/// How a method's intervals are made, and what they promise.
fn label(name: MethodName) -> &'static str {
    match name {
        MethodName::Sequential => Method::default(),
        MethodName::FixedHorizon => Method::FixedHorizon,
        MethodName::GroupSequential => Method::GroupSequential { looks: Looks::even(1, Spending::default()), look: 1 },
        MethodName::Bayesian => Method::Bayesian { prior: Prior::default() },
    }
    .label()
}

/// How many looks so many units make, with the share of the way to the next one.
fn looks_made(plan: &plan::Analysis, units: u64) -> f64 {
    let planned = plan.units_planned.unwrap_or(units).max(1);
    units as f64 / planned as f64 * f64::from(plan.looks.unwrap_or(1).max(1)) + 1e-9
}

/// A planned look may be taken until this share of the way to the next. Who decided daily on whatever the last look allows
/// would be wrong 5.5% of the time with O'Brien and Fleming's spending at a nominal 5%, and 8.3% with Pocock's; within this,
/// 5.1% and 5.8%.
pub const LOOK_LATE_MAX: f64 = 0.15;

fn valid(plan: &plan::Analysis, units: u64) -> Valid {
    match plan.method {
        MethodName::Sequential => Valid::AnyLook,
        MethodName::FixedHorizon | MethodName::Bayesian => Valid::OneLook { units: plan.units_planned },
        MethodName::GroupSequential => {
            let (made, of) = (looks_made(plan, units), plan.looks.unwrap_or(1).max(1) as usize);
            let look = (made as usize).min(of);
            Valid::PlannedLooks { look, of, now: look == of || look > 0 && made.fract() <= LOOK_LATE_MAX }
        }
    }
}

/// The method of a plan, at so many units.
fn method(plan: &plan::Analysis, units: u64) -> Result<Method, Why> {
    Ok(match plan.method {
        MethodName::Sequential => Method::Sequential { tuned_for: plan.tuned_for },
        MethodName::FixedHorizon => Method::FixedHorizon,
        MethodName::Bayesian => Method::Bayesian { prior: plan.prior.map_or_else(Prior::default, Prior::from) },
        MethodName::GroupSequential => {
            let looks = plan.looks.unwrap_or(1).max(1) as usize;
            // Between two looks, the boundary of the one before.
            let look = looks_made(plan, units) as usize;
            if look == 0 {
                return Err(Why::BeforeFirstLook);
            }
            Method::GroupSequential { looks: Looks::even(looks, plan.spending), look: look.min(looks) }
        }
    })
}

/// Whether a metric has too little data to be analysed at all; notes what was found.
fn shortage(arms: &[String], metric: &MetricInput, checks: &mut Vec<Check>) -> Option<Why> {
    let supply = metric.supply.as_ref()?;
    let check = enough::check(arms, &metric.key, supply);
    let short = too_few(&check);
    checks.push(check);
    short.then_some(Why::TooFewUnits)
}

fn too_few(check: &Check) -> bool {
    match &check.details {
        Some(Details::Enough(Shortage::Units(..) | Shortage::Conversions(..))) => true,
        Some(_) | None => false,
    }
}

fn supplied(arms: &[String], key: &str, supply: Option<&Supply>) -> Option<Why> {
    supply.is_some_and(|supply| too_few(&enough::check(arms, key, supply))).then_some(Why::TooFewUnits)
}

/// The absolute and the relative question, ready to be asked.
type Asked<'a> = Result<[Guarded<'a>; 2], Why>;

fn table(
    arms: &[String],
    metric: &MetricInput,
    blocked: Option<Why>,
    sick: Option<Why>,
    asked: &Asked<'_>,
    plan: &plan::Analysis,
) -> MetricTable {
    let mut segments: Vec<SegmentTable> = metric
        .segments
        .iter()
        .map(|segment| {
            let blocked = sick.or(segment.refused).or_else(|| supplied(arms, &metric.key, segment.supply.as_ref()));
            SegmentTable {
                dimension: segment.dimension.clone(),
                value: segment.value.clone(),
                lines: lines(arms, &segment.arms, segment.refused, blocked, asked, None),
            }
        })
        .collect();
    correct_segments(&mut segments, plan);
    MetricTable {
        key: metric.key.clone(),
        name: metric.name.clone(),
        measure: metric.measure,
        role: metric.role,
        better: metric.better,
        lines: lines(arms, &metric.arms, metric.refused, blocked, asked, Some(metric)),
        segments,
        steps: metric.steps.clone(),
        notes: metric.notes.clone(),
    }
}

fn lines(
    arms: &[String],
    summaries: &[Summary],
    refused: Option<Why>,
    blocked: Option<Why>,
    asked: &Asked<'_>,
    metric: Option<&MetricInput>,
) -> Vec<Line> {
    let compare = |at: usize, scale: usize| -> Option<Finding> {
        let (control, treatment) = (summaries.first()?, summaries.get(at).filter(|_| at > 0)?);
        Some(match (blocked, asked) {
            (Some(why), _) => Finding::Inconclusive(why),
            (None, Err(why)) => Finding::Inconclusive(*why),
            (None, Ok(asked)) => asked[scale].compare(control, treatment),
        })
    };
    let line = |(at, key): (usize, &String)| {
        let (absolute, relative) = (compare(at, 0), compare(at, 1));
        let ln_p = absolute.as_ref().and_then(Finding::interval).map(|interval| interval.ln_p);
        let guardrail = metric.filter(|_| blocked.is_none() && at > 0).and_then(|metric| {
            let Role::Guardrail { margin } = metric.role else { return None };
            let [_, relative] = asked.as_ref().ok()?;
            relative.margin(summaries.first()?, summaries.get(at)?, margin, metric.better).ok()
        });
        Line {
            arm: key.clone(),
            units: summaries.get(at).map_or(0, Summary::units),
            // Where nothing could be summarised, only the units are known.
            value: summaries.get(at).filter(|_| refused.is_none()).and_then(Summary::value),
            absolute,
            relative,
            p: ln_p.map(f64::exp),
            ln_p,
            p_adjusted: None,
            ln_p_adjusted: None,
            significant: false,
            guardrail,
        }
    };
    arms.iter().enumerate().map(line).collect()
}

fn correct_metrics(tables: &mut [MetricTable], plan: &plan::Analysis) {
    let (mut goals, mut secondary) = (Vec::new(), Vec::new());
    for table in tables {
        match table.role {
            Role::Goal => goals.extend(&mut table.lines),
            Role::Secondary => secondary.extend(&mut table.lines),
            Role::Guardrail { .. } => correct(table.lines.iter_mut().collect(), plan),
        }
    }
    correct(goals, plan);
    correct(secondary, plan);
}

fn correct_segments(segments: &mut [SegmentTable], plan: &plan::Analysis) {
    let mut dimensions: Vec<String> = segments.iter().map(|segment| segment.dimension.clone()).collect();
    dimensions.dedup();
    for dimension in dimensions {
        let of = segments.iter_mut().filter(|segment| segment.dimension == dimension);
        correct(of.flat_map(|segment| &mut segment.lines).collect(), plan);
    }
}

/// Corrects the p-values of a family of comparisons.
fn correct(mut lines: Vec<&mut Line>, plan: &plan::Analysis) {
    let measured = |line: &Line| {
        line.absolute.as_ref().and_then(Finding::interval).map(|found| (found.ln_p, found.excludes_zero()))
    };
    lines.retain(|line| measured(line).is_some());
    let found: Vec<(f64, bool)> = lines.iter().filter_map(|line| measured(line)).collect();
    let adjusted = plan.correction.ln_p(&found.iter().map(|(ln_p, _)| *ln_p).collect::<Vec<_>>());
    for ((line, ln_p), (_, excludes_zero)) in lines.into_iter().zip(adjusted).zip(found) {
        // Of several arms, the interval shares alpha equally, Holm does not: both have to say so.
        line.significant = ln_p <= plan.alpha.ln() && excludes_zero;
        line.p_adjusted = Some(ln_p.exp());
        line.ln_p_adjusted = Some(ln_p);
    }
}
