//! Postgres over TLS: the line is encrypted, and only to the server that it is meant for.

use std::process::Output;

use crate::support::postgres::Postgres;
use crate::support::process::command;
use crate::support::{Backend, Process, database::Database};

/// A server that speaks TLS alone, with a certificate for `127.0.0.1` that only who is given it trusts.
async fn over_tls() -> (Postgres, Database, String) {
    let mut server = Postgres::start().await;
    let certificate = server.speak_tls_alone().await;
    (server, Database::new(Backend::Sqlite).await, certificate)
}

fn migrate(database: &Database, url: &str, roots: Option<&str>) -> Output {
    let mut command = command(database, &["migrate"]);
    command.env("AUTH__DATABASE__URL", url);
    command.envs(roots.map(|file| ("SSL_CERT_FILE", file)));
    command.output().expect("the binary runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_and_the_name_are_verified() {
    let (server, database, certificate) = over_tls().await;
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = format!("{}?sslmode={mode}", server.url);
        let done = migrate(&database, &url, Some(&certificate));
        assert!(done.status.success(), "{mode}: {done:?}");

        let stranger = migrate(&database, &url, None);
        let said = String::from_utf8_lossy(&stranger.stderr).to_lowercase();
        assert!(!stranger.status.success(), "{mode}");
        assert!(said.contains("certificate"), "{mode}: {said}");

        let other_name = url.replace("@127.0.0.1:", "@localhost:");
        let impostor = migrate(&database, &other_name, Some(&certificate));
        let said = String::from_utf8_lossy(&impostor.stderr).to_lowercase();
        assert!(
            !impostor.status.success() && said.contains("certificate"),
            "{mode}: {said}"
        );
    }
    let plain = migrate(&database, &format!("{}?sslmode=disable", server.url), None);
    assert!(!plain.status.success(), "the server takes no plain line");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_works_over_it() {
    let (server, database, certificate) = over_tls().await;
    let url = format!("{}?sslmode=verify-full", server.url);
    let environment = [
        ("AUTH__DATABASE__URL", url.as_str()),
        ("SSL_CERT_FILE", &certificate),
    ];
    let process = Process::start(&database, &environment).await;
    let tokens = process.signup("ada@example.org").await;
    process.refresh(&tokens.refresh).await.tokens();
}
