//! Inference that stays valid however often one looks, and whenever one stops.

pub mod asymptotic;
pub mod msprt;
