//! From what is known to what may be said.

use super::{Analysis, ArmLine, Input, Line, MetricInput, MetricTable, SegmentTable};
use crate::design::Role;
use crate::design::plan::{self, Correction, MethodName};
use crate::health::enough::{self, Shortage, Supply};
use crate::health::gate::{Gate, Guarded};
use crate::health::{Check, Details, Health};
use crate::infer::bayesian::Prior;
use crate::infer::compare::Question;
use crate::infer::effect::Scale;
use crate::infer::finding::{Finding, Interval, Why};
use crate::infer::frequentist::multiplicity;
use crate::infer::method::Method;
use crate::infer::non_inferiority::{self, MarginTest};
use crate::infer::sequential::group::{Looks, Spending};
use crate::infer::summary::Summary;
use crate::metrics::Better;

/// Says what may be said: health first, then for each metric each arm against the control.
///
/// Alpha is shared equally between the arms (Bonferroni), so that a metric's intervals hold together. Over several
/// metrics, p-values are corrected as the plan says: goals and secondary metrics together, each once for each arm.
/// Segments are corrected among themselves. Guardrails are not corrected: each of them must hold.
#[must_use]
pub fn analyse(input: &Input) -> Analysis {
    let mut checks = input.health.clone();
    let keys: Vec<String> = input.arms.iter().map(|arm| arm.key.clone()).collect();
    let short: Vec<Option<Why>> = input.metrics.iter().map(|metric| shortage(&keys, metric, &mut checks)).collect();
    let health = Health::new(checks);
    let sick = health.blocks_effects().then(|| health.checks.first().and_then(|check| check.why)).flatten();
    let sick = if health.blocks_effects() { Some(sick.unwrap_or(Why::Unhealthy)) } else { None };
    let questions = Questions::new(input);
    let table = |(metric, short): (&MetricInput, &Option<Why>)| {
        let asked = questions.prepared();
        table(&keys, metric, sick.or(metric.refused).or(*short), sick, &asked, &input.analysis)
    };
    let mut metrics: Vec<MetricTable> = input.metrics.iter().zip(&short).map(table).collect();
    correct_metrics(&mut metrics, &input.analysis);
    Analysis {
        title: input.title.clone(),
        method: questions.label(),
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
    asked: Result<[(Question, Gate); 2], Why>,
}

impl Questions {
    fn new(input: &Input) -> Self {
        let comparisons = input.arms.len().saturating_sub(1).max(1) as f64;
        let alpha = input.analysis.alpha / comparisons;
        let units: u64 = input.arms.iter().map(|arm| arm.units).sum();
        let asked = method(&input.analysis, units).map(|method| {
            [Scale::Absolute, Scale::Relative].map(|scale| {
                let question = Question { scale, method: method.clone(), alpha, ..Question::default() };
                (question.clone(), Gate::new(question))
            })
        });
        Self { asked }
    }

    fn prepared(&self) -> Asked<'_> {
        let [(_, absolute), (question, relative)] = self.asked.as_ref().map_err(|why| *why)?;
        Ok(([absolute.prepare()?, relative.prepare()?], question))
    }

    fn label(&self) -> String {
        match &self.asked {
            Ok([(question, _), _]) => question.method.label().to_owned(),
            Err(why) => why.to_string(),
        }
    }
}

