//! Refreshes, starts and rotations that happen at once: one of each comes of them.

use std::collections::HashSet;
use std::sync::Arc;

use kernel::clock::Clock;
use serde_json::json;
use tokio::sync::Barrier;

use crate::support::database::Database;
use crate::support::service::START;
use crate::support::{Answer, Backend, Client, Process, Service, Sql, both};

const AT_ONCE: usize = 50;

/// Presents one token fifty times, released together, to these replicas in turn.
async fn storm(replicas: &[Client], token: &str) -> Vec<Answer> {
    let gate = Arc::new(Barrier::new(AT_ONCE));
    let storm = (0..AT_ONCE).map(|n| {
        let (client, token) = (replicas[n % replicas.len()].clone(), token.to_owned());
        let gate = gate.clone();
        tokio::spawn(async move {
            gate.wait().await;
            client.refresh(&token).await
        })
    });
    let answers = futures_util::future::join_all(storm).await;
    answers.into_iter().map(Result::unwrap).collect()
}

/// The one successor. Fails the test if there are two, or anything but 200.
fn successor(answers: &[Answer], token: &str) -> String {
    let successors: HashSet<_> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.tokens().refresh
        })
        .collect();
    assert_eq!(successors.len(), 1, "the family forked");
    let successor = successors.into_iter().next().unwrap();
    assert_ne!(successor, token);
    successor
}

// I1
#[tokio::test(flavor = "multi_thread")]
async fn fifty_refreshes_at_once_over_two_processes_have_one_successor() {
    let database = Database::new(Backend::Postgres).await;
    let (a, b) = (
        Process::start(&database, &[]).await,
        Process::start(&database, &[]).await,
    );
    let mut sql = Sql::of(&database).await;
    let replicas = [(*a).clone(), (*b).clone()];
    a.signup("ada@example.org").await;
    for round in 0..8 {
        let first = replicas[round % 2].login("ada@example.org").await;
        let second = successor(&storm(&replicas, &first.refresh).await, &first.refresh);
        let at_rest = format!(
            "SELECT generation AS n FROM sessions WHERE id = '{}'",
            first.session
        );
        assert_eq!(sql.number(&at_rest).await, 2, "round {round}");
        assert_eq!(replicas[0].refresh(&second).await.tokens().refresh, second);
    }
}

both! {
    // I1
    async fn fifty_refreshes_at_once_have_one_successor_generation_after_generation(backend: Backend) {
        let service = Service::start(backend).await;
        let other = service.replica().await;
        let replicas = [service.client(), other.client()];
        let mut token = service.signup("ada@example.org").await.refresh;
        for _ in 0..6 {
            token = successor(&storm(&replicas, &token).await, &token);
            service.advance(31);
        }
        let ended = service.audit().await.iter().filter(|row| row.event.contains("reuse")).count();
        assert_eq!(ended, 0);
    }

    // L6
    async fn replicas_that_rotate_at_once_by_hand_make_one_key(backend: Backend) {
        let service = Service::start(backend).await;
        let other = service.replica().await;
        let admin = service.admin().await;
        let rotations = (0..6).map(|n| {
            let replica = if n % 2 == 0 { service.client() } else { other.client() };
            let replica = replica.bearer(&admin.access);
            async move { replica.post("/v1/admin/keys/rotate", json!({})).await }
        });
        let mut kids = HashSet::new();
        for answer in futures_util::future::join_all(rotations).await {
            assert_eq!(answer.status, 200, "{}", answer.text);
            kids.insert(answer.body["kid"].to_string());
        }
        assert_eq!(kids.len(), 1);
        one_more_key(&service, &other).await;
    }

    // L6
    async fn replicas_that_rotate_at_once_by_schedule_make_one_key(backend: Backend) {
        let service = Service::start(backend).await;
        let other = service.replica().await;
        let interval = service.ctx.settings.keys.rotation_interval;
        service.clock.advance(interval - service.ctx.settings.keys.publish_ahead);
        let ticks = [&service, &other, &service, &other].map(|replica| replica.ctx.keyring.tick());
        for ticked in futures_util::future::join_all(ticks).await {
            ticked.expect("the keys load");
        }
        one_more_key(&service, &other).await;
    }
}

