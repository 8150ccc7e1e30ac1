//! Experiments on pages: redirects and visual changes that nobody asks for by name.

use serde::Serialize;
use url::Url;

use super::Evaluator;
use crate::assign::definition::{Change, Experiment};
use crate::assign::result::{ExperimentResult, Run};

/// What an experiment changes on the page at hand.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageChange<'a> {
    /// The experiment and its outcome.
    #[serde(flatten)]
    pub run: Run<'a>,
    /// Where the visitor is to be sent, as the variation has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_redirect: Option<&'a str>,
    /// The same with the page's query, where the experiment keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_with_params: Option<String>,
}

impl<'a> Evaluator<'a> {
    /// Runs the payload's experiments on pages. A unit that takes part in a redirect takes part in none behind it.
    pub fn page(&mut self) -> Vec<PageChange<'a>> {
        let mut changes = Vec::new();
        let payload = self.payload;
        for experiment in payload.experiments.iter().filter(|experiment| experiment.change != Change::Nothing) {
            let result = self.experiment(experiment);
            if !result.in_experiment {
                continue;
            }
            changes.push(self.change(experiment, result));
            if matches!(experiment.change, Change::Redirect { .. }) {
                break;
            }
        }
        changes
    }

    fn change(&self, experiment: &'a Experiment, result: ExperimentResult<'a>) -> PageChange<'a> {
        let url = result.value.and_then(|value| value.get("urlRedirect")?.as_str());
        let keeps_query = experiment.change == Change::Redirect { keeps_query: true };
        let with_params = |url: &str| if keeps_query { merge_queries(self.context.url, url) } else { url.to_owned() };
        PageChange { run: Run { experiment, result }, url_redirect: url, url_with_params: url.map(with_params) }
    }
}

/// The new address with those parameters of the old one that it does not name itself, the first of each name. Left as it
/// is where either is no whole address.
#[must_use]
pub fn merge_queries(old: &str, new: &str) -> String {
    let (Ok(old), Ok(mut merged)) = (Url::parse(old), Url::parse(new)) else { return new.to_owned() };
    let mut parameters: Vec<(String, String)> = merged.query_pairs().into_owned().collect();
    let own = parameters.len();
    for (name, value) in old.query_pairs() {
        if !parameters.iter().any(|(taken, _)| *taken == name) {
            parameters.push((name.into_owned(), value.into_owned()));
        }
    }
    if parameters.len() > own {
        merged.query_pairs_mut().clear().extend_pairs(&parameters);
    }
    merged.into()
}
