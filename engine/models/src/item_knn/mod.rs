//! ItemKNN: what has been met by those who met what the member met (Sarwar et al. 2001; Deshpande and Karypis 2004, with
//! shrinkage and weighting as tuned by Ferrari Dacrema et al. 2019).

mod fit;
mod params;
#[cfg(test)]
mod tests;

pub use params::{AXES, Checked, Params, Weighting};

use crate::csr::Csr;
use crate::model::{Model, Request};
use crate::neighbors::score;

/// The name in documents.
pub const NAME: &str = "item_knn";

/// Each item's nearest.
#[derive(Debug, Clone)]
pub struct ItemKnn {
    near: Csr,
    weight_power: f64,
}

impl ItemKnn {
    /// Items × items: the neighbours each keeps, and how near they are.
    #[must_use]
    pub const fn near(&self) -> &Csr {
        &self.near
    }
}

impl Model for ItemKnn {
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        score(&self.near, self.weight_power, requests, out);
    }
}
