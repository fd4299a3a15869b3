//! A connection from the pool, and a transaction on one.
//!
//! A request can be dropped at any `await`: its client hung up, or its time was over. What is
//! pooled must be clean, so a connection in the middle of something is closed instead: its locks
//! go with it, and nobody waits behind a statement that is not theirs.

use diesel::IntoSql;
use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{Integer, Text};
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedMutexGuard;
use tokio::time::error::Elapsed;

use super::connect::ANSWER_GRACE;
use super::{Db, DbError, Lite, Retirement, stale};

/// A connection from the pool, each statement a transaction of its own.
pub struct Conn {
    link: Option<Link>,
    /// When an answer is waited for no more: the database itself ends a statement before, so one
    /// that passes it has no database at its other end.
    deadline: Duration,
    /// What begins the transaction that each statement is.
    alone: Option<Arc<str>>,
    retirement: Retirement,
    /// A statement or a transaction has begun and not ended.
    busy: bool,
    /// Whether a statement that was refused may be run once more.
    tries: Tries,
}

/// How often a statement may be run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tries {
    /// Once: it is in a transaction, or a refusal is an answer.
    Once,
    /// Once more if its preparation may be stale. It began at this moment.
    Twice(Instant),
    /// This is the second time.
    Again,
}

/// Where a connection leads.
#[expect(
    clippy::large_enum_variant,
    reason = "a box would cost an allocation a request"
)]
#[doc(hidden)]
pub enum Link {
    /// To Postgres.
    Pg(Object<AsyncPgConnection>),
    /// To the SQLite file.
    Lite(Object<Lite>),
}

/// Postgres as OpenTelemetry calls it.
#[doc(hidden)]
pub const POSTGRES: &str = "postgresql";
/// SQLite as OpenTelemetry calls it.
#[doc(hidden)]
pub const SQLITE: &str = "sqlite";

/// Runs one diesel expression on whichever database the connection leads to.
///
/// A row is read by a unique key with `get_result`, not `first`: that adds a `LIMIT` as a parameter,
/// for which SQLite prepares the statement anew at each run.
#[macro_export]
macro_rules! on {
    ($conn:expr, $c:ident => $query:expr) => {{
        let conn: &mut $crate::db::Conn = $conn;
        loop {
            let span = $crate::telemetry::span!(
                "db.statement",
                otel.kind = "client",
                db.system.name = conn.system(),
            );
            let (link, deadline, alone) = conn.started();
            let answer = match link {
                $crate::db::Link::Pg($c) => {
                    let query = $crate::db::within!(alone, $c => $query);
                    let asked = tracing::Instrument::instrument(query, span);
                    tokio::time::timeout(deadline, asked).await
                }
                $crate::db::Link::Lite($c) => {
                    let asked = tracing::Instrument::instrument($query, span);
                    tokio::time::timeout(deadline, asked).await
                }
            };
            if !conn.tries_again(&answer) {
                break conn.ended(answer);
            }
        }
    }};
}
pub use on;

/// Runs one piece of writing as a transaction of its own: on Postgres one statement, on SQLite in
/// the commit that is shared with whatever else is written meanwhile. `$c` is a connection of
/// diesel-async there, of diesel here, so that `$lite` may be several statements; `one` where it is
/// a single one.
#[macro_export]
macro_rules! alone {
    ($db:expr, $c:ident => pg $pg:expr, one $lite:expr $(,)?) => {
        $crate::db::alone!(@run_one $db, $c => $pg, $lite)
    };
    ($db:expr, $c:ident => pg $pg:expr, lite $lite:expr $(,)?) => {
        $crate::db::alone!(@run $db, $c => $pg, $lite)
    };
    (@$run:ident $db:expr, $c:ident => $pg:expr, $lite:expr) => {{
        let db: &$crate::db::Db = $db;
        let span = |system: &'static str| {
            $crate::telemetry::span!(
                "db.statement",
                otel.kind = "client",
                db.system.name = system
            )
        };
        match db.group() {
            Some(group) => {
                let written = group.$run(move |$c| $lite);
                tracing::Instrument::instrument(written, span($crate::db::SQLITE)).await
            }
            None => {
                let mut conn = db.conn().await?;
                loop {
                    let (link, deadline, alone) = conn.started();
                    let $crate::db::Link::Pg($c) = link else {
                        unreachable!("SQLite has a group");
                    };
                    let query = $crate::db::within!(alone, $c => $pg);
                    let span = span($crate::db::POSTGRES);
                    let asked = tracing::Instrument::instrument(query, span);
                    let answer = tokio::time::timeout(deadline, asked).await;
                    if !conn.tries_again(&answer) {
                        break conn.ended(answer);
                    }
                }
            }
        }
    }};
}
pub use alone;

/// Runs a query on Postgres, in a transaction of its own where each must be one. The statement is
/// gone when its transaction ends, and with it the server behind a pooler.
#[doc(hidden)]
#[macro_export]
macro_rules! within {
    ($alone:expr, $c:ident => $query:expr) => {
        async {
            let alone: Option<std::sync::Arc<str>> = $alone;
            if let Some(begin) = &alone {
                diesel_async::SimpleAsyncConnection::batch_execute(&mut **$c, begin).await?;
            }
            let answer = $query.await;
            if alone.is_none() {
                return answer;
            }
            let end = if answer.is_ok() { "COMMIT" } else { "ROLLBACK" };
            let ended = diesel_async::SimpleAsyncConnection::batch_execute(&mut **$c, end).await;
            answer.and_then(|answer| ended.map(|()| answer))
        }
    };
}
pub use within;

const OPEN: &str = "a connection is there until it is dropped";

