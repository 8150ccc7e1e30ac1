//! Models of who cares for what: sparse matrices in, scores out.
//!
//! Everything here is pure: no file, no clock, no thread of its own that outlives a call, no chance but a seed. The same
//! code trains what the server serves and what is evaluated offline.
//!
//! - [`log`]: what happened, in order, and what the items are; a [`View`] is what was known before a moment, and a model
//!   is given nothing else, so it cannot see the future.
//! - [`model`]: the trait, what a request is, what can go wrong.
//! - [`spec`]: every model by its name and parameters, as files and command lines write them.
//! - one folder a model: `params.rs` (what may be set, and where it may lie), `fit.rs` (from a view to a model),
//!   `mod.rs` (from a request to scores).
//!
//! [`clusters`] is no ranking: it finds who resembles whom.
//!
//! What it does not do: it reads no data set (`anklang-datasets` does) and keeps no model on disk.

pub mod als;
pub mod blend;
pub mod bm25;
pub mod clusters;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod content_ridge;
pub mod csr;
mod dense;
pub mod ease;
pub mod graph_filter;
pub mod hot;
pub mod item_knn;
pub mod log;
pub mod logistic;
pub mod model;
mod neighbors;
pub mod popularity;
pub mod recent;
pub mod ridge;
pub mod rp3beta;
pub mod sansa;
mod signal;
pub mod spec;
pub mod transitions;
pub mod words;

pub use csr::Csr;
pub use log::{Event, ItemFacts, ItemIx, Log, LogError, MemberIx, View};
pub use model::{Context, FitError, Model, Progress, Quiet, Request};
pub use spec::Spec;
