use std::time::Duration;

use super::{Folder, load, written};
use crate::config::{KeyAlgorithm, Mode, Rate, Settings, environment};

#[test]
fn the_environment_overrules_the_file_and_the_file_the_defaults() {
    let folder = Folder::new();
    let file = folder.file(
        "issuer = 'https://file.example'\n[tokens]\naccess_ttl = '5m'\naudience = ['a']\nleeway = '1s'",
    );
    let env = [
        ("AUTH__TOKENS__ACCESS_TTL", "7m"),
        ("AUTH__MODE", "production"),
        ("AUTH__KEYS__ALGORITHM", "EdDSA"),
        ("PATH", "/bin"),
        ("AUTH_SERVICE_PORT", "tcp://10.0.0.1:80"),
    ];
    let settings = load(Some(&file), &env).unwrap();
    assert_eq!(settings.tokens.access_ttl, Duration::from_secs(420));
    assert_eq!(settings.tokens.leeway, Duration::from_secs(1));
    assert_eq!(settings.tokens.audience, ["a"]);
    assert_eq!(settings.issuer, "https://file.example");
    assert_eq!(settings.mode, Mode::Production);
    assert_eq!(settings.keys.algorithm, KeyAlgorithm::EdDSA);
    assert_eq!(
        settings.refresh.idle_ttl,
        Settings::default().refresh.idle_ttl
    );
}

#[test]
fn well_known_variables_stand_between_the_file_and_our_own() {
    let folder = Folder::new();
    let file = folder.file("database.url = 'sqlite://file'\nredis.url = 'redis://file'");
    let (known, own) = (
        ("DATABASE_URL", "sqlite://known"),
        ("AUTH__DATABASE__URL", "sqlite://own"),
    );
    let url = |env: &[_]| load(Some(&file), env).unwrap().database.url;
    assert_eq!(url(&[]), "sqlite://file");
    assert_eq!(url(&[known]), "sqlite://known");
    assert_eq!(url(&[known, own]), "sqlite://own");
    assert_eq!(url(&[own, known]), "sqlite://own");
    let known = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://known:4318"),
        ("AUTH__TELEMETRY__SAMPLE_RATIO", "0.25"),
    ];
    let telemetry = load(Some(&file), &known).unwrap().telemetry;
    assert_eq!(
        telemetry.otlp_endpoint.as_deref(),
        Some("http://known:4318")
    );
    assert_eq!(telemetry.sample_ratio, 0.25);
    let redis = load(Some(&file), &[("REDIS_URL", "redis://known")])
        .unwrap()
        .redis
        .url;
    assert_eq!(redis.as_deref(), Some("redis://known"));
}

#[test]
fn values_of_the_environment_take_the_type_of_their_setting() {
    let settings = load(
        None,
        &[
            ("AUTH__TOKENS__AUDIENCE", "api, billing"),
            ("AUTH__THROTTLE__TRUSTED_PROXIES", "10.0.0.0/8,fd00::/8"),
            ("AUTH__KEYS__ENCRYPTION_KEYS", "one,two"),
            ("AUTH__PASSWORDS__MIN_LENGTH", "20"),
            ("AUTH__SIGNUP__ENABLED", "false"),
            ("AUTH__TOKENS__CLIENT_ID", "42"),
            ("AUTH__LISTEN", "[::]:0"),
            ("AUTH__LIMITS__SIGN_IN_ADDRESS", "5/1h"),
            ("AUTH__LIMITS__SIGN_UP_ADDRESS", "none"),
        ],
    )
    .unwrap();
    assert_eq!(settings.tokens.audience, ["api", "billing"]);
    assert_eq!(settings.throttle.trusted_proxies.len(), 2);
    assert_eq!(settings.keys.encryption_keys, ["one", "two"]);
    assert_eq!(settings.passwords.min_length, 20);
    assert!(!settings.signup.enabled);
    assert_eq!(settings.tokens.client_id, "42");
    assert_eq!(settings.listen.port(), 0);
    let (count, period) = (5, Duration::from_secs(3600));
    let hourly = Rate::Per { count, period };
    assert_eq!(settings.limits.sign_in_address, hourly);
    assert_eq!(settings.limits.sign_up_address, Rate::Unlimited);
}

