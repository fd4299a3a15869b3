//! Postgres behind something else than itself: a standby that takes over, a pooler between.

mod pooler;
mod standby;
