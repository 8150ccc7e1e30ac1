//! Nothing is learned beforehand: what is recent is asked of the moment.

use super::Recent;
use super::params::Checked;
use crate::log::View;
use crate::model::{Context, FitError};

impl Checked {
    /// The model; it takes its numbers from the requests' own views.
    pub fn fit(&self, _view: &View<'_>, _context: &Context<'_>) -> Result<Recent, FitError> {
        Ok(Recent { by: self.0.by })
    }
}