#[test]
fn an_empty_variable_is_not_set_but_an_empty_list_is() {
    let env = [
        ("REDIS_URL", ""),
        ("AUTH__ISSUER", ""),
        ("AUTH__TOKENS__AUDIENCE", ""),
    ];
    let settings = load(None, &env).unwrap();
    assert_eq!(settings.redis.url, None);
    assert_eq!(settings.issuer, Settings::default().issuer);
    assert!(settings.tokens.audience.is_empty());
}

#[test]
fn the_data_folder_is_put_into_the_database_url() {
    let url = load(None, &[("AUTH__DATA_DIR", "/var/lib/auth")])
        .unwrap()
        .database
        .url;
    assert_eq!(url, "sqlite:///var/lib/auth/auth.db");
}

#[test]
fn a_line_feed_behind_a_url_is_no_part_of_it() {
    let env = [
        ("DATABASE_URL", "sqlite:///data/auth.db\n"),
        ("REDIS_URL", " redis://h \r\n"),
    ];
    let settings = load(None, &env).unwrap();
    assert_eq!(settings.database.url, "sqlite:///data/auth.db");
    assert_eq!(settings.redis.url.as_deref(), Some("redis://h"));
}

#[test]
fn an_unknown_setting_is_refused_by_name_and_source_with_the_nearest() {
    assert_eq!(
        load(None, &[("AUTH__TOKENS__ACCES_TTL", "1m")]).unwrap_err(),
        "unknown setting `tokens.acces_ttl` in the environment (AUTH__TOKENS__ACCES_TTL): \
         did you mean `tokens.access_ttl`?"
    );
    let folder = Folder::new();
    for (text, key, hint) in [
        (
            "[passwords]\nmin_lenght = 9",
            "passwords.min_lenght",
            "`passwords.min_length`?",
        ),
        ("acces_ttl = '1m'", "acces_ttl", "`tokens.access_ttl`?"),
        (
            "[token]\naudience = ['a']",
            "token.audience",
            "`tokens.audience`?",
        ),
        ("Issuer = 'https://a.example'", "Issuer", "`issuer`?"),
        (
            "redis = 'redis://h'",
            "redis",
            "a section, with settings such as `redis.allow_plaintext`",
        ),
        ("issuer.x = 1", "issuer.x", "`issuer`?"),
        ("'database/url' = 'x'", "database/url", "`database.url`?"),
    ] {
        let error = load(Some(&folder.file(text)), &[]).unwrap_err();
        assert!(
            error.contains(&format!("unknown setting `{key}` in `")),
            "{error}"
        );
        assert!(
            error.contains("auth.toml`: ") && error.ends_with(hint),
            "{error}"
        );
    }
}

#[test]
fn a_wrong_value_names_its_setting_its_source_and_what_is_expected() {
    let folder = Folder::new();
    for (text, key, expected) in [
        (
            "tokens.access_ttl = '10x'",
            "tokens.access_ttl",
            "`10x` is not a duration",
        ),
        (
            "tokens.access_ttl = 600",
            "tokens.access_ttl",
            "text (the default is \"10m\")",
        ),
        (
            "keys.algorithm = 'HS256'",
            "keys.algorithm",
            "`ES256`, `RS256`, `EdDSA`",
        ),
        (
            "passwords.min_length = '15'",
            "passwords.min_length",
            "a whole number",
        ),
        (
            "passwords.min_length = -1",
            "passwords.min_length",
            "a whole number",
        ),
        (
            "passwords.min_length = 15.5",
            "passwords.min_length",
            "a whole number",
        ),
        ("signup.enabled = 1", "signup.enabled", "`true` or `false`"),
        ("tokens.audience = 'api'", "tokens.audience", "a list"),
        ("listen = 'here'", "listen", "127.0.0.1:8080"),
        (
            "throttle.trusted_proxies = ['x']",
            "throttle.trusted_proxies",
            "`x` is not a network such as 10.0.0.0/8",
        ),
    ] {
        let error = load(Some(&folder.file(text)), &[]).unwrap_err();
        assert!(error.starts_with(&format!("`{key}` in `")), "{error}");
        assert!(
            error.contains("auth.toml` is not valid: ") && error.contains(expected),
            "{error}"
        );
    }
    let error = load(None, &[("AUTH__SIGNUP__ENABLED", "maybe")]).unwrap_err();
    assert!(error.contains("`signup.enabled` in the environment (AUTH__SIGNUP__ENABLED)"));
}

