//! Whole-service tests: the real service over HTTP, on real databases. Each test says in a
//! comment which requirements of `SECURITY.md` it holds.

mod accounts;
mod api_document;
mod architecture;
mod docs_page;
mod fuzzing;
mod keys;
mod migrations;
mod readme;
mod refresh;
mod revocation;
mod sign_in;
mod store;
mod strangers;
mod support;
