//! A metric as it has been lately, to plan an experiment with.

use anklang_domain::{DAY_MS, UnixMillis};

use super::measure;
use super::summarise::Plan;
use crate::design::Experiment;
use crate::design::power::Baseline;
use crate::infer::summary::Summary;
use crate::metrics::Metric;
use crate::report::Measure;
use crate::tally::Tally;

/// What a metric has been lately.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Past {
    /// How many members there are figures of: those who did something that some metric counts.
    pub members: u64,
    /// Its value.
    pub value: f64,
    /// What its numbers are.
    pub measure: Measure,
    /// The metric without a treatment, with the variance that an analysis would meet.
    pub baseline: Baseline,
}

/// Measures a metric over the last days before a moment: each member who was active counts as if exposed when they began.
/// With `adjust` the variance is the one that is left after what they did before (CUPED). None where nothing can be said:
/// nobody was active, or the metric did not vary.
#[must_use]
pub fn past(tally: &Tally, metric: &Metric, now: UnixMillis, days: u32, adjust: bool) -> Option<Past> {
    let design = serde_json::json!({
        "variants": [{ "key": "a", "weight": 0.5 }, { "key": "b", "weight": 0.5 }],
        "analysis": { "adjust": adjust },
    });
    let experiment = Experiment::parse(&design).ok()?;
    let from = now.plus_ms(-i64::from(days) * DAY_MS);
    let observed = tally.active("", &experiment, from, now.plus_ms(1));
    let reader = observed.reader(metric);
    let values: Vec<_> = observed.subjects.iter().map(|subject| observed.read(subject, &reader)).collect();
    let summarised = Plan::new(metric, &observed, &values, None).summarise(0..values.len());
    let summary: &Summary = summarised.arms.first().filter(|_| summarised.refused.is_none())?;
    let baseline = Baseline::of(summary)?;
    let value = summary.value()?;
    let sound = match baseline {
        Baseline::Mean { mean, variance } => mean.is_finite() && variance.is_finite() && variance > 0.0,
        Baseline::Proportion { share } => share > 0.0 && share < 1.0,
    };
    sound.then(|| Past { members: summary.units(), value, measure: measure(&metric.kind), baseline })
}
