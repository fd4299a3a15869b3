use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::config::{Limit, Rate, Settings};

pub(super) type Change = fn(&mut Settings);

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) fn key(bytes: [u8; 32]) -> String {
    STANDARD.encode(bytes)
}

/// The keys of the problems that `change` makes, after checking that each is a sentence on its key.
pub(super) fn problems(mut settings: Settings, change: Change) -> Vec<&'static str> {
    change(&mut settings);
    let problems = settings.validate().err().unwrap_or_default();
    for problem in &problems {
        let text = problem.to_string();
        assert!(text.starts_with(&format!("`{}` ", problem.key)), "{text}");
        assert!(text.contains("must") && !text.contains("  "), "{text}");
    }
    problems.into_iter().map(|problem| problem.key).collect()
}

#[test]
fn the_defaults_are_sound() {
    assert_eq!(Settings::default().validate(), Ok(()));
}

#[test]
fn each_rule_names_its_setting() {
    let table: &[(&str, &[Change])] = &[
        (
            "issuer",
            &[
                |s| s.issuer = "auth.example.com".into(),
                |s| s.issuer = "ftp://auth.example.com".into(),
                |s| s.issuer = "https://auth.example.com/".into(),
                |s| s.issuer = "https://auth.example.com?a=b".into(),
                |s| s.issuer = "https://auth.example.com#a".into(),
                |s| s.issuer = "https://me@auth.example.com".into(),
                |s| s.issuer = "https://auth example.com".into(),
                |s| s.issuer = "https://auth.example.com:0x1".into(),
                |s| s.issuer = "https://:8080".into(),
                |s| s.issuer = "https://[::1".into(),
                |s| s.issuer = "https://[::1]8080".into(),
                |s| s.issuer = "https://".into(),
                |s| s.issuer = "https://Auth.example.com".into(),
                |s| s.issuer = "https://[::FFFF]:8080".into(),
                |s| s.issuer = "https://\u{e4}.example".into(),
            ],
        ),
        (
            "database.url",
            &[
                |s| s.database.url = "mysql://h/d".into(),
                |s| s.database.url = "auth.db".into(),
                |s| s.database.url = "sqlite://".into(),
                |s| s.database.url = "sqlite:///data/".into(),
                |s| s.database.url = "sqlite::memory:".into(),
                |s| s.database.url = "sqlite://:memory:".into(),
                |s| s.database.url = "sqlite://file:auth.db".into(),
                |s| s.database.url = "sqlite://~/auth.db".into(),
                |s| s.database.url = "sqlite:///data/auth.db?mode=rwc".into(),
                |s| s.database.url = "sqlite:///my%20data/auth.db".into(),
                |s| s.database.url = "sqlite:///data/auth.db\n".into(),
                |s| s.database.url = "postgres://h/d\t".into(),
            ],
        ),
        (
            "redis.url",
            &[
                |s| s.redis.url = Some("http://h".into()),
                |s| s.redis.url = Some("h".into()),
            ],
        ),
        ("internal_listen", &[|s| s.internal_listen = s.listen]),
        (
            "database.max_connections",
            // I31: a pool makes room for all of them at the start.
            &[
                |s| s.database.max_connections = 0,
                |s| s.database.max_connections = 4_000_000_000,
            ],
        ),
        ("http.workers", &[|s| s.http.workers = 1025]),
        (
            "passwords.hash_workers",
            &[|s| s.passwords.hash_workers = 1025],
        ),
        (
            "http.keep_alive",
            &[
                |s| s.http.keep_alive = secs(0),
                |s| s.http.keep_alive = Duration::MAX,
            ],
        ),
        (
            "http.shutdown_timeout",
            &[|s| s.http.shutdown_timeout = secs(3601)],
        ),
        (
            "http.shutdown_grace",
            &[|s| s.http.shutdown_grace = Duration::MAX],
        ),
        ("database.replicas", &[|s| s.database.replicas = 0]),
        (
            "database.acquire_timeout",
            &[|s| s.database.acquire_timeout = secs(0)],
        ),
        (
            "database.statement_timeout",
            &[
                |s| s.database.statement_timeout = secs(0),
                // Postgres takes less than 25 days.
                |s| s.database.statement_timeout = secs(26 * 86_400),
            ],
        ),
        (
            "revocation.lookup_timeout",
            &[|s| s.revocation.lookup_timeout = secs(0)],
        ),
        (
            "passwords.queue_deadline",
            &[|s| s.passwords.queue_deadline = secs(0)],
        ),
        (
            "tokens.access_ttl",
            &[
                |s| s.tokens.access_ttl = secs(9),
                |s| s.tokens.access_ttl = secs(86_401),
            ],
        ),
        (
            "tokens.audience",
            &[
                |s| s.tokens.audience.clear(),
                |s| s.tokens.audience.push(" ".into()),
                |s| s.tokens.audience.push(s.issuer.clone()),
            ],
        ),
        ("tokens.client_id", &[|s| s.tokens.client_id.clear()]),
        (
            "tokens.scope",
            &[
                |s| s.tokens.scope.clear(),
                |s| s.tokens.scope = "a  b".into(),
                |s| s.tokens.scope = "a\"b".into(),
                |s| s.tokens.scope = "a\\b".into(),
                |s| s.tokens.scope = "\u{e4}".into(),
                |s| s.tokens.scope = "account admin".into(),
            ],
        ),
        (
            "tokens.leeway",
            &[
                |s| (s.tokens.leeway, s.revocation.max_leeway) = (secs(61), secs(61)),
                |s| s.revocation.max_leeway = secs(9),
            ],
        ),
        (
            "refresh.idle_ttl",
            &[|s| s.refresh.absolute_ttl = s.refresh.idle_ttl - secs(1)],
        ),
        (
            "refresh.reuse_window",
            &[
                |s| s.refresh.reuse_window = secs(601),
                |s| s.refresh.idle_ttl = s.refresh.reuse_window,
            ],
        ),
        (
            "keys.rsa_bits",
            &[|s| s.keys.rsa_bits = 1024, |s| s.keys.rsa_bits = 4096],
        ),
        (
            "keys.publish_ahead",
            &[|s| s.keys.publish_ahead = secs(599)],
        ),
        (
            "keys.rotation_interval",
            &[|s| s.keys.rotation_interval = secs(20 * 60 + 600 + 60 + 600)],
        ),
        (
            "keys.encryption_keys",
            &[
                |s| s.keys.encryption_keys = vec!["not base64".into()],
                |s| s.keys.encryption_keys = vec![STANDARD.encode([1; 31])],
                |s| s.keys.encryption_keys = vec![key([0; 32])],
                |s| s.keys.encryption_keys = vec![key([7; 32]), key([8; 32]), key([7; 32])],
            ],
        ),
        (
            "revocation.max_lag",
            &[
                |s| s.revocation.max_lag = Duration::from_millis(199),
                |s| s.revocation.max_lag = secs(61),
            ],
        ),
        (
            "passwords.min_length",
            &[
                |s| s.passwords.min_length = 7,
                |s| s.passwords.min_length = 65,
            ],
        ),
        (
            "passwords.queue_length",
            &[|s| s.passwords.queue_length = 0],
        ),
        (
            "passwords.argon2_memory_kib",
            // I31
            &[
                |s| s.passwords.argon2_memory_kib = 7,
                |s| s.passwords.argon2_memory_kib = 65_537,
                |s| s.passwords.argon2_memory_kib = 4_000_000_000,
                |s| s.passwords.max_hash_memory_kib = 19_455,
            ],
        ),
        (
            "passwords.max_hash_memory_kib",
            &[|s| s.passwords.max_hash_memory_kib = 4 * 1024 * 1024 + 1],
        ),
        (
            "passwords.argon2_iterations",
            &[
                |s| s.passwords.argon2_iterations = 0,
                |s| s.passwords.argon2_iterations = 101,
                |s| s.passwords.argon2_iterations = u32::MAX,
                |s| (s.passwords.argon2_memory_kib, s.passwords.argon2_iterations) = (65_536, 65),
            ],
        ),
        (
            "passwords.argon2_parallelism",
            &[
                |s| s.passwords.argon2_parallelism = 0,
                |s| s.passwords.argon2_parallelism = 65,
                |s| s.passwords.argon2_parallelism = u32::MAX,
            ],
        ),
        (
            "telemetry.otlp_endpoint",
            &[
                |s| s.telemetry.otlp_endpoint = Some("collector:4318".into()),
                |s| s.telemetry.otlp_endpoint = Some("grpc://collector:4317".into()),
                |s| s.telemetry.otlp_endpoint = Some("https://me:secret@collector".into()),
            ],
        ),
        (
            "telemetry.sample_ratio",
            &[
                |s| s.telemetry.sample_ratio = -0.1,
                |s| s.telemetry.sample_ratio = 1.01,
                |s| s.telemetry.sample_ratio = f64::NAN,
            ],
        ),
        (
            "housekeeping.interval",
            &[
                |s| s.housekeeping.interval = Duration::from_millis(999),
                |s| s.housekeeping.interval = secs(86_401),
            ],
        ),
        (
            "housekeeping.batch",
            &[
                |s| s.housekeeping.batch = 0,
                |s| s.housekeeping.batch = 10_001,
            ],
        ),
        (
            "housekeeping.session_retention",
            &[
                |s| s.housekeeping.session_retention = secs(664),
                |s| s.housekeeping.session_retention = Duration::MAX,
            ],
        ),
        (
            "housekeeping.audit_retention",
            &[
                |s| s.housekeeping.audit_retention = secs(86_399),
                |s| s.housekeeping.audit_retention = Duration::MAX,
            ],
        ),
        (
            "housekeeping.unverified_retention",
            &[
                |s| s.housekeeping.unverified_retention = secs(3599),
                |s| s.housekeeping.unverified_retention = Duration::MAX,
            ],
        ),
        (
            "throttle.base_delay",
            &[|s| s.throttle.max_delay = Duration::from_millis(999)],
        ),
        (
            "throttle.front_end_hashes",
            &[
                |s| s.throttle.front_end_hashes = vec!["not base64".into()],
                |s| s.throttle.front_end_hashes = vec![key([1; 32]), STANDARD.encode([1; 31])],
            ],
        ),
        (
            "limits.sign_in_account",
            &[
                |s| s.limits.sign_in_account = "0/1m".parse().unwrap(),
                |s| s.limits.sign_in_account = "1000001/1m".parse().unwrap(),
                |s| s.limits.sign_in_account = "1/999ms".parse().unwrap(),
                |s| s.limits.sign_in_account = "1/25h".parse().unwrap(),
            ],
        ),
    ];
    for (key, changes) in table {
        for change in *changes {
            assert_eq!(problems(Settings::default(), *change), [*key]);
        }
    }
}

