//! Whether settings make sense together. What only production asks for is in `production`.

use std::fmt;
use std::time::Duration;

use super::durations::text;
use super::issuer::{Issuer, is_origin};
use super::secrets::{EncryptionKey, decode_key};
use super::{ForwardAuth, Limit, Mode, Rate, Settings, Telemetry, housekeeping, production, tls};

/// What is wrong with one setting, in a sentence that says what to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting's dotted name.
    pub key: &'static str,
    /// What it must be, and why where that is not plain.
    pub advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.key, self.advice)
    }
}

/// Problems as they are found.
#[derive(Default)]
pub(super) struct Findings(Vec<Problem>);

impl Findings {
    /// Notes a problem unless `holds`.
    pub(super) fn expect(&mut self, holds: bool, key: &'static str, advice: impl Into<String>) {
        if !holds {
            let advice = advice.into();
            self.0.push(Problem { key, advice });
        }
    }

    pub(super) fn at_least(
        &mut self,
        key: &'static str,
        span: Duration,
        least: Duration,
        why: &str,
    ) {
        let advice = format!(
            "is {}, but must be at least {}{why}",
            text(span),
            text(least)
        );
        self.expect(span >= least, key, advice);
    }

    pub(super) fn at_most(&mut self, key: &'static str, span: Duration, most: Duration, why: &str) {
        let advice = format!("is {}, but must be at most {}{why}", text(span), text(most));
        self.expect(span <= most, key, advice);
    }
}

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

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Settings {
    /// Every problem of these settings; those that only matter for real users count in production
    /// alone.
    pub fn validate(&self) -> Result<(), Vec<Problem>> {
        let mut found = Findings::default();
        if let Err(advice) = Issuer::parse(&self.issuer) {
            found.expect(false, "issuer", advice);
        }
        self.check_connections(&mut found);
        self.check_tokens(&mut found);
        self.check_forward_auth(&mut found);
        self.check_refresh(&mut found);
        self.check_keys(&mut found);
        self.check_revocation(&mut found);
        self.check_passwords(&mut found);
        self.check_telemetry(&mut found);
        self.check_limits(&mut found);
        housekeeping::check(self, &mut found);
        tls::check(self, &mut found);
        if self.mode == Mode::Production {
            production::check(self, &mut found);
        }
        if found.0.is_empty() {
            Ok(())
        } else {
            Err(found.0)
        }
    }

    /// The keys of `keys.encryption_keys`, decoded; the first seals, all open.
    pub fn encryption_keys(&self) -> Result<Vec<EncryptionKey>, Problem> {
        let keys = self.keys.encryption_keys.iter().enumerate();
        keys.map(|(index, text)| {
            decode_key(text).ok_or_else(|| Problem {
                key: "keys.encryption_keys",
                advice: format!(
                    "number {} must be base64 of exactly 32 bytes: make one with \
                     `openssl rand -base64 32`",
                    index + 1
                ),
            })
        })
        .collect()
    }

    /// The hashes of `throttle.front_end_hashes`, decoded.
    pub fn front_end_hashes(&self) -> Result<Vec<[u8; 32]>, Problem> {
        let hashes = self.throttle.front_end_hashes.iter();
        let hashes = hashes.map(|text| decode_key(text).map(|hash| *hash));
        hashes.collect::<Option<_>>().ok_or_else(|| Problem {
            key: "throttle.front_end_hashes",
            advice: "must be base64 of SHA-256 hashes: `printf %s \"$SECRET\" | openssl dgst \
                     -sha256 -binary | base64`"
                .into(),
        })
    }

    fn check_limits(&self, found: &mut Findings) {
        for limit in Limit::ALL {
            let advice = format!(
                "must be from 1 to {} in from 1s to 1d, or `none`",
                Rate::MAX_COUNT
            );
            found.expect(self.limits.of(*limit).is_sound(), limit.setting(), advice);
        }
        if let Err(problem) = self.front_end_hashes() {
            found.0.push(problem);
        }
    }

    fn check_connections(&self, found: &mut Findings) {
        let (database, redis) = (&self.database, self.redis.url.as_deref());
        let scheme = |url: &str| url.split_once("://").map(|(scheme, _)| scheme.to_owned());
        let is = |url: &str, names: &[&str]| scheme(url).is_some_and(|s| names.contains(&&*s));
        found.expect(
            is(&database.url, &["sqlite", "postgres", "postgresql"]),
            "database.url",
            "must begin with sqlite:// or postgres://",
        );
        found.expect(
            redis.is_none_or(|url| is(url, &REDIS)),
            "redis.url",
            "must begin with redis://, redis-sentinel://, redis-cluster:// or one of them with \
             rediss, or with unix://, or be left out",
        );
        found.expect(
            self.listen != self.internal_listen || self.listen.port() == 0,
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
            ("revocation.lookup_timeout", self.revocation.lookup_timeout),
            ("passwords.queue_deadline", self.passwords.queue_deadline),
            ("http.keep_alive", self.http.keep_alive),
        ] {
            found.expect(
                !span.is_zero(),
                key,
                "must be more than 0s: nothing could be answered",
            );
        }
    }

    fn check_tokens(&self, found: &mut Findings) {
        let tokens = &self.tokens;
        found.at_least("tokens.access_ttl", tokens.access_ttl, 10 * SECOND, "");
        let why = ": what lives longer is a session, for `refresh.absolute_ttl` to say";
        found.at_most("tokens.access_ttl", tokens.access_ttl, DAY, why);
        let named = |name: &String| !name.trim().is_empty();
        found.expect(
            !tokens.audience.is_empty() && tokens.audience.iter().all(named),
            "tokens.audience",
            "must name at least one service, and none by an empty name",
        );
        found.expect(
            named(&tokens.client_id),
            "tokens.client_id",
            "must not be empty",
        );
        found.expect(
            tokens.scope.split(' ').all(is_scope_token),
            "tokens.scope",
            "must be scope tokens (RFC 6749 §3.3) with one space between: printable ASCII \
             without `\"` and `\\`",
        );
        found.at_most("tokens.leeway", tokens.leeway, MINUTE, "");
        let (most, why) = (self.revocation.max_leeway, " (`revocation.max_leeway`)");
        found.at_most("tokens.leeway", tokens.leeway, most, why);
    }

    fn check_forward_auth(&self, found: &mut Findings) {
        let ForwardAuth { cookie, origins } = &self.forward_auth;
        found.expect(
            cookie.as_deref().is_none_or(is_cookie_name),
            "forward_auth.cookie",
            "must be the name of a cookie (RFC 6265 §4.1.1), such as `__Host-access`",
        );
        found.expect(
            origins.iter().all(|origin| is_origin(origin)),
            "forward_auth.origins",
            "must be origins as browsers send them, such as `https://app.example.com`: in small \
             letters, without a path and without a slash at the end",
        );
    }

    fn check_telemetry(&self, found: &mut Findings) {
        let Telemetry {
            otlp_endpoint,
            sample_ratio,
        } = &self.telemetry;
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

    fn check_refresh(&self, found: &mut Findings) {
        let refresh = &self.refresh;
        let (most, why) = (refresh.absolute_ttl, " (`refresh.absolute_ttl`)");
        found.at_most("refresh.idle_ttl", refresh.idle_ttl, most, why);
        let why = ": a stolen token is answered for as long";
        found.at_most(
            "refresh.reuse_window",
            refresh.reuse_window,
            10 * MINUTE,
            why,
        );
        found.expect(
            refresh.reuse_window < refresh.idle_ttl,
            "refresh.reuse_window",
            format!(
                "must be less than `refresh.idle_ttl` ({})",
                text(refresh.idle_ttl)
            ),
        );
    }

    fn check_keys(&self, found: &mut Findings) {
        let (keys, leeway) = (&self.keys, self.revocation.max_leeway);
        let size = [2048, 3072].contains(&keys.rsa_bits);
        found.expect(size, "keys.rsa_bits", "must be 2048 or 3072");
        // The minute is for replicas that load keys late and for clocks that differ.
        let (margin, why) = match self.mode {
            Mode::Production => (MINUTE, " and a minute"),
            Mode::Dev => (Duration::ZERO, ""),
        };
        let least = keys.jwks_max_age.saturating_add(margin);
        let why =
            format!(": `keys.jwks_max_age`{why}, so that verifiers know a key before it signs");
        found.at_least("keys.publish_ahead", keys.publish_ahead, least, &why);
        let spans = [self.tokens.access_ttl, leeway, keys.jwks_max_age];
        let busy = spans
            .into_iter()
            .fold(keys.publish_ahead, Duration::saturating_add);
        found.expect(
            keys.rotation_interval > busy,
            "keys.rotation_interval",
            format!(
                "is {}, but must be more than {}: `keys.publish_ahead`, `tokens.access_ttl`, \
                 `revocation.max_leeway` and `keys.jwks_max_age` together, so that one rotation \
                 ends before the next",
                text(keys.rotation_interval),
                text(busy)
            ),
        );
        match self.encryption_keys() {
            Err(problem) => found.0.push(problem),
            Ok(sealing) => {
                let zero = sealing.iter().any(|key| key.iter().all(|byte| *byte == 0));
                let double = (1..sealing.len()).any(|i| sealing[..i].contains(&sealing[i]));
                let key = "keys.encryption_keys";
                let advice =
                    "must not hold a key of zeros: make one with `openssl rand -base64 32`";
                found.expect(!zero, key, advice);
                found.expect(
                    !double,
                    key,
                    "must not hold a key twice: leave out the second",
                );
            }
        }
    }

    fn check_revocation(&self, found: &mut Findings) {
        let (key, lag) = ("revocation.max_lag", self.revocation.max_lag);
        found.at_least(
            key,
            lag,
            SECOND / 5,
            ": the database would be asked at each request",
        );
        found.at_most(key, lag, MINUTE, ": a revoked token could pass for as long");
    }

    fn check_passwords(&self, found: &mut Findings) {
        let passwords = &self.passwords;
        let (memory, lanes) = (passwords.argon2_memory_kib, passwords.argon2_parallelism);
        found.expect(
            (8..=64).contains(&passwords.min_length),
            "passwords.min_length",
            "must be between 8 and 64 characters (NIST SP 800-63B-4)",
        );
        found.expect(
            passwords.queue_length > 0,
            "passwords.queue_length",
            "must be at least 1",
        );
        found.expect(
            lanes >= 1,
            "passwords.argon2_parallelism",
            "must be at least 1",
        );
        found.expect(
            memory >= lanes.max(1).saturating_mul(8),
            "passwords.argon2_memory_kib",
            "must be at least 8 KiB a lane (RFC 9106 §3.1)",
        );
        let passes = passwords.argon2_iterations;
        found.expect(
            passes >= 1,
            "passwords.argon2_iterations",
            "must be at least 1",
        );
        found.at_most(
            "throttle.base_delay",
            self.throttle.base_delay,
            self.throttle.max_delay,
            " (`throttle.max_delay`)",
        );
    }
}

/// RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`
fn is_scope_token(token: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    !token.is_empty() && token.bytes().all(byte)
}

/// RFC 6265 §4.1.1: a token of RFC 9110 §5.6.2.
fn is_cookie_name(name: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(byte)
}
