//! The demo's experiment: on a community whose truth is known, does a personal list get more opened than one list for all?
//! It is written to the journal as any other: design, exposures, clicks; so the server has its results too.

use anklang_datasets::community::Truth;
use anklang_domain::{
    Body, Configuration, DAY_MS, Engagement, Exposure, Fact, FactId, HOUR_MS, ItemId, ListKind, MemberId, Props,
    Stream, Target, UnixMillis, Verb,
};
use anklang_engine::list::ListRequest;
use anklang_engine::{Engine, ListError};
use anklang_experiments::assign::assign;
use anklang_experiments::collect::{Ask, collect};
use anklang_experiments::decide::{Verdict, decide};
use anklang_experiments::design::{Design, Experiment, StageError};
use anklang_experiments::report::{Analysis, analyse};
use anklang_experiments::tally::Tally;
use anklang_experiments::{Finding, Moments};
use serde_json::{Value, json};

/// The experiment's key, by which members are assigned.
pub(super) const KEY: &str = "personal-lists";
/// The metric's key.
const METRIC: &str = "opened-from-the-list";
const ARMS: [&str; 2] = ["one-list-for-all", "what-each-missed"];
const SOURCE: &str = "demo";
/// So long before the community's end each member looks at a list.
const BEFORE_END_MS: i64 = 10 * DAY_MS;
/// Openings are a minute apart.
const MINUTE_MS: i64 = 60_000;

/// An experiment that has been run, and what only a simulator knows of it.
pub(super) struct Trial {
    pub(super) facts: Vec<Fact>,
    /// The effect on all members, had each been in both arms: discussions opened a list, in expectation.
    truth: f64,
}

/// When the lists are made.
pub(super) const fn moment(end: UnixMillis) -> UnixMillis {
    end.plus_ms(-BEFORE_END_MS)
}

/// Runs it on the community as it was at `now`: each member is assigned to an arm, looks down the arm's list as members of
/// the simulator do, and opens what they open.
pub(super) fn run(
    engine: &Engine,
    truth: &Truth,
    members: u32,
    position_bias: f64,
    now: UnixMillis,
) -> Result<Trial, TrialError> {
    let mut facts = documents(now)?;
    let mut effect = Moments::default();
    for number in 0..members {
        let Ok(member) = MemberId::parse(&format!("m{number}")) else { continue };
        let lists = [
            opening(engine, truth, &member, None, position_bias, now)?,
            opening(engine, truth, &member, Some(member.clone()), position_bias, now)?,
        ];
        let expected = |list: &[(ItemId, f64)]| list.iter().map(|(_, chance)| chance).sum::<f64>();
        effect.push(expected(&lists[1]) - expected(&lists[0]));
        if let Some(arm) = assign(KEY, &[0.5; 2], 1.0, member.as_str()) {
            let mut chance = Stream::named(u64::from(number), KEY);
            let opened = lists[arm].iter().filter(|(_, opens)| chance.unit() < *opens).map(|(item, _)| item.clone());
            facts.extend(happened(&member, arm, opened.collect(), now)?);
        }
    }
    facts.push(document(2, now.plus_ms(DAY_MS), &|experiment| experiment.stop(now.plus_ms(DAY_MS), None), now)?);
    Ok(Trial { facts, truth: effect.mean })
}

/// Why the demo's experiment could not be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum TrialError {
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Id(#[from] anklang_domain::IdError),
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error(transparent)]
    Design(#[from] anklang_experiments::design::DesignError),
}

fn design() -> Value {
    json!({
        "name": "Personal lists",
        "hypothesis": "Members open more discussions from a list of what they missed than from one that is the same for all.",
        "variants": [{ "key": ARMS[0], "weight": 0.5 }, { "key": ARMS[1], "weight": 0.5 }],
        "metrics": { "goals": [METRIC] },
        "decision": { "days_min": 1 },
    })
}

fn documents(now: UnixMillis) -> Result<Vec<Fact>, TrialError> {
    let metric = json!({
        "name": "Discussions opened from the list",
        "kind": "mean",
        "event": { "verb": "clicked" },
        "window_days": 0.05,
    });
    let metric = configured("metric", METRIC, 1, metric, now.plus_ms(-HOUR_MS))?;
    Ok(vec![metric, document(1, now.plus_ms(-HOUR_MS), &|experiment| Ok(experiment.clone()), now)?])
}

