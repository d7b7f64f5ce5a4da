//! Figures for Prometheus (text format 0.0.4): requests by route and status, their durations, and the size of the log.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the classes of durations, in seconds.
const CLASSES: [f64; 10] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Clone, Debug, Default)]
struct Durations {
    classes: [u64; CLASSES.len()],
    count: u64,
    seconds: f64,
}

#[derive(Debug, Default)]
struct Figures {
    /// By method, route and status.
    requests: BTreeMap<(String, String, u16), u64>,
    /// By route.
    durations: BTreeMap<String, Durations>,
}

/// What was counted since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<Figures>);

impl Metrics {
    /// Counts a request. `route` is a pattern of the table, never a path, so that there are few.
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let mut figures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = figures.requests.entry((method.to_owned(), route.to_owned(), status)).or_default();
        *count = count.saturating_add(1);
        let durations = figures.durations.entry(route.to_owned()).or_default();
        let seconds = took.as_secs_f64();
        for (class, end) in durations.classes.iter_mut().zip(CLASSES) {
            *class = class.saturating_add(u64::from(seconds <= end));
        }
        durations.count = durations.count.saturating_add(1);
        durations.seconds += seconds;
    }

    /// The text; `gauges` are names and values to add.
    pub(crate) fn text(&self, gauges: &[(&str, u64)]) -> String {
        let figures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::from("# TYPE sukashi_http_requests_total counter\n");
        for ((method, route, status), count) in &figures.requests {
            let _ = writeln!(
                text,
                "sukashi_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}"
            );
        }
        text += "# TYPE sukashi_http_request_seconds histogram\n";
        for (route, durations) in &figures.durations {
            for (class, end) in durations.classes.iter().zip(CLASSES) {
                let _ = writeln!(
                    text,
                    "sukashi_http_request_seconds_bucket{{route=\"{route}\",le=\"{end}\"}} {class}"
                );
            }
            let Durations { count, seconds, .. } = durations;
            let _ = writeln!(
                text,
                "sukashi_http_request_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} {count}"
            );
            let _ = writeln!(text, "sukashi_http_request_seconds_sum{{route=\"{route}\"}} {seconds}");
            let _ = writeln!(text, "sukashi_http_request_seconds_count{{route=\"{route}\"}} {count}");
        }
        for (name, value) in gauges {
            let _ = writeln!(text, "# TYPE {name} gauge\n{name} {value}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_class() {
        let metrics = Metrics::default();
        metrics.request("GET", "/a/{id}", 200, Duration::from_millis(3));
        metrics.request("GET", "/a/{id}", 200, Duration::from_millis(300));
        let text = metrics.text(&[("sukashi_log_entries", 7)]);
        for line in [
            "sukashi_http_requests_total{method=\"GET\",route=\"/a/{id}\",status=\"200\"} 2",
            "sukashi_http_request_seconds_bucket{route=\"/a/{id}\",le=\"0.005\"} 1",
            "sukashi_http_request_seconds_bucket{route=\"/a/{id}\",le=\"0.5\"} 2",
            "sukashi_http_request_seconds_bucket{route=\"/a/{id}\",le=\"+Inf\"} 2",
            "sukashi_log_entries 7",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
    }
}
