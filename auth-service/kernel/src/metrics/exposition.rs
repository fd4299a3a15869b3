//! The Prometheus text format: the only place that knows it.

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge, Opts, TextEncoder};

use super::{Metrics, Sample};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Metrics {
    /// Everything, as Prometheus reads it.
    pub fn render(&self, sample: &Sample) -> String {
        let mut families = self.registry.gather();
        families.extend(sampled(sample));
        families.extend(build());
        #[cfg(target_os = "linux")]
        families.extend(super::process::families());
        families.sort_by(|one, other| one.name().cmp(other.name()));
        let text = TextEncoder::new().encode_to_string(&families);
        text.expect("each family has a name and a metric")
    }
}

fn sampled(sample: &Sample) -> Vec<MetricFamily> {
    let table = [
        (
            "auth_db_connections_in_use",
            "Database connections that requests hold.",
            Some(sample.connections_in_use as f64),
        ),
        (
            "auth_db_connections_open",
            "Database connections that are open.",
            Some(sample.connections_open as f64),
        ),
        (
            "auth_db_connections_max",
            "Database connections that may be open.",
            Some(sample.connections_max as f64),
        ),
        (
            "auth_hash_queue_depth",
            "Password hashes that wait for a thread.",
            Some(sample.hashes_waiting as f64),
        ),
        (
            "auth_denylist_entries",
            "Revocations that some living access token may match.",
            Some(sample.denylist_entries as f64),
        ),
        (
            "auth_revocation_feed_consumers",
            "Open streams of the revocation feed.",
            Some(sample.feed_consumers as f64),
        ),
        (
            "auth_revocation_feed_backlog_entries",
            "Revocations that the slowest consumer of the feed has not been sent yet.",
            Some(sample.feed_backlog as f64),
        ),
        (
            "auth_revocation_lag_seconds",
            "How long ago the database was asked for revocations with success.",
            sample.revocation_lag.map(|lag| lag.as_secs_f64()),
        ),
        (
            "auth_revocation_redis_up",
            "Whether Redis carries revocations between replicas.",
            sample
                .redis_is_heard
                .map(|heard| f64::from(u8::from(heard))),
        ),
        (
            "auth_signing_key_age_seconds",
            "How long the signing key has signed.",
            sample.key_age.map(|age| age.as_secs_f64()),
        ),
        (
            "auth_signing_key_rotation_seconds",
            "Time until the next signing key takes over; negative when it is overdue.",
            sample.key_rotates_in,
        ),
    ];
    let there = table
        .into_iter()
        .filter_map(|(name, help, value)| Some(gauge(Opts::new(name, help), value?)));
    let lost = counter(
        "auth_log_lines_lost_total",
        "Lines of the log that nobody read in time, or that could not be written.",
        sample.log_lines_lost as f64,
    );
    there.flatten().chain(lost).collect()
}

fn build() -> Vec<MetricFamily> {
    let about = Opts::new("auth_build_info", "The version that runs; always 1.");
    gauge(about.const_label("version", env!("CARGO_PKG_VERSION")), 1.0)
}

/// A value that was looked at just now.
pub(super) fn gauge(about: Opts, value: f64) -> Vec<MetricFamily> {
    let gauge = Gauge::with_opts(about).expect("a name and labels of ours");
    gauge.set(value);
    gauge.collect()
}

/// A count that was looked at just now.
pub(super) fn counter(name: &str, help: &str, value: f64) -> Vec<MetricFamily> {
    let counter = Counter::new(name, help).expect("a name of ours");
    counter.inc_by(value);
    counter.collect()
}
