//! The admin API: who may, and what it does to the tokens that are out there.

use serde_json::json;

use super::own_account::claims;
use super::{login, routes};
use crate::support::{Backend, PASSWORD, Service, both};

// R20
#[tokio::test(flavor = "multi_thread")]
async fn every_admin_route_is_401_for_nobody_and_403_for_anybody() {
    let service = Service::start(Backend::Sqlite).await;
    let ada = service.signup("ada@example.org").await;
    let admin = service.admin().await;
    let patch = auth_service::accounts::Patch {
        roles: Some(vec!["admin".into(), "administrator".into(), "ADMIN".into()]),
        ..Default::default()
    };
    let (id, origin) = (ada.user.parse().expect("an identifier"), Default::default());
    let operator = kernel::audit::Actor::Operator;
    auth_service::accounts::update(&service.ctx, id, patch, operator, &origin)
        .await
        .expect("an account");
    let almost = service.login_as_admin("ada@example.org").await;
    for (path, method) in routes("/v1/admin") {
        let ask = async |client: &crate::support::Client| {
            client
                .send(method.parse().expect("a method"), &path, None)
                .await
        };
        ask(&service).await.expect(401, "token_missing");
        ask(&service.bearer("a.b.c"))
            .await
            .expect(401, "token_invalid");
        ask(&service.bearer(&almost.refresh))
            .await
            .expect(401, "token_invalid");
        ask(&service.bearer(&ada.access))
            .await
            .expect(401, "claims_stale");
        let refused = ask(&service.bearer(&almost.access))
            .await
            .expect(403, "forbidden");
        assert_eq!(
            refused.header("www-authenticate"),
            r#"Bearer error="insufficient_scope""#,
        );
        let answer = ask(&service.bearer(&admin.access)).await;
        assert!(
            ![401, 403, 500, 503].contains(&answer.status),
            "{method} {path}: {}",
            answer.text
        );
    }
}

both! {
    // I6
    async fn new_roles_make_old_tokens_stale_and_a_refresh_brings_them(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let client = service.bearer(&admin.access);
        let ada = service.signup("ada@example.org").await;
        let path = format!("/v1/admin/users/{}", ada.user);
        let held = service.login_as_admin("ada@example.org").await;
        let roles = json!(["auth:admin", "staff", "auth:admin"]);
        let answer = client.patch(&path, json!({ "roles": roles })).await;
        assert_eq!((answer.status, &answer.body["roles"]), (200, &json!(["auth:admin", "staff"])));
        service.me(&held.access).await.expect(401, "claims_stale");
        let fresh = service.refresh(&held.refresh).await.tokens();
        assert_eq!(claims(&fresh.access)["roles"], json!(["auth:admin", "staff"]));
        assert_eq!(service.bearer(&fresh.access).get(&path).await.status, 200);
        // And away again: the token that says so is of no use from that moment on.
        service.advance(60);
        assert_eq!(client.patch(&path, json!({ "roles": [] })).await.status, 200);
        service.bearer(&fresh.access).get(&path).await.expect(401, "claims_stale");
        let fresh = service.refresh(&fresh.refresh).await.tokens();
        assert_eq!(claims(&fresh.access).get("roles"), None, "an empty claim is left out");
        service.bearer(&fresh.access).get(&path).await.expect(403, "forbidden");
        // The service knows each role of its own.
        for role in ["auth:", "auth:admins", "auth:Admin"] {
            let answer = client.patch(&path, json!({ "roles": [role] })).await.expect(422, "validation_failed");
            assert_eq!(answer.body["errors"][0]["field"], "roles", "{role}");
        }
        // A name or nothing at all makes nobody refresh.
        assert_eq!(client.patch(&path, json!({ "name": "Ada" })).await.status, 200);
        assert_eq!(client.patch(&path, json!({})).await.status, 200);
        assert_eq!(service.me(&fresh.access).await.body["name"], "Ada");
    }

    async fn custom_claims_stand_in_the_token_and_reserved_ones_are_refused(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let client = service.bearer(&admin.access);
        let ada = service.signup("ada@example.org").await;
        let path = format!("/v1/admin/users/{}", ada.user);
        let custom = json!({ "plan": "gold", "limits": { "seats": 5, "ratio": 0.25, "of": [null, true, "\u{2603}"] }, "https://example.org/x": -7 });
        let answer = client.patch(&path, json!({ "claims": custom })).await;
        assert_eq!((answer.status, &answer.body["claims"]), (200, &custom), "{}", answer.text);
        service.me(&ada.access).await.expect(401, "claims_stale");
        let fresh = service.refresh(&ada.refresh).await.tokens();
        let all = claims(&fresh.access);
        for (name, value) in custom.as_object().expect("an object") {
            assert_eq!(all[name], *value);
        }
        for name in shared_claims::RESERVED {
            let answer = client.patch(&path, json!({ "claims": { *name: "mine" } })).await;
            assert_eq!((answer.status, &answer.body["errors"][0]["field"]), (422, &json!("claims")), "{name}");
        }
        assert_eq!(service.me(&fresh.access).await.status, 200, "what was refused made nothing stale");
        assert_eq!(client.patch(&path, json!({ "claims": {} })).await.body["claims"], json!({}));
    }

    async fn an_admin_makes_finds_and_removes_accounts(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let client = service.bearer(&admin.access);
        let body = json!({ "email": "Grace@example.org", "password": PASSWORD, "name": "Grace", "roles": ["staff"], "email_verified": true });
        let made = client.post("/v1/admin/users", body.clone()).await;
        assert_eq!(made.status, 201, "{}", made.text);
        client.post("/v1/admin/users", body).await.expect(409, "email_taken");
        let user = &made.body;
        assert_eq!((&user["email_verified"], &user["roles"], &user["disabled_at"]), (&json!(true), &json!(["staff"]), &json!(null)));
        let path = format!("/v1/admin/users/{}", user["id"].as_str().expect("an identifier"));
        assert_eq!(client.get(&path).await.body, *user);
        assert_eq!(client.get("/v1/admin/users?email=gRACE%40Example.org").await.body["items"], json!([user]));
        assert_eq!(client.get("/v1/admin/users?email=nobody%40example.org").await.body, json!({ "items": [], "next_cursor": null }));

        let grace = service.login("grace@example.org").await;
        let sessions = client.get(&format!("{path}/sessions")).await.body;
        assert_eq!((&sessions[0]["id"], &sessions[0]["current"]), (&json!(grace.session), &json!(false)));
        assert_eq!(client.delete(&format!("{path}/sessions")).await.status, 204);
        service.me(&grace.access).await.expect(401, "token_revoked");
        let grace = service.login("grace@example.org").await;
        assert_eq!(client.delete(&path).await.status, 204);
        service.me(&grace.access).await.expect(401, "token_revoked");
        service.refresh(&grace.refresh).await.expect(401, "refresh_token_revoked");
        client.delete(&path).await.expect(404, "not_found");
        client.get(&path).await.expect(404, "not_found");

        let silent = client.post("/v1/admin/users", json!({ "email": "silent@example.org" })).await;
        assert_eq!(silent.status, 201);
        login(&service, "silent@example.org", PASSWORD).await.expect(401, "invalid_credentials");
    }
}
