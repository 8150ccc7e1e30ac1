//! What a simulated community is to be like.

use anklang_domain::UnixMillis;

/// The most members that are simulated; each takes about 250 bytes.
pub const MEMBERS_MAX: u32 = 5_000_000;
/// The most discussions that are simulated; each takes about 50 bytes.
pub const DISCUSSIONS_MAX: u32 = 20_000_000;
/// The most engagements that are simulated; they take no memory.
pub const ENGAGEMENTS_MAX: u64 = 2_000_000_000;
/// The longest time that is simulated, in days.
pub const DAYS_MAX: u32 = 3_650;

/// What a community is to be like; [`Params::check`] makes it a [`ValidParams`].
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    /// How many people; three in five are there from the start, the others join over time.
    pub members: u32,
    /// How many discussions are opened, evenly over the time.
    pub discussions: u32,
    /// How many engagements, about: what is begun in the last hours falls off the end.
    pub engagements: u64,
    /// How many days it all takes.
    pub days: u32,
    /// The same parameters and seed give the same facts, byte for byte.
    pub seed: u64,
    /// When it begins. Founders join in the thirty days before.
    pub start: UnixMillis,
    /// The share of members who speak German, and of discussions in German; the others are in English.
    pub german: f64,
    /// The share of members who declare their interests when they join.
    pub declaring: f64,
    /// Position bias: place k of a list is looked at with probability 1/k^η.
    pub position_bias: f64,
}

impl Default for Params {
    /// A small lively community: enough for believable lists, done in a moment.
    fn default() -> Self {
        Self {
            members: 400,
            discussions: 1_200,
            engagements: 30_000,
            days: 60,
            seed: 1,
            start: UnixMillis::saturating(1_767_571_200_000), // 2026-01-05, a Monday
            german: 0.25,
            declaring: 0.4,
            position_bias: 1.0,
        }
    }
}

/// Which parameter is out of range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{name} must lie from {min} to {max}; got {got}")]
pub struct ParamsError {
    /// The parameter's name.
    pub name: &'static str,
    /// The least that is taken.
    pub min: f64,
    /// The most that is taken.
    pub max: f64,
    /// What was given.
    pub got: f64,
}

/// Parameters that have been checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidParams(Params);

impl Params {
    /// Checks every parameter against its limits.
    pub fn check(self) -> Result<ValidParams, ParamsError> {
        for (name, got, min, max) in [
            ("members", f64::from(self.members), 2.0, f64::from(MEMBERS_MAX)),
            ("discussions", f64::from(self.discussions), 1.0, f64::from(DISCUSSIONS_MAX)),
            ("engagements", self.engagements as f64, 0.0, ENGAGEMENTS_MAX as f64),
            ("days", f64::from(self.days), 1.0, f64::from(DAYS_MAX)),
            ("german", self.german, 0.0, 1.0),
            ("declaring", self.declaring, 0.0, 1.0),
            ("position_bias", self.position_bias, 0.0, 4.0),
        ] {
            if !(min..=max).contains(&got) {
                return Err(ParamsError { name, min, max, got });
            }
        }
        Ok(ValidParams(self))
    }
}

impl std::ops::Deref for ValidParams {
    type Target = Params;
    fn deref(&self) -> &Params {
        &self.0
    }
}
