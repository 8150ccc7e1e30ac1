//! The community's own time: its days and weeks have busy and quiet hours.

use anklang_domain::{HOUR_MS, UnixMillis};

/// Maps the share of all activity that has passed to the moment at which it has.
pub(super) struct Clock {
    start_ms: i64,
    /// Activity up to the end of each hour; the last is all of it.
    passed: Vec<f64>,
}

impl Clock {
    pub(super) fn of(start: UnixMillis, days: u32) -> Self {
        let mut sum = 0.0;
        let hours = i64::from(days) * 24;
        let passed = (0..hours).map(|hour| {
            sum += busy(start.ms().div_euclid(HOUR_MS) + hour);
            sum
        });
        Self { start_ms: start.ms(), passed: passed.collect() }
    }

    /// The moment at which `share` (0 to 1) of all activity has passed.
    pub(super) fn at(&self, share: f64) -> i64 {
        let wanted = share.clamp(0.0, 1.0) * self.passed.last().copied().unwrap_or_default();
        let hour = self.passed.partition_point(|passed| *passed < wanted).min(self.passed.len().saturating_sub(1));
        let before = if hour == 0 { 0.0 } else { self.passed[hour - 1] };
        let within = (wanted - before) / (self.passed[hour] - before);
        self.start_ms + hour as i64 * HOUR_MS + (within.clamp(0.0, 1.0) * HOUR_MS as f64) as i64
    }

    pub(super) fn end(&self) -> i64 {
        self.start_ms + self.passed.len() as i64 * HOUR_MS
    }
}

/// Activity in an hour since 1970, UTC: quiet nights, and weekends at three quarters.
fn busy(hour: i64) -> f64 {
    // 1970 began on a Thursday, 72 hours after a Monday.
    let weekend = (hour + 72).rem_euclid(168) >= 120;
    let of_day = hour.rem_euclid(24) as f64;
    let day = 1.0 + 0.5 * ((of_day - 17.0) / 24.0 * std::f64::consts::TAU).cos();
    if weekend { 0.75 * day } else { day }
}
