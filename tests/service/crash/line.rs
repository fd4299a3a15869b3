//! A connection that breaks before and after COMMIT, or says nothing more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::clock::Clock;

use crate::support::database::Database;
use crate::support::proxy::{Flow, Proxy};
use crate::support::service::START;
use crate::support::{Backend, Service, Sql, Tokens};

/// A service whose line to the database can be cut, and somebody signed in.
pub(super) async fn on_a_line() -> (Proxy, Service, Sql, Tokens) {
    let database = Database::new(Backend::Postgres).await;
    let proxy = Proxy::before(&database.url).await;
    let sql = Sql::of(&database).await;
    let url = proxy.url.clone();
    let service = Service::on(Arc::new(database), Clock::manual(START), |settings| {
        settings.database.url = url;
        settings.database.statement_timeout = Duration::from_millis(500);
    })
    .await;
    let tokens = service.signup("ada@example.org").await;
    (proxy, service, sql, tokens)
}

async fn generation(sql: &mut Sql) -> i64 {
    sql.number("SELECT generation AS n FROM sessions").await
}

/// Waits until a query says `expected`.
async fn until(sql: &mut Sql, query: &str, expected: i64) {
    for _ in 0..500 {
        if sql.number(query).await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{query} never was {expected}");
}

/// The same token works once the database does: it rotates once, and an old one still ends it.
async fn recovers(service: &Service, sql: &mut Sql, tokens: &Tokens) {
    let second = loop {
        let answer = service.refresh(&tokens.refresh).await;
        if answer.status == 200 {
            break answer.tokens();
        }
        assert_eq!(answer.status, 503, "{}", answer.text);
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(generation(sql).await, 2);
    assert_eq!(second.session, tokens.session);
    let again = service.refresh(&tokens.refresh).await.tokens();
    assert_eq!(
        again.refresh, second.refresh,
        "L3: a retry gets the same successor"
    );
    service.advance(31);
    let third = service.refresh(&second.refresh).await.tokens();
    assert_ne!(third.refresh, second.refresh);
    service
        .refresh(&tokens.refresh)
        .await
        .expect(401, "refresh_token_reused");
    service
        .refresh(&third.refresh)
        .await
        .expect(401, "refresh_token_revoked");
}

const BLOCKED: &str = "SELECT count(*) AS n FROM pg_stat_activity \
     WHERE datname = current_database() AND wait_event_type = 'Lock'";

// L2
#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_is_terminated_before_commit_consumed_nothing() {
    let (_proxy, service, mut sql, tokens) = on_a_line().await;
    let mut holder = Sql::of(&service.database).await;
    holder.run("BEGIN; SELECT 1 FROM sessions FOR UPDATE").await;
    let (client, token) = (service.client(), tokens.refresh.clone());
    let refresh = tokio::spawn(async move { client.refresh(&token).await });
    until(&mut sql, BLOCKED, 1).await;
    sql.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    .await;
    let answer = refresh.await.unwrap().expect(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    holder.run("ROLLBACK").await;
    assert_eq!(generation(&mut sql).await, 1);
    recovers(&service, &mut sql, &tokens).await;
}

// L2, L3
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_after_commit_is_given_again() {
    let (proxy, service, mut sql, tokens) = on_a_line().await;
    proxy.set(Flow::LosesAnswers);
    let (client, token) = (service.client(), tokens.refresh.clone());
    let refresh = tokio::spawn(async move { client.refresh(&token).await });
    until(&mut sql, "SELECT generation AS n FROM sessions", 2).await;
    sql.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
    refresh.await.unwrap().expect(503, "unavailable");
    proxy.reset().await;
    recovers(&service, &mut sql, &tokens).await;
}

// L2
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_falls_silent_is_not_waited_for_and_is_found_again() {
    let (proxy, service, mut sql, tokens) = on_a_line().await;
    proxy.set(Flow::Lossy);
    let began = Instant::now();
    service
        .refresh(&tokens.refresh)
        .await
        .expect(503, "unavailable");
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(service.get_internal("/livez").await.status, 200);
    assert_eq!(service.get_internal("/readyz").await.status, 503);
    proxy.reset().await;
    recovers(&service, &mut sql, &tokens).await;
}

// L2
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_died_while_nobody_used_them_cost_no_request() {
    let (proxy, service, _, tokens) = on_a_line().await;
    let many = (0..8).map(|_| service.refresh(&tokens.refresh));
    futures_util::future::join_all(many).await;
    for _ in 0..5 {
        proxy.reset().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let many = (0..8).map(|_| service.refresh(&tokens.refresh));
        for answer in futures_util::future::join_all(many).await {
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
    }
}
