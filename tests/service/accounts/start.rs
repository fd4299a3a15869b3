//! What the service refuses to start with, and what the doctor says.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::command_line::{Ended, run};
use crate::support::database::{Database, redis_url};
use crate::support::process::command;
use crate::support::{Backend, Process, both};

/// 32 random bytes of this test alone.
const KEY: &str = "u8p2yPzXn1Yk0b0rXw9m3q4J7sT5eH6dVgLiKfAoBCE=";

/// Settings that are safe in production, on SQLite.
fn production(database: &Database, arguments: &[&str]) -> Command {
    let mut command = command(database, arguments);
    command
        .env("AUTH__MODE", "production")
        .env("AUTH__ISSUER", "https://auth.example.com")
        .env("AUTH__KEYS__ENCRYPTION_KEYS", KEY)
        .env("AUTH__PASSWORDS__ARGON2_MEMORY_KIB", "19456")
        .env("AUTH__PASSWORDS__ARGON2_ITERATIONS", "2");
    command
}

fn with(mut command: Command, environment: &[(&str, &str)]) -> Ended {
    command.envs(environment.iter().copied());
    run(command, "")
}

// I20
#[tokio::test(flavor = "multi_thread")]
async fn production_refuses_what_is_unsafe_and_says_what_to_set() {
    let database = Database::new(Backend::Sqlite).await;
    let text = "dGhpcyBpcyBhbiBleGFtcGxlIGtleSwgb2YgdGV4dCE=";
    let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (name, value, says) in [
        ("AUTH__KEYS__ENCRYPTION_KEYS", "", "keys.encryption_keys"),
        ("AUTH__KEYS__ENCRYPTION_KEYS", text, "keys.encryption_keys"),
        ("AUTH__KEYS__ENCRYPTION_KEYS", zeros, "keys.encryption_keys"),
        (
            "AUTH__KEYS__ENCRYPTION_KEYS",
            "c2hvcnQ=",
            "keys.encryption_keys",
        ),
        ("AUTH__ISSUER", "http://auth.example.com", "issuer"),
        ("AUTH__ISSUER", "http://localhost:8080", "issuer"),
        ("AUTH__ISSUER", "https://localhost", "issuer"),
        ("AUTH__DATABASE__REPLICAS", "2", "database.replicas"),
        (
            "AUTH__PASSWORDS__ARGON2_MEMORY_KIB",
            "64",
            "passwords.argon2_memory_kib",
        ),
        (
            "AUTH__THROTTLE__TRUSTED_PROXIES",
            "0.0.0.0/0",
            "throttle.trusted_proxies",
        ),
    ] {
        for what in ["serve", "check"] {
            let ended = with(production(&database, &[what]), &[(name, value)]);
            let said = format!("{}{}", ended.out, ended.err);
            assert!(
                ended.code == 1 && said.contains(says),
                "{name}={value} {what}: {said}"
            );
            assert!(
                value.len() < 40 || !said.contains(value),
                "a key is never printed"
            );
        }
    }
    // Nothing of the dev mode was made meanwhile.
    assert!(
        !database
            .folder
            .path()
            .join("data/key-encryption-key")
            .exists()
    );
    let mut safe = production(&database, &["serve"]);
    safe.env("AUTH__LOG__FORMAT", "auto");
    let service = Process::spawn(safe)
        .await
        .expect("these settings are safe, and logs are JSON by themselves");
    assert_eq!(service.get("/.well-known/jwks.json").await.status, 200);
    assert_eq!(with(production(&database, &["check"]), &[]).code, 0);
}