/// The method of a plan, at so many units.
fn method(plan: &plan::Analysis, units: u64) -> Result<Method, Why> {
    Ok(match plan.method {
        MethodName::Sequential => Method::Sequential { tuned_for: plan.tuned_for },
        MethodName::FixedHorizon => Method::FixedHorizon,
        MethodName::Bayesian => Method::Bayesian { prior: Prior::default() },
        MethodName::GroupSequential => {
            let looks = plan.looks.unwrap_or(1).max(1) as usize;
            let planned = plan.units_planned.unwrap_or(units).max(1);
            // The look that so many units make; between two looks, the boundary of the one before would be too low.
            let look = (units as f64 / planned as f64 * looks as f64 + 1e-9).floor() as usize;
            if look == 0 {
                return Err(Why::BeforeFirstLook);
            }
            Method::GroupSequential { looks: Looks::even(looks, Spending::OBrienFleming), look: look.min(looks) }
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

/// The absolute and the relative question, ready to be asked, and the latter as it stands.
type Asked<'a> = Result<([Guarded<'a>; 2], &'a Question), Why>;

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
                lines: lines(arms, &segment.arms, blocked, asked, None),
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
        lines: lines(arms, &metric.arms, blocked, asked, Some(metric)),
        segments,
        steps: metric.steps.clone(),
        notes: metric.notes.clone(),
    }
}

fn lines(
    arms: &[String],
    summaries: &[Summary],
    blocked: Option<Why>,
    asked: &Asked<'_>,
    metric: Option<&MetricInput>,
) -> Vec<Line> {
    let compare = |at: usize, scale: usize| -> Option<Finding> {
        let (control, treatment) = (summaries.first()?, summaries.get(at).filter(|_| at > 0)?);
        Some(match (blocked, asked) {
            (Some(why), _) => Finding::Inconclusive(why),
            (None, Err(why)) => Finding::Inconclusive(*why),
            (None, Ok((asked, _))) => asked[scale].compare(control, treatment),
        })
    };
    let line = |(at, key): (usize, &String)| {
        let (absolute, relative) = (compare(at, 0), compare(at, 1));
        let ln_p = shown(relative.as_ref(), absolute.as_ref()).map(|interval| interval.ln_p);
        let guardrail = metric.filter(|_| blocked.is_none() && at > 0).and_then(|metric| {
            let (_, question) = asked.as_ref().ok()?;
            relative.as_ref()?.interval()?;
            margin(summaries.first()?, summaries.get(at)?, question, metric)
        });
        Line {
            arm: key.clone(),
            units: summaries.get(at).map_or(0, Summary::units),
            value: summaries.get(at).and_then(Summary::value),
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

/// Whether a guardrail got worse by more than its margin.
fn margin(control: &Summary, treatment: &Summary, question: &Question, metric: &MetricInput) -> Option<MarginTest> {
    let Role::Guardrail { margin } = metric.role else { return None };
    let better = match metric.better {
        Better::Higher => non_inferiority::Better::More,
        Better::Lower => non_inferiority::Better::Less,
    };
    non_inferiority::non_inferiority(control, treatment, question, margin, better).ok()
}

/// What is shown of a comparison: the relative change, or where there is none, the difference.
pub(super) fn shown<'a>(relative: Option<&'a Finding>, absolute: Option<&'a Finding>) -> Option<&'a Interval> {
    relative.and_then(Finding::interval).or_else(|| absolute.and_then(Finding::interval))
}

fn correct_metrics(tables: &mut [MetricTable], plan: &plan::Analysis) {
    let counted = |table: &&mut MetricTable| match table.role {
        Role::Goal | Role::Secondary => true,
        Role::Guardrail { .. } => false,
    };
    correct(tables.iter_mut().filter(counted).flat_map(|table| &mut table.lines).collect(), plan);
    let guards = |table: &&mut MetricTable| !counted(table);
    for table in tables.iter_mut().filter(guards) {
        correct(table.lines.iter_mut().collect(), plan);
    }
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
    let measured = |line: &Line| shown(line.relative.as_ref(), line.absolute.as_ref()).map(|interval| interval.ln_p);
    lines.retain(|line| measured(line).is_some());
    let ln_p: Vec<f64> = lines.iter().filter_map(|line| measured(line)).collect();
    let adjusted = match plan.correction {
        Correction::Holm => multiplicity::ln_holm(&ln_p),
        Correction::BenjaminiHochberg => multiplicity::ln_benjamini_hochberg(&ln_p),
        Correction::None => ln_p,
    };
    for (line, ln_p) in lines.into_iter().zip(adjusted) {
        line.significant = ln_p <= plan.alpha.ln();
        line.p_adjusted = Some(ln_p.exp());
        line.ln_p_adjusted = Some(ln_p);
    }
}
