//! The engine's own lists as a model: a real engine is given a community's facts as they come, learns where a fold's past
//! ends, and is asked for the list of missed discussions at every question's moment, by the code that serves.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use anklang_domain::{Fact, ListKind, MemberId, UnixMillis};
use anklang_engine::list::{LIMIT_MAX, ListRequest};
use anklang_engine::{ABSENCE_MAX_MS, Engine, NoProgress, Options, PLACES_MAX, Policy};
use anklang_models::{Context, FitError, MemberIx, Model, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Contender, NamedError};
use crate::dataset::DataSet;
use crate::split::Fold;

/// The name in documents and reports.
pub const NAME: &str = "hybrid";
/// Facts that are handed over at a time.
const FACTS_AT_ONCE: usize = 512;

/// What may be set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Parts of the score that are left out, by their names in ledgers: for ablations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// What a policy names otherwise than the default.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub policy: Value,
}

/// The engine that serves, as a contender.
pub struct Hybrid {
    name: String,
    params: Params,
    policy: Policy,
    facts: Arc<[Fact]>,
    members: Arc<[String]>,
    items: Arc<HashMap<String, usize>>,
}

impl Hybrid {
    /// The engine on a community's facts.
    pub fn new(data: &DataSet, name: &str, params: Params) -> Result<Self, FitError> {
        if data.facts.is_empty() {
            return Err(FitError::Nothing {
                model: NAME,
                what: "the data set is not of facts, so an engine cannot serve it",
            });
        }
        // Chance has no part in what is compared.
        let policy = Policy::default()
            .changed(&json!({"discovery_share": 0.0}))
            .and_then(|policy| if params.policy.is_null() { Ok(policy) } else { policy.changed(&params.policy) })
            .and_then(|policy| policy.without(&params.without))
            .map_err(|_| FitError::Parameter {
                model: NAME,
                field: "policy, without",
                want: "a policy, and parts' names",
            })?;
        Ok(Self {
            name: name.to_owned(),
            params,
            policy,
            facts: data.facts.clone().into(),
            members: data.members.clone().into(),
            items: Arc::new(data.items.iter().enumerate().map(|(place, id)| (id.clone(), place)).collect()),
        })
    }
}

impl Hybrid {
    /// The engine of a command line: `hybrid`, or `hybrid:without=taste+diversity`; reports call it by that text.
    pub fn of_text(data: &DataSet, text: &str) -> Result<Self, NamedError> {
        let bad = |what: &str| NamedError { text: text.to_owned(), what: what.to_owned() };
        let settings = text.strip_prefix(NAME).unwrap_or_default().trim_start_matches(':');
        let without = match settings.strip_prefix("without=") {
            Some(parts) => parts.split('+').map(str::to_owned).collect(),
            None if settings.is_empty() => Vec::new(),
            None => return Err(bad("the hybrid's only setting here is without=PART+PART…")),
        };
        let params = Params { without, ..Params::default() };
        Self::new(data, text, params).map_err(|error| bad(&error.to_string()))
    }

    /// The engine of a report's document.
    pub fn of_document(data: &DataSet, document: &Value) -> Result<Self, NamedError> {
        let bad = |what: String| NamedError { text: document.to_string(), what };
        let mut fields = document.as_object().cloned().unwrap_or_default();
        fields.remove("model");
        let name = fields.remove("name").and_then(|name| name.as_str().map(str::to_owned));
        let params: Params = serde_json::from_value(Value::Object(fields)).map_err(|error| bad(error.to_string()))?;
        Self::new(data, &name.unwrap_or_else(|| NAME.to_owned()), params).map_err(|error| bad(error.to_string()))
    }
}

impl Contender for Hybrid {
    fn name(&self) -> &str {
        &self.name
    }

    fn document(&self) -> Value {
        let mut document = serde_json::to_value(&self.params).unwrap_or_default();
        if let Value::Object(fields) = &mut document {
            fields.insert("model".to_owned(), NAME.into());
            fields.insert("name".to_owned(), self.name.clone().into());
        }
        document
    }