type Step<'a> = &'a dyn Fn(&Experiment) -> Result<Experiment, StageError>;

/// A version of the experiment, running since an hour before `now` and then moved on by `step`.
fn document(version: u32, at: UnixMillis, step: Step<'_>, now: UnixMillis) -> Result<Fact, TrialError> {
    let running = Experiment::draft(Design::parse(&design())?).start(now.plus_ms(-HOUR_MS))?;
    configured("experiment", KEY, version, step(&running)?.document(), at)
}

fn configured(kind: &str, key: &str, version: u32, document: Value, at: UnixMillis) -> Result<Fact, TrialError> {
    let body = Body::Configured(Configuration {
        kind: kind.to_owned(),
        key: key.to_owned(),
        version,
        document: Some(document),
        author: SOURCE.to_owned(),
    });
    Ok(fact(&format!("demo:{kind}:{key}@{version}"), at, body)?)
}

fn fact(id: &str, at: UnixMillis, body: Body) -> Result<Fact, anklang_domain::IdError> {
    Ok(Fact { id: FactId::parse(id)?, at, received_at: Some(at), source: SOURCE.to_owned(), body })
}

/// The exposure of a member, and what they opened.
fn happened(
    member: &MemberId,
    arm: usize,
    opened: Vec<ItemId>,
    now: UnixMillis,
) -> Result<Vec<Fact>, anklang_domain::IdError> {
    let exposure = Exposure {
        member: Some(member.clone()),
        unit: member.to_string(),
        experiment: KEY.to_owned(),
        variant: ARMS[arm].to_owned(),
        props: Props::new(),
    };
    let mut facts = vec![fact(&format!("demo:exposed:{member}"), now, Body::Exposed(exposure))?];
    for (place, item) in (1_i64..).zip(opened) {
        let engagement = Engagement {
            member: member.clone(),
            verb: Verb::Clicked,
            target: Target::Item(item),
            value: None,
            props: Props::new(),
        };
        facts.push(fact(
            &format!("demo:clicked:{member}:{place}"),
            now.plus_ms(place * MINUTE_MS),
            Body::Engaged(engagement),
        )?);
    }
    Ok(facts)
}

/// For each place of a list, the chance that this member looks at it and opens what stands there.
fn opening(
    engine: &Engine,
    truth: &Truth,
    member: &MemberId,
    list_for: Option<MemberId>,
    position_bias: f64,
    now: UnixMillis,
) -> Result<Vec<(ItemId, f64)>, ListError> {
    let list = engine.list(&ListRequest { log: false, ..ListRequest::new(ListKind::Missed, list_for, now) })?;
    let chance = |position: usize| (position as f64).powf(-position_bias);
    let opens = |item: &ItemId, position| truth.relevance(member, item).unwrap_or(0.0) * chance(position);
    Ok(list.items.into_iter().map(|item| (item.id.clone(), opens(&item.id, item.position))).collect())
}

/// What the tally says of it.
pub(super) struct Outcome {
    analysis: Analysis,
    verdict: Verdict,
    truth: f64,
}

/// Reads the outcome off the tally, as the server does.
pub(super) fn outcome(tally: &Tally, trial: &Trial, now: UnixMillis) -> Option<Outcome> {
    let collected = collect(tally, KEY, now, &Ask::default())?;
    let analysis = analyse(&collected.input);
    let rule = &tally.registry().experiment(KEY)?.design.decision;
    let verdict = decide(rule, &analysis, collected.days);
    Some(Outcome { analysis, verdict, truth: trial.truth })
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "A finished experiment: {}.\n", self.analysis.title)?;
        writeln!(f, "{}", self.analysis)?;
        let lines = self.analysis.metrics.iter().flat_map(|metric| &metric.lines);
        let measured = lines.filter_map(|line| line.absolute.as_ref()).find_map(Finding::interval);
        let covers = match measured {
            Some(found) if (found.low..=found.high).contains(&self.truth) => "; the interval covers it",
            Some(_) => "; the interval misses it, as one in twenty may",
            None => "",
        };
        writeln!(f, "The true effect, which only a simulator knows: {:+.3} a list{covers}.", self.truth)?;
        write!(f, "Verdict: {}", self.verdict)
    }
}
