//! The database: one pool, two kinds, each query written once.
//!
//! A query is a diesel expression that [`on!`] runs on whichever database is open. Races are
//! decided by a guard in the `WHERE`, never by a lock, so that both kinds behave alike.

mod conn;
mod connect;
mod detached;
mod error;
pub mod fragment;
mod group;
mod indexes;
pub mod migrate;
mod pools;
mod postgres;
mod retirement;
pub mod schema;
mod sqlite;
mod stale;
pub mod types;
mod window;

use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use diesel_async::RunQueryDsl;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

use crate::clock::Instant;
use crate::metrics::Queue;
use crate::telemetry::span;
pub use conn::{Conn, Tx, alone, on};
#[doc(hidden)]
pub use conn::{Link, POSTGRES, SQLITE, within};
use detached::Detached;
pub use error::{DbError, Optional};
use group::{Group, Turn};
use pools::Pools;
use retirement::Retirement;
use types::SqlInstant;
pub use window::{Window, last_of};

type Lite = SyncConnectionWrapper<SqliteConnection, Detached>;

/// The open database.
#[derive(Clone)]
pub struct Db {
    pool: Connections,
    /// Where it is, for errors.
    place: Arc<str>,
    /// What begins a transaction where each statement must be one of its own.
    alone: Option<Arc<str>>,
    acquire_timeout: Duration,
    deadline: Duration,
    retirement: Retirement,
    queue: Queue,
}

#[derive(Clone)]
enum Connections {
    Pg(Pools),
    Lite(Pool<Lite>, Writers),
}

/// Those that write to SQLite come one after the other, or together.
#[derive(Clone)]
struct Writers {
    turn: Turn,
    group: Group,
}

impl Db {
    /// A connection, within the time that the settings allow.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when none is free or can be made in time.
    pub async fn conn(&self) -> Result<Conn, DbError> {
        // Opening one takes a future of some kilobytes, which every request would carry about.
        let get = Box::pin(async {
            Ok::<_, DbError>(match &self.pool {
                Connections::Pg(pools) => Link::Pg(pools.here().get().await?),
                Connections::Lite(pool, _) => Link::Lite(pool.get().await?),
            })
        });
        let (asked, span) = (std::time::Instant::now(), span!("db.connection"));
        let link = self.in_time(get.instrument(span)).await.flatten();
        match &link {
            Ok(_) => self.queue.wait.took(asked.elapsed()),
            Err(_) => self.queue.refused.count(),
        }
        Ok(Conn::new(link?, self))
    }

    /// Says that this thread is an HTTP worker: its requests get connections that live on it.
    pub fn serve_from_this_thread(&self) {
        if let Connections::Pg(pools) = &self.pool {
            pools.seat();
        }
    }

    /// Begins a transaction. SQLite takes its one write lock at once (`BEGIN IMMEDIATE`): a lock
    /// that is taken later can fail where waiting would have helped.
    ///
    /// # Errors
    /// As [`conn`](Self::conn), and when the database refuses.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let (statement, turn) = match &self.pool {
            Connections::Pg(_) => (self.alone.as_deref().unwrap_or("BEGIN"), None),
            Connections::Lite(_, writers) => {
                let turn = self.in_time(writers.turn.clone().lock_owned()).await;
                let turn = turn.inspect_err(|_| self.queue.refused.count())?;
                ("BEGIN IMMEDIATE", Some(turn))
            }
        };
        Tx::begin(self.conn().await?, statement, turn).await
    }

    /// A connection to a server that takes writes. Others may not have what was written of late,
    /// and a connection can outlive the demotion of its server.
    ///
    /// # Errors
    /// As [`conn`](Self::conn), and when the server has become read-only.
    pub async fn current(&self) -> Result<Conn, DbError> {
        let mut conn = self.conn().await?;
        conn.refuse_read_only().await?;
        Ok(conn)
    }

    async fn in_time<T>(&self, waiting: impl Future<Output = T>) -> Result<T, DbError> {
        tokio::time::timeout(self.acquire_timeout, waiting)
            .await
            .map_err(|_| {
                let place = &self.place;
                DbError::Unavailable(format!("no connection to {place} became free in time"))
            })
    }

    /// Where SQLite's writers share their commits; Postgres groups commits by itself.
    #[doc(hidden)]
    pub fn group(&self) -> Option<&Group> {
        match &self.pool {
            Connections::Pg(_) => None,
            Connections::Lite(_, writers) => Some(&writers.group),
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// As [`conn`](Self::conn), and when it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.conn().await?.ping().await
    }

    /// Whether a statement that was prepared is still known after its transaction, where the
    /// settings rely on it: not behind a pooler that gives each transaction another connection.
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub async fn keeps_statements(&self) -> Result<bool, DbError> {
        let asked = async {
            let mut first = self.conn().await?.tries_once();
            first.ping().await?;
            // Holds the connection that the first was given.
            let mut between = self.begin().await?;
            between.ping().await?;
            let again = first.ping().await;
            between.rollback().await?;
            again
        };
        match asked.await {
            Err(DbError::Refused(_)) if !self.is_sqlite() && self.alone.is_none() => Ok(false),
            asked => asked.map(|()| true),
        }
    }

    /// The database's time. SQLite runs on this machine and has none of its own.
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub async fn now(&self) -> Result<Option<Instant>, DbError> {
        if self.is_sqlite() {
            return Ok(None);
        }
        let mut conn = self.conn().await?;
        let now = || diesel::dsl::sql::<SqlInstant>("clock_timestamp()");
        on!(&mut conn, c => diesel::select(now()).get_result(c)).map(Some)
    }

    /// In which encoding Postgres keeps text. SQLite's is always one that holds every character.
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub async fn encoding(&self) -> Result<Option<String>, DbError> {
        if self.is_sqlite() {
            return Ok(None);
        }
        let mut conn = self.conn().await?;
        let encoding = || diesel::dsl::sql::<Text>("current_setting('server_encoding')");
        on!(&mut conn, c => diesel::select(encoding()).get_result(c)).map(Some)
    }

    /// Whether this is the embedded database.
    pub fn is_sqlite(&self) -> bool {
        self.group().is_some()
    }

    /// Connections in use, open, and open at most, for metrics.
    pub fn usage(&self) -> (usize, usize, usize) {
        match &self.pool {
            Connections::Pg(pools) => pools.usage(),
            Connections::Lite(pool, _) => {
                let status = pool.status();
                let in_use = status.size.saturating_sub(status.available);
                (in_use, status.size, status.max_size)
            }
        }
    }
}
