//! The database out of reach, by itself and together with Redis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{eventually, logout, sessions};
use crate::support::database::Database;
use crate::support::proxy::{Flow, Proxy};
use crate::support::redis::Redis;
use crate::support::{Answer, Backend, Client, Service};

/// Two replicas on one Postgres; the second reaches it through a proxy.
struct Apart {
    a: Service,
    b: Service,
    proxy: Proxy,
}

impl Apart {
    async fn start(redis: Option<&Redis>) -> Self {
        let url = redis.map(Redis::url);
        let database = Arc::new(Database::new(Backend::Postgres).await);
        let proxy = Proxy::before(&database.url).await;
        let proxied = proxy.url.clone();
        let clock = kernel::clock::Clock::manual(crate::support::service::START);
        let a = Service::on(database.clone(), clock.clone(), |settings| {
            settings.redis.url = url.clone()
        })
        .await;
        let b = Service::on(database, clock, |settings| {
            settings.redis.url = url.clone();
            settings.database.url = proxied;
        })
        .await;
        eventually("both are sure", async || {
            [&a, &b]
                .iter()
                .all(|replica| replica.ctx.revocations.is_fresh())
        })
        .await;
        Self { a, b, proxy }
    }

    /// Takes the database away from the second replica, for longer than its mirror is believed.
    async fn take_away(&self, flow: Flow) {
        self.proxy.set(flow);
        sleep(self.b.ctx.settings.revocation.max_lag).await;
    }
}

async fn timed(client: &Client, access: &str) -> Answer {
    let began = Instant::now();
    let answer = client.me(access).await;
    // The look-up has 500 ms; a busy machine some more.
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    answer
}

async fn is_away(client: &Client, access: &str) {
    let answer = timed(client, access).await.expect(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_a_replica_accepts_nothing_and_refuses_what_it_knows() {
    let apart = Apart::start(None).await;
    let tokens = sessions(&apart.a, "ada@example.org", 4).await;
    let [known, cut, frozen, valid] = tokens.try_into().expect("four");
    logout(&apart.b, &known).await;
    for (flow, revoked) in [(Flow::Cut, &cut), (Flow::Frozen, &frozen)] {
        apart.take_away(flow).await;
        logout(&apart.a, revoked).await;
        let began = Instant::now();
        for _ in 0..3 {
            is_away(&apart.b, &revoked.access).await;
            is_away(&apart.b, &valid.access).await;
            timed(&apart.b, &known.access)
                .await
                .expect(401, "token_revoked");
        }
        println!("{flow:?}: {:?} for nine checks", began.elapsed());
        apart.proxy.set(Flow::Open);
        eventually("it is back", async || {
            apart.b.me(&valid.access).await.status == 200
        })
        .await;
        timed(&apart.b, &revoked.access)
            .await
            .expect(401, "token_revoked");
    }
}

// L1: one of the two is enough to refuse, both are needed to accept from memory.
#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_a_replica_still_hears_of_revocations_and_without_both_it_answers_503()
{
    let redis = Redis::start().await;
    let apart = Apart::start(Some(&redis)).await;
    let tokens = sessions(&apart.a, "ada@example.org", 3).await;
    let [heard, unheard, valid] = tokens.try_into().expect("three");
    apart.take_away(Flow::Frozen).await;
    logout(&apart.a, &heard).await;
    timed(&apart.b, &heard.access)
        .await
        .expect(401, "token_revoked");
    is_away(&apart.b, &valid.access).await;

    redis.kill();
    logout(&apart.a, &unheard).await;
    is_away(&apart.b, &unheard.access).await;
    is_away(&apart.b, &valid.access).await;
    timed(&apart.a, &valid.access).await.expect(200, "");

    redis.restart().await;
    apart.proxy.set(Flow::Open);
    eventually("it is sure again", async || {
        apart.b.ctx.revocations.is_fresh()
    })
    .await;
    for revoked in [&heard, &unheard] {
        timed(&apart.b, &revoked.access)
            .await
            .expect(401, "token_revoked");
    }
    timed(&apart.b, &valid.access).await.expect(200, "");
    eventually("Redis is filled", async || {
        redis.keys("deny:sid:*").await.len() == 2
    })
    .await;
}
