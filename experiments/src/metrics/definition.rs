//! What a metric is, as a document.

use anklang_domain::DAY_MS;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::event::Event;
use crate::design::error::{DesignError, read};
pub use crate::infer::non_inferiority::Better;

/// How long before the exposure a unit's past is looked at, unless the metric says otherwise.
pub const PRE_DAYS_DEFAULT: u32 = 14;
/// At most so long.
pub const PRE_DAYS_MAX: u32 = 90;
/// Windows, horizons and retention reach at most so far.
pub const DAYS_MAX: u32 = 730;
/// Steps of a funnel.
pub const STEPS_MAX: usize = 10;

/// How engagements become a number per unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Metric {
    /// What it counts.
    #[serde(flatten)]
    pub kind: Kind,
    /// Everything else.
    #[serde(flatten)]
    pub terms: Terms,
}

/// What every kind of metric has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    /// What people call it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Which way is better.
    pub better: Better,
    /// What is done about extreme units; for means and ratios.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<Cap>,
    /// Only what happens so long after the exposure counts; all of it where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_days: Option<f64>,
    /// What happens so soon after the exposure does not count yet.
    pub delay_hours: f64,
    /// Whether units that have not had their whole window yet are left out. Else they count with what they did so far,
    /// which makes an effect that takes time look smaller while units still come in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mature_only: bool,
    /// How long before the exposure a unit's past is looked at, to reduce the variance; 0 for not at all.
    pub pre_days: u32,
}

const TERMS: [&str; 7] = ["name", "better", "cap", "window_days", "delay_hours", "mature_only", "pre_days"];

impl Default for Terms {
    fn default() -> Self {
        Self {
            name: String::new(),
            better: Better::Higher,
            cap: None,
            window_days: None,
            delay_hours: 0.0,
            mature_only: false,
            pre_days: PRE_DAYS_DEFAULT,
        }
    }
}

/// What a metric counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// A number per unit.
    Mean {
        /// What counts.
        event: Event,
        /// How several add up.
        #[serde(default)]
        of: Aggregate,
    },
    /// Whether a unit did something often enough.
    Proportion {
        /// What counts.
        event: Event,
        /// How often it must be done.
        #[serde(default = "once")]
        at_least: u32,
    },
    /// One sum over units divided by another, such as clicks a list. A unit with nothing below the line still counts.
    Ratio {
        /// What counts above the line.
        numerator: Term,
        /// What counts below.
        denominator: Term,
    },
    /// A quantile of the values sent with events, of units that have any; or of each unit's sum of them, 0 where there is
    /// none.
    Quantile {
        /// What counts.
        event: Event,
        /// Which quantile, in (0, 1).
        q: f64,
        /// Of what.
        #[serde(default)]
        per: Per,
    },
    /// Whether a unit came back. Units are counted once the day asked for is over, so it has neither window nor delay.
    Retention {
        /// What counts as coming back.
        #[serde(default = "any_event")]
        event: Event,
        /// After so many days.
        day: u32,
        /// Exactly then, or from then on.
        #[serde(default)]
        retained: RetentionKind,
    },
    /// Whether a unit went through steps in their order, each at or after the one before it. A step that is there twice
    /// takes two events; an event that fits two different steps may be both.
    Funnel {
        /// The steps.
        steps: Vec<Event>,
    },
    /// How long it took, in days, restricted to a horizon: the mean time without the event, so less is sooner. Units that
    /// have been looked at for less than the horizon count for as long as they were (Kaplan and Meier 1958).
    TimeToEvent {
        /// What was waited for.
        event: Event,
        /// The mean is taken over so many days (restricted mean survival time).
        horizon_days: f64,
    },
}

/// One side of a ratio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// What counts.
    pub event: Event,
    /// How several add up.
    #[serde(default)]
    pub of: Aggregate,
}

/// How several events of a unit add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Their number.
    #[default]
    Count,
    /// The sum of their values.
    Sum,
    /// The largest of their values.
    Max,
    /// The number of days (of 24 hours from the exposure) with at least one.
    Days,
}

/// Of what a quantile is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Of the events' values; the variance is clustered by unit.
    #[default]
    Event,
    /// Of the units' sums.
    Unit,
}

/// When a unit must come back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionKind {
    /// Within the 24 hours that begin so many days after the exposure.
    #[default]
    Day,
    /// On any of the days from the first to that day.
    Rolling,
    /// At any time from then on.
    Unbounded,
}

/// What is done about extreme units: values above are taken as if they were there. The past is held alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// At this value; of a ratio, what is above the line.
    Value(f64),
    /// At this quantile of all units of all arms together, zeros included (winsorising); of a ratio, each side at its own.
    Quantile(f64),
}

const fn once() -> u32 {
    1
}

fn any_event() -> Event {
    Event::verb("*")
}

impl Metric {
    /// Reads a metric and checks it.
    pub fn parse(document: &Value) -> Result<Self, DesignError> {
        let Value::Object(fields) = document else {
            return Err(DesignError::at("", "a metric is an object with a kind, such as mean"));
        };
        // Read in two parts, so that a field that neither knows is an error.
        let (terms, kind): (Map<_, _>, Map<_, _>) =
            fields.clone().into_iter().partition(|(name, _)| TERMS.contains(&name.as_str()));
        let is_said = terms.contains_key("better");
        let mut metric = Self { kind: read(&Value::Object(kind))?, terms: read(&Value::Object(terms))? };
        if !is_said && matches!(metric.kind, Kind::TimeToEvent { .. }) {
            metric.terms.better = Better::Lower; // what is waited for is better had sooner
        }
        metric.check_times()?;
        metric.check_kind()?;
        metric.check_cap()?;
        for (at, event) in metric.events().iter().enumerate() {
            event.check(&format!("event {at}"))?;
        }
        Ok(metric)
    }

