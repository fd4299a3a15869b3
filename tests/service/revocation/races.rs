//! Refreshes and sign-ins against a revocation that comes between: nothing that they mint
//! survives it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::config::Settings;
use reqwest::Method;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{claims, eventually};
use crate::support::redis::Redis;
use crate::support::{Answer, Backend, Client, PASSWORD, Service, Tokens, both};

/// Rounds of each way, on each database.
const ROUNDS: usize = 40;

/// One or two replicas; revocations happen at the first.
struct Arena {
    replicas: Vec<Service>,
    admin: Tokens,
    _redis: Option<Redis>,
}

impl Arena {
    async fn start(backend: Backend) -> Self {
        let redis = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(Redis::start().await),
        };
        let change = |settings: &mut Settings| {
            settings.redis.url = redis.as_ref().map(Redis::url);
            settings.throttle.account_failures = 100_000;
            settings.throttle.address_failures = 100_000;
            // Each refresh rotates: that is the statement to come in between of.
            settings.refresh.reuse_window = Duration::ZERO;
        };
        let mut replicas = vec![Service::with(backend, change).await];
        if redis.is_some() {
            replicas.push(replicas[0].replica().await);
        }
        let admin = replicas[0].admin().await;
        eventually("all are sure", async || {
            replicas.iter().all(|one| one.ctx.revocations.is_fresh())
        })
        .await;
        Self {
            replicas,
            admin,
            _redis: redis,
        }
    }

    fn client(&self, at: usize) -> Client {
        self.replicas[at % self.replicas.len()].client()
    }

    /// Revokes in one way, and returns once that was acknowledged.
    async fn revoke(&self, way: &str, victim: &Tokens) {
        let (client, admin) = (self.client(0), self.client(0).bearer(&self.admin.access));
        let victim_user = format!("/v1/admin/users/{}", victim.user);
        let answer = match way {
            "logout" => {
                client
                    .bearer(&victim.access)
                    .send(Method::POST, "/v1/logout", None)
                    .await
            }
            "end_all" => {
                client
                    .bearer(&victim.access)
                    .delete("/v1/me/sessions")
                    .await
            }
            "disable" => admin.patch(&victim_user, json!({ "disabled": true })).await,
            _ => admin.delete(&victim_user).await,
        };
        assert!(
            [200, 204].contains(&answer.status),
            "{way}: {}",
            answer.text
        );
    }

    /// At once where it was revoked; elsewhere as soon as the news is there, `max_lag` at the latest.
    async fn is_refused(&self, what: &str, access: &str) {
        for (at, replica) in self.replicas.iter().enumerate() {
            let began = Instant::now();
            let patience = replica.ctx.settings.revocation.max_lag * u32::from(at > 0);
            let mut answer = replica.me(access).await;
            while answer.status == 200 && began.elapsed() < patience {
                tokio::time::sleep(Duration::from_millis(1)).await;
                answer = replica.me(access).await;
            }
            assert_eq!(
                (answer.status, answer.code()),
                (401, "token_revoked"),
                "{what}: {}",
                answer.text
            );
        }
    }
}

/// Refreshes along a chain of tokens until it is refused; all that was minted.
async fn refresh_on(client: Client, barrier: Arc<Barrier>, first: String) -> Vec<Tokens> {
    let mut minted: Vec<Tokens> = Vec::new();
    barrier.wait().await;
    loop {
        let token = minted.last().map_or(&first, |tokens| &tokens.refresh);
        let answer = client.refresh(token).await;
        match answer.status {
            200 => minted.push(answer.tokens()),
            // Two chains on one session: the slower one is told that the token was used, or to
            // try again.
            503 => {}
            _ => return minted,
        }
    }
}

async fn sign_in(client: Client, barrier: Arc<Barrier>, email: String) -> Vec<Tokens> {
    barrier.wait().await;
    let body = json!({ "email": email, "password": PASSWORD });
    let answer: Answer = client.post("/v1/login", body).await;
    if answer.status == 200 {
        vec![answer.tokens()]
    } else {
        Vec::new()
    }
}

async fn rounds(backend: Backend, way: &str) {
    let arena = Arena::start(backend).await;
    let (mut refreshed, mut signed_in) = (0, 0);
    for round in 0..ROUNDS {
        let email = format!("{way}-{round}@example.org");
        let victim = arena.client(round).signup(&email).await;
        let second = arena.client(round).login(&email).await;
        let barrier = Arc::new(Barrier::new(5));
        let (mut refreshing, mut signing_in) = (JoinSet::new(), JoinSet::new());
        for (at, tokens) in [(0, &victim), (1, &second)] {
            refreshing.spawn(refresh_on(
                arena.client(at),
                barrier.clone(),
                tokens.refresh.clone(),
            ));
            signing_in.spawn(sign_in(arena.client(at), barrier.clone(), email.clone()));
        }
        barrier.wait().await;
        // Comes at another point of what it interrupts each time.
        tokio::time::sleep(Duration::from_micros(150 * round as u64)).await;
        arena.revoke(way, &victim).await;
        if way == "logout" {
            arena.revoke(way, &second).await;
        }

        // Also what is answered only after the acknowledgement.
        let from_refresh: Vec<Tokens> = refreshing.join_all().await.into_iter().flatten().collect();
        let from_sign_in: Vec<Tokens> = signing_in.join_all().await.into_iter().flatten().collect();
        refreshed += from_refresh.len();
        signed_in += from_sign_in.len();
        for tokens in from_refresh.iter().chain([&victim, &second]) {
            let what = format!("{way}, round {round}: refreshed");
            arena.is_refused(&what, &tokens.access).await;
            let answer = arena.client(round).refresh(&tokens.refresh).await;
            assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        }
        for tokens in &from_sign_in {
            let what = format!("{way}, round {round}: signed in");
            // One that was judged after the revocation is a new session; it knows the new version.
            let is_new =
                way == "logout" || (way == "end_all" && claims(&tokens.access)["ver"] == 2);
            match is_new {
                true => drop(arena.client(round).me(&tokens.access).await.expect(200, "")),
                false => {
                    arena.is_refused(&what, &tokens.access).await;
                    let answer = arena.client(round).refresh(&tokens.refresh).await;
                    assert_eq!(answer.code(), "refresh_token_revoked", "{what}");
                }
            }
        }
    }
    println!(
        "{way} on {backend:?}: {refreshed} refreshes and {signed_in} sign-ins in {ROUNDS} rounds"
    );
    assert!(refreshed > 0 && signed_in > 0, "they did race");
}

both! {
    // I4
    async fn nothing_minted_survives_a_logout(backend: Backend) {
        rounds(backend, "logout").await;
    }

    // I4
    async fn nothing_minted_survives_logging_out_everywhere(backend: Backend) {
        rounds(backend, "end_all").await;
    }

    // I4, I6
    async fn nothing_minted_survives_the_disabling_of_its_account(backend: Backend) {
        rounds(backend, "disable").await;
    }

    // I4
    async fn nothing_minted_survives_the_deletion_of_its_account(backend: Backend) {
        rounds(backend, "delete").await;
    }
}
