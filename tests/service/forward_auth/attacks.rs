//! The attack table of `shared-claims`, signed with the service's own key, against every endpoint
//! that takes an access token.

#[path = "../../../shared-claims/tests/it/attack_table.rs"]
mod attack_table;
#[path = "../../../shared-claims/tests/it/forgery_table.rs"]
mod forgery_table;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::clock::{Clock, Instant};
use serde_json::Value;
use std::sync::Arc;

use crate::accounts::routes;
use crate::support::database::Database;
use crate::support::{Backend, Service};
use attack_table::{Forger, OK, Row};

/// The time of the table.
const NOW: Instant = Instant::from_secs(1_700_000_000);

/// No head of a request is longer.
const MAX_HEAD: usize = 100_000;

async fn service() -> Service {
    let database = Arc::new(Database::new(Backend::Sqlite).await);
    Service::on(database, Clock::manual(NOW), |settings| {
        settings.issuer = "https://auth.example.com".into();
        settings.tokens.audience = vec!["api".into(), "api-2".into()];
    })
    .await
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Every row, made of a token that the service minted.
fn rows(service: &Service, minted: &str) -> Vec<Row> {
    let ring = service.ctx.keyring.ring().unwrap();
    let published: Value = serde_json::from_slice(&ring.jwks().body).unwrap();
    let forger = Forger {
        header: part(minted, 0),
        claims: part(minted, 1),
        public: published["keys"][0].to_string(),
        sign: Box::new(|message| ring.active(NOW).unwrap().sign(message)),
    };
    [
        attack_table::header_rows(&forger),
        attack_table::claim_rows(&forger),
        forgery_table::json_rows(&forger),
        forgery_table::form_rows(&forger),
    ]
    .concat()
}

// R1 to R7, I19, I24
#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_refuses_every_row() {
    let service = service().await;
    let ada = service.signup("ada@example.org").await;
    let rows: Vec<_> = rows(&service, &ada.access)
        .into_iter()
        // No header can carry these; spaces before a token are the header's; none is no token.
        .filter(|(_, token, _)| !token.contains(['\0', '\n']))
        .filter(|(_, token, _)| !token.starts_with(' ') && !token.is_empty())
        .collect();
    assert!(rows.len() >= 120, "{}", rows.len());
    for (name, token, expected) in &rows {
        let holder = service.bearer(token);
        if *expected == OK {
            // What is good passes, so that the others are refused for what they are.
            holder.get("/v1/verify").await.expect(200, "");
            continue;
        }
        let code = if *expected == "expired" {
            "token_expired"
        } else {
            "token_invalid"
        };
        for (path, method) in protected() {
            let method: reqwest::Method = method.parse().unwrap();
            if token.len() > MAX_HEAD {
                // The parser of HTTP itself says no, in words of its own, or hangs up.
                let url = format!("{}{path}", service.base);
                let asked = reqwest::Client::new()
                    .request(method, url)
                    .bearer_auth(token);
                let answer = asked.send().await;
                assert!(
                    answer.is_err() || answer.is_ok_and(|answer| answer.status() == 431),
                    "{name}: {path}"
                );
                continue;
            }
            let answer = holder.send(method.clone(), &path, None).await;
            let told = (answer.status, answer.code());
            assert_eq!(told, (401, code), "{name}: {method} {path}");
        }
    }
}

/// Every operation that takes a bearer, `/v1/verify` among them.
fn protected() -> Vec<(String, &'static str)> {
    let prefixes = ["/v1/me", "/v1/admin", "/v1/logout", "/v1/verify"];
    let mut all: Vec<_> = prefixes.into_iter().flat_map(routes).collect();
    all.push(("/v1/verify/original".into(), "POST"));
    assert!(all.len() >= 20, "{all:?}");
    all
}
