//! Signing in, refreshing and signing out: of proofs a session is made, and of a session tokens.
//!
//! ```text
//! login ───▶ brake ──▶ methods: proven ─────────▶ sessions: opened ──▶ issue: tokens
//! signup ──▶ limits ─▶ methods: account, proven ▶ sessions: opened ──▶ issue: tokens
//! refresh ─▶ limits ────────────────────────────▶ sessions: rotated ─▶ issue: tokens
//! logout ──▶ limits ────────────────────────────▶ sessions: ended
//! ```

mod again;
mod asked;
mod brake;
mod error;
mod issue;
mod login;
mod logout;
mod refresh;
mod signup;

pub use again::prove_again;
pub use asked::Asked;
pub use error::{RefreshError, SigninError};
pub use issue::{Issued, issue};
pub use login::{Credentials, login};
pub use logout::{logout, logout_by_refresh_token};
pub use refresh::refresh;
pub use signup::{NewAccount, signup};
