//! Every model by its name and parameters.

use serde::{Deserialize, Serialize};

use crate::log::View;
use crate::model::{Context, FitError, Model};
use crate::{
    als, blend, bm25, content_ridge, ease, graph_filter, hot, item_knn, popularity, recent, rp3beta, sansa, transitions,
};

/// A model that may be fitted: `{"model": "popularity", "half_life_days": 7}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "snake_case")]
pub enum Spec {
    /// What most deal with of late.
    Popularity(popularity::Params),
    /// Factors by alternating least squares.
    Als(als::Params),
    /// Items met by the same members.
    ItemKnn(item_knn::Params),
    /// Walks of three steps.
    Rp3beta(rp3beta::Params),
    /// Discourse's hot list.
    Hot(hot::Params),
    /// The latest first.
    Recent(recent::Params),
    /// Every item as a weighted sum of all others.
    Ease(ease::Params),
    /// The same where the catalogue is too large for it, nearly.
    Sansa(sansa::Params),
    /// What passes a filter on the graph of items that share members.
    GraphFilter(graph_filter::Params),
    /// Tags as words.
    Bm25(bm25::Params),
    /// Preferences for content.
    ContentRidge(content_ridge::Params),
    /// What follows on what.
    Transitions(transitions::Params),
    /// Several models as one.
    Blend(blend::Params),
}

impl Spec {
    /// Every model, with its defaults; not the blend, which is nothing by itself.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::Popularity(popularity::Params::default()),
            Self::Als(als::Params::default()),
            Self::ItemKnn(item_knn::Params::default()),
            Self::Rp3beta(rp3beta::Params::default()),
            Self::Hot(hot::Params::default()),
            Self::Recent(recent::Params::default()),
            Self::Ease(ease::Params::default()),
            Self::Sansa(sansa::Params::default()),
            Self::GraphFilter(graph_filter::Params::default()),
            Self::Bm25(bm25::Params::default()),
            Self::ContentRidge(content_ridge::Params::default()),
            Self::Transitions(transitions::Params::default()),
        ]
    }

    /// The model's name, as `model` names it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Popularity(_) => popularity::NAME,
            Self::Als(_) => als::NAME,
            Self::Hot(_) => hot::NAME,
            Self::Recent(_) => recent::NAME,
            Self::Rp3beta(_) => rp3beta::NAME,
            Self::ItemKnn(_) => item_knn::NAME,
            Self::Ease(_) => ease::NAME,
            Self::Sansa(_) => sansa::NAME,
            Self::GraphFilter(_) => graph_filter::NAME,
            Self::Bm25(_) => bm25::NAME,
            Self::ContentRidge(_) => content_ridge::NAME,
            Self::Transitions(_) => transitions::NAME,
            Self::Blend(_) => blend::NAME,
        }
    }

    /// Fits the model to what a view holds.
    pub fn fit(&self, view: &View<'_>, context: &Context<'_>) -> Result<Box<dyn Model>, FitError> {
        match self {
            Self::Popularity(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::ItemKnn(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::Rp3beta(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::Recent(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::Hot(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::Als(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::Ease(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::Sansa(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::GraphFilter(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::Bm25(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::ContentRidge(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::Transitions(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
            Self::Blend(params) => Ok(Box::new(params.check()?.fit(view, context)?)),
        }
    }

    /// What a search may vary, each with the values worth trying, from careful to bold.
    #[must_use]
    pub const fn axes(&self) -> &'static [Axis] {
        match self {
            Self::Popularity(_) => popularity::AXES,
            Self::Als(_) => als::AXES,
            Self::Hot(_) => hot::AXES,
            Self::Recent(_) => recent::AXES,
            Self::Rp3beta(_) => rp3beta::AXES,
            Self::ItemKnn(_) => item_knn::AXES,
            Self::Ease(_) => ease::AXES,
            Self::Sansa(_) => sansa::AXES,
            Self::GraphFilter(_) => graph_filter::AXES,
            Self::Bm25(_) => bm25::AXES,
            Self::ContentRidge(_) => content_ridge::AXES,
            Self::Transitions(_) => transitions::AXES,
            Self::Blend(_) => &[],
        }
    }
}

/// A parameter that a search may vary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// The parameter's name, as documents write it.
    pub field: &'static str,
    /// Where to look.
    pub range: Range,
}

/// Where a search looks for a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// From one number to another, evenly.
    Even(f64, f64),
    /// From one number to another, evenly in their logarithms.
    Log(f64, f64),
    /// Whole numbers from one to another, evenly in their logarithms.
    Whole(u32, u32),
    /// One of these.
    Of(&'static [f64]),
}
