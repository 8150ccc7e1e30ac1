//! Before an experiment runs: how many units it needs, and what it could see.

pub mod power;
