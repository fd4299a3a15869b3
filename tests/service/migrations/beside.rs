//! Indexes of Postgres are built beside the writers, and what was left half built is built again.

use std::time::Duration;

use kernel::db::migrate;
use tokio::time::{sleep, timeout};

use crate::support::database::Database;
use crate::support::{Backend, Sql};

const VALID: &str =
    "pg_index WHERE indexrelid = to_regclass('audit_events_actor_id') AND indisvalid";

/// An audit event of nobody.
const WRITE: &str = "INSERT INTO audit_events (id, at, event, outcome, actor, detail) \
    VALUES (gen_random_uuid(), now(), 'login', 'failure', 'anonymous', '{}')";

async fn until(sql: &mut Sql, rows: &str) {
    let seen = async {
        while sql.count(rows).await == 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let seen = timeout(Duration::from_secs(30), seen).await;
    seen.unwrap_or_else(|_| panic!("never seen: {rows}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_go_on_while_an_index_is_built() {
    let database = Database::new(Backend::Postgres).await;
    let (mut before, mut beside) = (Sql::of(&database).await, Sql::of(&database).await);
    beside.run("DROP INDEX audit_events_actor_id").await;

    // A build in a transaction would wait for this one, and everybody behind it.
    before.run(&format!("BEGIN; {WRITE}")).await;
    let url = database.url.clone();
    let building = tokio::spawn(async move { migrate::run(&url).await });
    until(
        &mut beside,
        "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' \
         AND query LIKE 'CREATE INDEX CONCURRENTLY%'",
    )
    .await;
    for _ in 0..10 {
        let written = timeout(Duration::from_secs(5), beside.run(WRITE)).await;
        written.expect("a write waits for the build");
    }
    assert!(!building.is_finished());
    assert_eq!(beside.count(VALID).await, 0);

    before.run("COMMIT").await;
    let applied = building.await.unwrap().unwrap();
    assert_eq!(applied, [""; 0]);
    assert_eq!(beside.count(VALID).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_was_left_half_built_is_built_again() {
    let database = Database::new(Backend::Postgres).await;
    let mut sql = Sql::of(&database).await;
    sql.run(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'audit_events_actor_id'::regclass",
    )
    .await;
    assert_eq!(sql.count(VALID).await, 0);
    migrate::run(&database.url).await.unwrap();
    assert_eq!(sql.count(VALID).await, 1);
}
