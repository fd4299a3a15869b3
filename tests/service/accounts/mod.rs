//! Accounts and what guards them: passwords, the throttle, the admin API, the audit trail, bad
//! input, the command line and the logs.

mod admin;
mod administrators;
mod audit;
mod bad_bodies;
mod bad_headers;
mod command_line;
mod commands;
mod doctor;
mod erased;
mod fields;
mod imported;
mod logs;
mod one_answer;
mod overload;
mod own_account;
mod paging;
mod passwords;
mod personal_data;
mod sign_out;
mod start;
mod throttle;
mod throttle_addresses;
mod token_size;
mod unread;

pub use command_line::{Ended, run};

use auth_service::http::routes::TABLE;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Client, Service};

/// What somebody signs in with.
fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

/// A try to sign in.
async fn login(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/v1/login", credentials(email, password)).await
}

/// A service behind a proxy on this machine, so that a test chooses its clients' addresses.
async fn behind_proxy(backend: Backend) -> Service {
    Service::with(backend, |settings| {
        settings.throttle.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await
}

/// A client at this address behind the proxy.
fn at(client: &Client, address: &str) -> Client {
    client.with("x-forwarded-for", address)
}

/// How often argon2 ran.
fn argon2_runs(service: &Service) -> u64 {
    service.ctx.hasher.stats().argon2_runs
}

/// The routes whose path begins so, with something in place of the parts that vary.
pub(crate) fn routes(prefix: &str) -> Vec<(String, &'static str)> {
    let id = "019b0000-0000-7000-8000-000000000000";
    let routes = TABLE.iter().filter(|(path, _)| path.starts_with(prefix));
    let routes: Vec<_> = routes
        .map(|(path, method)| (path.replace("{id}", id).replace("{kid}", "none"), *method))
        .collect();
    assert!(!routes.is_empty());
    routes
}
