//! Which models.

use std::path::{Path, PathBuf};

use anklang_datasets::dataset::DataSet;
use anklang_datasets::evaluate::hybrid::{self, Hybrid};
use anklang_datasets::evaluate::{Contender, Named, NamedError};
use anklang_models::Spec;
use clap::Args;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::nearest::nearest;

/// The name that stands for every model there is.
const ALL: &str = "all";

#[derive(Debug, Args)]
pub(super) struct ModelArgs {
    /// A model, with its defaults or as ease:l2=200,…; may be repeated; all: every model with its defaults
    #[arg(long = "model", value_name = "NAME[:PARAMETER=VALUE,…]")]
    models: Vec<String>,
    /// A file of models as `anklang tune` writes it: a list of {"model": NAME, PARAMETER: VALUE, …}
    #[arg(long, value_name = "FILE")]
    specs: Vec<PathBuf>,
}

impl ModelArgs {
    /// Whoever is named, the hybrid among them: the engine over the data set's own community.
    pub(super) fn contenders(&self, data: &DataSet) -> Result<Vec<Box<dyn Contender>>, Failure> {
        let (hybrids, models): (Vec<String>, Vec<String>) =
            self.models.iter().cloned().partition(|text| is_hybrid(text));
        let hybrids = hybrids.iter().map(|text| hybrid(text, data)).collect::<Result<Vec<_>, _>>()?;
        let mut named = named(&models)?;
        for path in &self.specs {
            named.extend(read(path)?);
        }
        if named.is_empty() && hybrids.is_empty() {
            let known = names().join(", ");
            return Err(Failure::Use(format!(
                "which models? --model all, or one or more of {}, {known}",
                hybrid::NAME
            )));
        }
        let named = named.into_iter().map(|model| Box::new(model) as Box<dyn Contender>);
        Ok(hybrids.into_iter().chain(named).collect())
    }
}

fn is_hybrid(text: &str) -> bool {
    text.split_once(':').map_or(text, |(name, _)| name) == hybrid::NAME
}

/// `hybrid`, or `hybrid:PART=WEIGHT,…`: the default policy, with other weights; 0 takes a part away. `learned=0` leaves the
/// weights as they are set by hand.
fn hybrid(text: &str, data: &DataSet) -> Result<Box<dyn Contender>, Failure> {
    let bad = |what: String| Failure::Use(format!("--model {text}: {what}"));
    let settings = text.split_once(':').map_or("", |(_, settings)| settings);
    let (mut weights, mut policy, mut learned) = (serde_json::Map::new(), serde_json::Map::new(), true);
    for setting in settings.split(',').filter(|setting| !setting.is_empty()) {
        let (part, weight) = setting.split_once('=').ok_or_else(|| bad(format!("{setting:?} is not like hot=0")))?;
        let weight: f64 = weight.parse().map_err(|_| bad(format!("{weight:?} is no number")))?;
        match part {
            "learned" => learned = weight != 0.0,
            "diversity" | "tag_share_max" | "relevance_floor" | "fresh_half_life_hours" => {
                policy.insert(part.to_owned(), weight.into());
            }
            part => {
                weights.insert(part.to_owned(), weight.into());
            }
        }
    }
    // Chance has no part in what is compared.
    policy.extend([
        ("weights".to_owned(), Value::Object(weights)),
        ("learned".to_owned(), learned.into()),
        ("discovery_share".to_owned(), 0.0.into()),
    ]);
    let made = Hybrid::new(text, data, Value::Object(policy)).map_err(|error| bad(error.to_string()))?;
    Ok(Box::new(made))
}

fn names() -> Vec<&'static str> {
    Spec::all().iter().map(Spec::name).collect()
}

/// The models of texts.
pub(in crate::cli) fn named(texts: &[String]) -> Result<Vec<Named>, Failure> {
    let mut named = Vec::new();
    for text in texts {
        if text == ALL {
            named.extend(Spec::all().into_iter().map(Named::from));
        } else {
            named.push(model(text)?);
        }
    }
    Ok(named)
}

fn model(text: &str) -> Result<Named, Failure> {
    let name = text.split_once(':').map_or(text, |(name, _)| name);
    let known = names();
    if !known.contains(&name) {
        let hint = nearest(name, known.iter().copied())
            .map_or_else(|| format!("; there are {}", known.join(", ")), |near| format!("; did you mean {near}?"));
        return Err(Failure::Use(format!("--model: there is no model {name:?}{hint}")));
    }
    text.parse().map_err(|error: NamedError| Failure::Use(format!("--model {error}")))
}

/// The models of a file.
pub(in crate::cli) fn read(path: &Path) -> Result<Vec<Named>, Failure> {
    let place = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Failure::File { place: place.clone(), error })?;
    let bad = |what: String| Failure::Use(format!("{place}: {what}"));
    match serde_json::from_str(&text).map_err(|error| bad(error.to_string()))? {
        Value::Array(documents) => {
            documents.iter().map(|it| of_document(it).map_err(|error| bad(error.to_string()))).collect()
        }
        document => Ok(vec![of_document(&document).map_err(|error| bad(error.to_string()))?]),
    }
}

fn of_document(document: &Value) -> Result<Named, NamedError> {
    Named::of_document(document)
}

/// Makes the contender of a report's document again.
pub(super) fn contender(document: &Value, data: &DataSet) -> Result<Box<dyn Contender>, String> {
    if document["model"] == hybrid::NAME {
        let name = document["name"].as_str().unwrap_or(hybrid::NAME);
        let hybrid = Hybrid::new(name, data, document["policy"].clone()).map_err(|error| error.to_string())?;
        return Ok(Box::new(hybrid));
    }
    Ok(Box::new(Named::of_document(document).map_err(|error| error.to_string())?))
}