#[test]
fn each_limit_itself_is_allowed() {
    let changes: &[Change] = &[
        |s| s.issuer = "http://[::1]:8080/tenant".into(),
        |s| s.listen = ([127, 0, 0, 1], 0).into(),
        |s| (s.listen, s.internal_listen) = (([0; 4], 0).into(), ([0; 4], 0).into()),
        |s| s.database.url = "postgresql://h/d".into(),
        |s| s.redis.url = Some("unix:///run/redis.sock".into()),
        |s| s.tokens.access_ttl = secs(86_400),
        |s| s.tokens.scope = "account orders:read".into(),
        |s| s.keys.publish_ahead = secs(600),
        |s| s.keys.rotation_interval = secs(20 * 60 + 600 + 60 + 601),
        |s| s.refresh.reuse_window = secs(0),
        |s| s.revocation.max_lag = Duration::from_millis(200),
        |s| s.limits.refresh_session = Rate::Unlimited,
        |s| s.limits.refresh_session = "1000000/1s".parse().unwrap(),
        |s| s.limits.refresh_session = "1/1d".parse().unwrap(),
        |s| s.throttle.front_end_hashes = vec![key([1; 32]), key([2; 32])],
        |s| s.keys.rotation_interval = Duration::MAX,
        |s| s.passwords.argon2_memory_kib = 65_536,
        // RFC 9106 §4, the first choice.
        |s| {
            s.passwords.max_hash_memory_kib = 2_097_152;
            (s.passwords.argon2_memory_kib, s.passwords.argon2_iterations) = (2_097_152, 1);
            s.passwords.argon2_parallelism = 4;
        },
        |s| s.housekeeping.session_retention = secs(665),
        |s| s.housekeeping.audit_retention = secs(0),
        |s| s.housekeeping.unverified_retention = secs(3600),
    ];
    for change in changes {
        assert_eq!(problems(Settings::default(), *change), [""; 0]);
    }
}

#[test]
fn each_limit_is_checked_under_its_own_name() {
    let zero: Rate = "0/1m".parse().unwrap();
    let settings = Settings {
        limits: crate::config::Rates::all(zero),
        ..Settings::default()
    };
    let problems = settings.validate().unwrap_err();
    let named: Vec<_> = problems.iter().map(|problem| problem.key).collect();
    let all: Vec<_> = Limit::ALL.iter().map(|limit| limit.setting()).collect();
    assert_eq!(named, all);
}

#[test]
fn the_keys_are_decoded_in_order() {
    let mut settings = Settings::default();
    settings.keys.encryption_keys = vec![key([7; 32]), key([8; 32])];
    let keys = settings.encryption_keys().unwrap();
    assert_eq!((*keys[0], *keys[1]), ([7; 32], [8; 32]));
    settings.keys.encryption_keys.push("short".into());
    assert!(
        settings
            .encryption_keys()
            .unwrap_err()
            .to_string()
            .contains("number 3")
    );
}
