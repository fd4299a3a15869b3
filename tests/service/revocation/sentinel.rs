//! Redis behind Sentinels: what holds with one server holds while another takes its place.

use std::time::{Duration, Instant};

use super::{eventually, logout, sessions, stay_ended};
use crate::support::redis::Redis;
use crate::support::redis_fleet::Watched;
use crate::support::{Backend, Service};

/// Two replicas whose mirrors are believed.
pub(super) async fn replicas(url: &str) -> [Service; 2] {
    let url = Some(url.to_owned());
    let a = Service::with(Backend::Postgres, |settings| settings.redis.url = url).await;
    let b = a.replica().await;
    are_heard(&[&a, &b]).await;
    [a, b]
}

/// Waits until every mirror is believed, its link to Redis included.
pub(super) async fn are_heard(services: &[&Service]) {
    eventually("the mirrors are believed", async || {
        let mut fresh = services.iter().map(|it| it.ctx.revocations.is_fresh());
        fresh.all(|fresh| fresh)
    })
    .await;
}

/// Waits until Redis holds what the database does, in the state that this server is in.
pub(super) async fn is_filled(redis: &Redis, prefix: &str) {
    eventually("Redis is filled", async || {
        let epoch = redis
            .value(&format!("{prefix}:epoch"))
            .await
            .unwrap_or_default();
        let info: String = redis.command(redis::cmd("INFO")).await;
        let run_id = info.lines().find_map(|line| line.strip_prefix("run_id:"));
        epoch.starts_with(run_id.expect("a run_id"))
    })
    .await;
}

// L2: at the answer nobody accepts it any more, wherever Redis is in its fail-over.
#[tokio::test(flavor = "multi_thread")]
async fn a_fail_over_lets_nothing_through_and_is_over_by_itself() {
    let watched = Watched::start().await;
    let [a, b] = replicas(&watched.url()).await;
    is_filled(&watched.first, "deny").await;
    let mut people = sessions(&a, "ada@example.org", 8).await;
    let before = people.pop().unwrap();
    logout(&a, &before).await;
    b.me(&before.access).await.expect(401, "token_revoked");
    assert_eq!(watched.first.keys("deny:sid:*").await.len(), 1);

    watched.first.kill();
    let began = Instant::now();
    let mut ended = vec![before];
    for tokens in people.split_off(2) {
        logout(&a, &tokens).await;
        b.me(&tokens.access).await.expect(401, "token_revoked");
        ended.push(tokens);
    }
    eventually("another is the primary", async || {
        let role: String = watched.second.command(redis::cmd("INFO")).await;
        role.contains("role:master")
    })
    .await;
    is_filled(&watched.second, "deny").await;
    are_heard(&[&a, &b]).await;
    println!("over after {:?}", began.elapsed());
    assert_eq!(watched.second.keys("deny:sid:*").await.len(), ended.len());

    // What was the primary comes back, and is none.
    watched.first.restart().await;
    eventually("it follows", async || {
        let role: String = watched.first.command(redis::cmd("INFO")).await;
        role.contains("role:slave")
    })
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    are_heard(&[&a, &b]).await;
    let last = people.pop().unwrap();
    logout(&b, &last).await;
    a.me(&last.access).await.expect(401, "token_revoked");
    ended.push(last);
    assert_eq!(watched.second.keys("deny:sid:*").await.len(), ended.len());
    stay_ended(&[&a, &b], &ended).await;
    assert_eq!(b.me(&people[0].access).await.status, 200);
}
