//! RP³β: walks of three steps member → item → member → item, where popular ends count less (Paudel, Christoffel, Newell,
//! Bernstein 2017, "Updatable, Accurate, Diverse, and Scalable Recommendations for Interactive Applications", eq. 11; the
//! power α as Cooper et al. 2014).

mod fit;
mod params;
#[cfg(test)]
mod tests;

pub use params::{AXES, Checked, Params};

use crate::csr::Csr;
use crate::model::{Model, Request};
use crate::neighbors::score;

/// The name in documents.
pub const NAME: &str = "rp3beta";

/// Where walks from each item end.
#[derive(Debug, Clone)]
pub struct Rp3Beta {
    near: Csr,
    weight_power: f64,
}

impl Rp3Beta {
    /// Items × items: the ends each item keeps, and how many walks lead there.
    #[must_use]
    pub const fn near(&self) -> &Csr {
        &self.near
    }
}

impl Model for Rp3Beta {
    fn score(&self, requests: &[Request<'_>], out: &mut [f32]) {
        score(&self.near, self.weight_power, requests, out);
    }
}
