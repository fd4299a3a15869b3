//! The service killed, Redis lost, the database away: what is revoked meanwhile is let in by
//! nobody who has heard of it or should have, and `Strict` says so while nothing is heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use shared_claims::Clock;

use super::watch::Watch;
use super::{standing_clock, verifier};
use crate::revocation::{eventually, logout, sessions};
use crate::support::database::Database;
use crate::support::proxy::{Flow, Proxy};
use crate::support::redis::Redis;
use crate::support::{Backend, Client, Process, Tokens, outside};

const SECOND: Duration = Duration::from_secs(1);
const MAX_LAG: Duration = Duration::from_secs(10);
/// More than `MAX_LAG` and what the service adds to it.
const TOO_LONG: u32 = 20;

/// Two replicas on one Postgres and one Redis, and verifiers that follow the first.
struct House {
    first: Process,
    second: Process,
    ports: [u16; 2],
    redis: Redis,
    database: Database,
    /// Between the first replica and the database.
    proxy: Proxy,
    watch: Watch,
    /// Of the verifiers, and by how many seconds it was moved.
    clock: Clock,
    moved: Arc<AtomicU32>,
    sessions: Vec<Tokens>,
}

impl House {
    async fn start() -> Self {
        let (database, redis) = (Database::new(Backend::Postgres).await, Redis::start().await);
        let proxy = Proxy::before(&database.url).await;
        let ports = [outside::free_port(), outside::free_port()];
        let first = first_replica(&database, &proxy, &redis, ports).await;
        let settings = [("REDIS_URL", &*redis.url()), ("AUTH__ISSUER", &first.base)];
        let second = Process::start(&database, &settings).await;
        let mut sessions = sessions(&first, "ada@example.org", 9).await;
        let valid = sessions.pop().expect("a session");
        let (clock, moved, mut verifiers) = (standing_clock(), Arc::default(), Vec::new());
        for _ in 0..4 {
            let builder = verifier(&first.base, &first.base, &first.internal);
            let builder = builder.max_lag(MAX_LAG).clock(clock.clone());
            verifiers.push(builder.build().await.expect("a verifier"));
        }
        let seconds = Arc::<AtomicU32>::clone(&moved);
        let now = move || SECOND * seconds.load(Ordering::SeqCst);
        let watch = Watch::start(&verifiers, MAX_LAG, Box::new(now), &valid);
        watch.all_see(SECOND).await;
        Self {
            first,
            second,
            ports,
            redis,
            database,
            proxy,
            watch,
            clock,
            moved,
            sessions,
        }
    }

    async fn revoke_at(&self, replica: &Client, which: usize) {
        logout(replica, &self.sessions[which]).await;
        self.watch.revoked(&self.sessions[which]);
    }

    /// Moves the verifiers' clock, and only then tells the watch.
    fn wait_too_long(&self) {
        self.clock.advance(SECOND * TOO_LONG);
        self.moved.fetch_add(TOO_LONG, Ordering::SeqCst);
    }

    /// Waits until strict verifiers are blind, and the others have let in what was revoked.
    async fn is_felt(&self) {
        let before = self.watch.count(|seen| &seen.blind);
        eventually("some are blind", async || {
            self.watch.count(|seen| &seen.blind) > before + 100
        })
        .await;
        assert!(self.watch.count(|seen| &seen.unheard) > 0);
    }

    /// Waits until both replicas hear each other through Redis.
    async fn both_listen(&self) {
        eventually("both listen", async || {
            let count = redis::cmd("PUBSUB")
                .arg("NUMSUB")
                .arg("deny:feed")
                .to_owned();
            let (_, count): (String, u32) = self.redis.command(count).await;
            count == 2
        })
        .await;
    }

    async fn is_over(&self) {
        self.watch.all_see(SECOND).await;
        self.watch.all_refused().await;
    }
}

async fn first_replica(
    database: &Database,
    proxy: &Proxy,
    redis: &Redis,
    ports: [u16; 2],
) -> Process {
    let settings = [
        ("AUTH__INTERNAL_LISTEN", &*format!("127.0.0.1:{}", ports[1])),
        ("AUTH__DATABASE__URL", &proxy.url),
        ("REDIS_URL", &redis.url()),
    ];
    outside::start(database, ports[0], &settings).await
}

// L1
#[tokio::test(flavor = "multi_thread")]
async fn nothing_revoked_is_let_in_when_the_service_was_killed_and_is_back() {
    let mut house = House::start().await;
    house.revoke_at(&house.first, 0).await;
    house.revoke_at(&house.second, 1).await;
    house.watch.all_refused().await;
    for which in [2, 4] {
        house.first.signal("KILL");
        house.first.wait(SECOND * TOO_LONG).await;
        house.revoke_at(&house.second, which).await;
        house.revoke_at(&house.second, which + 1).await;
        house.wait_too_long();
        house.is_felt().await;
        let House {
            database,
            proxy,
            redis,
            ports,
            ..
        } = &house;
        house.first = first_replica(database, proxy, redis, *ports).await;
        house.is_over().await;
    }
    house.revoke_at(&house.first, 6).await;
    house.revoke_at(&house.second, 7).await;
    house.watch.all_refused().await;
    house.watch.end("killed").await;
}

// L1: nobody is blind for it, for a replica without Redis asks the database.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_lost_blinds_nobody_and_lets_nothing_in() {
    let house = House::start().await;
    house.redis.flush().await;
    house.revoke_at(&house.first, 0).await;
    house.redis.flush().await;
    house.revoke_at(&house.second, 1).await;
    house.watch.all_refused().await;

    house.redis.kill();
    house.revoke_at(&house.first, 2).await;
    house.revoke_at(&house.second, 3).await;
    house.watch.all_refused().await;
    // What was heard until now does not last; what is heard from now on comes without Redis.
    house.wait_too_long();
    house.is_over().await;
    house.revoke_at(&house.second, 4).await;
    house.watch.all_refused().await;

    house.redis.restart().await;
    house.revoke_at(&house.first, 5).await;
    house.revoke_at(&house.second, 6).await;
    house.is_over().await;
    house.watch.end("Redis lost").await;
}

// L1: it still hands on what it hears through Redis, and says nothing of what it may not hear.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_has_lost_its_database_vouches_for_nothing() {
    let house = House::start().await;
    for (which, flow) in [(0, Flow::Frozen), (3, Flow::Cut)] {
        house.both_listen().await;
        house.revoke_at(&house.first, which).await;
        house.proxy.set(flow);
        house.revoke_at(&house.second, which + 1).await;
        house.watch.all_refused().await;
        house.redis.kill();
        house.revoke_at(&house.second, which + 2).await;
        house.wait_too_long();
        house.is_felt().await;
        house.redis.restart().await;
        house.proxy.set(Flow::Open);
        house.is_over().await;
    }
    house.watch.end("database away").await;
}
