//! How many SQL statements each endpoint takes: noise can't hide one more, so the number is exact.

mod table;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::support::database::Database;
use crate::support::heard::Heard;
use crate::support::{Answer, Service, Tokens, both};
use table::{Ask, INTERNAL, PUBLIC, Row};

/// Whom and what a request may be about; fresh for each.
struct Scene {
    /// An account that has just signed up.
    ada: Tokens,
    /// Her second session, refreshed once.
    elsewhere: Tokens,
    /// The refresh token that `elsewhere` had before.
    spent: String,
    /// An operator.
    admin: Tokens,
    /// The key that signs.
    kid: String,
}

impl Scene {
    async fn of(service: &Service, admin: &Tokens, number: usize) -> Self {
        let ada = service.signup(&format!("ada-{number}@example.org")).await;
        let spent = service.login(&ada.email).await.refresh;
        let keys = service.bearer(&admin.access).get("/v1/admin/keys").await;
        // The mirror is believed for less than a minute, and nothing here keeps it up to date.
        service.ctx.revocations.load().await.expect("the database");
        Self {
            elsewhere: service.refresh(&spent).await.tokens(),
            spent,
            ada,
            admin: admin.clone(),
            kid: keys.body[0]["kid"].as_str().expect("a key").to_owned(),
        }
    }
}

async fn send(service: &Service, base: &str, row: &Row, scene: &Scene) -> Answer {
    let Ask { bearer, part, body } = (row.ask)(scene);
    let (method, path) = row.call.split_once(' ').expect("a method and a path");
    let named = path.find('{').map_or(path.len()..path.len(), |at| {
        at..at + path[at..].find('}').expect("a whole name") + 1
    });
    let mut path = path.to_owned();
    path.replace_range(named, &part);
    let client = match bearer {
        Some(access) => service.bearer(&access),
        None => service.client(),
    };
    let body = Some(body).filter(|body| *body != Value::Null);
    let method = method.parse().expect("a method");
    client.send(method, &format!("{base}{path}"), body).await
}

both! {
    async fn an_endpoint_takes_its_statements_and_no_more(backend: Backend) {
        let database = Arc::new(Database::new(backend).await);
        let heard = Heard::by(&database).await;
        let url = heard.url(&database);
        let service = Service::alone(database, |settings| {
            settings.database.url = url;
            settings.revocation.max_lag = Duration::from_secs(60);
            // Another would open a connection of its own whenever a request is its first.
            settings.http.workers = 1;
        })
        .await;
        let admin = service.admin().await;
        let internal = INTERNAL.iter().map(|row| (row, service.internal.as_str()));
        let rows = internal.chain(PUBLIC.iter().map(|row| (row, "")));
        let mut differ = Vec::new();
        for (number, (row, base)) in rows.enumerate() {
            let scene = Scene::of(&service, &admin, number).await;
            let before = heard.statements().len();
            let answer = send(&service, base, row, &scene).await;
            let taken = heard.statements().split_off(before);
            let name = format!("{} {}", row.call, row.case);
            assert_eq!(answer.status, row.status, "{name}: {}", answer.text);
            let expected = row.statements(backend);
            if taken.len() != expected {
                let (number, taken) = (taken.len(), taken.join("\n    "));
                differ.push(format!("{name}: {number}, not {expected}\n    {taken}"));
            }
        }
        assert!(differ.is_empty(), "\n{}", differ.join("\n"));
    }
}

#[test]
fn no_endpoint_goes_uncounted() {
    let counted: BTreeSet<&str> = PUBLIC.iter().map(|row| row.call).collect();
    for (path, method) in auth_service::http::routes::TABLE {
        let call = format!("{method} {path}");
        assert!(counted.contains(&*call), "{call} is not in the table");
    }
}
