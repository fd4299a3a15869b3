//! How often what may be asked: by whom, on every replica, and what is told about it.

mod burst;
mod front_end;
mod routes;
mod told;

use kernel::config::{Limit, Rate, Settings};

use crate::support::{Backend, Client, Service};

const WRONG: &str = "eleven quiet herons wade";

fn rate(text: &str) -> Rate {
    text.parse().expect("a rate")
}

/// A service behind a proxy on this machine, with other limits.
async fn behind_proxy(change: impl FnOnce(&mut Settings)) -> Service {
    Service::with(Backend::Sqlite, |settings| {
        settings.throttle.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        change(settings);
    })
    .await
}

/// A client at this address behind the proxy.
fn at(client: &Client, address: &str) -> Client {
    client.with("x-forwarded-for", address)
}

/// The environment of a replica that has this limit, and no brake on failures in its way.
fn environment(limit: Limit, rate: &str) -> Vec<(String, String)> {
    let free = "100000".to_owned();
    vec![
        (crate::support::process::variable(limit), rate.to_owned()),
        ("AUTH__THROTTLE__ACCOUNT_FAILURES".into(), free.clone()),
        ("AUTH__THROTTLE__ADDRESS_FAILURES".into(), free),
    ]
}