#[test]
fn a_variable_that_was_meant_as_a_setting_is_refused_by_name() {
    for (name, right) in [
        ("AUTH_TOKENS_ACCESS_TTL", "AUTH__TOKENS__ACCESS_TTL"),
        ("AUTH_TOKENS__ACCESS_TTL", "AUTH__TOKENS__ACCESS_TTL"),
        ("auth__tokens__access_ttl", "AUTH__TOKENS__ACCESS_TTL"),
        ("AUTH_MODE", "AUTH__MODE"),
        ("AUTH_KEYS_ENCRYPTION_KEYS", "AUTH__KEYS__ENCRYPTION_KEYS"),
        ("AUTH_STEP_UP_MAX_AGE", "AUTH__STEP_UP__MAX_AGE"),
    ] {
        let refused =
            format!("unknown setting `{name}` in the environment: did you mean `{right}`?");
        assert_eq!(load(None, &[(name, "7m")]).unwrap_err(), refused);
        load(None, &[(name, "")]).unwrap();
    }
    // Another program's, beside ours; and what Kubernetes says of a Service called auth-redis.
    for (name, text) in [
        ("AUTH_ISSUER", "https://auth.example.com"),
        ("AUTH_URL", "https://auth.example.com"),
        ("AUTH_SECRET", "x"),
        ("AUTH_REDIS_PORT", "tcp://10.0.0.1:6379"),
        ("AUTH_CONFIG", "auth.toml"),
    ] {
        let ours = ("AUTH__ISSUER", "https://auth.example.com");
        load(None, &[ours, (name, text)]).unwrap();
    }
}

#[test]
fn the_issuer_of_the_dev_mode_follows_the_listener() {
    let issuer = |env: &[_]| load(None, env).unwrap().issuer;
    let listen = ("AUTH__LISTEN", "0.0.0.0:9000");
    assert_eq!(issuer(&[]), "http://localhost:8080");
    assert_eq!(issuer(&[listen]), "http://localhost:9000");
    let tls = ("AUTH__TLS__CERTIFICATE", "tls.crt");
    assert_eq!(issuer(&[listen, tls]), "https://localhost:9000");
    let given = ("AUTH__ISSUER", "http://localhost:8080");
    assert_eq!(issuer(&[listen, given]), "http://localhost:8080");
    assert_eq!(
        issuer(&[("AUTH__LISTEN", "127.0.0.1:0")]),
        "http://localhost:8080"
    );
    let production = ("AUTH__MODE", "production");
    assert_eq!(issuer(&[listen, production]), "http://localhost:8080");
}

// I18
#[test]
fn a_network_is_compared_in_the_form_of_addresses() {
    let given = "::ffff:10.0.0.0/104,::ffff:192.0.2.7/128,fd00::/8,198.51.100.7,::ffff:0:0/96";
    let settings = load(None, &[("AUTH__THROTTLE__TRUSTED_PROXIES", given)]).unwrap();
    let networks = settings.throttle.trusted_proxies.iter();
    assert_eq!(
        networks.map(ToString::to_string).collect::<Vec<_>>(),
        [
            "10.0.0.0/8",
            "192.0.2.7/32",
            "fd00::/8",
            "198.51.100.7/32",
            "0.0.0.0/0"
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_says_where() {
    let folder = Folder::new();
    let missing = load(Some(&folder.0.join("none.toml")), &[]).unwrap_err();
    assert!(missing.contains("none.toml`: "), "{missing}");
    let broken = load(Some(&folder.file("mode = 'dev'\nissuer = ")), &[]).unwrap_err();
    assert!(
        broken.contains("auth.toml`, line 2, is not valid TOML"),
        "{broken}"
    );
}

#[test]
fn the_environment_of_this_process_loads() {
    assert!(environment().iter().any(|(name, _)| name == "PATH"));
    let defaults = load(None, &[]).unwrap();
    assert_eq!(
        written(&defaults),
        written(&load(None, &[("HOME", "/")]).unwrap())
    );
}

#[test]
fn a_rate_is_written_as_it_is_read_and_what_is_none_is_refused_by_name() {
    for text in ["60/1m", "1/1d", "1000/1h30m", "none"] {
        assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "60",
        "60/",
        "/1m",
        "-1/1m",
        "60/minute x",
        "60/1m/2",
        "unlimited",
        "1e3/1s",
    ] {
        let env = [("AUTH__LIMITS__CALL_ADDRESS", text)];
        let Err(error) = load(None, &env) else {
            assert_eq!(text, "", "{text} was taken for a rate");
            continue;
        };
        assert!(error.contains("limits.call_address"), "{error}");
        assert!(error.contains("such as 60/1m"), "{error}");
    }
}
