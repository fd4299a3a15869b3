//! The tests of the public interface, in one binary.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod attacks;
mod claims;
mod forgeries;
mod jwk;
mod mirror;
mod support;
mod vectors;
