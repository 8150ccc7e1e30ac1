//! Time to an event: the Kaplan–Meier curve, and its restricted mean.

use serde::{Deserialize, Serialize};

use super::effect::Sample;
use super::finding::Why;

/// Units that had the event or left observation, by time since exposure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurvivalSample {
    /// Ascending in time, one step for each time.
    steps: Vec<Step>,
    /// The restricted mean is taken up to here, in the unit of the times.
    horizon: f64,
}

/// What happened at one time since exposure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The time since exposure, in any unit.
    pub at: f64,
    /// Units with the event at this time.
    pub events: u64,
    /// Units last seen at this time without the event. They count as at risk at it.
    pub censored: u64,
}

/// The area under the survival curve up to the horizon: the mean time without the event, of the time up to the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RestrictedMean {
    /// The mean.
    pub mean: f64,
    /// The variance of the mean, after Greenwood.
    pub variance: f64,
}

impl SurvivalSample {
    /// From each unit's time, and whether the event happened at it (or the unit was last seen then without it).
    pub fn of(units: impl IntoIterator<Item = (f64, bool)>, horizon: f64) -> Result<Self, Why> {
        let step = |(at, event): (f64, bool)| Step { at, events: u64::from(event), censored: u64::from(!event) };
        Self::from_steps(units.into_iter().map(step).collect(), horizon)
    }

    /// From counts by time, in any order.
    pub fn from_steps(mut steps: Vec<Step>, horizon: f64) -> Result<Self, Why> {
        let sound = horizon.is_finite() && horizon > 0.0 && steps.iter().all(|step| step.at.is_finite());
        if !sound || steps.iter().any(|step| step.at < 0.0) {
            return Err(Why::NotFinite);
        }
        steps.sort_by(|a, b| a.at.total_cmp(&b.at));
        steps.dedup_by(|later, kept| {
            let same = later.at == kept.at;
            if same {
                kept.events += later.events;
                kept.censored += later.censored;
            }
            same
        });
        Ok(Self { steps, horizon })
    }

    /// Up to where the restricted mean is taken.
    #[must_use]
    pub fn horizon(&self) -> f64 {
        self.horizon
    }

    /// For the methods that work from a mean and the variance of one unit.
    pub(crate) fn sample(&self) -> Result<Sample, Why> {
        let n = self.units();
        if n < 2 {
            return Err(Why::TooFewUnits);
        }
        let RestrictedMean { mean, variance } = self.restricted_mean()?;
        Sample { n, mean, variance: variance * n as f64 }.checked()
    }

