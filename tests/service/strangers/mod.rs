//! Access tokens as other people's libraries verify them: PyJWT with `PyJWKClient`, joserfc, and
//! npm `jose` with `createRemoteJWKSet`, each with its own cache of the key set.

mod load;
mod verifier;

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::database::Database;
use crate::support::{Backend, Client, outside};
use load::Load;
use verifier::Verifier;

/// The clients with their caches: one that asks again only for a `kid` it does not know, one that
/// heeds `Cache-Control`, one that keeps the set for as long as `SETTINGS` say.
const CLIENTS: [(&str, &[&str]); 3] = [
    ("pyjwt", &["--lifespan", "300", "--cooldown", "1"]),
    ("joserfc", &["--cooldown", "1"]),
    ("jose", &["--cooldown", "1", "--max-age", "2"]),
];

/// As short as the rules of the configuration let them be.
const SETTINGS: [(&str, &str); 6] = [
    ("AUTH__TOKENS__ACCESS_TTL", "10s"),
    ("AUTH__TOKENS__LEEWAY", "1s"),
    ("AUTH__REVOCATION__MAX_LEEWAY", "1s"),
    ("AUTH__KEYS__JWKS_MAX_AGE", "2s"),
    ("AUTH__KEYS__PUBLISH_AHEAD", "4s"),
    ("AUTH__KEYS__ROTATION_INTERVAL", "18s"),
];

fn verifiers(service: &Client) -> Vec<Verifier> {
    let start = |(client, options): (&'static str, _)| Verifier::start(client, service, options);
    CLIENTS.map(start).into()
}

async fn tokens_of(algorithm: &str, bits: &str) {
    let database = Database::new(Backend::Sqlite).await;
    let settings = [
        ("AUTH__KEYS__ALGORITHM", algorithm),
        ("AUTH__KEYS__RSA_BITS", bits),
    ];
    let service = outside::start(&database, outside::free_port(), &settings).await;
    let token = service.signup("ada@example.org").await.access;
    let (signed, signature) = token.rsplit_once('.').expect("a JWT");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{signed}.{first}{}", &signature[1..]);
    let checks = verifiers(&service).into_iter().map(async |mut client| {
        client.accepts(&token).await;
        let verdict = client.verdict(&forged).await;
        assert!(
            verdict.starts_with("FAIL"),
            "{client} on a forgery: {verdict}"
        );
        let summary = client.finish().await;
        assert_eq!(summary["algorithms"], json!({ algorithm: 1 }), "{summary}");
    });
    join_all(checks).await;
}

// L5, R5, R6: each algorithm
#[tokio::test(flavor = "multi_thread")]
async fn strangers_accept_es256() {
    tokens_of("ES256", "2048").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_accept_eddsa() {
    tokens_of("EdDSA", "2048").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_accept_rs256_of_2048_and_3072_bits() {
    tokio::join!(tokens_of("RS256", "2048"), tokens_of("RS256", "3072"));
}

/// What the clients saw, once all that were sent are verified.
fn judge(summaries: &[Value], sent: usize, kids: usize) {
    assert!(sent > 100, "only {sent} tokens were minted");
    for summary in summaries {
        assert_eq!(summary["failed"], 0, "{summary}");
        assert_eq!(summary["verified"], sent, "{summary}");
        assert_eq!(
            summary["kids"].as_object().map(|kids| kids.len()),
            Some(kids),
            "{summary}"
        );
    }
}

// L5
#[tokio::test(flavor = "multi_thread")]
async fn no_verification_fails_while_the_service_rotates_by_itself() {
    let database = Database::new(Backend::Postgres).await;
    let service = outside::start(&database, outside::free_port(), &SETTINGS).await;
    let mut load = Load::start(&service, verifiers(&service)).await;
    load.until_another_key_signs().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (summaries, sent) = load.finish().await;
    judge(&summaries, sent, 2);
}

// L5: by hand, and by a restart with another algorithm
#[tokio::test(flavor = "multi_thread")]
async fn no_verification_fails_while_an_operator_rotates_and_changes_the_algorithm() {
    let database = Database::new(Backend::Sqlite).await;
    let port = outside::free_port();
    let mut service = outside::start(&database, port, &SETTINGS).await;
    outside::create_account(&database, "root@example.org", outside::ADMIN).await;
    let mut load = Load::start(&service, verifiers(&service)).await;
    let admin = service.login_as_admin("root@example.org").await;
    let admin = service.bearer(&admin.access);
    let next = admin.post("/v1/admin/keys/rotate", json!(null)).await;
    assert_eq!(next.body["state"], "next", "{}", next.text);
    load.until_another_key_signs().await;
    for algorithm in ["RS256", "EdDSA"] {
        load.pause().await;
        service.signal("TERM");
        service.wait(Duration::from_secs(30)).await;
        let mut settings = SETTINGS.to_vec();
        settings.push(("AUTH__KEYS__ALGORITHM", algorithm));
        service = outside::start(&database, port, &settings).await;
        load.resume();
        load.until_another_key_signs().await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (summaries, sent) = load.finish().await;
    judge(&summaries, sent, 4);
    for summary in &summaries {
        let seen = summary["algorithms"].as_object().expect("a count of each");
        assert_eq!(seen.len(), 3, "{summary}");
    }
}
