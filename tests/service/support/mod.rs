#![allow(
    dead_code,
    unused_imports,
    reason = "support is shared; not every test uses all of it"
)]

//! What the tests stand on: services, databases, and a client.

pub mod client;
pub mod database;
pub mod documented;
pub mod events;
pub mod heard;
pub mod outside;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod recorded;
pub mod redis;
pub mod redis_fleet;
pub mod secrets;
pub mod service;
pub mod signals;
pub mod sql;
pub mod stored_keys;
pub mod wire;

pub use client::{Answer, Client, Tokens};
pub use database::Backend;
pub use process::Process;
pub use service::Service;
pub use sql::Sql;

/// A password that the policy takes.
pub const PASSWORD: &str = "nine brave lanterns sing";

/// A limit that no test reaches.
pub const OUT_OF_REACH: &str = "1000000/1s";

/// Runs one test on SQLite and on Postgres.
macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($backend:ident: Backend) $body:block)+) => {
        $($(#[$meta])* mod $name {
            #[allow(unused_imports, reason = "not every test needs all of them")]
            use super::*;

            async fn test($backend: $crate::support::Backend) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                test($crate::support::Backend::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                test($crate::support::Backend::Postgres).await;
            }
        })+
    };
}
pub(crate) use both;
