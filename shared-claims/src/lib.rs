//! Claim types.
