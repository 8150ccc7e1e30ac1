//! What the server counts, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anklang_engine::Stats;

/// Upper bounds of the latency histogram, in seconds: fine around the promise of 10 ms.
const LATENCY_S: [f64; 14] = [0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; LATENCY_S.len()],
    count: u64,
    sum_s: f64,
}

impl Histogram {
    fn observe(&mut self, seconds: f64) {
        self.count += 1;
        self.sum_s += seconds;
        for (bucket, bound) in self.buckets.iter_mut().zip(LATENCY_S) {
            *bucket += u64::from(seconds <= bound);
        }
    }
}

#[derive(Debug, Default)]
struct Routes {
    answers: BTreeMap<(&'static str, &'static str, u16), u64>,
    latency: BTreeMap<(&'static str, &'static str), Histogram>,
}

/// The server's own counters; the engine's are asked for when they are shown.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    // One short lock an answer: some ten nanoseconds, against an answer's millisecond.
    routes: Mutex<Routes>,
    accepted: AtomicU64,
    duplicates: AtomicU64,
    rejected: AtomicU64,
    busy: AtomicU64,
    overloaded: AtomicU64,
}

impl Metrics {
    pub(crate) fn answered(&self, method: &'static str, path: &'static str, status: u16, took: Duration) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        *routes.answers.entry((method, path, status)).or_default() += 1;
        routes.latency.entry((method, path)).or_default().observe(took.as_secs_f64());
    }

    pub(crate) fn ingested(&self, accepted: u64, duplicates: u64) {
        self.accepted.fetch_add(accepted, Ordering::Relaxed);
        self.duplicates.fetch_add(duplicates, Ordering::Relaxed);
    }

    pub(crate) fn rejected(&self, count: u64) {
        self.rejected.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn refused_busy(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused_overloaded(&self) {
        self.overloaded.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything, as Prometheus reads it.
    pub(crate) fn render(&self, stats: &Stats, in_flight: usize, streams: usize) -> String {
        let mut out = String::new();
        self.routes_into(&mut out);
        let own = [
            ("anklang_facts_accepted_total", "Facts made durable by requests.", &self.accepted),
            ("anklang_facts_duplicate_total", "Facts sent again, by id.", &self.duplicates),
            ("anklang_events_rejected_total", "Lines and events refused as invalid.", &self.rejected),
            ("anklang_queue_full_total", "Requests refused because the queue was full (429).", &self.busy),
            ("anklang_overloaded_total", "Requests refused because too many were in flight (503).", &self.overloaded),
        ];
        for (name, help, number) in own {
            family(&mut out, name, help, "counter");
            line(&mut out, name, number.load(Ordering::Relaxed));
        }
        family(&mut out, "anklang_requests_in_flight", "Requests being answered.", "gauge");
        line(&mut out, "anklang_requests_in_flight", in_flight);
        family(&mut out, "anklang_streams_open", "Streams of flag changes that are open.", "gauge");
        line(&mut out, "anklang_streams_open", streams);
        engine_into(&mut out, stats);
        out
    }

    fn routes_into(&self, out: &mut String) {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let name = "anklang_http_requests_total";
        family(out, name, "Requests by route and status.", "counter");
        for ((method, path, status), count) in &routes.answers {
            let _ = writeln!(out, "{name}{{method=\"{method}\",route=\"{path}\",status=\"{status}\"}} {count}");
        }
        let name = "anklang_http_request_seconds";
        family(out, name, "Time to the first byte of the answer, by route.", "histogram");
        for ((method, path), histogram) in &routes.latency {
            let labels = format!("method=\"{method}\",route=\"{path}\"");
            for (bound, count) in LATENCY_S.iter().zip(histogram.buckets) {
                let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
            }
            let _ = writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", histogram.count);
            let _ = writeln!(out, "{name}_sum{{{labels}}} {}", histogram.sum_s);
            let _ = writeln!(out, "{name}_count{{{labels}}} {}", histogram.count);
        }
    }
}

/// The engine's numbers: every number of its statistics is a gauge of that name, so a new one shows up by itself.
fn engine_into(out: &mut String, stats: &Stats) {
    let Ok(serde_json::Value::Object(numbers)) = serde_json::to_value(stats) else { return };
    for (key, value) in numbers {
        if value.is_number() {
            let name = format!("anklang_engine_{key}");
            family(out, &name, "See anklang_engine::Stats.", "gauge");
            line(out, &name, value);
        }
    }
}

fn family(out: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(out: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "{name} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_count_everything() {
        let metrics = Metrics::default();
        for ms in [1, 4, 9_000] {
            metrics.answered("GET", "/v1/trending", 200, Duration::from_millis(ms));
        }
        let text = metrics.render(&Stats::default(), 2, 3);
        let has = |line: &str| assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        let labels = "method=\"GET\",route=\"/v1/trending\"";
        has(&format!("anklang_http_requests_total{{{labels},status=\"200\"}} 3"));
        has(&format!("anklang_http_request_seconds_bucket{{{labels},le=\"0.001\"}} 1"));
        has(&format!("anklang_http_request_seconds_bucket{{{labels},le=\"0.005\"}} 2"));
        has(&format!("anklang_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} 3"));
        has("anklang_requests_in_flight 2");
        has("anklang_streams_open 3");
    }
}
