//! Whole-service tests: the real service over HTTP, on real databases. Each test says in a
//! comment which requirements of `SECURITY.md` it holds.

mod crash;
mod migrations;
mod races;
mod refresh;
mod sign_in;
mod store;
mod support;
