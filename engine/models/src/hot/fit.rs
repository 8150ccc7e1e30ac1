//! Nothing is learned beforehand: what is hot is asked of the moment.

use super::Hot;
use super::params::Checked;
use crate::log::View;
use crate::model::{Context, FitError};

const DAY_MS: f64 = 86_400_000.0;

impl Checked {
    /// The model; it takes its numbers from the requests' own views.
    pub fn fit(&self, _view: &View<'_>, _context: &Context<'_>) -> Result<Hot, FitError> {
        Ok(Hot { gravity: self.0.gravity, recent_ms: (self.0.recent_days * DAY_MS) as i64 })
    }
}
