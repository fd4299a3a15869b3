//! Housekeeping: what can matter no more goes, everything else stays, one replica does it.

mod accounts;
mod beside;
mod killed;
mod lease;
mod pruning;
mod two_processes;

use std::time::Duration;

use auth_service::housekeeping::{Pruned, pass};
use kernel::config::Settings;

use crate::support::database::Database;
use crate::support::{Backend, Service, Sql};

const DAY: u64 = 24 * 60 * 60;

/// Batches so small that every pass has many.
fn small_batches(settings: &mut Settings) {
    settings.housekeeping.batch = 3;
}

/// A pass, once the one before has rested.
async fn prune(service: &Service) -> Pruned {
    service.advance(service.ctx.settings.housekeeping.interval.as_secs());
    let pruned = pass(&service.ctx).await.expect("the database answers");
    pruned.expect("nobody else prunes")
}

/// Adds sessions of an account that began and expired in the year 2022, and as many audit events.
pub(crate) async fn plant_old_rows(database: &Database, email: &str, count: u32) {
    let (numbers, id, time) = match database.url.starts_with("sqlite:") {
        true => (
            format!(
                "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {count}) "
            ),
            "unhex('01802ba9f400700080000000' || printf('%08x', n))",
            "1650000000000000",
        ),
        false => (
            format!("WITH r AS (SELECT generate_series(1, {count}) AS n) "),
            "('01802ba9-f400-7000-8000-0000' || lpad(to_hex(n), 8, '0'))::uuid",
            "to_timestamp(1650000000)",
        ),
    };
    let mut sql = Sql::of(database).await;
    sql.run(&format!(
        "{numbers} INSERT INTO sessions (id, user_id, client_id, scope, amr, generation, created_at, \
         rotated_at, idle_expires_at, expires_at, revoked_at, address, user_agent) SELECT {id}, users.id, 'first-party', 'account', '[\"pwd\"]', \
         1, {time}, NULL, {time}, {time}, NULL, '192.0.2.1', 'Old/1.0' \
         FROM r, users WHERE users.email = '{email}'"
    ))
    .await;
    sql.run(&format!(
        "{numbers} INSERT INTO audit_events SELECT {id}, {time}, 'login', 'success', 'user', \
         users.id, users.id, NULL, '192.0.2.1', 'Old/1.0', NULL, '{{}}' \
         FROM r, users WHERE users.email = '{email}'"
    ))
    .await;
}

async fn old_sessions(sql: &mut Sql) -> i64 {
    sql.count("sessions WHERE user_agent = 'Old/1.0'").await
}

/// Waits until less than `count` of the planted sessions are left.
async fn fewer_old_sessions_than(sql: &mut Sql, count: i64) {
    let began = std::time::Instant::now();
    while old_sessions(sql).await >= count {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "nothing is pruned"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How many are left once nobody prunes: the last statement of one that died may still end.
async fn old_sessions_at_rest(sql: &mut Sql) -> i64 {
    let mut before = old_sessions(sql).await;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let left = old_sessions(sql).await;
        if left == before {
            return left;
        }
        before = left;
    }
}

/// A service with one account, which has so many sessions and audit events of 2022.
async fn with_old_rows(backend: Backend, count: u32) -> Service {
    let service = Service::with(backend, small_batches).await;
    service.signup("old@example.org").await;
    plant_old_rows(&service.database, "old@example.org", count).await;
    service
}
