//! Where SQLite's statements run: on threads that may block.

use std::error::Error;

use diesel_async::sync_connection_wrapper::SpawnBlocking;
use futures_util::future::{BoxFuture, FutureExt, TryFutureExt};
use tokio::runtime::Handle;

/// Lets a statement whose caller is gone run to its end by itself. The one of diesel-async waits
/// for it in `drop`, which stops the thread, and panics on those of the HTTP server.
pub struct Detached(Handle);

impl SpawnBlocking for Detached {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        self.0.spawn_blocking(task).map_err(Box::from).boxed()
    }

    fn get_runtime() -> Self {
        Self(Handle::current())
    }
}
