//! Sign-in as one small service: short-lived access tokens signed with asymmetric keys, refresh
//! tokens that rotate, instant revocation.
//!
//! Data goes one way: `http → room → room/store.rs → kernel::db`. A room is one capability; it
//! knows neither the HTTP framework nor a SQL dialect. Which room may use which other is a table in
//! `tests/service/architecture/arrows.rs`; what all of them stand on is the crate `kernel`.

pub mod accounts;
pub mod app;
pub mod cli;
pub mod ctx;
pub mod housekeeping;
pub mod http;
pub mod logs;
pub mod methods;
pub mod reload;
pub mod sessions;
pub mod signin;
pub mod tls;
pub mod tokens;
pub mod users;