    fn fit(&self, fold: &Fold, _context: &Context<'_>) -> Result<Box<dyn Model>, FitError> {
        if !Arc::ptr_eq(&fold.train, &fold.asked) {
            let what = "a global timeline: only what is whole can be served";
            return Err(FitError::Nothing { model: NAME, what });
        }
        let failed = |_| FitError::Numbers { model: NAME, what: "the engine failed" };
        let engine = Engine::open(Options::in_memory(), &NoProgress).map_err(failed)?;
        let mut tape = Tape { engine, facts: Arc::clone(&self.facts), fed: 0 };
        let origin = UnixMillis::saturating(fold.train_before);
        tape.feed(origin)?;
        let without: Vec<&str> = self.params.without.iter().map(String::as_str).collect();
        tape.engine
            .learn_without(origin, &without)
            .map_err(|_| FitError::Numbers { model: NAME, what: "the engine could not learn" })?;
        let mut questions: Vec<(i64, MemberIx)> = fold.cases.iter().map(|case| (case.at, case.member)).collect();
        questions.sort_unstable();
        questions.dedup();
        let (members, items) = (Arc::clone(&self.members), Arc::clone(&self.items));
        let asked = Asked { tape: std::sync::Mutex::new(Some(tape)), questions, policy: self.policy, members, items };
        Ok(Box::new(Served { asked, lists: OnceLock::new() }))
    }
}

/// An engine that is given facts in the order of time.
struct Tape {
    engine: Engine,
    facts: Arc<[Fact]>,
    fed: usize,
}

impl Tape {
    /// Hands over what happened before a moment.
    fn feed(&mut self, before: UnixMillis) -> Result<(), FitError> {
        let end = self.fed + self.facts[self.fed..].partition_point(|fact| fact.effective_at() < before);
        for facts in self.facts[self.fed..end].chunks(FACTS_AT_ONCE) {
            self.engine
                .submit_wait(facts.to_vec(), before)
                .map_err(|_| FitError::Numbers { model: NAME, what: "the engine did not take a fact" })?;
        }
        self.fed = end;
        Ok(())
    }
}

/// What is asked, in the order of time.
struct Asked {
    tape: std::sync::Mutex<Option<Tape>>,
    questions: Vec<(i64, MemberIx)>,
    policy: Policy,
    members: Arc<[String]>,
    items: Arc<HashMap<String, usize>>,
}

type Lists = HashMap<(i64, MemberIx), Vec<usize>>;

impl Asked {
    /// Serves every question, with what was known before it.
    fn serve(&self) -> Lists {
        let tape = self.tape.lock().ok().and_then(|mut tape| tape.take());
        let Some(mut tape) = tape else { return Lists::new() };
        let mut lists = Lists::with_capacity(self.questions.len());
        for (at, member) in &self.questions {
            let now = UnixMillis::saturating(*at);
            if tape.feed(now).is_err() {
                break;
            }
            lists.insert((*at, *member), self.list(&tape.engine, now, *member));
        }
        // Everything is in memory: nothing is lost with it.
        let _ = tape.engine.shutdown();
        lists
    }

    fn list(&self, engine: &Engine, now: UnixMillis, member: MemberIx) -> Vec<usize> {
        let mut places = Vec::new();
        for offset in (0..PLACES_MAX).step_by(LIMIT_MAX) {
            let request = ListRequest {
                since: Some(now.plus_ms(-ABSENCE_MAX_MS)),
                limit: LIMIT_MAX,
                offset,
                log: false,
                policy: Some((NAME.to_owned(), self.policy)),
                ..ListRequest::new(ListKind::Missed, MemberId::parse(&self.members[member.ix()]).ok(), now)
            };
            let Ok(list) = engine.list(&request) else { break };
            places.extend(list.items.iter().filter_map(|item| self.items.get(item.id.as_str())));
            if !list.more {
                break;
            }
        }
        places
    }
}

/// Lists that were served.
struct Served {
    asked: Asked,
    lists: OnceLock<Lists>,
}

impl Model for Served {
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        let lists = self.lists.get_or_init(|| self.asked.serve());
        out.fill(f32::NEG_INFINITY);
        for (place, request) in requests.iter().enumerate() {
            let items = request.view.items();
            let row = &mut out[place * items..(place + 1) * items];
            let Some(list) = lists.get(&(request.view.at(), request.member)) else { continue };
            for (rank, item) in list.iter().enumerate() {
                row[*item] = -(rank as f32);
            }
        }
    }
}
