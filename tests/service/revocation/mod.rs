//! Revocation: nothing that was revoked is ever accepted again, whatever fails.

mod cluster;
mod cut_offs;
mod database_away;
mod deny_keys;
mod everywhere;
mod feed;
mod in_process;
mod present_state;
mod races;
mod redis_apart;
mod redis_faults;
mod sentinel;
mod stream;
mod unknown_kinds;

use std::time::{Duration, Instant};

use auth_service::ctx::Ctx;
use reqwest::Method;
use serde_json::Value;

use crate::support::redis::Redis;
use crate::support::{Answer, Backend, Client, Service, Sql, Tokens};

/// Two replicas on one Postgres and one Redis.
struct Pair {
    a: Service,
    b: Service,
    redis: Redis,
    admin: Tokens,
}

impl Pair {
    async fn start() -> Self {
        Self::on(Redis::start().await).await
    }

    async fn on(redis: Redis) -> Self {
        let url = Some(redis.url());
        let a = Service::with(Backend::Postgres, |settings| settings.redis.url = url).await;
        let b = a.replica().await;
        let admin = a.admin().await;
        let pair = Self { a, b, redis, admin };
        pair.is_settled().await;
        pair
    }

    /// Waits until both mirrors are believed and Redis is filled.
    async fn is_settled(&self) {
        eventually("the mirrors are believed", async || {
            self.a.ctx.revocations.is_fresh() && self.b.ctx.revocations.is_fresh()
        })
        .await;
        eventually("Redis is filled", async || {
            let epoch = self.redis.value("deny:epoch").await.unwrap_or_default();
            let info: String = self.redis.command(redis::cmd("INFO")).await;
            let run_id = info.lines().find_map(|line| line.strip_prefix("run_id:"));
            epoch.starts_with(run_id.expect("a run_id"))
        })
        .await;
    }
}

/// Waits for a condition, generously.
pub(crate) async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(30), "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Signs in so many times.
pub(crate) async fn sessions(client: &Client, email: &str, count: usize) -> Vec<Tokens> {
    let mut tokens = vec![client.signup(email).await];
    while tokens.len() < count {
        tokens.push(client.login(email).await);
    }
    tokens
}

pub(crate) async fn logout(client: &Client, tokens: &Tokens) {
    let signed_in = client.bearer(&tokens.access);
    let answer = signed_in.send(Method::POST, "/v1/logout", None).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

/// Every replica refuses every one of these.
async fn stay_ended(replicas: &[&Client], ended: &[Tokens]) {
    for tokens in ended {
        for replica in replicas {
            let answer = replica.me(&tokens.access).await;
            answer.expect(401, "token_revoked");
        }
    }
}

async fn patch_user(client: &Client, admin: &Tokens, user: &str, patch: Value) -> Answer {
    let path = format!("/v1/admin/users/{user}");
    let answer = client.bearer(&admin.access).patch(&path, patch).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

/// What a token says of itself.
pub(crate) fn claims(access: &str) -> Value {
    use base64::Engine;
    let payload = access.split('.').nth(1).expect("a payload");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload);
    serde_json::from_slice(&bytes.expect("base64url")).expect("JSON")
}

pub(crate) fn claim(access: &str, name: &str) -> String {
    let claims = claims(access);
    claims[name].as_str().expect("a text").to_owned()
}

/// Runs a statement on the service's database, past the service.
async fn sql(ctx: &Ctx, statement: &str) {
    let url = &ctx.settings.database.url;
    Sql::open(url).await.run(statement).await;
}
