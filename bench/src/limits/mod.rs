//! What bounds the service: the same work without it.

mod actix;
mod argon;
mod pgbench;
mod signature;
mod sqlite;

pub use actix::{Document, LimitServer, SERVE, serve};
pub use argon::RawArgon;
pub use pgbench::Pgbench;
pub use signature::Raw;
pub use sqlite::{SESSIONS as SQLITE_SESSIONS, SingleCommits};
