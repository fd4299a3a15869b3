//! The tests of the public interface, in one binary.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod attack_table;
mod attacks;
mod claims;
mod cookbook;
mod credential_vectors;
mod feed;
mod feed_vectors;
mod forgery_table;
mod guard;
mod issuer;
mod jwk;
mod kept;
mod keys;
mod mirror;
mod primitives;
mod redis;
mod small_order;
mod support;
mod token_vectors;
mod vectors;
