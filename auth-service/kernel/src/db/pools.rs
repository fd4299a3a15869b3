//! A pool for each HTTP worker, and one for all that runs beside them.
//!
//! Each connection to Postgres is driven by a task. Where that task runs on the thread that asks,
//! a statement wakes nobody; where it runs on another, it wakes two threads, which costs more
//! processor time than all else that the service does for it.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{BuildError, Pool};

/// The pools of one database. Clones share them.
#[derive(Clone)]
pub(super) struct Pools {
    /// The first is for whoever is no HTTP worker.
    all: Arc<[Pool<AsyncPgConnection>]>,
    seated: Arc<AtomicUsize>,
}

thread_local! {
    static SEAT: Cell<usize> = const { Cell::new(0) };
}

/// Connections for what runs beside the HTTP workers.
const BESIDE: usize = 2;

/// With fewer connections than these for each, workers share a pool.
const LEAST: usize = 2;

/// How many connections each pool may open: the first is for whoever is no HTTP worker. Together
/// they are never more than `connections`.
fn shares(connections: usize, workers: usize) -> Vec<usize> {
    let each = connections.saturating_sub(BESIDE).checked_div(workers);
    match each {
        Some(each) if each >= LEAST => {
            let beside = connections - each * workers;
            std::iter::once(beside)
                .chain(std::iter::repeat_n(each, workers))
                .collect()
        }
        _ => vec![connections],
    }
}

impl Pools {
    /// Pools of at most `connections` together, for so many workers. `build` is given the size of
    /// a pool, and whether its connections belong to the thread that asks for them.
    pub(super) fn build(
        connections: usize,
        workers: usize,
        build: impl Fn(usize, bool) -> Result<Pool<AsyncPgConnection>, BuildError>,
    ) -> Result<Self, BuildError> {
        let sizes = shares(connections, workers).into_iter().enumerate();
        let all: Vec<_> = sizes
            .map(|(at, size)| build(size, at > 0))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            all: all.into(),
            seated: Arc::default(),
        })
    }

    /// From now on this thread has a pool of its own.
    pub(super) fn seat(&self) {
        let workers = self.all.len() - 1;
        let before = self.seated.fetch_add(1, Ordering::Relaxed);
        SEAT.set(before.checked_rem(workers).map_or(0, |at| at + 1));
    }

    /// The pool of this thread.
    pub(super) fn here(&self) -> &Pool<AsyncPgConnection> {
        self.all.get(SEAT.get()).unwrap_or(&self.all[0])
    }

    /// Connections in use, open, and open at most, in all pools.
    pub(super) fn usage(&self) -> (usize, usize, usize) {
        let each = self.all.iter().map(|pool| pool.status());
        each.fold((0, 0, 0), |(used, open, most), status| {
            let busy = status.size.saturating_sub(status.available);
            (used + busy, open + status.size, most + status.max_size)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn connections_are_shared_out_and_never_exceeded() {
        assert_eq!(shares(16, 2), [2, 7, 7]);
        assert_eq!(shares(16, 4), [4, 3, 3, 3, 3]);
        assert_eq!(shares(16, 8), [16], "too few for a pool each");
        assert_eq!(shares(16, 0), [16], "no HTTP worker at all");
        assert_eq!(shares(1, 1), [1]);
        for connections in 1..100 {
            for workers in 0..40 {
                let sum: usize = shares(connections, workers).iter().sum();
                assert_eq!(sum, connections);
            }
        }
    }
}
