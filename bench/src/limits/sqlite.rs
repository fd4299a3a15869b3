//! SQLite alone: one rotation a commit on one connection.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary};
use diesel::sqlite::Sqlite;
use kernel::id::Id;

use crate::families::family;
use crate::subject::{Result, Sample, Subject};

/// Sessions that a file is filled with.
pub const SESSIONS: u64 = 20_000;

/// Rotates the families with even numbers in turn; the service is given the others.
pub struct SingleCommits {
    conn: SqliteConnection,
    turn: u64,
}

impl SingleCommits {
    /// Opens a migrated file, as the service opens it (`auth-service/kernel/src/db/connect.rs`), and
    /// fills it.
    ///
    /// # Errors
    /// When the file can't be opened, or is full already.
    pub fn fill(file: &Path) -> Result<Self> {
        let mut conn = SqliteConnection::establish(&file.display().to_string())?;
        conn.batch_execute(
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON;",
        )?;
        let fill = include_str!("../../sql/fill-sqlite.sql");
        conn.batch_execute(&format!("BEGIN IMMEDIATE; {fill} COMMIT;"))?;
        Ok(Self { conn, turn: 0 })
    }
}

impl Subject for SingleCommits {
    fn name(&self) -> &str {
        "SQLite, one rotation a commit"
    }

    fn measure(&mut self, time: Duration) -> Result<Sample> {
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed() < time {
            self.turn += 1;
            let rotate = Rotate(family(2 * (self.turn % (SESSIONS / 2)) + 2));
            if rotate.execute(&mut self.conn)? != 1 {
                return Err("a family is gone".into());
            }
            count += 1;
        }
        Ok(Sample::of_rate(
            f64::from(count) / began.elapsed().as_secs_f64(),
        ))
    }
}

/// The service's statement without what it gives back, prepared once: a type with an identity.
#[derive(QueryId)]
struct Rotate(Id);

/// A time that has not come, in microseconds.
const FAR: i64 = 4_000_000_000_000_000;

impl QueryFragment<Sqlite> for Rotate {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE sessions SET generation = generation + 1, rotated_at = ");
        out.push_bind_param::<BigInt, i64>(&FAR)?;
        out.push_sql(", idle_expires_at = min(");
        out.push_bind_param::<BigInt, i64>(&FAR)?;
        out.push_sql(", sessions.expires_at) FROM users WHERE sessions.id = ");
        out.push_bind_param::<Binary, [u8]>(&self.0.as_bytes()[..])?;
        out.push_sql(
            " AND sessions.revoked_at IS NULL AND sessions.idle_expires_at > 0 \
             AND sessions.expires_at > 0 \
             AND users.id = sessions.user_id AND users.disabled_at IS NULL",
        );
        Ok(())
    }
}

impl RunQueryDsl<SqliteConnection> for Rotate {}
