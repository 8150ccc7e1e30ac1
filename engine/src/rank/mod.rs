//! Ranking: what may be listed, how well it suits, and how that came about.

pub(crate) mod features;
pub(crate) mod filter;
pub(crate) mod hot;
pub(crate) mod policy;
pub(crate) mod rising;
pub(crate) mod score;
pub(crate) mod signals;
