//! Whole-service tests: the real service over HTTP, on real databases. Each test says in a
//! comment which requirements of `SECURITY.md` it holds.

mod clocks;
mod crash;
mod growth;
mod migrations;
mod races;
mod refresh;
mod shutdown;
mod sign_in;
mod store;
mod support;
