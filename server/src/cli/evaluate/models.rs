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
    /// A model, with its defaults or as ease:lambda=200,…; may be repeated; all: every model with its defaults
    #[arg(long = "model", value_name = "NAME[:PARAMETER=VALUE,…]")]
    models: Vec<String>,
    /// A file of models as `anklang tune` writes it: a list of {"model": NAME, PARAMETER: VALUE, …}
    #[arg(long, value_name = "FILE")]
    specs: Vec<PathBuf>,
}

impl ModelArgs {
    /// Who takes part, in the order of the command line.
    pub(super) fn contenders(&self, data: &DataSet) -> Result<Vec<Box<dyn Contender>>, Failure> {
        let mut contenders: Vec<Box<dyn Contender>> = Vec::new();
        for text in &self.models {
            if text.split(':').next() == Some(hybrid::NAME) {
                let hybrid = Hybrid::of_text(data, text).map_err(|error| Failure::Use(format!("--model {error}")))?;
                contenders.push(Box::new(hybrid));
            } else {
                contenders.extend(named(std::slice::from_ref(text))?.into_iter().map(boxed));
            }
        }
        for path in &self.specs {
            contenders.extend(read(path)?.into_iter().map(boxed));
        }
        if contenders.is_empty() {
            let names = names().join(", ");
            return Err(Failure::Use(format!(
                "which models? --model all, or one or more of {}, {names}",
                hybrid::NAME
            )));
        }
        Ok(contenders)
    }
}

fn boxed(model: Named) -> Box<dyn Contender> {
    Box::new(model)
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
pub(super) fn contender(data: &DataSet, document: &Value) -> Result<Box<dyn Contender>, NamedError> {
    if document.get("model").and_then(Value::as_str) == Some(hybrid::NAME) {
        return Ok(Box::new(Hybrid::of_document(data, document)?));
    }
    Ok(Box::new(Named::of_document(document)?))
}
