//! Nothing is learned beforehand: what is popular is asked of the moment.

use super::Popularity;
use super::params::Checked;
use crate::log::View;
use crate::model::{Context, FitError};

const DAY_MS: f64 = 86_400_000.0;

impl Checked {
    /// The model; it takes its numbers from the requests' own views.
    pub fn fit(&self, _view: &View<'_>, _context: &Context<'_>) -> Result<Popularity, FitError> {
        Ok(Popularity { half_life_ms: self.0.half_life_days * DAY_MS })
    }
}
