//! The engine: a durable journal of facts, views folded from it, and ranked lists made from the views.

pub mod index;
pub mod journal;
pub mod list;
