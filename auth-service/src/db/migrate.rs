//! Bringing the tables up to date, safely when many replicas start at once: whoever comes first
//! does it in one transaction, the others wait for it and find nothing left to do.

use diesel::connection::{Connection, SimpleConnection};
use diesel::migration::MigrationVersion;
use diesel::sqlite::SqliteConnection;
use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::connect::sqlite_path;
use super::postgres;

const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");

/// The advisory lock that migrating replicas queue for; any number that nothing else uses.
const ADVISORY_LOCK: i64 = 0x6175_7468_6d69_6772;

/// How long to wait for another replica that migrates.
const WAIT_MILLIS: u32 = 60_000;

/// A migration that failed; nothing of it was kept.
#[derive(Debug, thiserror::Error)]
#[error("the migration failed: {0}")]
pub struct MigrateError(String);

impl MigrateError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl From<diesel::result::Error> for MigrateError {
    fn from(error: diesel::result::Error) -> Self {
        Self::of(error)
    }
}

/// Applies what is missing and returns the versions it applied. Needs a multi-threaded runtime.
///
/// # Errors
/// [`MigrateError`] when the database can't be reached or refuses.
pub async fn run(url: &str) -> Result<Vec<String>, MigrateError> {
    match sqlite_path(url) {
        Some(path) => {
            let path = path.to_owned();
            tokio::task::spawn_blocking(move || migrate_sqlite(&path))
                .await
                .map_err(MigrateError::of)?
        }
        None => migrate_postgres(url).await,
    }
}

/// Whether the database lacks a migration that this binary knows.
///
/// # Errors
/// [`MigrateError`] when the database can't be reached.
pub async fn pending(url: &str) -> Result<bool, MigrateError> {
    match sqlite_path(url) {
        Some(path) => {
            let mut conn = SqliteConnection::establish(path).map_err(MigrateError::of)?;
            conn.has_pending_migration(SQLITE).map_err(MigrateError::of)
        }
        None => {
            let conn = postgres::connect(url).await.map_err(MigrateError::of)?;
            AsyncMigrationHarness::new(conn)
                .has_pending_migration(POSTGRES)
                .map_err(MigrateError::of)
        }
    }
}

async fn migrate_postgres(url: &str) -> Result<Vec<String>, MigrateError> {
    let mut conn = postgres::connect(url).await.map_err(MigrateError::of)?;
    conn.batch_execute(&format!(
        "SET lock_timeout = {WAIT_MILLIS}; BEGIN; SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"
    ))
    .await?;
    let mut harness = AsyncMigrationHarness::new(conn);
    let applied = harness
        .run_pending_migrations(POSTGRES)
        .map(names)
        .map_err(MigrateError::of)?;
    harness.into_inner().batch_execute("COMMIT").await?;
    Ok(applied)
}

fn migrate_sqlite(path: &str) -> Result<Vec<String>, MigrateError> {
    make_file(Path::new(path)).map_err(|error| MigrateError(format!("{path}: {error}")))?;
    let mut conn = SqliteConnection::establish(path).map_err(MigrateError::of)?;
    conn.batch_execute(&format!("PRAGMA busy_timeout = {WAIT_MILLIS}"))?;
    conn.batch_execute("PRAGMA journal_mode = WAL")?;
    conn.exclusive_transaction(|conn| {
        conn.run_pending_migrations(SQLITE)
            .map(names)
            .map_err(MigrateError::of)
    })
}

/// A file that only its owner can read: it holds addresses and password hashes. SQLite gives the
/// files that it puts beside it the same mode.
fn make_file(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map(drop)
}

fn names(versions: Vec<MigrationVersion<'_>>) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}
