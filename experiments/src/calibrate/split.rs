//! Sample-ratio alarms where nothing is wrong.

use super::draw::Draw;
use super::measure::{Bound, Count, Measure};
use crate::health::srm::{SampleRatio, SequentialSrm, srm};
use crate::health::{ALARM_P, Severity};

/// Units that an experiment has in the end, in portions of 64.
const PORTIONS: u64 = 160;
/// Portions a day, where it is looked at daily.
const PORTIONS_A_DAY: u64 = 6;
/// Experiments in one run: alarms at a level of .001 are rare.
const REPEATS: u64 = 10;
/// A level at which alarms are less rare.
const OFTEN_P: f64 = 0.05;

pub(super) fn measures(peeking: bool) -> Vec<Measure> {
    if peeking {
        return vec![Measure::new("split: χ² alarms (.05) under daily looks", OFTEN_P, Bound::AtMostByChance)];
    }
    vec![
        Measure::new("split: χ² alarms at one look, .001", ALARM_P, Bound::Equal),
        Measure::new("split: χ² alarms at one look, .05", OFTEN_P, Bound::Within(0.005)),
        Measure::new("split: χ² alarms of three arms, .05", OFTEN_P, Bound::Within(0.005)),
        Measure::new("split: sequential alarms, .001, a look every 64 units", ALARM_P, Bound::AtMost),
        Measure::new("split: sequential alarms, .05, a look every 64 units", OFTEN_P, Bound::AtMost),
        // χ² spends a level on the first day, it and the sequential test another one on all later days.
        Measure::new("split: alarms shown on any of 27 days", 2.0 * ALARM_P, Bound::AtMostByChance),
    ]
}

pub(super) fn run(peeking: bool, draw: &mut Draw, counts: &mut [Count]) {
    for _ in 0..REPEATS {
        if peeking {
            counts[0].note(two_arms(draw).often_daily);
            continue;
        }
        let alarms = two_arms(draw);
        let hits = [
            alarms.end < ALARM_P.ln(),
            alarms.end < OFTEN_P.ln(),
            three_arms(draw) < OFTEN_P.ln(),
            alarms.sequential < ALARM_P.ln(),
            alarms.sequential < OFTEN_P.ln(),
            alarms.shown,
        ];
        counts.iter_mut().zip(hits).for_each(|(count, hit)| count.note(hit));
    }
}

struct Alarms {
    /// ln p of χ² at the end.
    end: f64,
    /// The smallest ln p of the sequential test.
    sequential: f64,
    /// Whether an alarm was shown on any day.
    shown: bool,
    /// Whether χ² on any day was below .05.
    often_daily: bool,
}

fn two_arms(draw: &mut Draw) -> Alarms {
    let (weights, mut units) = ([0.5, 0.5], [0_u64; 2]);
    let (mut days, mut seen) = (Vec::new(), units);
    let (mut sequential, mut worth_asking) = (SequentialSrm::default(), false);
    let mut alarms = Alarms { end: 0.0, sequential: 0.0, shown: false, often_daily: false };
    for portion in 1..=PORTIONS {
        let heads = draw.heads_of_64();
        units = [units[0] + heads, units[1] + 64 - heads];
        // Both weights are sound: no look can fail.
        let _ = sequential.look(&units, &weights);
        if portion % PORTIONS_A_DAY == 0 || portion == PORTIONS {
            alarms.end = srm(&units, &weights).map_or(f64::MIN, |found| found.ln_p);
            alarms.often_daily |= alarms.end < OFTEN_P.ln();
            worth_asking |= alarms.end.min(sequential.ln_p) < ALARM_P.ln();
            days.push(vec![units[0] - seen[0], units[1] - seen[1]]);
            seen = units;
        }
    }
    // As the health of an experiment is told on each day.
    let sick = |upto| SampleRatio::of(&days[..upto], &weights).is_ok_and(|found| found.severity() == Severity::Alarm);
    alarms.shown = worth_asking && (1..=days.len()).any(sick);
    alarms.sequential = sequential.ln_p;
    alarms
}

/// ln p of χ² at 50, 30 and 20%.
fn three_arms(draw: &mut Draw) -> f64 {
    let mut units = [0_u64; 3];
    for _ in 0..2_000 {
        let at = draw.unit();
        units[usize::from(at >= 0.5) + usize::from(at >= 0.8)] += 1;
    }
    srm(&units, &[0.5, 0.3, 0.2]).map_or(f64::MIN, |found| found.ln_p)
}
