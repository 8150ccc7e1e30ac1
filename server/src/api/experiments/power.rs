//! Planning over HTTP: how many units, how many days, and what so many units can see.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use anklang_experiments::collect::{Past, past};
use anklang_experiments::design::plan::MethodName;
use anklang_experiments::design::{Design, Role};
use anklang_experiments::infer::bayesian::Prior;
use anklang_experiments::infer::method::Method;
use anklang_experiments::infer::sequential::group::Looks;
use anklang_experiments::registry::Kind;
use anklang_experiments::report::Measure;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::params::Query;
use super::super::problem::{Code, Problem};
use super::super::{Shared, body, engine_problem, internal};
use super::documents::unknown;
use super::{key, object};
use crate::app::App;
use crate::planning::{Answer, Number, PlanError, Question, Without};

/// Over how many days a metric is measured, unless something else is said.
const DAYS_DEFAULT: u32 = 28;
/// And at most.
pub(super) const DAYS_MAX: u32 = 365;

/// Which metric is measured, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Measured {
    metric: Option<String>,
    #[serde(default = "days_default")]
    days: u32,
    #[serde(default = "yes")]
    adjust: bool,
}

const MEASURED: [&str; 3] = ["metric", "days", "adjust"];

const fn days_default() -> u32 {
    DAYS_DEFAULT
}

const fn yes() -> bool {
    true
}

/// A plan for a metric.
#[derive(Debug, Serialize)]
struct Planned {
    /// The metric's key, where it was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<String>,
    measure: Measure,
    /// Of how many members the baseline was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<u64>,
    #[serde(flatten)]
    answer: Answer,
}

pub(super) async fn plan(request: HttpRequest, app: Shared, payload: Payload) -> Result<HttpResponse, Problem> {
    let (measured, question): (Map<_, _>, Map<_, _>) =
        object(&request, payload).await?.into_iter().partition(|(name, _)| MEASURED.contains(&name.as_str()));
    let measured: Measured = body::typed(&Value::Object(measured).to_string())?;
    let question: Question = body::typed(&Value::Object(question).to_string())?;
    let planned = web::block(move || planned(&app, measured, &question)).await.map_err(internal)??;
    Ok(HttpResponse::Ok().json(planned))
}

fn planned(app: &App, asked: Measured, question: &Question) -> Result<Planned, Problem> {
    let Some(key) = asked.metric else {
        let (answer, measure) = question.answer()?;
        return Ok(Planned { metric: None, measure, members: None, answer });
    };
    if question.has_baseline() {
        let what = "either a metric, which is measured, or figures by hand, not both";
        return Err(Problem::new(Code::BadField, what).field("metric"));
    }
    let past = lately(app, &key, asked.days, asked.adjust)?.ok_or_else(|| {
        let what = format!("{key:?} cannot be measured over {} days: nobody did it, or nothing varied", asked.days);
        Problem::new(Code::BadField, what).field("metric")
    })?;
    let answer = question.answer_for(&without(&past), &question.methods()?)?;
    Ok(Planned { metric: Some(key), measure: past.measure, members: Some(past.members), answer })
}

const fn without(past: &Past) -> Without {
    Without { baseline: past.baseline, value: past.value, measure: past.measure }
}

/// A metric as it has been lately.
fn lately(app: &App, key: &str, days: u32, adjust: bool) -> Result<Option<Past>, Problem> {
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::new(Code::BadField, format!("between 1 and {DAYS_MAX}")).field("days"));
    }
    app.trials.catch_up(&app.engine, &|_, _| {}).map_err(engine_problem)?;
    let tally = app.trials.still();
    let metric = tally.registry().metric(key).ok_or_else(|| unknown(Kind::Metric, key).field("metric"))?;
    Ok(past(&tally, metric, app.clock.now(), days, adjust))
}

/// The plans of an experiment's goals.
#[derive(Debug, Serialize)]
struct Plans {
    key: String,
    goals: Vec<Goal>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Goal {
    Planned(Planned),
    /// Nothing is known of it.
    Unknown {
        metric: String,
        inconclusive: &'static str,
    },
}

pub(super) async fn of_experiment(request: HttpRequest, app: Shared) -> Result<HttpResponse, Problem> {
    let key = key(&request)?;
    let query = Query::of(&request);
    let number = |name: &str| query.read(name, |text| text.parse::<f64>().map_err(|_| "must be a number".to_owned()));
    let mut question = Question {
        effect: query.read("effect", Number::parse)?,
        units: number("units")?,
        per_day: number("per_day")?,
        ..Question::default()
    };
    question.power = number("power")?.unwrap_or(question.power);
    let days = query.read("days", |text| text.parse().map_err(|_| "must be a number of days".to_owned()))?;
    let days = days.unwrap_or(DAYS_DEFAULT);
    let plans = web::block(move || plans(&app, &key, question, days)).await.map_err(internal)??;
    Ok(HttpResponse::Ok().json(plans))
}

fn plans(app: &App, key: &str, mut question: Question, days: u32) -> Result<Plans, Problem> {
    let (design, so_far) = {
        let tally = app.trials.still();
        let experiment = tally.registry().experiment(key).ok_or_else(|| unknown(Kind::Experiment, key))?;
        let so_far = tally.observe(key, app.clock.now()).map_or(0, |observed| observed.subjects.len());
        (experiment.design.clone(), so_far)
    };
    question.alpha = design.analysis.alpha;
    question.weights = Some(design.weights().into_iter().filter(|weight| *weight > 0.0).collect());
    if question.effect.is_none() && design.decision.worth > 0.0 {
        question.effect = Some(Number { value: design.decision.worth, percent: true });
    }
    if question.units.is_none() && so_far > 0 {
        question.units = Some(so_far as f64);
    }
    let goals = design.metrics.all().filter(|(_, role)| *role == Role::Goal);
    let goals = goals.map(|(metric, _)| {
        let Some(past) = lately(app, metric, days, design.analysis.adjust)? else {
            let inconclusive = "nobody did it in that time, or nothing varied";
            return Ok(Goal::Unknown { metric: metric.to_owned(), inconclusive });
        };
        let answer = question.answer_for(&without(&past), &[method(&design)])?;
        let metric = Some(metric.to_owned());
        Ok(Goal::Planned(Planned { metric, measure: past.measure, members: Some(past.members), answer }))
    });
    Ok(Plans { key: key.to_owned(), goals: goals.collect::<Result<_, Problem>>()? })
}

/// A design's method, looked at once unless it brings its own looks.
fn method(design: &Design) -> (Method, usize) {
    let plan = &design.analysis;
    let method = match plan.method {
        MethodName::Sequential => Method::Sequential { tuned_for: plan.tuned_for },
        MethodName::FixedHorizon => Method::FixedHorizon,
        MethodName::Bayesian => Method::Bayesian { prior: plan.prior.map(Prior::from).unwrap_or_default() },
        MethodName::GroupSequential => {
            let looks = plan.looks.unwrap_or(1).max(1) as usize;
            Method::GroupSequential { looks: Looks::even(looks, plan.spending), look: looks }
        }
    };
    (method, 1)
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        Self::new(Code::BadField, error.what).field(error.field)
    }
}
