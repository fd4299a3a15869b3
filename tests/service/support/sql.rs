//! Looking into a test's database from outside the service.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use super::database::Database;

/// A connection of the test's own.
#[expect(clippy::large_enum_variant, reason = "a test has a few of them")]
pub enum Sql {
    /// To Postgres.
    Pg(AsyncPgConnection),
    /// To a SQLite file.
    Lite(SqliteConnection),
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Opens a SQLite file that the service writes to meanwhile.
pub fn lite(path: &str) -> SqliteConnection {
    let mut lite = SqliteConnection::establish(path).expect("the file opens");
    let waits = "PRAGMA busy_timeout = 10000";
    diesel::connection::SimpleConnection::batch_execute(&mut lite, waits).expect(waits);
    lite
}

impl Sql {
    /// Opens a database by its URL.
    pub async fn open(url: &str) -> Self {
        match url.strip_prefix("sqlite://") {
            Some(path) => Self::Lite(lite(path)),
            None => Self::Pg(
                AsyncPgConnection::establish(url)
                    .await
                    .expect("the server answers"),
            ),
        }
    }

    /// Opens the database of a test.
    pub async fn of(database: &Database) -> Self {
        Self::open(&database.url).await
    }

    /// Runs statements that return nothing.
    pub async fn run(&mut self, sql: &str) {
        match self {
            Self::Pg(pg) => pg.batch_execute(sql).await.expect(sql),
            Self::Lite(lite) => {
                diesel::connection::SimpleConnection::batch_execute(lite, sql).expect(sql);
            }
        }
    }

    /// The whole number `n` of a query's only row.
    pub async fn number(&mut self, sql: &str) -> i64 {
        let query = diesel::sql_query(sql);
        match self {
            Self::Pg(pg) => RunQueryDsl::get_result::<Number>(query, pg)
                .await
                .expect(sql),
            Self::Lite(lite) => diesel::RunQueryDsl::get_result::<Number>(query, lite).expect(sql),
        }
        .n
    }

    /// The text `line` of each row.
    pub async fn lines(&mut self, sql: &str) -> Vec<String> {
        let query = diesel::sql_query(sql);
        let lines = match self {
            Self::Pg(pg) => RunQueryDsl::load::<Line>(query, pg).await.expect(sql),
            Self::Lite(lite) => diesel::RunQueryDsl::load::<Line>(query, lite).expect(sql),
        };
        lines.into_iter().map(|row| row.line).collect()
    }

    /// The rows of a table.
    pub async fn count(&mut self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) AS n FROM {table}"))
            .await
    }

    /// Holds back whoever writes, or signs in, until [`release`](Self::release).
    pub async fn hold(&mut self) {
        match self {
            Self::Pg(_) => self.run("BEGIN; LOCK TABLE users").await,
            Self::Lite(_) => self.run("BEGIN EXCLUSIVE").await,
        }
    }

    /// Lets them go on.
    pub async fn release(&mut self) {
        self.run("ROLLBACK").await;
    }
}
