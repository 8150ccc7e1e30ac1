//! The demo's experiment: on a community whose truth is known, does a personal list get more opened than one list for all?

use anklang_datasets::community::Truth;
use anklang_domain::{ListKind, MemberId, Stream, UnixMillis};
use anklang_engine::list::ListRequest;
use anklang_engine::{Engine, ListError};
use anklang_experiments::assign::assign;
use anklang_experiments::report::{ArmMoments, Report, analyse_means};
use anklang_experiments::{Finding, Moments};

/// The key that members are assigned by.
const KEY: &str = "demo-personal-lists";
const WEIGHTS: [f64; 2] = [0.5, 0.5];
const ALPHA: f64 = 0.05;

/// A finished experiment, and what only a simulator knows of it.
pub(super) struct Trial {
    report: Report,
    /// The effect on all members, had each been in both arms: discussions opened a list, in expectation.
    truth: f64,
}

/// Runs it: each member is assigned to an arm, looks down the arm's list as members of the simulator do, and opens what
/// they open.
pub(super) fn trial(
    engine: &Engine,
    truth: &Truth,
    members: u32,
    position_bias: f64,
    now: UnixMillis,
) -> Result<Trial, ListError> {
    let mut arms = [ArmMoments::new("one list for all"), ArmMoments::new("what each missed")];
    let mut effect = Moments::default();
    for number in 0..members {
        let Ok(member) = MemberId::parse(&format!("m{number}")) else { continue };
        let chances = [
            opening(engine, truth, &member, None, position_bias, now)?,
            opening(engine, truth, &member, Some(member.clone()), position_bias, now)?,
        ];
        effect.push(chances[1].iter().sum::<f64>() - chances[0].iter().sum::<f64>());
        if let Some(arm) = assign(KEY, &WEIGHTS, 1.0, member.as_str()) {
            let mut chance = Stream::named(u64::from(number), KEY);
            let opened = chances[arm].iter().filter(|opens| chance.unit() < **opens).count();
            arms[arm].moments.push(opened as f64);
        }
    }
    Ok(Trial { report: analyse_means(&arms, &WEIGHTS, ALPHA), truth: effect.mean })
}

/// For each place of a list, the chance that this member looks at it and opens what stands there.
fn opening(
    engine: &Engine,
    truth: &Truth,
    member: &MemberId,
    list_for: Option<MemberId>,
    position_bias: f64,
    now: UnixMillis,
) -> Result<Vec<f64>, ListError> {
    let list = engine.list(&ListRequest { log: false, ..ListRequest::new(ListKind::Missed, list_for, now) })?;
    let chance = |position: usize| (position as f64).powf(-position_bias);
    let opens = list.items.iter().map(|item| truth.relevance(member, &item.id).unwrap_or(0.0) * chance(item.position));
    Ok(opens.collect())
}

impl std::fmt::Display for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "A finished experiment: discussions opened a list, {} arms of members by hash.\n", WEIGHTS.len())?;
        writeln!(f, "{}", self.report)?;
        let measured = self.report.rows.iter().find_map(|row| match &row.absolute {
            Some(Finding::Measured(interval)) => Some((interval.low, interval.high)),
            Some(Finding::Inconclusive(_)) | None => None,
        });
        let covers = match measured {
            Some((low, high)) if (low..=high).contains(&self.truth) => "; the interval covers it",
            Some(_) => "; the interval misses it, as one in twenty may",
            None => "",
        };
        write!(f, "The true effect, which only a simulator knows: {:+.3} a list{covers}.", self.truth)
    }
}
