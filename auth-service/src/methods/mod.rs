//! Ways to prove who somebody is. Each yields a [`Proven`], and nothing else can make one; of what
//! was proved an [`Authentication`] is made, and nothing else opens a session.
//!
//! ```text
//! methods/password ──▶ Proven ──▶ Authentication ──▶ sessions::open
//! ```

mod authentication;
pub mod password;

pub use authentication::{Authentication, Proven, SINGLE_FACTOR, Unchanged};

/// One proof of who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// They know the account's password.
    Password,
}

impl Proof {
    /// Its name in `amr` (RFC 8176 §2).
    fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
        }
    }
}
