//! Inference that stays valid however often one looks, and whenever one stops.

pub mod asymptotic;
pub mod group;
pub mod mixture;
pub mod msprt;
