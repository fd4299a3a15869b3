//! Redis out of reach of one replica, or of all, while it lives; and others who write there.

use super::{Pair, eventually, logout, sessions};
use crate::support::proxy::{Flow, Proxy};
use crate::support::redis::Redis;
use crate::support::{Backend, Service};

/// Two replicas on one Postgres and one Redis, which the first reaches through a proxy, and the
/// second too unless it is `apart`.
async fn behind_proxy(apart: bool) -> (Service, Service, Redis, Proxy) {
    let redis = Redis::start().await;
    let proxy = Proxy::before(&redis.url()).await;
    let proxied = proxy.url.clone();
    let direct = if apart { redis.url() } else { proxied.clone() };
    let a = Service::with(Backend::Postgres, |settings| {
        settings.redis.url = Some(proxied)
    })
    .await;
    let b = Service::on(a.database.clone(), a.clock.clone(), |settings| {
        settings.redis.url = Some(direct)
    })
    .await;
    eventually("both are sure", async || {
        [&a, &b].iter().all(|one| one.ctx.revocations.is_fresh())
    })
    .await;
    (a, b, redis, proxy)
}

// L1, L8: one replica alone has lost Redis. The other believes its mirror all the while, and
// still never accepts what the first has revoked; it also puts it into Redis for the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_has_lost_redis_is_obeyed_by_those_that_have_not() {
    let (a, b, redis, proxy) = behind_proxy(true).await;
    let all = sessions(&a, "ada@example.org", 6).await;
    for (at, flow) in [Flow::Cut, Flow::Frozen].into_iter().enumerate() {
        proxy.set(flow);
        for tokens in &all[at * 3..at * 3 + 3] {
            logout(&a, tokens).await;
            b.me(&tokens.access).await.expect(401, "token_revoked");
            let key = format!("deny:sid:{}", tokens.session);
            eventually("it is in Redis", async || redis.value(&key).await.is_some()).await;
        }
    }
}

// L1, L8: nobody could carry it, and the epoch has stayed the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_could_tell_redis_is_made_up_for() {
    let (a, b, redis, proxy) = behind_proxy(false).await;
    let [by_server, by_other] = sessions(&a, "ada@example.org", 2)
        .await
        .try_into()
        .expect("two");
    let epoch = redis.value("deny:epoch").await;
    proxy.set(Flow::Cut);
    logout(&a, &by_server).await;
    b.me(&by_server.access).await.expect(401, "token_revoked");
    assert_eq!(redis.keys("deny:sid:*").await.len(), 0);
    proxy.set(Flow::Open);
    eventually("it is there", async || {
        redis.keys("deny:sid:*").await.len() == 1
    })
    .await;
    // A server, or a command, that knows of no Redis revokes in the database alone.
    let lone = Service::on(a.database.clone(), a.clock.clone(), |_| {}).await;
    logout(&lone, &by_other).await;
    eventually("it is there too", async || {
        redis.keys("deny:sid:*").await.len() == 2
    })
    .await;
    assert_eq!(redis.value("deny:epoch").await, epoch, "it was never lost");
}

// L1: what others write into Redis can't hide a revocation, nor break the link.
#[tokio::test(flavor = "multi_thread")]
async fn junk_on_the_channel_hides_nothing() {
    let pair = Pair::start().await;
    let [first, second] = sessions(&pair.a, "ada@example.org", 2)
        .await
        .try_into()
        .expect("two");
    let entry = r#"{"kind":"sid","value":"x","expires_at":9223372036854775807"#;
    let numbered = format!(r#"{entry},"seq":9223372036854775000}}"#);
    for junk in [
        numbered.as_bytes(),
        b"\xff\xfe",
        b"{}",
        b"",
        entry.as_bytes(),
    ] {
        let mut publish = redis::cmd("PUBLISH");
        let heard: i64 = pair
            .redis
            .command(publish.arg("deny:feed").arg(junk).to_owned())
            .await;
        assert_eq!(heard, 2);
    }
    logout(&pair.a, &first).await;
    pair.b.me(&first.access).await.expect(401, "token_revoked");
    pair.redis.kill();
    logout(&pair.a, &second).await;
    for client in [&pair.a, &pair.b] {
        client.me(&second.access).await.expect(401, "token_revoked");
    }
    for replica in [&pair.a, &pair.b] {
        let snapshot = replica.get_internal("/v1/revocations").await;
        assert!(
            snapshot.body["position"].as_i64() < Some(1000),
            "{}",
            snapshot.text
        );
    }
    // What was written into the mirror for ever is forgotten with the rest.
    let settings = &pair.b.ctx.settings;
    let life = settings.tokens.access_ttl
        + settings.revocation.max_leeway
        + settings.database.statement_timeout;
    pair.b.advance(life.as_secs() + 1);
    pair.b.ctx.revocations.forget_dead();
    assert_eq!(pair.b.ctx.revocations.size(), 0);
}
