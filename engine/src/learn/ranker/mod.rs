//! The ranker: how much each signal counts in this community, learned from what members took part in.
//!
//! P(takes part) = σ(base rate + scale · hand-set score + Σ weight · signal), fitted with an L2 penalty on the weights and
//! none on the scale: the hand-set policy is where learning starts, and what it departs from as far as the data say so. A
//! policy's weights keep their meaning, for the scale multiplies them all. Below [`TAKEN_MIN`] examples of taking part
//! nothing is learned, and the hand-set score serves alone.

mod replay;

use anklang_models::logistic::{self, Examples};
use serde::{Deserialize, Serialize};

pub(crate) use self::replay::{Plan, Replay, plan};

use crate::rank::policy::Policy;
use crate::rank::score::{Part, Scored};
use crate::rank::signals::{NAMED, SIGNALS};

/// Examples of taking part below which the hand-set score serves alone: about four for each signal.
const TAKEN_MIN: usize = 100;
/// The L2 penalty, in examples: a signal's weight is held back as if this many spoke for 0.
const PENALTY: f64 = 3.0;
/// Examples that are looked at; of more, a share of those that were passed over.
const EXAMPLES_MAX: usize = 60_000;

/// What an example is made of: the hand-set score and the signals.
const COLUMNS: usize = SIGNALS + 1;

/// Learned weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ranker {
    /// What the hand-set score is multiplied with, 0 or more.
    scale: f32,
    /// One weight a signal.
    weights: Vec<f32>,
    /// Minus what the average candidate gets, so that it scores 0.
    base: f32,
    /// The log-odds of the average candidate.
    pub(crate) log_odds: f32,
    /// Examples of taking part that were learned from.
    pub(crate) taken: u32,
}

impl Ranker {
    /// Learns from examples; none where too few took part, or the numbers do not allow it.
    fn learn(examples: Examples) -> Option<Self> {
        let taken = examples.yes.iter().filter(|yes| **yes).count();
        if taken < TAKEN_MIN {
            return None;
        }
        let (examples, share) = thinned(examples);
        let fitted = logistic::fit(&examples, COLUMNS, &[0], PENALTY).and_then(|fitted| {
            if fitted.weights[0] >= 0.0 {
                Ok(fitted)
            } else {
                logistic::fit(&without_hand(&examples), COLUMNS, &[], PENALTY)
            }
        });
        let fitted = fitted.inspect_err(|error| tracing::warn!(%error, "the ranker could not be learned")).ok()?;
        let average: f64 = fitted.weights.iter().zip(&fitted.means).map(|(weight, mean)| weight * mean).sum();
        Some(Self {
            scale: fitted.weights[0] as f32,
            weights: fitted.weights[1..].iter().map(|weight| *weight as f32).collect(),
            base: -average as f32,
            log_odds: (fitted.intercept + average + share.ln()) as f32,
            taken: taken as u32,
        })
    }

    /// What was measured of a candidate, scored: 0 for the average candidate, 1 for one whose odds are e times as good.
    pub(crate) fn score(&self, by_hand: &Scored, signals: &[f32; SIGNALS], policy: &Policy) -> Scored {
        let mut scored = Scored::new(by_hand.features.clone());
        let mut parts = [0.0_f32; Part::COUNT];
        for (part, value) in by_hand.parts() {
            // Taste is learned from all that happened: of the past it knows the future, so no slate can tell its scale.
            parts[part.place()] += if *part == Part::Taste { *value } else { self.scale * value };
        }
        for ((weight, signal), (_, part)) in self.weights.iter().zip(signals).zip(NAMED) {
            if !policy.is_off(part) {
                parts[part.place()] += weight * signal * if part == Part::People { policy.weights.people } else { 1.0 };
            }
        }
        parts[Part::Base.place()] = self.base;
        for (part, value) in Part::ALL.into_iter().zip(parts) {
            scored.add(part, on_grid(value));
        }
        scored
    }
}

/// A whole multiple of 2⁻¹⁰, so that parts sum to the same in whatever order.
fn on_grid(value: f32) -> f32 {
    (value * 1024.0).round() / 1024.0
}

/// An example: the hand-set score and the signals.
fn example(by_hand: &Scored, signals: &[f32; SIGNALS], policy: &Policy, out: &mut Vec<f32>) {
    out.push(by_hand.score());
    out.extend(signals.iter().zip(NAMED).map(|(signal, (_, part))| if policy.is_off(part) { 0.0 } else { *signal }));
}

/// At most [`EXAMPLES_MAX`], with every one of taking part, and which share of the others was kept.
fn thinned(examples: Examples) -> (Examples, f64) {
    let taken = examples.yes.iter().filter(|yes| **yes).count();
    let passed = examples.yes.len() - taken;
    let room = EXAMPLES_MAX.saturating_sub(taken).max(1);
    if passed <= room {
        return (examples, 1.0);
    }
    let share = room as f64 / passed as f64;
    let (mut kept, mut due) = (Examples::default(), 0.0);
    for (row, yes) in examples.measured.chunks(COLUMNS).zip(examples.yes) {
        due += if yes { 0.0 } else { share };
        if yes || due >= 1.0 {
            due -= if yes { 0.0 } else { 1.0 };
            kept.measured.extend_from_slice(row);
            kept.yes.push(yes);
        }
    }
    (kept, share)
}

fn without_hand(examples: &Examples) -> Examples {
    let mut examples = examples.clone();
    examples.measured.chunks_mut(COLUMNS).for_each(|row| row[0] = 0.0);
    examples
}
