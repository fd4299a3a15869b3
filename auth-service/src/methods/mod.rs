//! Ways to prove who somebody is. Each yields a [`Proven`], and nothing else can make one; of what
//! was proved an [`Authentication`] is made, and nothing else opens a session.
//!
//! ```text
//! methods/password ──▶ Proven ──▶ Authentication ──▶ sessions::open
//! ```

mod authentication;
pub mod password;

pub use authentication::{Authentication, Proof, Proven, Unchanged};
