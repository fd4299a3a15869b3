//! HTTP: one thin file a resource, every route in one table, and the only place that knows status
//! codes.

mod admin_security;
mod admin_users;
mod around;
mod bearer;
mod body;
mod came_from;
mod docs;
mod draining;
mod errors;
mod forward_auth;
mod internal;
mod limit_headers;
mod markdown;
mod me;
mod my_sessions;
pub mod openapi;
mod page;
mod personal_data;
mod problem;
mod request_id;
pub mod routes;
mod same_origin;
mod scrape;
mod server;
mod sign_in;
mod span;
mod traced;
mod well_known;

pub use body::{Body, MAX_BODY};
pub use markdown::markdown;
pub use problem::Code;
pub use server::{Bound, bind};
pub use sign_in::RefreshRequest;
