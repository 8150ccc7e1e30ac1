//! Models as command lines and files write them: `popularity:half_life_days=7`, or `{"model": "popularity", …}`.

use std::str::FromStr;

use anklang_models::{Context, FitError, Model, Spec};
use serde_json::{Map, Value};

use super::Contender;
use crate::split::Fold;

/// The field that names the model in documents.
const TAG: &str = "model";
/// The field that says what reports call it.
const NAME: &str = "name";

/// A model by its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// What reports call it.
    pub name: String,
    /// The model.
    pub spec: Spec,
}

/// Why something is no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}: {what}")]
pub struct NamedError {
    /// What was given.
    pub text: String,
    /// What is wrong with it, and what would be right.
    pub what: String,
}

impl Named {
    /// The model of a document: a spec, with `name` beside `model` where reports are to call it otherwise.
    pub fn of_document(document: &Value) -> Result<Self, NamedError> {
        let bad = |what: String| NamedError { text: document.to_string(), what };
        let Value::Object(mut fields) = document.clone() else {
            return Err(bad("a model is an object with the field \"model\"".to_owned()));
        };
        let name = match fields.remove(NAME) {
            None => None,
            Some(Value::String(name)) if !name.is_empty() => Some(name),
            Some(_) => return Err(bad("field \"name\" must be a text".to_owned())),
        };
        let spec: Spec = serde_json::from_value(Value::Object(fields)).map_err(|error| bad(error.to_string()))?;
        Ok(Self { name: name.unwrap_or_else(|| spec.name().to_owned()), spec })
    }

    /// The document it can be made of again.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut document = serde_json::to_value(&self.spec).unwrap_or_default();
        if let (Value::Object(fields), true) = (&mut document, self.name != self.spec.name()) {
            fields.insert(NAME.to_owned(), self.name.clone().into());
        }
        document
    }
}

impl From<Spec> for Named {
    fn from(spec: Spec) -> Self {
        Self { name: spec.name().to_owned(), spec }
    }
}

impl FromStr for Named {
    type Err = NamedError;

    /// `NAME` with all defaults, or `NAME:parameter=value,…`; reports call it by that text.
    fn from_str(text: &str) -> Result<Self, NamedError> {
        let bad = |what: String| NamedError { text: text.to_owned(), what };
        let (model, settings) = text.split_once(':').unwrap_or((text, ""));
        let mut document = Map::from_iter([(TAG.to_owned(), Value::from(model))]);
        for setting in settings.split(',').filter(|setting| !setting.is_empty()) {
            let Some((key, value)) = setting.split_once('=') else {
                return Err(bad(format!("{setting:?} is not a parameter like half_life_days=7")));
            };
            let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            if document.insert(key.to_owned(), value).is_some() {
                return Err(bad(format!("{key} is set twice")));
            }
        }
        let spec = serde_json::from_value(Value::Object(document)).map_err(|error| bad(error.to_string()))?;
        Ok(Self { name: text.to_owned(), spec })
    }
}

impl Contender for Named {
    fn name(&self) -> &str {
        &self.name
    }

    fn document(&self) -> Value {
        Self::document(self)
    }

    fn fit(&self, fold: &Fold, context: &Context<'_>) -> Result<Box<dyn Model>, FitError> {
        self.spec.fit(&fold.train.before(fold.train_before), context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_written_in_two_ways() {
        let model: Named = "popularity:half_life_days=7".parse().unwrap();
        assert_eq!(model.name, "popularity:half_life_days=7");
        let document = model.document();
        assert_eq!(document["half_life_days"], 7.0);
        assert_eq!(Named::of_document(&document), Ok(model));
        let plain: Named = "popularity".parse().unwrap();
        assert!(plain.document().get("name").is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |text: &str| text.parse::<Named>().unwrap_err().to_string();
        assert!(wrong("popularty").contains("expected"), "{}", wrong("popularty"));
        assert!(wrong("popularity:halflife=7").contains("half_life_days"), "{}", wrong("popularity:halflife=7"));
        assert!(wrong("popularity:7").contains("is not a parameter"));
        assert!(wrong("popularity:half_life_days=7,half_life_days=8").contains("twice"));
        assert!(wrong("popularity:half_life_days=soon").contains("soon"));
        assert!(Named::of_document(&serde_json::json!([1])).is_err());
        assert!(Named::of_document(&serde_json::json!({"model": "popularity", "name": 3})).is_err());
    }
}
