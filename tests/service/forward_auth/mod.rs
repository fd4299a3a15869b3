//! `/v1/verify`, as gateways ask it.

mod attacks;
mod cookies;
mod original;

use std::sync::Arc;

use serde_json::json;

use crate::support::database::Database;
use crate::support::heard::Heard;
use crate::support::{Answer, Backend, Client, Service, both};

/// What a gateway is told about whoever sent the request.
fn identity(answer: &Answer) -> [Option<&str>; 4] {
    ["subject", "session", "roles", "scope"].map(|name| {
        let value = answer.headers.get(format!("x-auth-{name}"))?;
        value.to_str().ok()
    })
}

async fn set_roles(service: &Service, user: &str, roles: &[&str]) {
    let admin = service.admin().await;
    let answer = service
        .bearer(&admin.access)
        .patch(
            &format!("/v1/admin/users/{user}"),
            json!({ "roles": roles }),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

both! {
    async fn a_good_token_passes_with_its_identity(backend: Backend) {
        let service = Service::start(backend).await;
        let ada = service.signup("ada@example.org").await;
        let answer = service.bearer(&ada.access).get("/v1/verify").await.expect(200, "");
        let (user, session) = (ada.user.as_str(), ada.session.as_str());
        // Empty, but there: a gateway that copies it overwrites what a client sent.
        assert_eq!(identity(&answer), [Some(user), Some(session), Some(""), Some("account")]);
        assert_eq!((answer.text.as_str(), answer.header("cache-control")), ("", "no-store"));

        set_roles(&service, user, &["editor", "billing:read"]).await;
        let stale = service.bearer(&ada.access).get("/v1/verify").await.expect(401, "claims_stale");
        assert_eq!(identity(&stale), [None; 4]);
        let access = service.refresh(&ada.refresh).await.tokens().access;
        let answer = service.bearer(&access).get("/v1/verify").await.expect(200, "");
        assert_eq!(identity(&answer)[2], Some("billing:read,editor"));
    }

    async fn a_revoked_token_is_stopped_at_once(backend: Backend) {
        let service = Service::start(backend).await;
        let ada = service.signup("ada@example.org").await;
        let holder = service.bearer(&ada.access);
        holder.get("/v1/verify").await.expect(200, "");
        assert_eq!(holder.send(reqwest::Method::POST, "/v1/logout", None).await.status, 204);
        let answer = holder.get("/v1/verify").await.expect(401, "token_revoked");
        assert_eq!(answer.header("www-authenticate"), r#"Bearer error="invalid_token""#);
        service.advance(500);
        holder.get("/v1/verify").await.expect(401, "token_revoked");
        service.advance(111);
        holder.get("/v1/verify").await.expect(401, "token_expired");
    }
}

/// Headers of a request, by name.
type Headers<'h> = &'h [(&'static str, &'h str)];

fn with_all(client: &Client, headers: Headers<'_>) -> Client {
    headers
        .iter()
        .fold(client.clone(), |client, (name, value)| {
            client.with(name, value)
        })
}

#[tokio::test(flavor = "multi_thread")]
#[rustfmt::skip]
async fn what_is_demanded() {
    let service = Service::start(Backend::Sqlite).await;
    let ada = service.signup("ada@example.org").await;
    set_roles(&service, &ada.user, &["editor", "author"]).await;
    let access = service.refresh(&ada.refresh).await.tokens().access;
    let invalid = r#"Bearer error="insufficient_scope""#;
    let scopes = |scopes| format!(r#"Bearer error="insufficient_scope", scope="{scopes}""#);
    let table = [
        ("", 200, "", String::new()),
        ("?scope=account", 200, "", String::new()),
        ("?scope=account&role=editor", 200, "", String::new()),
        ("?role=editor%20author", 200, "", String::new()),
        ("?role=editor+author", 200, "", String::new()),
        ("?role=admin", 403, "forbidden", invalid.into()),
        ("?role=editor%20admin", 403, "forbidden", invalid.into()),
        ("?role=Editor", 403, "forbidden", invalid.into()),
        ("?role=edit", 403, "forbidden", invalid.into()),
        ("?role=editor,author", 403, "forbidden", invalid.into()),
        ("?scope=articles:write", 403, "forbidden", scopes("articles:write")),
        ("?scope=account%20x&role=editor", 403, "forbidden", scopes("account x")),
        // A gateway's configuration that says nothing clear lets nobody through.
        ("?scope=", 400, "malformed", String::new()),
        ("?role=", 400, "malformed", String::new()),
        ("?role=%20", 400, "malformed", String::new()),
        ("?role=editor%0d%0aset-cookie:x", 400, "malformed", String::new()),
        ("?scope=a%22b", 400, "malformed", String::new()),
        ("?roles=editor", 400, "malformed", String::new()),
        ("?role=editor&role=author", 400, "malformed", String::new()),
    ];
    for (query, status, code, challenge) in table {
        let answer = service.bearer(&access).get(&format!("/v1/verify{query}")).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{query}");
        assert_eq!(answer.header("www-authenticate"), challenge, "{query}");
        assert_eq!(identity(&answer)[0].is_some(), status == 200, "{query}");
    }
    service.get("/v1/verify?role=editor").await.expect(401, "token_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_says_nothing_about_who_it_is() {
    let service = Service::start(Backend::Sqlite).await;
    let ada = service.signup("ada@example.org").await;
    let lies = [
        ("x-auth-subject", "admin"),
        ("x-auth-session", "1"),
        ("x-auth-roles", "admin"),
        ("x-auth-scope", "everything"),
    ];
    let liar = with_all(&service, &lies);
    let answer = liar.get("/v1/verify").await.expect(401, "token_missing");
    assert_eq!(identity(&answer), [None; 4]);
    let answer = liar.bearer(&ada.access).get("/v1/verify").await;
    assert_eq!(identity(&answer)[0], Some(ada.user.as_str()));
    assert_eq!(identity(&answer)[2], Some(""));
    let denied = liar.bearer(&ada.access).get("/v1/verify?role=admin").await;
    denied.expect(403, "forbidden");
}

// The check stays local: it asks the database for nothing, whatever the token.
#[tokio::test(flavor = "multi_thread")]
async fn no_statement_is_made_for_a_check() {
    let database = Arc::new(Database::new(Backend::Postgres).await);
    let heard = Heard::by(&database).await;
    let url = heard.url(&database);
    let service = Service::alone(database, |settings| {
        settings.database.url = url;
        settings.revocation.max_lag = std::time::Duration::from_secs(60);
    })
    .await;
    let ada = service.signup("ada@example.org").await;
    let revoked = service.login("ada@example.org").await;
    service
        .bearer(&revoked.access)
        .delete(&format!("/v1/me/sessions/{}", revoked.session))
        .await;
    service.ctx.revocations.load().await.unwrap();
    let before = heard.statements().len();
    for _ in 0..100 {
        service
            .bearer(&ada.access)
            .get("/v1/verify")
            .await
            .expect(200, "");
        service
            .bearer(&revoked.access)
            .get("/v1/verify")
            .await
            .expect(401, "token_revoked");
        service
            .bearer("a.b.c")
            .get("/v1/verify")
            .await
            .expect(401, "token_invalid");
    }
    let made = heard.statements().split_off(before);
    assert!(made.is_empty(), "{made:#?}");
}
