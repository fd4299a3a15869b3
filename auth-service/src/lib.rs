//! Sign-in as one small service.

pub mod clock;
pub mod config;
pub mod entropy;
pub mod limits;
pub mod passwords;
