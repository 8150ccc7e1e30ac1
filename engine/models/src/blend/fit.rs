//! Every part by itself.

use super::Blend;
use super::params::Checked;
use crate::log::View;
use crate::model::{Context, FitError};

impl Checked {
    /// The model; the memory allowed is that of each part.
    pub fn fit(&self, view: &View<'_>, context: &Context<'_>) -> Result<Blend, FitError> {
        let parts = self.0.parts.iter().map(|part| Ok((part.weight as f32, part.of.fit(view, context)?)));
        Ok(Blend { parts: parts.collect::<Result<_, FitError>>()? })
    }
}
