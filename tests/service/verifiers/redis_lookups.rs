//! Verifiers that look revocations up in the service's Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use shared_claims::{Freshness, Revocations, Verifier};
use tokio::task::JoinHandle;

use super::{becomes, clock_at_start, rule, rules, verifier};
use crate::revocation::{claim, eventually, logout, sessions};
use crate::support::redis::Redis;
use crate::support::{Backend, Service, Tokens};

async fn start() -> (Service, Redis, Verifier) {
    let redis = Redis::start().await;
    let url = redis.url();
    let service = Service::with(Backend::Postgres, |settings| {
        settings.redis.url = Some(url.clone());
    })
    .await;
    let builder = verifier(&service.ctx.settings.issuer, &service.base, "");
    let builder = builder
        .clock(clock_at_start())
        .revocations(Revocations::Redis(url));
    let verifier = builder.build().await.expect("a verifier");
    (service, redis, verifier)
}

/// Asks strictly for revoked tokens, again and again; counts how often, and who was let in.
struct Asking {
    over: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    let_in: JoinHandle<usize>,
}

impl Asking {
    fn start(verifier: &Verifier, revoked: &[Tokens]) -> Self {
        let (over, asked) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (verifier, revoked) = (verifier.clone(), revoked.to_vec());
        let (is_over, count) = (over.clone(), asked.clone());
        let let_in = tokio::spawn(async move {
            let mut let_in = 0;
            while !is_over.load(Ordering::SeqCst) {
                for tokens in &revoked {
                    let said = rule(&verifier, &tokens.access, Freshness::Strict).await;
                    let_in += usize::from(said != "revoked" && said != "blind");
                    count.fetch_add(1, Ordering::SeqCst);
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let_in
        });
        Self {
            over,
            asked,
            let_in,
        }
    }

    async fn asks(&self, times: usize) {
        let enough = self.asked.load(Ordering::SeqCst) + times;
        eventually("it asks", async || {
            self.asked.load(Ordering::SeqCst) > enough
        })
        .await;
    }

    async fn nobody_was_let_in(self) {
        self.asks(100).await;
        self.over.store(true, Ordering::SeqCst);
        assert_eq!(self.let_in.await.expect("no panic"), 0);
    }
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_refused_as_soon_as_it_is_answered() {
    let (service, _redis, verifier) = start().await;
    let admin = service.admin().await;
    let client = service.bearer(&admin.access);
    let other = service.signup("other@example.org").await;
    let mut all = sessions(&service, "ada@example.org", 4).await;
    becomes(&verifier, &other.access, ["ok"; 2]).await;
    for tokens in &all {
        assert_eq!(rules(&verifier, &tokens.access).await, ["ok"; 2]);
    }
    let by_jti = all.pop().expect("a session");
    service
        .revoke(&admin, "jti", &claim(&by_jti.access, "jti"))
        .await;
    assert_eq!(rules(&verifier, &by_jti.access).await, ["revoked"; 2]);
    let by_sid = all.pop().expect("a session");
    logout(&service, &by_sid).await;
    assert_eq!(rules(&verifier, &by_sid.access).await, ["revoked"; 2]);
    let path = format!("/v1/admin/users/{}", by_sid.user);
    client
        .patch(&path, json!({ "roles": ["editor"] }))
        .await
        .expect(200, "");
    assert_eq!(rules(&verifier, &all[0].access).await, ["stale"; 2]);
    let fresh = service.refresh(&all[0].refresh).await.tokens();
    assert_eq!(rules(&verifier, &fresh.access).await, ["ok"; 2]);
    let own = service.bearer(&fresh.access);
    let everywhere = own.send(Method::DELETE, "/v1/me/sessions", None).await;
    assert_eq!(everywhere.status, 204, "{}", everywhere.text);
    for tokens in [&fresh, &all[1]] {
        assert_eq!(rules(&verifier, &tokens.access).await, ["revoked"; 2]);
    }
    let [key] = service
        .ctx
        .keyring
        .list(kernel::keyring::Purpose::Signing)
        .await
        .expect("keys")
        .try_into()
        .expect("one");
    assert_eq!(rules(&verifier, &other.access).await, ["ok"; 2]);
    client
        .delete(&format!("/v1/admin/keys/{}", key.kid))
        .await
        .expect(204, "");
    assert_eq!(rules(&verifier, &other.access).await, ["revoked"; 2]);
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_lost_or_not_filled_yet_lets_nothing_in() {
    let (service, redis, verifier) = start().await;
    let mut revoked = sessions(&service, "ada@example.org", 40).await;
    let (valid, late) = (revoked.pop().expect("one"), revoked.pop().expect("another"));
    becomes(&verifier, &valid.access, ["ok"; 2]).await;
    for tokens in &revoked {
        logout(&service, tokens).await;
    }
    let asking = Asking::start(&verifier, &revoked);
    for _ in 0..3 {
        asking.asks(20).await;
        redis.flush().await;
        becomes(&verifier, &valid.access, ["ok"; 2]).await;
    }
    redis.kill();
    assert_eq!(rules(&verifier, &valid.access).await, ["blind", "ok"]);
    asking.asks(20).await;
    redis.restart().await;
    becomes(&verifier, &valid.access, ["ok"; 2]).await;
    asking.nobody_was_let_in().await;

    // What was revoked after its snapshot was made is missing in one that begins with that.
    redis.save().await;
    logout(&service, &late).await;
    tokio::time::sleep(service.ctx.settings.revocation.max_lag).await;
    let asking = Asking::start(&verifier, &[late]);
    redis.restart().await;
    becomes(&verifier, &valid.access, ["ok"; 2]).await;
    asking.nobody_was_let_in().await;
}

// L1: revoked by a service that can't reach Redis, though the verifier can.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_the_service_has_lost_is_believed_no_more() {
    let redis = Redis::start().await;
    let proxy = crate::support::proxy::Proxy::before(&redis.url()).await;
    let service = Service::with(Backend::Postgres, |settings| {
        settings.redis.url = Some(proxy.url.clone());
    })
    .await;
    let builder = verifier(&service.ctx.settings.issuer, &service.base, "");
    let builder = builder.clock(clock_at_start());
    let verifier = builder
        .revocations(Revocations::Redis(redis.url()))
        .build()
        .await;
    let verifier = verifier.expect("a verifier");
    let [valid, lost] = sessions(&service, "ada@example.org", 2)
        .await
        .try_into()
        .expect("two");
    becomes(&verifier, &valid.access, ["ok"; 2]).await;
    proxy.set(crate::support::proxy::Flow::Cut);
    logout(&service, &lost).await;
    assert_eq!(
        rule(&verifier, &lost.access, Freshness::Strict).await,
        "blind"
    );
    proxy.set(crate::support::proxy::Flow::Open);
    becomes(&verifier, &valid.access, ["ok"; 2]).await;
    assert_eq!(rules(&verifier, &lost.access).await, ["revoked"; 2]);
}
