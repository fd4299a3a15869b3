//! Indexes that Postgres builds beside the writers, after the migrations: in their transaction a
//! build would lock the table until it ends, and no sign-in can write its audit event meanwhile.
//!
//! Only speed depends on them. One that could not be built is tried again by the next `migrate`.

use diesel::QueryResult;
use diesel::dsl::sql;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use super::postgres;

/// Each by its name and what it is on.
const BESIDE: [(&str, &str); 1] = [
    // What accounts did to others, which is little: for the export and the erasure of an account.
    (
        "audit_events_actor_id",
        "audit_events (actor_id, id) WHERE actor_id <> subject_id",
    ),
];

/// The advisory lock of whoever builds. Nobody waits for it: a build waits for every statement
/// that began before it, and two that waited for each other would be a deadlock.
const ADVISORY_LOCK: i64 = 0x6175_7468_696e_6465;

/// How long a build waits for transactions that began before it.
const WAIT_MILLIS: u32 = 60_000;

/// An index that is missing still. Everything works without, slowly.
#[derive(Debug, thiserror::Error)]
#[error("all is done but an index: {0}; run it again while no transaction is left open")]
pub(super) struct BuildError(String);

impl BuildError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Builds what is missing or was left half built, unless another replica is at it.
pub(super) async fn build(url: &str) -> Result<(), BuildError> {
    let mut conn = postgres::connect(url).await.map_err(BuildError::of)?;
    build_missing(&mut conn).await.map_err(BuildError::of)
}

async fn build_missing(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    for (name, on) in BESIDE {
        if is(conn, &valid(name)).await? {
            continue;
        }
        if !is(conn, &format!("pg_try_advisory_lock({ADVISORY_LOCK})")).await? {
            return Ok(());
        }
        if !is(conn, &valid(name)).await? {
            for statement in [
                format!("SET lock_timeout = {WAIT_MILLIS}; SET statement_timeout = 0"),
                format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"),
                format!("CREATE INDEX CONCURRENTLY {name} ON {on}"),
            ] {
                conn.batch_execute(&statement).await?;
            }
        }
        conn.batch_execute(&format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})"))
            .await?;
    }
    Ok(())
}

fn valid(name: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('{name}') AND indisvalid)"
    )
}

async fn is(conn: &mut AsyncPgConnection, condition: &str) -> QueryResult<bool> {
    diesel::select(sql::<Bool>(condition))
        .get_result(conn)
        .await
}
