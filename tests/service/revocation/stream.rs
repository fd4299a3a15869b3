//! The stream: a verifier that reconnects misses nothing, or is told to begin anew.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tokio::time::sleep;

use super::{Pair, eventually, logout, sessions, sql};
use crate::support::database::Database;
use crate::support::events::Events;
use crate::support::proxy::{Flow, Proxy};
use crate::support::{Backend, Service, both};

const ENTRY: &str = "INSERT INTO revocations (kind, value, created_at, expires_at) VALUES";
const TIMES: &str = "'2026-01-01', '2026-01-02'";

/// A transaction that has revoked this `jti`, and not committed.
async fn open_transaction(database: &Database, jti: &str) -> AsyncPgConnection {
    let mut conn = AsyncPgConnection::establish(&database.url)
        .await
        .expect("a connection");
    let insert = format!("BEGIN; {ENTRY} ('jti', '{jti}', {TIMES})");
    conn.batch_execute(&insert).await.expect("inserted");
    conn
}

both! {
    // A verifier that reconnects misses nothing.
    async fn what_was_revoked_while_disconnected_comes_after_reconnecting(backend: Backend) {
        let service = Service::start(backend).await;
        let all = sessions(&service, "ada@example.org", 5).await;
        let mut stream = Events::open(&service.internal, None).await;
        logout(&service, &all[0]).await;
        let first = stream.revoked().await;
        assert_eq!((first.id, &first.data["kind"], &first.data["value"]), (Some(1), &"sid".into(), &all[0].session.as_str().into()));
        assert!(first.data["expires_at"].is_i64());
        drop(stream);
        for tokens in &all[1..4] {
            logout(&service, tokens).await;
        }
        // At the same replica, and at one that has only just started.
        for replica in [&service, &service.replica().await] {
            let mut stream = Events::open(&replica.internal, first.id).await;
            for (at, tokens) in all[1..4].iter().enumerate() {
                let event = stream.next().await;
                assert_eq!((event.name.as_str(), event.id), ("revoked", Some(at as i64 + 2)), "before the heartbeat");
                assert_eq!(event.data["value"], tokens.session.as_str());
            }
            let heartbeat = stream.next().await;
            assert_eq!((heartbeat.name.as_str(), heartbeat.id), ("heartbeat", Some(4)));
            assert_eq!(heartbeat.data["position"], 4);
        }
        // From nowhere: only what comes.
        let mut stream = Events::open(&service.internal, None).await;
        assert_eq!(stream.next().await.name, "heartbeat");
        logout(&service, &all[4]).await;
        assert_eq!(stream.revoked().await.data["value"], all[4].session.as_str());
    }

    async fn a_position_from_the_future_is_told_to_begin_anew(backend: Backend) {
        let service = Service::start(backend).await;
        let tokens = service.signup("ada@example.org").await;
        let mut stream = Events::open(&service.internal, Some(1_000)).await;
        let reset = stream.next().await;
        assert_eq!((reset.name.as_str(), reset.id), ("reset", None));
        // It may stay: the stream goes on from where it was opened.
        let heartbeat = stream.next().await;
        assert_eq!((heartbeat.name.as_str(), heartbeat.id), ("heartbeat", Some(0)));
        logout(&service, &tokens).await;
        assert_eq!(stream.revoked().await.id, Some(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_come_at_once_and_every_five_seconds() {
    let service = Service::start(Backend::Sqlite).await;
    let mut stream = Events::open(&service.internal, None).await;
    let first = stream.next().await;
    let began = Instant::now();
    assert_eq!(
        (first.name.as_str(), &first.data["position"]),
        ("heartbeat", &0.into())
    );
    assert_eq!(first.data["at"], service.clock.now().as_secs());
    assert_eq!(stream.next().await.name, "heartbeat");
    let pause = began.elapsed();
    println!("the second heartbeat came after {pause:?}");
    assert!(
        pause > Duration::from_secs(4) && pause < Duration::from_secs(15),
        "{pause:?}"
    );
}

// A number is given at the insert and shows at the commit.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_committed_after_a_later_one_is_not_passed_over() {
    let pair = Pair::start().await;
    let [second, fourth] = sessions(&pair.a, "ada@example.org", 2)
        .await
        .try_into()
        .expect("two");
    let start = pair.b.get_internal("/v1/revocations").await.body["position"].as_i64();
    let mut streams = Vec::new();
    for replica in [&pair.a, &pair.b] {
        let mut stream = Events::open(&replica.internal, start).await;
        assert_eq!(stream.heartbeat().await.id, start);
        streams.push((stream, replica));
    }
    let mut late = open_transaction(&pair.a.database, "late").await;
    logout(&pair.a, &second).await;
    for (stream, replica) in &mut streams {
        let event = stream.revoked().await;
        assert_eq!(event.data["value"], second.session.as_str());
        assert_eq!(event.id, start, "the gap is not passed");
        let snapshot = replica.get_internal("/v1/revocations").await;
        assert_eq!(snapshot.body["position"].as_i64(), start);
        let mut other = Events::open(&replica.internal, event.id).await;
        assert_eq!(other.revoked().await.id, start, "nor in a backlog");
        assert_eq!(other.heartbeat().await.id, start, "nor by a heartbeat");
        // Who asks for its number makes the replica look: from here on it knows it not only by
        // what Redis said.
        let number = start.map(|start| start + 2);
        let mut later = Events::open(&replica.internal, number).await;
        assert_ne!(later.next().await.name, "reset");
    }
    late.batch_execute("COMMIT").await.expect("committed");
    for (stream, replica) in &mut streams {
        let event = stream.revoked().await;
        assert_eq!(event.data["value"], "late");
        assert_eq!(
            event.id,
            start.map(|start| start + 2),
            "now both were delivered"
        );
        let mut again = Events::open(&replica.internal, start).await;
        let values = [again.revoked().await.data, again.revoked().await.data];
        assert!(
            values.iter().any(|entry| entry["value"] == "late"),
            "{values:?}"
        );
    }
    // One that is rolled back holds up nobody.
    let mut never = open_transaction(&pair.a.database, "never").await;
    never.batch_execute("ROLLBACK").await.expect("rolled back");
    logout(&pair.a, &fourth).await;
    for (stream, _) in &mut streams {
        let event = stream.revoked().await;
        assert_eq!(
            (event.id, event.data["value"].as_str()),
            (start.map(|start| start + 2), Some(&*fourth.session))
        );
    }
}

// The position of an event is where a reader of this very event may resume, however late it is
// read and whatever has come since.
#[tokio::test(flavor = "multi_thread")]
async fn a_position_never_passes_what_still_waits_to_be_read() {
    let service = Service::start(Backend::Postgres).await;
    let tokens = service.signup("ada@example.org").await;
    let ctx = &service.ctx;
    let (mut early, mut from_backlog) = (
        ctx.revocations.stream_from(None).await.expect("a reader"),
        None,
    );
    let mut late = open_transaction(&service.database, "late").await;
    logout(&service, &tokens).await;
    from_backlog.replace(
        ctx.revocations
            .stream_from(Some(0))
            .await
            .expect("a reader"),
    );
    late.batch_execute("COMMIT").await.expect("committed");
    let mut probe = ctx
        .revocations
        .stream_from(Some(0))
        .await
        .expect("a reader");
    eventually("both were seen", async || {
        service.get_internal("/v1/revocations").await.body["position"] == 2
    })
    .await;
    for reader in [
        &mut early,
        from_backlog.as_mut().expect("a reader"),
        &mut probe,
    ] {
        assert_eq!(
            reader.position(&ctx.revocations),
            Some(0),
            "nothing was read yet"
        );
        let mut seen = Vec::new();
        while seen.len() < 2 {
            let kernel::revocation::Update::Revoked { entry, position } = reader.next().await
            else {
                panic!("a reset");
            };
            if !seen.contains(&entry.value) {
                seen.push(entry.value);
            }
            assert!(
                seen.len() == 2 || position == 0 || seen == ["late"] && position == 1,
                "{seen:?} {position}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_lags_too_far_behind_is_told_to_begin_anew() {
    let service = Service::start(Backend::Postgres).await;
    let mut stream = Events::open(&service.internal, None).await;
    assert_eq!(stream.next().await.name, "heartbeat");
    // Long values fill the buffers between us sooner.
    let many = "SELECT 'jti', repeat('x', 900) || n, timestamp '2026-01-01', timestamp '2026-01-02' FROM generate_series";
    for _ in 0..6 {
        let insert = ENTRY.replace("VALUES", &format!("{many}(1, 3000) n"));
        sql(&service.ctx, &insert).await;
        sleep(Duration::from_millis(600)).await;
    }
    let mut count = 0;
    while stream.next().await.name != "reset" {
        count += 1;
        assert!(count < 18_000, "entries were lost without a word");
    }
    println!("{count} entries were delivered before the reset");
    let snapshot = service.get_internal("/v1/revocations").await;
    assert_eq!(
        snapshot.body["entries"].as_array().map(Vec::len),
        Some(18_000)
    );
    assert_eq!(snapshot.body["position"], 18_000);
}

// A heartbeat says that nothing was missed; a replica that can't know says nothing.
#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_stop_while_the_replica_is_not_sure() {
    let database = Arc::new(Database::new(Backend::Postgres).await);
    let proxy = Proxy::before(&database.url).await;
    let proxied = proxy.url.clone();
    let clock = kernel::clock::Clock::manual(crate::support::service::START);
    let service = Service::on(database, clock, |settings| settings.database.url = proxied).await;
    proxy.set(Flow::Frozen);
    sleep(service.ctx.settings.revocation.max_lag).await;
    let mut stream = Events::open(&service.internal, None).await;
    assert!(stream.within(Duration::from_secs(1)).await.is_none());
    proxy.set(Flow::Open);
    let began = Instant::now();
    assert_eq!(stream.next().await.name, "heartbeat");
    println!("sure again after {:?}", began.elapsed());
}
