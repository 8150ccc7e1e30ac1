//! The server: HTTP and the command line around the engine.
//!
//! Read [`cli`] for what the binary does, `api/endpoint.rs` for everything that answers over HTTP (one table, from which
//! routing, access, metrics and `/openapi.json` are made), `api/track` for how analytics events become facts, and
//! `app.rs` for the use cases behind them. actix is named in this package alone.

mod api;
mod app;
pub mod cli;
pub mod clock;
pub mod config;
mod control;
mod exposures;
mod flags;
mod jobs;
pub mod keys;
mod metrics;
mod nearest;
mod planning;
mod ranking;
mod server;
#[cfg(test)]
mod stories;
mod trials;

pub use server::ServeError;
