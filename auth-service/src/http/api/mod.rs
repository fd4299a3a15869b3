//! What everybody may ask.

pub mod docs;
pub mod forward_auth;
pub mod me;
pub mod my_sessions;
pub mod sign_in;
pub mod well_known;
