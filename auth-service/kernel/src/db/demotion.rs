//! A server that takes no writes any more is left by every connection that leads to it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Hook, HookError};

/// When the server was last found to take no writes. What was connected before is worth nothing,
/// in whichever pool it rests and whoever uses it now. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Demotion(Arc<Mutex<Option<Instant>>>);

impl Demotion {
    /// Another server has become the primary.
    pub(super) fn notice(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_after(&self, connected: Instant) -> bool {
        let noticed = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noticed.is_some_and(|at| connected <= at)
    }

    /// Keeps a pool from giving out what was connected before.
    pub(super) fn guard(&self) -> Hook<AsyncPgConnection> {
        let demotion = self.clone();
        Hook::sync_fn(move |_, metrics| match demotion.is_after(metrics.created) {
            true => Err(HookError::message("the server has become read-only")),
            false => Ok(()),
        })
    }
}
