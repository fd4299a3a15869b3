//! `auth-service check` finds each fault that is planted, and names the setting and the mend.

use std::net::TcpListener;
use std::process::Command;

use super::command_line::run;
use crate::https::Authority;
use crate::migrations::production;
use crate::support::database::{Database, redis_url, server_url};
use crate::support::postgres::Postgres;
use crate::support::redis::Redis;
use crate::support::{Backend, Sql};

/// A fault, how it is planted, and what the line that is found says: the room, then the words.
type Fault<'a> = (&'a str, Command, &'a str, &'a [&'a str]);

fn with(mut command: Command, environment: &[(&str, &str)]) -> Command {
    command.envs(environment.iter().copied());
    command
}

/// Fails the test unless exactly this is found.
fn diagnose((fault, command, room, words): Fault<'_>) {
    let ended = run(command, "");
    assert_eq!(ended.code, 1, "{fault}: {}{}", ended.out, ended.err);
    let mut lines = ended.out.lines().filter(|line| line.starts_with("MEND"));
    let line = lines.next().unwrap_or_default();
    assert!(
        line.starts_with(&format!("MEND  {room}: ")),
        "{fault}: {}",
        ended.out
    );
    for word in words {
        assert!(line.contains(word), "{fault}: no {word:?} in {line}");
    }
    assert_eq!(lines.next(), None, "{fault}: more than is wrong");
    assert_eq!(ended.err, "auth-service: 1 thing to mend\n", "{fault}");
}

fn check(database: &Database) -> Command {
    production(database, &["check"])
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_settings_are_found() {
    let database = Database::new(Backend::Sqlite).await;
    let faults: [Fault<'_>; 5] = [
        (
            "an issuer without TLS",
            with(
                check(&database),
                &[("AUTH__ISSUER", "http://auth.example.com")],
            ),
            "settings",
            &["`issuer`", "https://auth.example.com"],
        ),
        (
            "no key-encryption key",
            with(check(&database), &[("AUTH__KEYS__ENCRYPTION_KEYS", "")]),
            "settings",
            &["`keys.encryption_keys`", "openssl rand -base64 32"],
        ),
        (
            "replicas on SQLite",
            with(check(&database), &[("AUTH__DATABASE__REPLICAS", "2")]),
            "settings",
            &["`database.replicas`", "`database.url`"],
        ),
        (
            "one address twice",
            with(
                check(&database),
                &[
                    ("AUTH__LISTEN", "127.0.0.1:19"),
                    ("AUTH__INTERNAL_LISTEN", "127.0.0.1:19"),
                ],
            ),
            "settings",
            &["`internal_listen`", "must differ from `listen`"],
        ),
        (
            "half of TLS",
            with(check(&database), &[("AUTH__TLS__CERTIFICATE", "/nowhere")]),
            "settings",
            &["`tls.key`", "must be set"],
        ),
    ];
    faults.into_iter().for_each(diagnose);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_what_it_depends_on_are_found() {
    let (pg, lite) = (
        Database::new(Backend::Postgres).await,
        Database::new(Backend::Sqlite).await,
    );
    let (empty, folder) = (Database::empty().await, lite.folder.path().display());
    let (_, place) = pg.url.rsplit_once('@').expect("a URL with a password");
    let stranger = format!("postgres://postgres:not-the-password@{place}");
    let (_, redis) = redis_url()
        .rsplit_once('@')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("a password");
    let other_redis = format!("redis://default:not-the-password@{redis}");
    let inside_a_file = format!("sqlite://{folder}/auth.db/auth.db");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = taken
        .local_addr()
        .map(|address| (taken, address.to_string()))
        .expect("an address");
    let faketime = std::env::var("TEST_FAKETIME").expect("run the tests by `make test`");
    let ahead = [
        ("LD_PRELOAD", faketime.as_str()),
        ("FAKETIME", "+60s"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];

    // The keys of this one are sealed under a key that the next command does not have.
    let sealed = Database::new(Backend::Postgres).await;
    let first = run(production(&sealed, &["keys", "list"]), "");
    assert_eq!(first.code, 0, "{}", first.err);

    let faults: [Fault<'_>; 9] = [
        (
            "no database there",
            with(
                check(&lite),
                &[("AUTH__DATABASE__URL", "postgres://auth:x@127.0.0.1:1/auth")],
            ),
            "database",
            &["`database.url`", "leads to a database that runs"],
        ),
        (
            "a wrong password",
            with(check(&lite), &[("AUTH__DATABASE__URL", &stranger)]),
            "database",
            &["password", "`database.url`"],
        ),
        (
            "no tables",
            check(&empty),
            "database",
            &["run `auth-service migrate`"],
        ),
        (
            "a file in place of a folder",
            with(check(&lite), &[("AUTH__DATABASE__URL", &inside_a_file)]),
            "database",
            &["`database.url`"],
        ),
        (
            "a clock that is wrong",
            with(check(&pg), &ahead),
            "clock",
            &["60 s", "NTP"],
        ),
        (
            "no Redis there",
            with(check(&lite), &[("AUTH__REDIS__URL", "redis://127.0.0.1:1")]),
            "redis",
            &["`redis.url`"],
        ),
        (
            "a wrong password of Redis",
            with(check(&lite), &[("AUTH__REDIS__URL", &other_redis)]),
            "redis",
            &["`redis.url`", "authentication failed"],
        ),
        (
            "an address that is taken",
            with(check(&lite), &[("AUTH__LISTEN", &taken.1)]),
            "listeners",
            &["`listen`", &taken.1],
        ),
        (
            "another key-encryption key",
            check(&sealed),
            "service",
            &["`keys.encryption_keys`"],
        ),
    ];
    faults.into_iter().for_each(diagnose);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_forbids_a_part_of_what_is_needed_is_found() {
    let (database, redis) = (Database::new(Backend::Sqlite).await, Redis::start().await);
    let advised = "~deny:* ~{deny}:* ~{limits}:* &deny:* &{deny}:* +@all -@admin -@dangerous \
                   +info +role";
    let users: [(&str, &str, &[&str]); 6] = [
        (
            "mute",
            "~* resetchannels +@all",
            &["on a channel", "&deny:*"],
        ),
        (
            "silent",
            "~* &* +@all -subscribe",
            &["on a channel", "subscribe"],
        ),
        ("plain", "~* &* +@all -@scripting", &["by a script"]),
        ("reader", "~* &* +@all -@write", &["by a script"]),
        ("stranger", "~{limits}:* &* +@all", &["~deny:*"]),
        ("uncounted", "~deny:* &* +@all", &["limits", "~{limits}:*"]),
    ];
    let place = redis.place();
    let run_as = async |name: &str, rules: &str| {
        let mut user = redis::cmd("ACL");
        user.arg("SETUSER")
            .arg(name)
            .arg("reset")
            .arg("on")
            .arg(">a-secret");
        user.arg(rules.split(' ').collect::<Vec<_>>());
        let _: String = redis.command(user).await;
        let url = format!("redis://{name}:a-secret@{place}");
        with(check(&database), &[("AUTH__REDIS__URL", &url)])
    };
    for (name, rules, words) in users {
        diagnose((name, run_as(name, rules).await, "redis", words));
    }
    let well = run(run_as("advised", advised).await, "");
    assert_eq!(well.code, 0, "{}{}", well.out, well.err);
    // What it wrote is gone after a moment.
    for _ in 0..100 {
        if redis.keys("*check*").await.is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{:?} is left of it", redis.keys("*check*").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_hold_every_name_is_found() {
    let mut outside = Sql::of(&Database::at(&server_url())).await;
    let name = format!("auth_latin_{}", std::process::id());
    outside
        .run(&format!(
            "CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
        ))
        .await;
    let (before, _) = server_url()
        .rsplit_once('/')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("a URL");
    let latin = Database::at(&format!("{before}/{name}"));
    kernel::db::migrate::run(&latin.url)
        .await
        .expect("it is migrated");
    diagnose((
        "a database in Latin 1",
        check(&latin),
        "database",
        &["LATIN1", "ENCODING 'UTF8'", "`database.url`"],
    ));
    outside
        .run(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_tls_is_found() {
    let mut server = Postgres::start().await;
    let certificate = server.speak_tls_alone().await;
    let check = |url: &str| {
        let database = Database::at(url);
        let command = check(&database);
        (database, command)
    };
    let (_folder, plain) = check(&server.url);
    diagnose((
        "a plain line",
        plain,
        "database",
        &["127.0.0.1", "`?sslmode=require`", "`database.url`"],
    ));
    let url = format!("{}?sslmode=require", server.url);
    let (_folder, unknown) = check(&url);
    diagnose((
        "an authority of our own",
        unknown,
        "database",
        &["certificate", "SSL_CERT_FILE"],
    ));
    let (_folder, trusted) = check(&url);
    diagnose((
        "as it should be, but for the tables",
        with(trusted, &[("SSL_CERT_FILE", &certificate)]),
        "database",
        &["run `auth-service migrate`"],
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_system_is_well_and_stays_as_it_is() {
    let database = Database::empty_file();
    let dev = |argument: &str| crate::support::process::command(&database, &[argument]);
    let fresh = run(dev("check"), "");
    assert_eq!(fresh.code, 0, "{}{}", fresh.out, fresh.err);
    let made = "auth.db yet; `serve` makes it";
    assert!(fresh.out.contains(made), "{}", fresh.out);
    let left = std::fs::read_dir(database.folder.path()).expect("a folder");
    assert_eq!(left.count(), 0, "the doctor makes nothing");
    // In production somebody must make it.
    diagnose((
        "no file in production",
        check(&database),
        "database",
        &["auth.db", "run `auth-service migrate`"],
    ));
    // Nor does it bring old tables up to date.
    let old = Database::empty().await;
    let ended = run(crate::support::process::command(&old, &["check"]), "");
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert!(
        ended.out.contains("`serve` brings its tables up to date"),
        "{}",
        ended.out
    );
    let tables = "SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(Sql::of(&old).await.number(tables).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_certificate_are_found() {
    let (database, authority) = (Database::new(Backend::Sqlite).await, Authority::new());
    for name in ["own", "other"] {
        authority.issue(name, 60);
    }
    authority.issue_expired("expired");
    authority.issue("short", 2);
    let pair = |certificate: &str, key: &str| {
        let mut check = check(&database);
        check.env("AUTH__TLS__CERTIFICATE", authority.path(certificate));
        check.env("AUTH__TLS__KEY", authority.path(key));
        check
    };
    let well = run(pair("own.crt", "own.key"), "");
    assert_eq!(well.code, 0, "{}{}", well.out, well.err);
    assert!(
        well.out
            .contains("ok    tls: the certificate is valid until 20"),
        "{}",
        well.out
    );

    let late = {
        let faketime = std::env::var("TEST_FAKETIME").expect("run the tests by `make test`");
        with(
            pair("short.crt", "short.key"),
            &[
                ("LD_PRELOAD", &faketime),
                ("FAKETIME", "+40h"),
                ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ],
        )
    };
    authority.expose("other.key");
    let faults: [Fault<'_>; 6] = [
        (
            "keys that are no pair",
            pair("other.crt", "own.key"),
            "tls",
            &["`tls.key`", "`tls.certificate`", "does not belong"],
        ),
        (
            "an expired certificate",
            pair("expired.crt", "expired.key"),
            "tls",
            &["`tls.certificate`", "renew it"],
        ),
        (
            "one that ends soon",
            late,
            "tls",
            &["`tls.certificate`", "renew it"],
        ),
        (
            "no file",
            pair("nothing.crt", "own.key"),
            "tls",
            &["`tls.certificate`", "nothing.crt", "see that it is there"],
        ),
        (
            "a key in place of a certificate",
            pair("own.key", "own.key"),
            "tls",
            &["`tls.certificate`", "must be PEM"],
        ),
        (
            "a key for everybody",
            pair("other.crt", "other.key"),
            "tls",
            &["`tls.key`", "chmod 600"],
        ),
    ];
    faults.into_iter().for_each(diagnose);
    // In dev nobody is locked out by it.
    let fresh = Database::new(Backend::Sqlite).await;
    let mut dev = with(check(&fresh), &[("AUTH__MODE", "dev")]);
    dev.env("AUTH__TLS__CERTIFICATE", authority.path("other.crt"));
    dev.env("AUTH__TLS__KEY", authority.path("other.key"));
    let ended = run(dev, "");
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
}