    /// Units.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.steps.iter().map(|step| step.events + step.censored).sum()
    }

    /// Both lots of units together; none where the horizons differ.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Option<Self> {
        let steps = self.steps.iter().chain(&other.steps).copied().collect();
        (self.horizon == other.horizon).then(|| Self::from_steps(steps, self.horizon).ok())?
    }

    /// The first time at which half of the units had the event, by the curve; none where so many were not seen to.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let mut at_risk = self.units();
        let mut survival = 1.0;
        for step in &self.steps {
            survival *= 1.0 - step.events as f64 / at_risk as f64;
            if survival <= 0.5 {
                return Some(step.at);
            }
            at_risk -= step.events + step.censored;
        }
        None
    }

    /// The restricted mean. Variance: Σ A(tᵢ)² dᵢ/(nᵢ(nᵢ − dᵢ)), A the area under the curve from tᵢ to the horizon
    /// (Klein and Moeschberger 2003, 4.5.2).
    pub fn restricted_mean(&self) -> Result<RestrictedMean, Why> {
        let mut at_risk = self.units();
        let (mut survival, mut last, mut area) = (1.0, 0.0, 0.0);
        // Of each event: the area up to it, and its term of Greenwood's sum.
        let mut terms = Vec::new();
        for step in self.steps.iter().take_while(|step| step.at <= self.horizon) {
            area += survival * (step.at - last);
            last = step.at;
            let (risk, events) = (at_risk as f64, step.events as f64);
            survival *= 1.0 - events / risk;
            // Where all have the event nothing is left under the curve: the term counts for nothing.
            if step.events > 0 && step.events < at_risk {
                terms.push((area, events / (risk * (risk - events))));
            }
            at_risk -= step.events + step.censored;
        }
        if at_risk == 0 && survival > 0.0 && last < self.horizon {
            return Err(Why::HorizonNotReached);
        }
        area += survival * (self.horizon - last);
        let variance = terms.iter().map(|(before, greenwood)| (area - before).powi(2) * greenwood).sum();
        Ok(RestrictedMean { mean: area, variance })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdata::close;

    fn units() -> impl Iterator<Item = (f64, bool)> {
        (0..200_u32).map(|i| (f64::from(i * 37 % 101) / 4.0 + 0.25 * f64::from(i % 3), i * i % 5 != 0))
    }

    /// Means and median: lifelines 0.28.0, restricted_mean_survival_time and KaplanMeierFitter. Variances: the formula over
    /// its curve in NumPy (lifelines' own variance is that of one unit's time, not of the mean).
    #[test]
    fn lifelines_agrees() {
        for (horizon, mean, variance) in [
            (5.0, 4.587_094_005_579_232, 0.005_988_988_850_285_646),
            (20.0, 13.159_729_114_397_102, 0.225_837_177_121_542_5),
        ] {
            let sample = SurvivalSample::of(units(), horizon).unwrap();
            let got = sample.restricted_mean().unwrap();
            close(got.mean, mean, 1e-12);
            close(got.variance, variance, 1e-10);
            assert_eq!(sample.median(), Some(14.25));
        }
    }

    /// Without censoring the restricted mean is the mean of min(time, horizon), and its variance that mean's.
    #[test]
    fn nobody_leaves_early() {
        let times: Vec<f64> = (0..50).map(|i| f64::from(i * i % 47) + 1.0).collect();
        let sample = SurvivalSample::of(times.iter().map(|time| (*time, true)), 30.0).unwrap();
        let plain = crate::Moments::of(times.iter().map(|time| time.min(30.0)));
        let got = sample.restricted_mean().unwrap();
        close(got.mean, plain.mean, 1e-12);
        close(got.variance, plain.m2 / 2_500.0, 1e-12);
    }

    #[test]
    fn halves_are_the_whole_and_bad_times_are_refused() {
        let part = |wanted: usize| units().enumerate().filter(move |(i, _)| i % 2 == wanted).map(|(_, unit)| unit);
        let halves = [0, 1].map(|half| SurvivalSample::of(part(half), 9.0).unwrap());
        assert_eq!(halves[0].merge(&halves[1]), SurvivalSample::of(units(), 9.0).ok());
        assert_eq!(halves[0].merge(&SurvivalSample::of(units(), 8.0).unwrap()), None);
        for bad in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(SurvivalSample::of([(bad, true)], 9.0), Err(Why::NotFinite));
            assert_eq!(SurvivalSample::of([(1.0, true)], bad), Err(Why::NotFinite));
        }
        let left = SurvivalSample::of([(1.0, true), (2.0, false)], 9.0).unwrap();
        assert_eq!(left.restricted_mean(), Err(Why::HorizonNotReached));
        let gone = SurvivalSample::of([(1.0, true), (2.0, true)], 9.0).unwrap();
        close(gone.restricted_mean().unwrap().mean, 1.5, 1e-15);
        let nobody = SurvivalSample::of([], 9.0).unwrap();
        assert_eq!((nobody.restricted_mean(), nobody.median()), (Err(Why::HorizonNotReached), None));
        let never = SurvivalSample::of([(9.0, false), (10.0, false)], 9.0).unwrap();
        assert_eq!((never.restricted_mean().unwrap().mean, never.median()), (9.0, None));
    }
}
