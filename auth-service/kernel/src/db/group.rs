//! SQLite's writers share their commits: one wait for the disk answers all who wait for it.
//!
//! ```text
//! BEGIN IMMEDIATE
//!   SAVEPOINT · one piece of work · RELEASE     its own failure undoes it alone
//!   a single statement                          SQLite undoes it alone by itself
//! COMMIT                                        only now is anybody answered
//! ```
//!
//! While one group is being committed the next gathers, so that a lone writer waits for nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sqlite::SqliteConnection;
use tokio::sync::{Mutex, oneshot};

use super::{DbError, sqlite};

/// The most pieces of work in one commit: the first of them waits for the last.
const MOST: usize = 64;

/// The thread that writes for whoever asks it. It ends when the last clone is dropped.
#[derive(Clone)]
#[doc(hidden)]
pub struct Group {
    pieces: Sender<Box<dyn Piece>>,
    deadline: Duration,
}

/// Who may write: SQLite lets one transaction do so at a time, and waits for its lock by sleeping.
pub(super) type Turn = Arc<Mutex<()>>;

impl Group {
    /// Starts the thread. It opens its connection, and a new one after a failure, with `first`
    /// as the statements that a new connection is told.
    pub(super) fn start(
        path: &str,
        first: String,
        turn: Turn,
        deadline: Duration,
    ) -> std::io::Result<Self> {
        let (pieces, queue) = mpsc::channel();
        let path = path.to_owned();
        let open = move || sqlite::open(&path, &first);
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || serve(&queue, &turn, open))?;
        Ok(Self { pieces, deadline })
    }

    /// Does `work`, and answers once it is lasting. It is done whole or not at all, also when
    /// this future is dropped.
    ///
    /// # Errors
    /// Its own; [`DbError::Unavailable`] when the commit failed or took too long.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, DbError> {
        self.wait(Form::Several, work).await
    }

    /// As [`run`](Self::run), for work that is one statement.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn run_one<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, DbError> {
        self.wait(Form::One, work).await
    }

    async fn wait<T: Send + 'static>(
        &self,
        form: Form,
        work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let (reply, answer) = oneshot::channel();
        let piece = Waiting {
            form,
            work: Some(work),
            done: None,
            reply,
        };
        self.pieces.send(Box::new(piece)).map_err(|_| lost())?;
        match tokio::time::timeout(self.deadline, answer).await {
            Ok(answer) => answer.map_err(|_| lost())?,
            Err(_) => Err(DbError::Unavailable(
                "the database did not answer in time".into(),
            )),
        }
    }
}

fn lost() -> DbError {
    DbError::Unavailable("what was to be written was lost".into())
}

/// A piece of work and whoever waits for it.
trait Piece: Send {
    fn is_awaited(&self) -> bool;
    /// Does it. An error is not the work's own: the transaction is gone.
    fn run(&mut self, conn: &mut SqliteConnection) -> QueryResult<()>;
    fn answer(self: Box<Self>, committed: Result<(), &str>);
}

/// How many statements a piece of work is.
enum Form {
    One,
    Several,
}

struct Waiting<F, T> {
    form: Form,
    work: Option<F>,
    done: Option<QueryResult<T>>,
    reply: oneshot::Sender<Result<T, DbError>>,
}

impl<F, T> Piece for Waiting<F, T>
where
    F: FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send,
    T: Send,
{
    fn is_awaited(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(&mut self, conn: &mut SqliteConnection) -> QueryResult<()> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        self.done = Some(match self.form {
            Form::One => match work(conn) {
                Err(error) if !is_its_own(&error) => return Err(error),
                done => done,
            },
            Form::Several => {
                conn.batch_execute("SAVEPOINT piece")?;
                let done = work(conn);
                // Fails where SQLite has ended the whole transaction, as it does when the disk is
                // full. Why it did is what counts.
                if done.is_err() && conn.batch_execute("ROLLBACK TO piece").is_err() {
                    return done.map(drop);
                }
                conn.batch_execute("RELEASE piece")?;
                done
            }
        });
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), &str>) {
        // What failed by itself may have failed for what another piece did and is now undone.
        let result = match (committed, self.done) {
            (Ok(()), Some(done)) => done.map_err(DbError::from),
            (Ok(()), None) => Err(lost()),
            (Err(why), _) => Err(DbError::Unavailable(why.to_owned())),
        };
        // Whoever waited may have left meanwhile.
        let _ = self.reply.send(result);
    }
}

/// Whether a statement failed and nothing else: the others may have ended the transaction.
fn is_its_own(error: &Error) -> bool {
    use DatabaseErrorKind::{
        CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation,
    };
    matches!(
        error,
        Error::NotFound
            | Error::DatabaseError(
                CheckViolation | ForeignKeyViolation | NotNullViolation | UniqueViolation,
                _
            )
    )
}

fn serve(
    queue: &Receiver<Box<dyn Piece>>,
    turn: &Mutex<()>,
    open: impl Fn() -> Result<SqliteConnection, String>,
) {
    let mut kept = None;
    while let Ok(first) = queue.recv() {
        let turn = turn.blocking_lock();
        let waiting = std::iter::once(first).chain(queue.try_iter()).take(MOST);
        let mut group: Vec<_> = waiting.filter(|piece| piece.is_awaited()).collect();
        if group.is_empty() {
            continue;
        }
        // Kept only after success: a connection in doubt is closed, and its locks go with it.
        let committed = catch_unwind(AssertUnwindSafe(|| -> Result<_, String> {
            let mut conn = kept.take().map_or_else(&open, Ok)?;
            write(&mut conn, &mut group)?;
            Ok(conn)
        }));
        drop(turn);
        let committed = match committed {
            Ok(Ok(conn)) => {
                kept = Some(conn);
                Ok(())
            }
            Ok(Err(why)) => Err(why),
            Err(_) => Err("a piece of work panicked".to_owned()),
        };
        for piece in group {
            piece.answer(committed.as_ref().map(|_| ()).map_err(String::as_str));
        }
    }
}

/// The error is the first: where SQLite has ended the transaction by itself, that of rolling it back
/// says nothing.
fn write(conn: &mut SqliteConnection, group: &mut [Box<dyn Piece>]) -> Result<(), String> {
    let mut first = None;
    let written = conn.immediate_transaction(|conn| {
        let done = group.iter_mut().try_for_each(|piece| piece.run(conn));
        done.inspect_err(|error| first = Some(error.to_string()))
    });
    written.map_err(|error| first.unwrap_or_else(|| error.to_string()))
}

#[cfg(test)]
mod tests;
