//! Whole-service tests: the real service over HTTP, on real databases. Each test says in a
//! comment which requirements of docs/REQUIREMENTS.md it holds.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access_tokens;
mod accounts;
mod api_document;
mod architecture;
mod backup;
mod clocks;
mod committed;
mod crash;
mod deployment;
mod docs_page;
mod examples;
mod failover;
mod forward_auth;
mod fuzzing;
mod gateways;
mod growth;
mod housekeeping;
mod https;
mod image;
mod keys;
mod limits;
mod metrics;
mod migrations;
mod races;
mod readme;
mod refresh;
mod revocation;
mod rights;
mod rollout;
mod shutdown;
mod sign_in;
mod statements;
mod store;
mod strangers;
mod support;
mod tls;
mod verifiers;
