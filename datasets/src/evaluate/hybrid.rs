//! The hybrid: the lists that the server would have served, by the code that serves them.
//!
//! An engine in memory is fed a community's facts in their order, learns at the fold's origin from what it holds then, and
//! is asked for its list at every question's moment, when it holds the facts before that moment and nothing else. So there
//! is nothing here that ranks: what is evaluated is the engine.

use std::collections::HashMap;
use std::sync::Arc;

use anklang_domain::{Body, Configuration, Fact, FactId, ItemId, ListKind, MemberId, UnixMillis};
use anklang_engine::list::{LIMIT_MAX, ListRequest};
use anklang_engine::{Engine, NoProgress, Options, PLACES_MAX, Policy};
use anklang_models::{Context, FitError, Model, Request};
use serde_json::{Value, json};

use super::Contender;
use crate::dataset::DataSet;
use crate::split::Fold;

/// The name in documents.
pub const NAME: &str = "hybrid";
/// Facts that are appended at once.
const CHUNK: usize = 2_000;

/// The engine as a contender.
pub struct Hybrid {
    name: String,
    /// What the policy changes of the defaults.
    policy: Value,
    facts: Arc<[Fact]>,
    members: Arc<[String]>,
    items: Arc<HashMap<String, u32>>,
}

/// Why a data set or a policy does not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HybridError {
    /// There are no facts to feed an engine with.
    #[error(
        "hybrid: {data} holds no community, only who dealt with what; it takes a Stack Exchange dump or facts as NDJSON"
    )]
    NoFacts {
        /// The data set.
        data: String,
    },
    /// The policy is none.
    #[error("hybrid: {0}")]
    Policy(String),
}

impl Hybrid {
    /// The engine over this community, its policy changed by a document as a variant of an experiment changes it.
    pub fn new(name: &str, data: &DataSet, policy: Value) -> Result<Self, HybridError> {
        if data.facts.is_empty() {
            return Err(HybridError::NoFacts { data: data.name.clone() });
        }
        let policy = whole(policy);
        Policy::default().changed(&policy).map_err(|error| HybridError::Policy(error.to_string()))?;
        let items = (0..).zip(&data.items).map(|(number, item)| (item.clone(), number)).collect();
        Ok(Self {
            name: name.to_owned(),
            policy,
            facts: data.facts.clone().into(),
            members: data.members.clone().into(),
            items: Arc::new(items),
        })
    }

    fn lists(&self, fold: &Fold, context: &Context<'_>) -> Result<HashMap<(u32, i64), Vec<u32>>, String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let policy = Policy::default().changed(&self.policy).map_err(|error| words(&error))?;
        let engine = Engine::open(Options::in_memory(), &NoProgress).map_err(|error| words(&error))?;
        // The community's own policy, so that learning knows which parts are off.
        engine.submit_wait(vec![self.configured()?], UnixMillis::saturating(0)).map_err(|error| words(&error))?;
        let mut feed = Feed { engine: &engine, left: &self.facts };
        feed.until(fold.train_before)?;
        engine.learn(UnixMillis::saturating(fold.train_before)).map_err(|error| words(&error))?;
        let mut cases: Vec<(i64, u32)> = fold.cases.iter().map(|case| (case.at, case.member.0)).collect();
        cases.sort_unstable();
        let mut lists = HashMap::with_capacity(cases.len());
        for (done, (at, member)) in cases.iter().enumerate() {
            feed.until(*at)?;
            lists.insert((*member, *at), self.list(&engine, *at, *member, &policy)?);
            context.progress.step("hybrid: lists", done as u64 + 1, cases.len() as u64);
        }
        engine.shutdown().map_err(|error| words(&error))?;
        Ok(lists)
    }

    fn configured(&self) -> Result<Fact, String> {
        let configuration = Configuration {
            kind: "policy".to_owned(),
            key: "default".to_owned(),
            version: 1,
            document: Some(self.policy.clone()),
            author: String::new(),
        };
        Ok(Fact {
            id: FactId::parse("evaluated:policy").map_err(|error| error.to_string())?,
            at: UnixMillis::saturating(0),
            received_at: None,
            source: NAME.to_owned(),
            body: Body::Configured(configuration),
        })
    }

    /// The places of a list, best first.
    fn list(&self, engine: &Engine, at: i64, member: u32, policy: &Policy) -> Result<Vec<u32>, String> {
        let member = MemberId::parse(&self.members[member as usize]).map_err(|error| error.to_string())?;
        let now = UnixMillis::saturating(at);
        let mut request = ListRequest::new(ListKind::Missed, Some(member), now);
        request.since = Some(UnixMillis::saturating(i64::MIN));
        (request.limit, request.log, request.seed) = (LIMIT_MAX, false, Some(0));
        request.policy = Some((NAME.to_owned(), *policy));
        let mut places = Vec::new();
        while request.offset < PLACES_MAX {
            let list = engine.list(&request).map_err(|error| error.to_string())?;
            places.extend(list.items.iter().filter_map(|item| self.number(&item.id)));
            if !list.more {
                break;
            }
            request.offset += LIMIT_MAX;
        }
        Ok(places)
    }

    fn number(&self, item: &ItemId) -> Option<u32> {
        self.items.get(item.as_str()).copied()
    }
}

/// The policy with what an evaluation needs where it does not say otherwise: other models rank every candidate, so the list
/// neither ends at an absence or a floor, nor gives places to chance.
fn whole(policy: Value) -> Value {
    let mut whole = json!({"absence_days_max": 36_500.0, "relevance_floor": -1e6, "discovery_share": 0.0});
    if let (Value::Object(whole), Value::Object(policy)) = (&mut whole, policy) {
        whole.extend(policy);
    }
    whole
}

/// Facts on their way into an engine.
struct Feed<'a> {
    engine: &'a Engine,
    left: &'a [Fact],
}

impl Feed<'_> {
    /// Appends what happened before a moment.
    fn until(&mut self, at: i64) -> Result<(), String> {
        let count = self.left.partition_point(|fact| fact.effective_at().ms() < at);
        let (now, later) = self.left.split_at(count);
        for chunk in now.chunks(CHUNK) {
            let last = chunk.last().map_or(at, |fact| fact.effective_at().ms());
            self.engine.submit_wait(chunk.to_vec(), UnixMillis::saturating(last)).map_err(|error| error.to_string())?;
        }
        self.left = later;
        Ok(())
    }
}

impl Contender for Hybrid {
    fn name(&self) -> &str {
        &self.name
    }

    fn document(&self) -> Value {
        json!({"model": NAME, "name": self.name, "policy": self.policy})
    }

    /// Of the cases it looks at who asks and when, never at what would be right.
    fn fit(&self, fold: &Fold, context: &Context<'_>) -> Result<Box<dyn Model>, FitError> {
        match self.lists(fold, context) {
            Ok(lists) => Ok(Box::new(Served(lists))),
            Err(what) => Err(FitError::Elsewhere { model: NAME, what }),
        }
    }
}

/// Lists by who asks and when.
struct Served(HashMap<(u32, i64), Vec<u32>>);

impl Model for Served {
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        let Some(items) = requests.first().map(|request| request.view.items()).filter(|items| *items > 0) else {
            return;
        };
        out.fill(f32::NEG_INFINITY);
        for (request, row) in requests.iter().zip(out.chunks_mut(items)) {
            let list = self.0.get(&(request.member.0, request.view.at()));
            for (place, item) in list.into_iter().flatten().enumerate() {
                row[*item as usize] = -(place as f32);
            }
        }
    }
}
