//! Indexes that Postgres builds beside the writers, after the migrations: in their transaction a
//! build would lock the table until it ends, and no sign-in can write its audit event meanwhile.
//!
//! Only speed depends on them. One that could not be built is tried again by the next `migrate`.

use diesel::dsl::sql;
use diesel::sql_types::Bool;
use diesel::{QueryResult, select};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use std::time::Duration;
use tokio::time::timeout;

use super::migrate::{MigrateError, connect};

/// Each by its name, its table, and what of it.
const BESIDE: [(&str, &str, &str); 2] = [
    // What accounts did to others, which is little: for the export and the erasure of an account.
    (
        "audit_events_actor_id",
        "audit_events",
        "(actor_id, id) WHERE actor_id <> subject_id",
    ),
    // Who administers, which is few: so that the last of them stays.
    (
        "users_administrators",
        "users",
        r#"(id) WHERE roles @> '["auth:admin"]'"#,
    ),
];

/// The advisory lock of whoever builds. Nobody waits for it: a build waits for every statement
/// that began before it, and two that waited for each other would be a deadlock.
const ADVISORY_LOCK: i64 = 0x6175_7468_696e_6465;

/// How long a build may take, waiting for transactions that began before it included.
const GIVE_UP: Duration = Duration::from_secs(10 * 60);

/// Builds what is missing or was left half built, unless another replica is at it. The lock is a
/// transaction's, beside the build, which can be in none: behind a pooler in transaction mode one
/// of the session would stay with a connection that is somebody else's next.
pub(super) async fn build(url: &str) -> Result<(), MigrateError> {
    let mut lock = connect(url).await?;
    lock.batch_execute(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = 0",
    )
    .await?;
    let mine = format!("pg_try_advisory_xact_lock({ADVISORY_LOCK})");
    if is(&mut lock, &mine).await? {
        for (name, table, on) in BESIDE {
            if !is(&mut lock, &valid(name)).await? {
                build_one(url, &mut lock, name, table, on).await?;
            }
        }
    }
    Ok(lock.batch_execute("COMMIT").await?)
}

async fn build_one(
    url: &str,
    lock: &mut AsyncPgConnection,
    name: &str,
    table: &str,
    on: &str,
) -> Result<(), MigrateError> {
    // Ends the portal of the last question, whose snapshot the build would wait for.
    lock.batch_execute("SELECT 1").await?;
    let mut conn = connect(url).await?;
    let building = async {
        let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
        conn.batch_execute(&drop).await?;
        let create = format!("CREATE INDEX CONCURRENTLY {name} ON {table} {on}");
        conn.batch_execute(&create).await
    };
    match timeout(GIVE_UP, building).await {
        Ok(built) => built.map_err(|error| without(name, &error)),
        Err(late) => {
            let end = format!(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_progress_create_index \
                 WHERE relid = to_regclass('{table}')"
            );
            lock.batch_execute(&end).await?;
            Err(without(name, &late))
        }
    }
}

fn without(name: &str, why: &impl std::fmt::Display) -> MigrateError {
    MigrateError::of(format!(
        "all is done but the index {name}: {why}; run it again while no transaction is left open"
    ))
}

fn valid(name: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('{name}') AND indisvalid)"
    )
}

async fn is(conn: &mut AsyncPgConnection, condition: &str) -> QueryResult<bool> {
    let answer = select(sql::<Bool>(condition)).get_result(conn).await?;
    // The next question ends the portal of this one, and its snapshot, for which a build waits.
    conn.batch_execute("SELECT 1").await?;
    Ok(answer)
}
