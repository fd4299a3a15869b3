use std::time::Duration;

use super::check::{Change, key, problems};
use crate::config::{Mode, Settings};
use crate::entropy::Entropy;

fn production() -> Settings {
    let mut settings = Settings {
        mode: Mode::Production,
        issuer: "https://auth.example.com".into(),
        ..Settings::default()
    };
    settings.keys.encryption_keys = vec![key(Entropy::seeded(1).bytes())];
    settings
}

#[test]
fn three_settings_are_enough() {
    assert_eq!(production().validate(), Ok(()));
}

// I20
#[test]
fn production_refuses_what_dev_allows() {
    let table: &[(&str, &[Change])] = &[
        (
            "issuer",
            &[
                |s| s.issuer = Settings::default().issuer,
                |s| s.issuer = "http://auth.example.com".into(),
                |s| s.issuer = "https://localhost".into(),
                |s| s.issuer = "https://auth.localhost:8443".into(),
                |s| s.issuer = "https://127.0.0.1".into(),
                |s| s.issuer = "https://[::1]".into(),
            ],
        ),
        (
            "keys.encryption_keys",
            &[
                |s| s.keys.encryption_keys.clear(),
                |s| s.keys.encryption_keys = vec![key([7; 32])],
                |s| s.keys.encryption_keys = vec![key(std::array::from_fn(|i| i as u8))],
                |s| s.keys.encryption_keys = vec![key(*b"example key: never for real use!")],
                |s| {
                    s.keys
                        .encryption_keys
                        .push(key(std::array::from_fn(|i| (i % 4) as u8 * 50)))
                },
            ],
        ),
        ("database.replicas", &[|s| s.database.replicas = 2]),
        (
            "keys.publish_ahead",
            &[
                |s| s.keys.publish_ahead = Duration::from_secs(16 * 60 - 1),
                |s| {
                    s.keys.jwks_max_age = Duration::from_secs(16 * 60);
                    s.keys.publish_ahead = s.keys.jwks_max_age + Duration::from_secs(59);
                },
            ],
        ),
        // I42
        (
            "database.url",
            &[
                |s| s.database.url = "postgres://auth:x@db.internal/auth".into(),
                |s| s.database.url = "postgres://db.internal/auth?sslmode=prefer".into(),
            ],
        ),
        (
            "redis.url",
            &[|s| s.redis.url = Some("redis://cache.internal:6379".into())],
        ),
        (
            "throttle.memory",
            &[
                |s| s.throttle.memory = Duration::ZERO,
                |s| s.throttle.memory = Duration::from_secs(3599),
            ],
        ),
        (
            "throttle.max_delay",
            &[|s| s.throttle.max_delay = Duration::from_secs(59)],
        ),
        (
            "throttle.base_delay",
            &[|s| s.throttle.base_delay = Duration::ZERO],
        ),
        (
            "throttle.account_failures",
            &[|s| s.throttle.account_failures = 101],
        ),
        (
            "throttle.address_failures",
            &[|s| s.throttle.address_failures = u32::MAX],
        ),
        (
            "passwords.min_length",
            &[
                |s| s.passwords.min_length = 8,
                |s| s.passwords.min_length = 14,
            ],
        ),
        (
            "forward_auth.origins",
            &[|s| s.forward_auth.origins = vec!["http://app.example.com".into()]],
        ),
        (
            "throttle.front_end_hashes",
            // `printf "" | openssl dgst -sha256 -binary | base64`
            &[|s| {
                let nothing = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
                s.throttle.front_end_hashes = vec![nothing.into()];
            }],
        ),
        (
            "throttle.trusted_proxies",
            &[
                |s| s.throttle.trusted_proxies = vec!["0.0.0.0/0".parse().unwrap()],
                |s| s.throttle.trusted_proxies = vec!["::/0".parse().unwrap()],
            ],
        ),
        (
            "passwords.argon2_memory_kib",
            &[|s| s.passwords.argon2_memory_kib = 19_455],
        ),
        (
            "passwords.argon2_iterations",
            &[|s| s.passwords.argon2_iterations = 1],
        ),
    ];
    for (key, changes) in table {
        for change in *changes {
            assert_eq!(problems(production(), *change), [*key]);
            assert_eq!(
                problems(Settings::default(), *change),
                [""; 0],
                "dev allows {key}"
            );
        }
    }
}

// I42
#[test]
fn an_operator_with_a_reason_says_so() {
    let changes: &[Change] = &[
        |s| s.database.url = "postgres://127.0.0.1/auth".into(),
        |s| s.database.url = "postgres://%2Frun%2Fpostgresql/auth".into(),
        |s| s.database.url = "postgres://db.internal/auth?sslmode=require".into(),
        |s| {
            s.database.url = "postgres://db.internal/auth".into();
            s.database.allow_plaintext = true;
        },
        |s| s.redis.url = Some("rediss://cache.internal".into()),
        |s| s.redis.url = Some("unix:///run/redis.sock".into()),
        |s| {
            s.redis.url = Some("redis://cache.internal".into());
            s.redis.allow_plaintext = true;
        },
        |s| (s.passwords.min_length, s.passwords.allow_short) = (8, true),
        |s| s.keys.publish_ahead = Duration::from_secs(16 * 60),
    ];
    for change in changes {
        assert_eq!(problems(production(), *change), [""; 0]);
    }
}
