//! Bursts at two replicas, which are processes of their own, with a Redis that is this test's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kernel::config::Limit;
use serde_json::json;

use super::{WRONG, environment};
use crate::support::database::Database;
use crate::support::redis::Redis;
use crate::support::{Answer, Backend, Client, Process};

const LIMIT: u32 = 20;
const REPLICAS: u32 = 2;
/// What each lets through by itself.
const SHARE: u32 = LIMIT / REPLICAS;

struct Scene {
    redis: Redis,
    replicas: Vec<Process>,
    _database: Database,
}

impl Scene {
    /// Nothing comes back within a test: it is a limit by the day.
    async fn new() -> Self {
        let database = Database::new(Backend::Postgres).await;
        let redis = Redis::start().await;
        let mut settings = environment(Limit::SignInAddress, &format!("{LIMIT}/1d"));
        settings.push(("AUTH__REDIS__URL".into(), redis.url()));
        settings.push(("AUTH__DATABASE__REPLICAS".into(), REPLICAS.to_string()));
        let settings: Vec<_> = settings
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        let mut replicas = Vec::new();
        for _ in 0..REPLICAS {
            replicas.push(Process::start(&database, &settings).await);
        }
        Self {
            redis,
            replicas,
            _database: database,
        }
    }

    /// The replica whose turn it is.
    fn client(&self, turn: usize) -> Client {
        Client::clone(&self.replicas[turn % self.replicas.len()])
    }

    /// So many at once, one replica after the other.
    async fn burst(&self, size: usize) -> Vec<Answer> {
        join_all((0..size).map(|turn| attempt(self.client(turn), turn))).await
    }

    /// Until the replica counts with these at once.
    async fn until_it_counts(&self, turn: usize, with: u32) {
        let began = Instant::now();
        loop {
            let answer = attempt(self.client(turn), 0).await;
            if answer
                .header("ratelimit-policy")
                .contains(&format!(";q={with};"))
            {
                return;
            }
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "{:?}",
                answer.headers
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A wrong password: 401 is let through, 429 is not.
async fn attempt(client: Client, number: usize) -> Answer {
    let body = json!({ "email": format!("nobody-{number}@example.org"), "password": WRONG });
    let answer = client.post("/v1/login", body).await;
    assert!([401, 429].contains(&answer.status), "{}", answer.text);
    if answer.status == 429 {
        assert_eq!(answer.code(), "rate_limited");
        assert!(
            answer
                .header("retry-after")
                .parse::<u32>()
                .expect("seconds")
                > 0
        );
    }
    answer
}

fn let_through(answers: &[Answer]) -> u32 {
    answers.iter().filter(|answer| answer.status == 401).count() as u32
}

/// A burst in which Redis answered in time. On a busy machine it may be late for a replica, which
/// then counts alone, as it must: such a burst does not show what the replicas share.
async fn shared_burst() -> (Scene, Vec<Answer>) {
    for _ in 0..5 {
        let scene = Scene::new().await;
        let answers = scene.burst(100).await;
        let alone = format!(";q={SHARE};");
        let policies = answers.iter().map(|it| it.header("ratelimit-policy"));
        if !policies.into_iter().any(|policy| policy.contains(&alone)) {
            return (scene, answers);
        }
        assert!(let_through(&answers) <= LIMIT + REPLICAS * SHARE);
    }
    panic!("Redis was late in five bursts");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_let_no_more_through_than_one() {
    let (scene, answers) = shared_burst().await;
    assert_eq!(let_through(&answers), LIMIT);
    for turn in 0..2 {
        let answer = attempt(scene.client(turn), 0).await;
        assert_eq!(answer.status, 429);
        assert_eq!(
            answer.header("ratelimit-policy"),
            r#""sign_in_address";q=20;w=86400"#
        );
        let told = answer.header("ratelimit");
        assert!(told.starts_with(r#""sign_in_address";r=0;t=86"#), "{told}");
    }
    assert_eq!(
        scene.redis.keys("{limits}:limit:*").await,
        ["{limits}:limit:sign_in_address:127.0.0.1"]
    );
}

/// The bound: what Redis counted, and each replica's share once: LIMIT + REPLICAS · SHARE. When
/// Redis is back it has forgotten, so that it is one LIMIT more.
#[tokio::test(flavor = "multi_thread")]
async fn redis_killed_in_the_middle_and_brought_back() {
    let scene = Arc::new(Scene::new().await);
    let passed = Arc::new(AtomicU32::new(0));
    let one = |turn: usize| {
        let (scene, passed) = (scene.clone(), passed.clone());
        tokio::spawn(async move {
            // In waves, so that the end of Redis falls in between.
            tokio::time::sleep(Duration::from_millis(turn as u64 * 10)).await;
            let answer = attempt(scene.client(turn), turn).await;
            passed.fetch_add(u32::from(answer.status == 401), Ordering::Relaxed);
        })
    };
    let attempts: Vec<_> = (0..200).map(one).collect();
    while passed.load(Ordering::Relaxed) < LIMIT / 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    scene.redis.kill();
    for attempt in attempts {
        attempt.await.expect("every attempt is answered");
    }
    let most = LIMIT + REPLICAS * SHARE;
    let total = passed.load(Ordering::Relaxed);
    assert!(total <= most, "{total} of at most {most}");
    assert!(total >= LIMIT / 2 + REPLICAS * SHARE, "{total}: it goes on");
    let answers = scene.burst(50).await;
    assert_eq!(let_through(&answers), 0, "each has used up its share");
    assert!(
        answers[0].header("ratelimit-policy").contains(";q=10;"),
        "its share is told"
    );

    scene.redis.restart().await;
    scene.until_it_counts(0, LIMIT).await;
    scene.until_it_counts(1, LIMIT).await;
    assert!(let_through(&scene.burst(100).await) <= LIMIT);
    assert_eq!(let_through(&scene.burst(20).await), 0);
}