// I42, I31
#[tokio::test(flavor = "multi_thread")]
async fn production_refuses_open_lines_a_brake_of_nothing_and_hashes_that_it_could_not_verify() {
    let database = Database::new(Backend::Sqlite).await;
    for (name, value, says) in [
        (
            "AUTH__DATABASE__URL",
            "postgres://auth:s3cr3t@db.invalid/auth",
            "`database.url` must ask for TLS",
        ),
        (
            "AUTH__REDIS__URL",
            "redis://:s3cr3t@cache.invalid:6379",
            "`redis.url` must ask for TLS",
        ),
        (
            "AUTH__THROTTLE__MEMORY",
            "0s",
            "`throttle.memory` is 0s, but must be at least 1h",
        ),
        (
            "AUTH__PASSWORDS__MIN_LENGTH",
            "8",
            "`passwords.min_length` must be at least 15",
        ),
        (
            "AUTH__KEYS__PUBLISH_AHEAD",
            "15m",
            "`keys.publish_ahead` is 15m, but must be at least 16m",
        ),
        (
            "AUTH__PASSWORDS__ARGON2_MEMORY_KIB",
            "2097152",
            "`passwords.argon2_memory_kib` must be at most 65536",
        ),
        (
            "AUTH__PASSWORDS__ARGON2_MEMORY_KIB",
            "4000000000",
            "`passwords.argon2_memory_kib` must be at most 65536",
        ),
        (
            "AUTH__DATABASE__MAX_CONNECTIONS",
            "4000000000",
            "`database.max_connections` must be from 1 to 10000",
        ),
    ] {
        let ended = with(production(&database, &["serve"]), &[(name, value)]);
        assert_eq!(ended.code, 1, "{name}={value}: {}", ended.err);
        assert!(ended.err.contains(says), "{name}={value}: {}", ended.err);
        assert!(!ended.err.contains("s3cr3t"), "{}", ended.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_is_taken_names_its_setting() {
    let database = Database::new(Backend::Sqlite).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    for (name, key) in [
        ("AUTH__LISTEN", "`listen`"),
        ("AUTH__INTERNAL_LISTEN", "`internal_listen`"),
    ] {
        let ended = with(command(&database, &["serve"]), &[(name, &address)]);
        let says = format!("set {key} to an address");
        assert!(
            ended.code == 1 && ended.err.contains(&says),
            "{}",
            ended.err
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn production_does_not_migrate_by_itself() {
    let database = Database::empty().await;
    let refused = with(production(&database, &["serve"]), &[]);
    assert_eq!(
        (refused.code, refused.err.as_str()),
        (
            1,
            "auth-service: the database is not up to date: run `auth-service migrate`\n"
        )
    );
    let doctor = with(production(&database, &["check"]), &[]);
    assert!(
        doctor.code == 1
            && doctor
                .out
                .contains("MEND  database: tables are missing or old; run `auth-service migrate`"),
        "{}",
        doctor.out
    );
    let migrated = with(production(&database, &["migrate"]), &[]);
    assert!(
        migrated.code == 0 && migrated.out.starts_with("applied: "),
        "{}",
        migrated.err
    );
    let again = with(production(&database, &["migrate"]), &[]);
    assert_eq!(
        (again.code, again.out.as_str()),
        (0, "nothing to do: the tables are up to date\n")
    );
    let service = Process::spawn(production(&database, &["serve"]))
        .await
        .expect("it starts");
    service.signup("ada@example.org").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_or_ill_typed_setting_is_refused_by_its_name() {
    let database = Database::new(Backend::Sqlite).await;
    for (name, value, says) in [
        (
            "AUTH__TOKENS__ACESS_TTL",
            "5m",
            "unknown setting `tokens.acess_ttl` in the environment (AUTH__TOKENS__ACESS_TTL): did you mean `tokens.access_ttl`?",
        ),
        ("AUTH__ISUER", "x", "did you mean `issuer`?"),
        (
            "AUTH_TOKENS_ACCESS_TTL",
            "5m",
            "unknown setting `AUTH_TOKENS_ACCESS_TTL` in the environment: did you mean `AUTH__TOKENS__ACCESS_TTL`?",
        ),
        ("AUTH__TOKENS__ACCESS_TTL", "soon", "tokens.access_ttl"),
        ("AUTH__LISTEN", "nowhere", "listen"),
        ("AUTH__LOG__FILTER", "a=b=c", "log.filter"),
        (
            "AUTH__DATABASE__URL",
            "mysql://127.0.0.1/auth",
            "database.url",
        ),
    ] {
        let ended = with(command(&database, &["serve"]), &[(name, value)]);
        assert!(
            ended.code == 1 && ended.err.contains(says),
            "{name}: {}",
            ended.err
        );
    }
    let file = database.folder.path().join("bad.toml");
    std::fs::write(&file, "[refresh]\nreuse_windw = \"5s\"\n").expect("a file");
    let ended = run(
        command(
            &database,
            &["--config", file.to_str().expect("a path"), "serve"],
        ),
        "",
    );
    assert!(
        ended.code == 1 && ended.err.contains("did you mean `refresh.reuse_window`?"),
        "{}",
        ended.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_dev_mode_makes_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::new(Backend::Sqlite).await;
    let data = folder.path().join("data");
    let fresh = |arguments: &[&str]| {
        let mut command = command(&database, arguments);
        command
            .env_remove("AUTH__DATABASE__URL")
            .env("AUTH__DATA_DIR", &data);
        command
    };
    let first = run(fresh(&["keys", "list"]), "");
    assert_eq!(first.code, 0, "{}", first.err);
    let mode = |path: &std::path::Path| {
        std::fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    let key = data.join("key-encryption-key");
    assert_eq!((mode(&data), mode(&key)), (0o700, 0o600));
    for wrong in [0o644, 0o640, 0o604, 0o700] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(wrong)).expect("a mode");
        let refused = run(fresh(&["serve"]), "");
        assert!(
            refused.code == 1 && refused.err.contains("chmod 600"),
            "{wrong:o}: {}",
            refused.err
        );
    }
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    assert_eq!(run(fresh(&["keys", "list"]), "").out, first.out);
    // Without that key what it sealed is of no use, and the service says so rather than go on.
    std::fs::remove_file(&key).expect("it is there");
    let lost = run(fresh(&["serve"]), "");
    assert!(lost.code == 1 && lost.err.contains("key"), "{}", lost.err);
}

both! {
    async fn the_doctor_tries_everything_and_names_the_mend(backend: Backend) {
        let database = Database::new(backend).await;
        let redis = format!("{}/211", redis_url());
        let well = with(command(&database, &["check"]), &[("REDIS_URL", &redis)]);
        assert_eq!(well.code, 0, "{}{}", well.out, well.err);
        assert!(well.out.lines().all(|line| line.starts_with("ok    ")) && well.out.lines().count() >= 4, "{}", well.out);
        let sick = with(command(&database, &["check"]), &[("REDIS_URL", "redis://:a-redis-secret@127.0.0.1:1")]);
        assert!(sick.code == 1 && sick.out.contains("MEND  redis: "), "{}", sick.out);
        assert!(!sick.out.contains("a-redis-secret"));
        let nowhere = [("AUTH__DATABASE__URL", "postgres://auth:a-postgres-secret@127.0.0.1:1/auth")];
        let sick = with(command(&database, &["check"]), &nowhere);
        assert!(sick.code == 1 && sick.out.contains("MEND  database: "), "{}", sick.out);
        assert!(!sick.out.contains("a-postgres-secret"));
    }
}
