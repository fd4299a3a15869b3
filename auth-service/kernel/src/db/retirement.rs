//! Connections that are worth nothing any more are left by all at once: those to a server that
//! takes no writes any more, those whose line is dead, those whose prepared statements are stale.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Hook, HookError};

/// When connections were last found to be worth nothing. What was connected before is given to
/// nobody any more, in whichever pool it rests and whoever uses it now. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Retirement(Arc<Mutex<Option<Instant>>>);

impl Retirement {
    /// Retires every connection that is open now.
    pub(super) fn of_all(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_after(&self, connected: Instant) -> bool {
        let retired = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        retired.is_some_and(|at| connected <= at)
    }

    /// Keeps a pool from giving out what was connected before.
    pub(super) fn guard(&self) -> Hook<AsyncPgConnection> {
        let retirement = self.clone();
        Hook::sync_fn(
            move |_, metrics| match retirement.is_after(metrics.created) {
                true => Err(HookError::message("the connection is retired")),
                false => Ok(()),
            },
        )
    }
}
