//! What the server counts, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anklang_engine::Stats;

/// Upper bounds of the latency histogram, in seconds: fine around the promise of 10 ms.
const LATENCY_S: [f64; 14] = [0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// How often each took at most so long; the last is for what took longer than any bound.
#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; LATENCY_S.len() + 1],
    sum_ns: AtomicU64,
}

impl Histogram {
    fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        // Nearly every answer is in the first.
        let at = LATENCY_S.iter().position(|bound| seconds <= *bound).unwrap_or(LATENCY_S.len());
        if let Some(bucket) = self.buckets.get(at) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        // 2^64 ns are five hundred years.
        self.sum_ns.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
    }
}

/// What was answered on one method of one address.
#[derive(Debug, Default)]
pub(crate) struct Route {
    /// Answers with 200, counted without a lock: nearly all.
    fine: AtomicU64,
    others: Mutex<BTreeMap<u16, u64>>,
    latency: Histogram,
}

impl Route {
    pub(crate) fn answered(&self, status: u16, took: Duration) {
        if status == 200 {
            self.fine.fetch_add(1, Ordering::Relaxed);
        } else {
            *self.others.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1;
        }
        self.latency.observe(took);
    }

    /// How often it answered with each status; nothing where it never answered.
    fn answers(&self) -> BTreeMap<u16, u64> {
        let mut answers = self.others.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let fine = self.fine.load(Ordering::Relaxed);
        if fine > 0 {
            answers.insert(200, fine);
        }
        answers
    }
}

type Routes = BTreeMap<(&'static str, &'static str), Arc<Route>>;

/// The server's own counters; the engine's are asked for when they are shown.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    routes: Mutex<Routes>,
    accepted: AtomicU64,
    duplicates: AtomicU64,
    rejected: AtomicU64,
    busy: AtomicU64,
    overloaded: AtomicU64,
}

impl Metrics {
    /// The counters of a route, to be asked for once and kept.
    pub(crate) fn route(&self, method: &'static str, path: &'static str) -> Arc<Route> {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(routes.entry((method, path)).or_default())
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
        for ((method, path), route) in routes.iter() {
            for (status, count) in route.answers() {
                let _ = writeln!(out, "{name}{{method=\"{method}\",route=\"{path}\",status=\"{status}\"}} {count}");
            }
        }
        let name = "anklang_http_request_seconds";
        family(out, name, "Time to the first byte of the answer, by route.", "histogram");
        for ((method, path), Route { latency, .. }) in routes.iter().map(|(key, route)| (key, route.as_ref())) {
            let labels = format!("method=\"{method}\",route=\"{path}\"");
            let bounds = LATENCY_S.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
            let mut count = 0;
            for (bound, bucket) in bounds.zip(&latency.buckets) {
                count += bucket.load(Ordering::Relaxed);
                let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
            }
            let sum_s = Duration::from_nanos(latency.sum_ns.load(Ordering::Relaxed)).as_secs_f64();
            let _ = writeln!(out, "{name}_sum{{{labels}}} {sum_s}\n{name}_count{{{labels}}} {count}");
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
            metrics.route("GET", "/v1/trending").answered(200, Duration::from_millis(ms));
        }
        let text = metrics.render(&Stats::default(), 2, 3);
        let has = |line: &str| assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        let labels = "method=\"GET\",route=\"/v1/trending\"";
        has(&format!("anklang_http_requests_total{{{labels},status=\"200\"}} 3"));
        has(&format!("anklang_http_request_seconds_bucket{{{labels},le=\"0.001\"}} 1"));
        has(&format!("anklang_http_request_seconds_bucket{{{labels},le=\"0.005\"}} 2"));
        has(&format!("anklang_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} 3"));
        has(&format!("anklang_http_request_seconds_sum{{{labels}}} 9.005"));
        has(&format!("anklang_http_request_seconds_count{{{labels}}} 3"));
        has("anklang_requests_in_flight 2");
        has("anklang_streams_open 3");
    }
}
