//! Configuration: where each setting comes from, and whether it is safe.
//!
//! [`Settings::load`] puts the layers together, [`Settings::validate`] says what to change before
//! the service may start, and [`default_toml`] writes `config/default.toml` from the types.

mod check;
mod defaults;
mod durations;
mod entries;
mod environment;
mod error;
mod generated;
mod hashing;
mod housekeeping;
mod issuer;
mod load;
mod networks;
mod production;
mod rates;
mod reference;
mod secrets;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod transport;

pub use check::{Problem, TOKEN_SHARE};
pub use entries::setting_names;
pub use environment::environment;
pub use error::ConfigError;
pub use generated::dev_encryption_key;
pub use hashing::HashBounds;
pub use housekeeping::Housekeeping;
pub use rates::{Limit, Rate, Rates};
pub use reference::{DEFAULT_TOML, default_toml, effective_toml};
pub use secrets::EncryptionKey;
pub use settings::{
    Database, ForwardAuth, Http, KeyAlgorithm, Keys, Log, LogFormat, Mode, Passwords, Redis,
    Refresh, Revocation, Settings, Signup, Telemetry, Throttle, TokenType, Tokens,
};
pub use tls::Tls;
