//! The engine: a durable journal of facts, views folded from it, and ranked lists made from the views.

mod diversify;
mod engine;
mod explain;
mod find;
pub mod index;
mod interests;
pub mod journal;
mod learn;
pub mod list;
mod rank;
mod recommend;
mod retrieve;
#[cfg(test)]
mod stories;
mod views;

pub use engine::{
    Circle, DoctorReport, Engine, EngineError, Erased, Finding, InterestView, LearnError, Learning, MemberExplanation,
    MemberView, NoProgress, Options, Progress, Renewal, SideView, Stats, doctor,
};
pub use rank::policy::{Policy, PolicyError, Weights};
pub use recommend::{ABSENCE_MAX_MS, ListError, PLACES_MAX};
