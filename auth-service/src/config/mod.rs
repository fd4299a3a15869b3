//! Configuration: where each setting comes from, and whether it is safe.

mod durations;
mod entries;
mod environment;
mod error;
mod load;
mod secrets;
mod settings;
#[cfg(test)]
mod tests;

pub use environment::environment;
pub use error::ConfigError;
pub use secrets::EncryptionKey;
pub use settings::{
    Database, Http, KeyAlgorithm, Keys, Log, LogFormat, Mode, Passwords, Redis, Refresh,
    Revocation, Settings, Signup, Throttle, Tokens,
};
