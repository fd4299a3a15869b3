//! Tokens: access tokens (RFC 9068), minted for a subject and checked when they come back, and the
//! text of refresh tokens. Knows neither accounts nor sessions.

mod check;
mod demand;
mod mint;
mod principal;
mod refresh;
mod revoke;

pub use check::{Bearer, TokenError, authenticate, authenticate_even_revoked};
pub use demand::{Demand, Missing};
pub use mint::{Access, Grant, Subject, mint};
pub use principal::Principal;
pub use refresh::RefreshToken;
pub use revoke::revoke;
