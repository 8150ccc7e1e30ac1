//! What a running experiment rests on stays as it is: its metrics, so that nobody chooses afterwards what is counted, and
//! its holdouts, so that nobody who is in is thrown out.

use anklang_experiments::design::{Experiment, Holdout, Stage};
use anklang_experiments::metrics::Metric;
use anklang_experiments::registry::{Kind, Registry};
use serde_json::Value;

use super::WriteError;

/// Checks that a document does not change what a running experiment rests on. Names and descriptions may change.
pub(super) fn check(registry: &Registry, kind: Kind, key: &str, document: &Value) -> Result<(), WriteError> {
    let Some(before) = registry.latest(kind, key).and_then(|version| version.document.as_ref()) else { return Ok(()) };
    let uses: fn(&Experiment, &str) -> bool = match kind {
        Kind::Metric if counts_alike(before, document) => return Ok(()),
        Kind::Holdout if keeps_out_alike(before, document) => return Ok(()),
        Kind::Metric => |experiment, key| experiment.design.metrics.all().any(|(metric, _)| metric == key),
        Kind::Holdout => |experiment, key| experiment.design.holdouts.iter().any(|holdout| holdout == key),
        Kind::Experiment | Kind::Feature | Kind::Layer | Kind::Segment | Kind::Decision => return Ok(()),
    };
    let running = |experiment: &Experiment| matches!(experiment.stage, Stage::Running { .. });
    let users = registry.experiments().filter(|(_, experiment)| running(experiment) && uses(experiment, key));
    let users: Vec<String> = users.map(|(key, _)| format!("experiment {key}")).collect();
    if users.is_empty() {
        return Ok(());
    }
    Err(WriteError::InUse(format!("{} while it runs: only its name or description may change", users.join(", "))))
}

fn counts_alike(before: &Value, after: &Value) -> bool {
    let nameless = |document: &Value| {
        let mut metric = Metric::parse(document).ok()?;
        metric.terms.name.clear();
        Some(metric)
    };
    nameless(before).is_some_and(|before| Some(before) == nameless(after))
}

fn keeps_out_alike(before: &Value, after: &Value) -> bool {
    let bare = |document: &Value| {
        let mut holdout = Holdout::parse(document).ok()?;
        holdout.description.clear();
        Some(holdout)
    };
    bare(before).is_some_and(|before| Some(before) == bare(after))
}
