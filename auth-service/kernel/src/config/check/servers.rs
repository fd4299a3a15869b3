//! What the service listens on, and what it talks to.

use super::{DAY, Findings, HOUR};
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
    counts(settings, found);
    spans(settings, found);
}

/// More than any machine has. What is made of them at the start would end the process.
const MAX_THREADS: usize = 1024;
const MAX_CONNECTIONS: u32 = 10_000;

fn counts(settings: &Settings, found: &mut Findings) {
    let (database, passwords) = (&settings.database, &settings.passwords);
    found.expect(
        (1..=MAX_CONNECTIONS).contains(&database.max_connections),
        "database.max_connections",
        format!("must be from 1 to {MAX_CONNECTIONS}"),
    );
    found.expect(
        database.replicas >= 1,
        "database.replicas",
        "must be at least 1",
    );
    for (key, threads) in [
        ("http.workers", settings.http.workers),
        ("passwords.hash_workers", passwords.hash_workers),
    ] {
        found.expect(
            threads <= MAX_THREADS,
            key,
            format!("must be at most {MAX_THREADS}, or 0 for one a core"),
        );
    }
}

fn spans(settings: &Settings, found: &mut Findings) {
    let (database, http) = (&settings.database, &settings.http);
    let lookup = settings.revocation.lookup_timeout;
    for (key, span, most) in [
        ("database.acquire_timeout", database.acquire_timeout, HOUR),
        (
            "database.statement_timeout",
            database.statement_timeout,
            HOUR,
        ),
        ("revocation.lookup_timeout", lookup, HOUR),
        (
            "passwords.queue_deadline",
            settings.passwords.queue_deadline,
            HOUR,
        ),
        ("http.keep_alive", http.keep_alive, DAY),
    ] {
        found.expect(
            !span.is_zero(),
            key,
            "must be more than 0s: nothing could be answered",
        );
        found.at_most(key, span, most, "");
    }
    for (key, span) in [
        ("http.shutdown_timeout", http.shutdown_timeout),
        ("http.shutdown_grace", http.shutdown_grace),
    ] {
        found.at_most(key, span, HOUR, ": a replica must end");
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
