//! Bringing the tables up to date, safely when many replicas start at once: whoever comes first
//! does it in one transaction, the others wait for it and find nothing left to do.

use diesel::QueryDsl;
use diesel::backend::Backend;
use diesel::connection::{CacheSize, Connection, InstrumentationEvent, SimpleConnection};
use diesel::dsl::sql;
use diesel::migration::{MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::sql_types::Bool;
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncMigrationHarness, AsyncPgConnection,
    SimpleAsyncConnection, TransactionManager,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

use super::{indexes, postgres, sqlite};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// The advisory lock that migrating replicas queue for; any number that nothing else uses.
const ADVISORY_LOCK: i64 = 0x6175_7468_6d69_6772;

/// How long to wait for another replica that migrates.
const WAIT: Duration = Duration::from_secs(60);

/// How long a migration may wait for a table; less than Postgres's `deadlock_timeout` of 1 s, after
/// which it is one of those who serve that is ended.
const YIELD_MILLIS: u32 = 400;

/// Before it is tried again.
const YIELD_PAUSE: Duration = Duration::from_millis(200);

/// Before a locked SQLite file is asked again.
const LOCKED_PAUSE: Duration = Duration::from_millis(5);

/// For how long it is tried again.
const GIVE_UP: Duration = Duration::from_secs(60);

/// A migration that failed; nothing of it was kept.
#[derive(Debug, thiserror::Error)]
#[error("the migration failed: {0}")]
pub struct MigrateError(String);

impl MigrateError {
    pub(super) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl From<diesel::result::Error> for MigrateError {
    fn from(error: diesel::result::Error) -> Self {
        Self::of(error)
    }
}

/// Applies what is missing and returns the versions it applied. Where nothing is, a role that may
/// not change tables is enough. Needs a multi-threaded runtime.
///
/// # Errors
/// [`MigrateError`] when the database can't be reached or refuses.
pub async fn run(url: &str) -> Result<Vec<String>, MigrateError> {
    match sqlite::path_of(url) {
        Some(path) => {
            let path = path.to_owned();
            tokio::task::spawn_blocking(move || migrate_sqlite(&path))
                .await
                .map_err(MigrateError::of)?
        }
        None => {
            let applied = match pending(url).await? {
                true => migrate_postgres(url, || POSTGRES).await?,
                false => Vec::new(),
            };
            indexes::build(url).await?;
            Ok(applied)
        }
    }
}

/// The SQLite file, if it is not there: the first migration makes it.
pub fn missing_file(url: &str) -> Option<PathBuf> {
    let path = PathBuf::from(sqlite::path_of(url)?);
    (!path.exists()).then_some(path)
}

/// Whether the database lacks a migration that this binary knows. Only reads, so that it needs
/// no right to make tables and stands in nobody's way.
///
/// # Errors
/// [`MigrateError`] when the database can't be reached.
pub async fn pending(url: &str) -> Result<bool, MigrateError> {
    let (known, applied) = match sqlite::path_of(url) {
        Some(path) => (known::<Sqlite>(SQLITE)?, sqlite_applied(path)?),
        None => (known::<Pg>(POSTGRES)?, postgres_applied(url).await?),
    };
    Ok(known.iter().any(|version| !applied.contains(version)))
}

diesel::table! {
    /// Where diesel notes what was applied.
    #[sql_name = "__diesel_schema_migrations"]
    applied (version) {
        /// Which migration.
        version -> Text,
    }
}

fn known<DB: Backend>(source: impl MigrationSource<DB>) -> Result<Vec<String>, MigrateError> {
    let migrations = source.migrations().map_err(MigrateError::of)?;
    Ok(migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect())
}

async fn postgres_applied(url: &str) -> Result<Vec<String>, MigrateError> {
    use diesel_async::RunQueryDsl;
    let mut conn = connect(url).await?;
    conn.batch_execute("BEGIN").await?;
    let there = sql::<Bool>("to_regclass('__diesel_schema_migrations') IS NOT NULL");
    let versions = match diesel::select(there).get_result(&mut conn).await? {
        true => {
            (applied::table.select(applied::version))
                .load(&mut conn)
                .await?
        }
        false => Vec::new(),
    };
    conn.batch_execute("COMMIT").await?;
    Ok(versions)
}

fn sqlite_applied(path: &str) -> Result<Vec<String>, MigrateError> {
    use diesel::RunQueryDsl;
    if !Path::new(path).exists() {
        return Ok(Vec::new());
    }
    let mut conn = open_sqlite(path)?;
    let there = sql::<Bool>(
        "EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '__diesel_schema_migrations')",
    );
    match diesel::select(there).get_result(&mut conn)? {
        true => Ok(applied::table.select(applied::version).load(&mut conn)?),
        false => Ok(Vec::new()),
    }
}

fn open_sqlite(path: &str) -> Result<SqliteConnection, MigrateError> {
    sqlite::open(path, &sqlite::first(WAIT)).map_err(MigrateError)
}

/// As [`run`], with the migrations of `source`. One that would wait for a table gives way, and is
/// tried again: whoever serves meanwhile would wait behind it, and where two of them wait for each
/// other, Postgres would end the other.
///
/// # Errors
/// As [`run`].
pub async fn migrate_postgres<S: MigrationSource<Pg>>(
    url: &str,
    source: impl Fn() -> S,
) -> Result<Vec<String>, MigrateError> {
    let began = Instant::now();
    loop {
        let tried = try_to_migrate(url, source()).await;
        let Err(MigrateError(cause)) = &tried else {
            return tried;
        };
        if !cause.contains("lock timeout") || began.elapsed() > GIVE_UP {
            return tried;
        }
        tracing::info!("the migration gives way to what is going on, and is tried again");
        tokio::time::sleep(YIELD_PAUSE).await;
    }
}

/// Nothing that is said or prepared outlasts a transaction: behind a pooler in transaction mode it
/// would stay with a connection that is somebody else's next.
pub(super) async fn connect(url: &str) -> Result<AsyncPgConnection, MigrateError> {
    let mut conn = postgres::connect(url).await.map_err(MigrateError::of)?;
    conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    Ok(conn)
}

/// The transaction is begun through diesel: then each migration is a savepoint within it, and
/// does not end it and the lock with it. A time-out of the role must not cut it short.
async fn try_to_migrate(
    url: &str,
    source: impl MigrationSource<Pg>,
) -> Result<Vec<String>, MigrateError> {
    let mut conn = connect(url).await?;
    AnsiTransactionManager::begin_transaction(&mut conn).await?;
    conn.batch_execute(&format!(
        "SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = 0; \
         SET LOCAL idle_in_transaction_session_timeout = 0",
        WAIT.as_millis()
    ))
    .await?;
    conn.batch_execute(&format!(
        "SELECT pg_advisory_xact_lock({ADVISORY_LOCK}); SET LOCAL lock_timeout = {YIELD_MILLIS}"
    ))
    .await?;
    let mut harness = AsyncMigrationHarness::new(conn);
    let applied = harness
        .run_pending_migrations(source)
        .map(names)
        .map_err(MigrateError::of)?;
    AnsiTransactionManager::commit_transaction(&mut harness.into_inner()).await?;
    Ok(applied)
}

fn migrate_sqlite(path: &str) -> Result<Vec<String>, MigrateError> {
    sqlite::make(Path::new(path)).map_err(|error| MigrateError(sqlite::at(path, &error)))?;
    sqlite::keep_private(path);
    let mut conn = open_sqlite(path)?;
    write_ahead(&mut conn)?;
    let applied = migrate_file(&mut conn);
    applied.map_err(|MigrateError(cause)| MigrateError(sqlite::at(path, &cause)))
}

fn migrate_file(conn: &mut SqliteConnection) -> Result<Vec<String>, MigrateError> {
    let first = first_error(conn);
    let migrated = conn.exclusive_transaction(|conn| {
        conn.run_pending_migrations(SQLITE)
            .map(names)
            .map_err(MigrateError::of)
    });
    migrated.map_err(|MigrateError(last)| {
        let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
        MigrateError(first.map_or(last.clone(), |first| format!("{first} ({last})")))
    })
}

/// Keeps the first error of the statements from now on. Where SQLite ends the whole transaction by
/// itself, as at a full disk, diesel tells in the end that there was none to roll back.
fn first_error(conn: &mut SqliteConnection) -> Arc<Mutex<Option<String>>> {
    let kept = Arc::<Mutex<Option<String>>>::default();
    let first = kept.clone();
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::FinishQuery {
            error: Some(error), ..
        } = event
        {
            let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| error.to_string());
        }
    });
    kept
}

/// SQLite does not wait for who writes when it changes the journal, whatever its `busy_timeout`:
/// it holds a reader's lock by then, and two that hold one would wait for each other. Of replicas
/// that start at once on a new file all but one would fail, so they ask again.
fn write_ahead(conn: &mut SqliteConnection) -> Result<(), MigrateError> {
    let began = Instant::now();
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if error.to_string().contains("locked") && began.elapsed() < GIVE_UP => {
                std::thread::sleep(LOCKED_PAUSE);
            }
            done => return Ok(done?),
        }
    }
}

fn names(versions: Vec<MigrationVersion<'_>>) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests;
