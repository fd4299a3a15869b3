//! HTTP requests, by the template of their route.

use std::cell::RefCell;
use std::time::Duration;

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
};

use super::instruments::{SECONDS, registered};

/// The methods that are told apart (RFC 9110 §9.3, RFC 5789).
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Every other method, and whatever a client makes up: as OpenTelemetry calls it.
const OTHER: &str = "_OTHER";

/// The method as a label: one of a closed list.
pub fn method(given: &str) -> &'static str {
    let known = METHODS.iter().find(|known| **known == given);
    known.copied().unwrap_or(OTHER)
}

/// Requests, counted and timed.
pub struct Requests {
    counts: IntCounterVec,
    durations: HistogramVec,
}

/// Requests of one route, as one HTTP worker counts them: it keeps the series that it has seen,
/// so that none is looked up by its labels again.
pub struct Route {
    template: &'static str,
    counts: IntCounterVec,
    durations: HistogramVec,
    series: RefCell<Vec<Series>>,
}

#[derive(Clone)]
struct Series {
    method: &'static str,
    status: u16,
    count: IntCounter,
    duration: Histogram,
}

impl Requests {
    pub(super) fn new(registry: &Registry) -> Self {
        let counts = Opts::new("http_requests_total", "Requests answered, by route.");
        let durations = HistogramOpts::new(
            "http_request_duration_seconds",
            "How long requests took until their answer began, by route.",
        );
        let durations = durations.buckets(SECONDS.into());
        Self {
            counts: registered(
                registry,
                IntCounterVec::new(counts, &["method", "route", "status"]),
            ),
            durations: registered(registry, HistogramVec::new(durations, &["method", "route"])),
        }
    }

    /// The route with this template, such as `/v1/me/sessions/{id}`: never a path as it came.
    pub fn route(&self, template: &'static str) -> Route {
        Route {
            template,
            counts: self.counts.clone(),
            durations: self.durations.clone(),
            series: RefCell::default(),
        }
    }
}

impl Route {
    /// Counts a request that was answered.
    pub fn answered(&self, method: &str, status: u16, took: Duration) {
        let method = self::method(method);
        let mut all = self.series.borrow_mut();
        let is_it = |series: &&Series| series.status == status && series.method == method;
        let series = match all.iter().find(is_it) {
            Some(series) => series,
            None => {
                all.push(self.series(method, status));
                &all[all.len() - 1]
            }
        };
        series.count.inc();
        series.duration.observe(took.as_secs_f64());
    }

    fn series(&self, method: &'static str, status: u16) -> Series {
        let route = self.template;
        Series {
            method,
            status,
            count: (self.counts).with_label_values(&[method, route, &status.to_string()]),
            duration: self.durations.with_label_values(&[method, route]),
        }
    }
}
