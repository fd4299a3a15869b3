//! What every room of auth-service uses. It depends on no room and on no web framework.
//!
//! ```text
//! clock id entropy        the time, identifiers and randomness, given and never global
//! config                  every setting
//! metrics telemetry       what is counted, what is traced
//! db kv                   Postgres or SQLite; Redis
//! limits passwords        rates and the brake on guessing; hashing
//! caller audit            who calls; what is written down about it
//! revocation change       what no longer counts; the transaction of a security change
//! keyring                 keys: made, sealed, published, rotated
//! ```
//!
//! Each part holds its own handles. Which part may use which other is a table in
//! `tests/service/architecture/arrows.rs`.

pub mod audit;
pub mod caller;
pub mod change;
pub mod clock;
pub mod config;
pub mod db;
pub mod entropy;
pub mod id;
pub mod keyring;
pub mod kv;
pub mod limits;
pub mod metrics;
pub mod passwords;
pub mod revocation;
pub mod telemetry;
