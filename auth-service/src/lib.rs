//! Sign-in as one small service: short-lived access tokens signed with asymmetric keys, refresh
//! tokens that rotate, instant revocation.
//!
//! Data goes one way: `http → room → room/store.rs → db`. A room is one capability; it knows
//! neither the HTTP framework nor a SQL dialect.

pub mod app;
pub mod audit;
pub mod change;
pub mod cli;
pub mod clock;
pub mod config;
pub mod ctx;
pub mod db;
pub mod entropy;
pub mod housekeeping;
pub mod http;
pub mod id;
pub mod keys;
pub mod kv;
pub mod limits;
pub mod logs;
pub mod metrics;
pub mod passwords;
pub mod refresh;
pub mod reload;
pub mod revocation;
pub mod sessions;
pub mod telemetry;
pub mod tls;
pub mod tokens;
pub mod users;
