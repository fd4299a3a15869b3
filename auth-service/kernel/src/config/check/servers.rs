//! What the service listens on, and what it talks to.

use super::Findings;
use crate::config::{Settings, Telemetry};

/// How the URL of a Redis may begin; `kv` says what each means.
const REDIS: [&str; 7] = [
    "redis",
    "rediss",
    "unix",
    "redis-sentinel",
    "rediss-sentinel",
    "redis-cluster",
    "rediss-cluster",
];

pub(super) fn connections(settings: &Settings, found: &mut Findings) {
    let (database, redis) = (&settings.database, settings.redis.url.as_deref());
    let scheme = |url: &str| url.split_once("://").map(|(scheme, _)| scheme.to_owned());
    let is = |url: &str, names: &[&str]| scheme(url).is_some_and(|s| names.contains(&&*s));
    found.expect(
        is(&database.url, &["sqlite", "postgres", "postgresql"]),
        "database.url",
        "must begin with sqlite:// or postgres://",
    );
    found.expect(
        !database.url.chars().any(char::is_control),
        "database.url",
        "must be one line, without tabs and other control characters",
    );
    if let Some(path) = database.url.strip_prefix("sqlite://") {
        let fault = fault_of_path(path);
        found.expect(fault.is_none(), "database.url", fault.unwrap_or_default());
    }
    found.expect(
        redis.is_none_or(|url| is(url, &REDIS)),
        "redis.url",
        "must begin with redis://, redis-sentinel://, redis-cluster:// or one of them with \
         rediss, or with unix://, or be left out",
    );
    found.expect(
        settings.listen != settings.internal_listen || settings.listen.port() == 0,
        "internal_listen",
        "must differ from `listen`: probes and metrics are not for the public",
    );
    let (connections, replicas) = (database.max_connections, database.replicas);
    found.expect(
        connections >= 1,
        "database.max_connections",
        "must be at least 1",
    );
    found.expect(replicas >= 1, "database.replicas", "must be at least 1");
    for (key, span) in [
        ("database.acquire_timeout", database.acquire_timeout),
        ("database.statement_timeout", database.statement_timeout),
        (
            "revocation.lookup_timeout",
            settings.revocation.lookup_timeout,
        ),
        (
            "passwords.queue_deadline",
            settings.passwords.queue_deadline,
        ),
        ("http.keep_alive", settings.http.keep_alive),
    ] {
        found.expect(
            !span.is_zero(),
            key,
            "must be more than 0s: nothing could be answered",
        );
    }
}

/// What other programs read into a path, and would be a part of the file's name here: people would
/// find their accounts in another file than they think.
fn fault_of_path(path: &str) -> Option<&'static str> {
    if path.is_empty() || path.ends_with('/') {
        return Some("must name a file behind sqlite://, such as sqlite:///var/lib/auth/auth.db");
    }
    if path.starts_with(':') {
        return Some("must name a file behind sqlite://: nothing is kept in memory alone");
    }
    if path.starts_with("file:") || path.starts_with("~") {
        return Some("must have the plain path of a file behind sqlite://, without `file:` or `~`");
    }
    if path.contains(['?', '#', '%']) {
        return Some(
            "must have the plain path of a file behind sqlite://: no options such as `?mode=rwc`, \
             and characters as they are instead of `%20`",
        );
    }
    None
}

pub(super) fn telemetry(settings: &Settings, found: &mut Findings) {
    let Telemetry {
        otlp_endpoint,
        sample_ratio,
    } = &settings.telemetry;
    let is_http = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    found.expect(
        (otlp_endpoint.as_ref()).is_none_or(|url| is_http(url) && !url.contains('@')),
        "telemetry.otlp_endpoint",
        "must begin with http:// or https:// and hold no password (what a collector asks for \
         goes into OTEL_EXPORTER_OTLP_HEADERS), or be left out",
    );
    found.expect(
        (0.0..=1.0).contains(sample_ratio),
        "telemetry.sample_ratio",
        "must be from 0 to 1",
    );
}
