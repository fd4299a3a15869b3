//! Configuration: where each setting comes from, and whether it is safe.

mod durations;
mod settings;

pub use settings::{
    Database, Http, KeyAlgorithm, Keys, Log, LogFormat, Mode, Passwords, Redis, Refresh,
    Revocation, Settings, Signup, Throttle, Tokens,
};