impl Conn {
    pub(super) fn new(link: Link, db: &Db) -> Self {
        Self {
            link: Some(link),
            deadline: db.deadline,
            alone: db.alone.clone(),
            retirement: db.retirement.clone(),
            busy: false,
            tries: match db.alone {
                None => Tries::Twice(Instant::now()),
                // Nothing is prepared for longer than a transaction.
                Some(_) => Tries::Once,
            },
        }
    }

    /// The database's first answer counts, whatever it is.
    pub(super) fn tries_once(mut self) -> Self {
        self.tries = Tries::Once;
        self
    }

    /// What OpenTelemetry calls the database.
    #[doc(hidden)]
    pub fn system(&self) -> &'static str {
        match self.link.as_ref().expect(OPEN) {
            Link::Pg(_) => POSTGRES,
            Link::Lite(_) => SQLITE,
        }
    }

    /// A statement begins.
    #[doc(hidden)]
    pub fn started(&mut self) -> (&mut Link, Duration, Option<Arc<str>>) {
        self.busy = true;
        if let Tries::Twice(began) = &mut self.tries {
            *began = Instant::now();
        }
        let link = self.link.as_mut().expect(OPEN);
        (link, self.deadline, self.alone.clone())
    }

    /// Whether a statement that was refused is to be run once more, with everything prepared anew.
    #[doc(hidden)]
    pub fn tries_again<T>(&mut self, answer: &Result<QueryResult<T>, Elapsed>) -> bool {
        let Ok(Err(error)) = answer else { return false };
        let Some(what) = stale::refusal(error) else {
            return false;
        };
        if stale::is_stale(what) {
            tracing::warn!(
                cause = what.message(),
                "connections to the database are renewed"
            );
            self.retirement.of_all();
        }
        let (Tries::Twice(began), Some(Link::Pg(conn))) = (self.tries, &mut self.link) else {
            return false;
        };
        // One that the database ended because it took too long would take as long again.
        if began.elapsed() + ANSWER_GRACE >= self.deadline {
            return false;
        }
        stale::forget_statements(conn);
        self.tries = Tries::Again;
        true
    }

    /// A statement has ended, or its time has.
    #[doc(hidden)]
    pub fn ended<T>(&mut self, answer: Result<QueryResult<T>, Elapsed>) -> Result<T, DbError> {
        use DatabaseErrorKind::{ClosedConnection, ReadOnlyTransaction, UnableToSendCommand};
        if self.tries == Tries::Again {
            self.tries = Tries::Twice(Instant::now());
        }
        // The lines that were open with this one are as dead, or will be found to be one by one.
        let answer = answer.map_err(|_| {
            self.retirement.of_all();
            DbError::Unavailable("the database did not answer in time".into())
        })?;
        match &answer {
            Err(Error::DatabaseError(ReadOnlyTransaction, _)) => return Err(self.leave()),
            Err(Error::DatabaseError(ClosedConnection | UnableToSendCommand, _)) => {
                self.retirement.of_all();
            }
            _ => self.busy = false,
        }
        Ok(answer?)
    }

    /// Fails when this connection leads to a server that takes no writes.
    pub(super) async fn refuse_read_only(&mut self) -> Result<(), DbError> {
        if let Some(Link::Lite(_)) = self.link {
            return Ok(());
        }
        let setting = || diesel::dsl::sql::<Text>("current_setting('transaction_read_only')");
        let read_only: String = on!(self, c => diesel::select(setting()).get_result(c))?;
        match read_only.as_str() {
            "off" => Ok(()),
            _ => Err(self.leave()),
        }
    }

    /// The server takes no writes any more: another has become the primary.
    fn leave(&mut self) -> DbError {
        self.busy = true;
        self.retirement.of_all();
        DbError::Unavailable("the server has become read-only".into())
    }

    pub(super) async fn ping(&mut self) -> Result<(), DbError> {
        on!(self, c => diesel::select(1_i32.into_sql::<Integer>()).get_result::<i32>(c))?;
        Ok(())
    }

    async fn run(&mut self, statement: &str) -> Result<(), DbError> {
        on!(self, c => c.batch_execute(statement))
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        match self.link.take() {
            Some(Link::Pg(object)) if self.busy => drop(Object::take(object)),
            Some(Link::Lite(object)) if self.busy => drop(Object::take(object)),
            _ => {}
        }
    }
}

/// An open transaction. Dropped without [`commit`](Self::commit) it takes its connection out of
/// the pool and closes it: put back, it would carry its locks to the next user.
pub struct Tx {
    conn: Conn,
    open: bool,
    /// Given to the next writer only once the connection is back, or closed.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Tx {
    pub(super) async fn begin(
        mut conn: Conn,
        statement: &str,
        turn: Option<OwnedMutexGuard<()>>,
    ) -> Result<Self, DbError> {
        conn.alone = None;
        conn.tries = Tries::Once;
        let mut tx = Self {
            conn,
            open: true,
            _turn: turn,
        };
        tx.run(statement).await?;
        Ok(tx)
    }

    /// Makes what was done lasting.
    ///
    /// # Errors
    /// When the database refuses; then nothing was done, or it can't be known.
    pub async fn commit(self) -> Result<(), DbError> {
        self.end("COMMIT").await
    }

    /// Undoes what was done and keeps the connection, for an end that was to be expected.
    ///
    /// # Errors
    /// When the database can't be reached; nothing is done then either.
    pub async fn rollback(self) -> Result<(), DbError> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, statement: &str) -> Result<(), DbError> {
        self.run(statement).await?;
        self.open = false;
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        self.conn.busy |= self.open;
    }
}

#[cfg(test)]
mod tests;