    fn check_times(&self) -> Result<(), DesignError> {
        let days = |days: f64| days.is_finite() && days > 0.0 && days <= f64::from(DAYS_MAX);
        if self.terms.window_days.is_some_and(|window| !days(window)) {
            return Err(DesignError::at("window_days", format!("above 0 and at most {DAYS_MAX}")));
        }
        if !(self.terms.delay_hours >= 0.0 && self.terms.delay_hours <= f64::from(DAYS_MAX) * 24.0) {
            return Err(DesignError::at("delay_hours", format!("between 0 and {DAYS_MAX} days")));
        }
        if self.terms.window_days.is_some_and(|window| window * 24.0 <= self.terms.delay_hours) {
            return Err(DesignError::at("delay_hours", "the delay reaches beyond the window: nothing would count"));
        }
        if self.terms.mature_only && self.terms.window_days.is_none() {
            return Err(DesignError::at("mature_only", "a unit is mature when its window is over: give window_days"));
        }
        if self.terms.pre_days > PRE_DAYS_MAX {
            return Err(DesignError::at("pre_days", format!("at most {PRE_DAYS_MAX}")));
        }
        Ok(())
    }

    fn check_kind(&self) -> Result<(), DesignError> {
        let within = |field: &str, days: f64| {
            let sound = days.is_finite() && days > 0.0 && days <= f64::from(DAYS_MAX);
            if sound { Ok(()) } else { Err(DesignError::at(field, format!("above 0 and at most {DAYS_MAX} days"))) }
        };
        match &self.kind {
            Kind::Mean { .. } | Kind::Ratio { .. } => Ok(()),
            Kind::Proportion { at_least: 0, .. } => Err(DesignError::at("at_least", "at least 1")),
            Kind::Proportion { .. } => Ok(()),
            Kind::Quantile { q, .. } if !(*q > 0.0 && *q < 1.0) => {
                Err(DesignError::at("q", format!("between 0 and 1, such as 0.9; this is {q}")))
            }
            Kind::Quantile { .. } => Ok(()),
            Kind::Retention { .. } if self.terms.window_days.is_some() || self.terms.delay_hours > 0.0 => {
                Err(DesignError::at("window_days", "retention is of a day: it has neither window nor delay"))
            }
            Kind::Retention { day, .. } => within("day", f64::from(*day)),
            Kind::Funnel { steps } if steps.is_empty() || steps.len() > STEPS_MAX => {
                Err(DesignError::at("steps", format!("a funnel has 1 to {STEPS_MAX} steps")))
            }
            Kind::Funnel { .. } => Ok(()),
            Kind::TimeToEvent { .. } if self.terms.mature_only => {
                Err(DesignError::at("mature_only", "a time to an event takes units for as long as they were looked at"))
            }
            Kind::TimeToEvent { horizon_days, .. }
                if self.terms.window_days.is_some_and(|window| window < *horizon_days) =>
            {
                Err(DesignError::at("window_days", "the window ends before the horizon, which would never be reached"))
            }
            Kind::TimeToEvent { horizon_days, .. } => within("horizon_days", *horizon_days),
        }
    }

    fn check_cap(&self) -> Result<(), DesignError> {
        let Some(cap) = self.terms.cap else { return Ok(()) };
        match (&self.kind, cap) {
            (Kind::Mean { .. } | Kind::Ratio { .. }, Cap::Value(value)) if value.is_finite() && value > 0.0 => Ok(()),
            (Kind::Mean { .. } | Kind::Ratio { .. }, Cap::Quantile(q)) if q > 0.5 && q < 1.0 => Ok(()),
            (Kind::Mean { .. } | Kind::Ratio { .. }, Cap::Value(_) | Cap::Quantile(_)) => {
                Err(DesignError::at("cap", r#"{"value": above 0} or {"quantile": above 0.5 and below 1}"#))
            }
            (
                Kind::Proportion { .. }
                | Kind::Quantile { .. }
                | Kind::Retention { .. }
                | Kind::Funnel { .. }
                | Kind::TimeToEvent { .. },
                Cap::Value(_) | Cap::Quantile(_),
            ) => Err(DesignError::at("cap", "only means and ratios are capped")),
        }
    }

    /// The events it counts, in the order in which [`super::value`] wants their logs.
    #[must_use]
    pub fn events(&self) -> Vec<&Event> {
        match &self.kind {
            Kind::Mean { event, .. }
            | Kind::Proportion { event, .. }
            | Kind::Quantile { event, .. }
            | Kind::Retention { event, .. }
            | Kind::TimeToEvent { event, .. } => vec![event],
            Kind::Ratio { numerator, denominator } => vec![&numerator.event, &denominator.event],
            Kind::Funnel { steps } => steps.iter().collect(),
        }
    }

    /// The moments that count, in milliseconds from the exposure: from, and before.
    #[must_use]
    pub fn window_ms(&self) -> (i64, i64) {
        let from = (self.terms.delay_hours * (DAY_MS / 24) as f64) as i64;
        let before = self.terms.window_days.map_or(i64::MAX, |days| (days * DAY_MS as f64) as i64);
        (from, before)
    }

    /// How far back before an exposure its logs must reach, in milliseconds.
    #[must_use]
    pub const fn lookback_ms(&self) -> i64 {
        self.terms.pre_days as i64 * DAY_MS
    }
}
