//! Others that do the same work, run as their users would: `bench/peers/` holds their code and
//! says which versions and settings they have.

mod better_auth;
mod node;
mod oidc_provider;
mod rotations;

use crate::deployment::Service;
use crate::subject::{Http, Result};

pub use better_auth::BetterAuth;
pub use oidc_provider::OidcProvider;

/// Connections over which they, and we beside them, are asked.
pub const CONNECTIONS: usize = 8;

/// People with a password, each with a refresh token: a multiple of the connections.
const PEOPLE: usize = 32;

/// One of them, set up and not started yet.
pub trait Peer {
    /// Starts it, on what its last start left, and waits for its key set.
    ///
    /// # Errors
    /// When it does not start.
    fn start(&self) -> Result<Service>;

    /// What it is asked; it is running as `service`.
    ///
    /// # Errors
    /// When it refuses to be prepared for it.
    fn asked(&self, service: &Service) -> Result<Asked>;
}

/// What is asked of one.
pub struct Asked {
    /// Signing in with a password.
    pub sign_in: Http<'static>,
    /// Refreshing, each time another token, which rotates.
    pub refresh: Http<'static>,
    /// Ways to ask who is signed in.
    pub checks: Vec<Http<'static>>,
}
