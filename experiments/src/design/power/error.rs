//! What may be wrong with a plan.

use super::{LOOKS_MAX, UNITS_MAX};

/// Why a plan makes no sense; whoever wrote the plan must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PowerError {
    /// Level and power are not both in (0, 1), or the power is not above the level.
    #[error("alpha and power must lie in (0, 1), with the power above alpha")]
    Goal,
    /// The mean is not a number, the variance not above 0, or the share not in (0, 1).
    #[error("the baseline needs a finite mean and a variance above 0, or a share in (0, 1)")]
    Baseline,
    /// The weights are not two or more numbers above 0.
    #[error("the weights must be at least two numbers above 0, the control's first")]
    Weights,
    /// The share of variance taken out is not in [0, 1), or the design effect is not 1 or more.
    #[error("the variance reduction must lie in [0, 1), and the design effect be 1 or more")]
    Factor,
    /// The method's parameters make no sense, or there are too many looks.
    #[error("the method's parameters make no sense, or there are more than {LOOKS_MAX} looks")]
    Method,
    /// No effect needs no experiment; a share cannot leave [0, 1].
    #[error("the effect must be a finite number other than 0, and leave a share between 0 and 1")]
    Effect,
    /// The units are no number above 0.
    #[error("the units must be a finite number above 0")]
    Units,
    /// Not with [`UNITS_MAX`] units, or no effect is large enough.
    #[error("no number of units up to {UNITS_MAX:e}, or no effect, is enough")]
    OutOfReach,
}
