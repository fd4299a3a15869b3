//! A fleet of verifiers, each with a feed of its own: how soon after the answer to a revocation
//! each of them refuses the token. `tests/tools/fleet` measures it with more of both.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use shared_claims::{Freshness, Verifier};

use super::{rule, rules, verifier};
use crate::revocation::claim;
use crate::support::database::Database;
use crate::support::redis::Redis;
use crate::support::{Backend, Client, Process, Service, Tokens, outside};

/// Twice what the service promises in the worst case (`revocation.max_lag`): machines are busy.
const LIMIT: Duration = Duration::from_secs(2);

/// Between two looks at those that have not refused yet, so that looking slows nobody down.
const PAUSE: Duration = Duration::from_micros(100);

/// So many, unless the environment asks for another number.
fn size(variable: &str, default: usize) -> usize {
    let given = std::env::var(variable);
    given.map_or(default, |text| text.parse().expect("a number"))
}

async fn fleet(service: &Client, issuer: &str) -> Vec<Verifier> {
    let mut fleet = Vec::new();
    for _ in 0..size("FLEET_VERIFIERS", 10) {
        let builder = verifier(issuer, &service.base, &service.internal);
        fleet.push(builder.build().await.expect("a verifier"));
    }
    for verifier in &fleet {
        crate::revocation::eventually("it is ready", async || verifier.ready()).await;
    }
    fleet
}

/// One token, one session, or one account: whichever is the turn of `n`.
async fn revoke(service: &Client, admin: &Client, n: usize, tokens: &Tokens) -> Instant {
    let own = service.bearer(&tokens.access);
    let answer = match n % 3 {
        0 => {
            let jti = json!({ "jti": claim(&tokens.access, "jti") });
            admin.post("/v1/admin/revocations", jti).await
        }
        1 => own.send(Method::POST, "/v1/logout", None).await,
        _ => own.delete("/v1/me/sessions").await,
    };
    let answered = Instant::now();
    assert_eq!(answer.status, 204, "{}", answer.text);
    answered
}

/// How long after `answered` each verifier was first seen to refuse the token.
async fn refusals(fleet: &[Verifier], token: &str, answered: Instant) -> Vec<Duration> {
    let mut waiting: Vec<_> = fleet.iter().collect();
    let mut took = Vec::new();
    loop {
        for verifier in std::mem::take(&mut waiting) {
            match rule(verifier, token, Freshness::Strict).await {
                "revoked" => took.push(answered.elapsed()),
                "ok" => waiting.push(verifier),
                other => panic!("{other}"),
            }
        }
        if waiting.is_empty() {
            return took;
        }
        let waited = answered.elapsed();
        assert!(
            waited < LIMIT,
            "{} accept it after {waited:?}",
            waiting.len()
        );
        // This thread is the test's own, and runs nobody else's tasks.
        std::thread::sleep(PAUSE);
    }
}

/// Revokes at `service` what the fleet accepts, and prints how soon it was refused.
async fn measure(name: &str, service: &Client, admin: &Tokens, fleet: &[Verifier]) {
    let admin = service.bearer(&admin.access);
    let mut tokens = Vec::new();
    for n in 0..size("FLEET_REVOCATIONS", 50) {
        let email = format!("{}-{n}@example.org", name.replace([' ', ',', '+'], "-"));
        tokens.push(service.signup(&email).await);
    }
    for (verifier, tokens) in fleet
        .iter()
        .flat_map(|one| tokens.iter().map(move |t| (one, t)))
    {
        assert_eq!(rules(verifier, &tokens.access).await, ["ok"; 2]);
    }
    let mut took = Vec::new();
    for (n, tokens) in tokens.iter().enumerate() {
        let answered = revoke(service, &admin, n, tokens).await;
        took.extend(refusals(fleet, &tokens.access, answered).await);
    }
    for (verifier, tokens) in fleet
        .iter()
        .flat_map(|one| tokens.iter().map(move |t| (one, t)))
    {
        assert_eq!(
            rules(verifier, &tokens.access).await,
            ["revoked"; 2],
            "for good"
        );
    }
    took.sort();
    let at = |hundredth: usize| took[(took.len() - 1) * hundredth / 100].as_secs_f64() * 1000.0;
    println!(
        "| {name} | {} × {} | {:.2} ms | {:.2} ms | {:.2} ms |",
        fleet.len(),
        tokens.len(),
        at(50),
        at(99),
        at(100)
    );
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_refuses_what_a_process_on_postgres_and_redis_has_revoked() {
    let (database, redis) = (Database::new(Backend::Postgres).await, Redis::start().await);
    let url = redis.url();
    let mut settings = vec![("REDIS_URL", url.as_str()), ("AUTH__LOG__FILTER", "info")];
    let service = outside::start(&database, outside::free_port(), &settings).await;
    settings.push(("AUTH__ISSUER", &service.base));
    let other = Process::start(&database, &settings).await;
    outside::create_account(&database, "admin@example.org", outside::ADMIN).await;
    let admin = service.login_as_admin("admin@example.org").await;
    let fleet = fleet(&service, &service.base).await;
    measure("Postgres + Redis", &service, &admin, &fleet).await;
    measure(
        "Postgres + Redis, at another replica",
        &other,
        &admin,
        &fleet,
    )
    .await;
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_refuses_what_a_service_on_sqlite_has_revoked() {
    let service = Service::on(
        Database::new(Backend::Sqlite).await.into(),
        kernel::clock::Clock::system(),
        |_| {},
    )
    .await;
    let admin = service.admin().await;
    let fleet = fleet(&service, &service.ctx.settings.issuer).await;
    measure("SQLite", &service, &admin, &fleet).await;
}
