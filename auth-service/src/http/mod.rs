//! HTTP: one thin file a resource, every route in one table, and the only place that knows status
//! codes.

mod admin;
mod api;
mod around;
mod body;
mod caller;
mod draining;
mod errors;
mod internal;
mod limit_headers;
mod markdown;
pub mod openapi;
mod page;
mod problem;
mod refused_body;
mod request_id;
mod rights;
pub mod routes;
mod same_origin;
mod scrape;
mod server;
mod span;
mod traced;
pub mod views;

pub use api::sign_in::RefreshRequest;
pub use body::{Body, MAX_BODY};
pub use markdown::markdown;
pub use problem::Code;
pub use server::{Bound, bind};