/// The second key is the same on both replicas, and what it signs is good on both.
async fn one_more_key(service: &Service, other: &Service) {
    let mut sql = Sql::of(&service.database).await;
    assert_eq!(sql.count("keys WHERE purpose = 'signing'").await, 2);
    assert_eq!(sql.count("keys WHERE purpose = 'refresh'").await, 1);
    let published = service.get("/.well-known/jwks.json").await.body;
    assert_eq!(published["keys"].as_array().unwrap().len(), 2);
    assert_eq!(other.get("/.well-known/jwks.json").await.body, published);
    service
        .clock
        .advance(service.ctx.settings.keys.publish_ahead);
    for (email, signs, checks) in [("ada@a.org", service, other), ("ada@b.org", other, service)] {
        let tokens = signs.signup(email).await;
        assert_eq!(checks.me(&tokens.access).await.status, 200);
    }
}

// L6
#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_at_once_on_an_empty_database_make_one_key_of_each_kind() {
    for (backend, replicas) in [
        (Backend::Postgres, 10),
        (Backend::Sqlite, 10),
        (Backend::Postgres, 2),
    ] {
        let database = match backend {
            Backend::Postgres => Database::empty().await,
            Backend::Sqlite => Database::empty_file(),
        };
        let starts = (0..replicas).map(|_| Process::start(&database, &[]));
        let processes = futures_util::future::join_all(starts).await;
        let mut sql = Sql::of(&database).await;
        assert_eq!(
            sql.count("keys WHERE purpose = 'signing'").await,
            1,
            "{backend:?}"
        );
        assert_eq!(
            sql.count("keys WHERE purpose = 'refresh'").await,
            1,
            "{backend:?}"
        );
        assert_eq!(
            sql.count("audit_events WHERE event = 'key.created'").await,
            2
        );

        let tokens = processes[0].signup("ada@example.org").await;
        let published = processes[0].get("/.well-known/jwks.json").await.body;
        for process in &processes {
            assert_eq!(process.get("/.well-known/jwks.json").await.body, published);
            assert_eq!(process.me(&tokens.access).await.status, 200);
            assert_eq!(process.refresh(&tokens.refresh).await.status, 200);
            assert_eq!(process.get_internal("/readyz").await.status, 200);
        }
    }
}

// L6
#[tokio::test(flavor = "multi_thread")]
async fn two_in_one_process_that_start_at_once_make_one_key_of_each_kind() {
    for database in [Database::empty().await, Database::empty_file()] {
        let database = Arc::new(database);
        let clock = Clock::manual(START);
        let start = || Service::on(database.clone(), clock.clone(), |_| {});
        let (a, b) = tokio::join!(start(), start());
        let tokens = a.signup("ada@example.org").await;
        assert_eq!(b.me(&tokens.access).await.status, 200);
        let mut sql = Sql::of(&database).await;
        assert_eq!(sql.count("keys").await, 2);
    }
}

both! {
    // L6
    async fn a_replica_whose_time_is_behind_uses_the_key_that_another_made_just_now(backend: Backend) {
        let ahead = Service::start(backend).await;
        let clock = Clock::manual(START.minus(std::time::Duration::from_millis(40)));
        let behind = Service::on(ahead.database.clone(), clock, |_| {}).await;
        behind.ctx.keyring.tick().await.expect("the keys load");
        let mut sql = Sql::of(&ahead.database).await;
        assert_eq!(sql.count("keys WHERE purpose = 'signing'").await, 1);
        assert_eq!(behind.get_internal("/readyz").await.status, 200);
        for (email, signs, checks) in [("ada@a.org", &behind, &ahead), ("ada@b.org", &ahead, &behind)] {
            let tokens = signs.signup(email).await;
            assert_eq!(checks.me(&tokens.access).await.status, 200);
        }
    }
}
