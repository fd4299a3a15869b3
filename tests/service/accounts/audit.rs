//! The audit trail: who, what, to whom, from where, how it ended, in which request; no secret.

use auth_service::http::views::AuditEvent;
use reqwest::Method;
use serde_json::{Value, json};

use super::{at, behind_proxy, credentials, imported, login};
use crate::support::{Client, PASSWORD, Service, both, recorded};

const WRONG: &str = "eleven quiet herons wade";
const NEW: &str = "seven loud gulls sail";

/// Every kind of event, each in a request of its own name.
struct Story {
    service: Service,
    client: Client,
    secrets: Vec<String>,
}

impl Story {
    fn at(&self, request: &str, access: &str) -> Client {
        let client = self.client.with("x-request-id", request);
        if access.is_empty() {
            client
        } else {
            client.bearer(access)
        }
    }

    async fn post(
        &self,
        request: &str,
        access: &str,
        path: &str,
        body: Value,
    ) -> crate::support::Answer {
        self.at(request, access).post(path, body).await
    }
}

/// The row that a request left, in brief; fails if it is not the only one.
async fn row(service: &Service, request: &str, event: &str) -> Value {
    let trail = service.audit().await;
    let mut rows = trail
        .iter()
        .filter(|row| row.request_id.as_deref() == Some(request) && row.event == event);
    let row = rows
        .next()
        .unwrap_or_else(|| panic!("{event} of {request} is missing"));
    assert!(rows.next().is_none(), "{event} of {request} is there twice");
    json!(AuditEvent::from(row.clone()))
}

both! {
    async fn every_event_has_its_row_and_none_holds_a_secret(backend: Backend) {
        let service = behind_proxy(backend).await;
        let client = at(&service, "198.51.100.7").with("user-agent", "Teller/1.0");
        let admin = service.admin().await;
        let mut story = Story { client, service, secrets: vec![PASSWORD.into(), WRONG.into(), NEW.into(), admin.access.clone(), admin.refresh.clone()] };

        let ada = story.post("r-signup", "", "/v1/signup", credentials("ada@example.org", PASSWORD)).await.tokens();
        let (user, session) = (json!(ada.user), json!(ada.session));
        story.post("r-wrong", "", "/v1/login", credentials("ada@example.org", WRONG)).await.expect(401, "invalid_credentials");
        story.post("r-unknown", "", "/v1/login", credentials("nobody@example.org", WRONG)).await.expect(401, "invalid_credentials");
        let second = story.post("r-login", "", "/v1/login", credentials("ada@example.org", PASSWORD)).await.tokens();
        story.at("r-rename", &ada.access).patch("/v1/me", json!({ "name": "Ada L." })).await;
        let change = |current: &str| json!({ "current_password": current, "new_password": NEW });
        story.post("r-change-wrong", &ada.access, "/v1/me/password", change(WRONG)).await.expect(403, "wrong_password");
        assert_eq!(story.post("r-change", &ada.access, "/v1/me/password", change(PASSWORD)).await.status, 204);
        let third = story.post("r-third", "", "/v1/login", credentials("ada@example.org", NEW)).await.tokens();
        assert_eq!(story.at("r-logout", &third.access).send(Method::POST, "/v1/logout", None).await.status, 204);
        let fourth = story.post("r-fourth", "", "/v1/login", credentials("ada@example.org", NEW)).await.tokens();
        assert_eq!(story.at("r-end-one", &ada.access).delete(&format!("/v1/me/sessions/{}", fourth.session)).await.status, 204);
        let fifth = story.post("r-fifth", "", "/v1/login", credentials("ada@example.org", NEW)).await.tokens();
        story.service.refresh(&fifth.refresh).await.tokens();
        story.service.advance(60);
        story.post("r-reuse", "", "/v1/refresh", json!({ "refresh_token": fifth.refresh })).await.expect(401, "refresh_token_reused");
        let path = format!("/v1/admin/users/{}", ada.user);
        let patch = json!({ "roles": ["staff"], "claims": { "plan": "a hidden plan" }, "name": "A hidden name" });
        assert_eq!(story.at("r-patch", &admin.access).patch(&path, patch).await.status, 200);
        let jti = "019b0000-0000-7000-8000-000000000001";
        assert_eq!(story.post("r-jti", &admin.access, "/v1/admin/revocations", json!({ "jti": jti })).await.status, 204);
        assert_eq!(story.post("r-sub", &admin.access, "/v1/admin/revocations", json!({ "sub": ada.user })).await.status, 204);
        let key = story.at("r-rotate", &admin.access).send(Method::POST, "/v1/admin/keys/rotate", None).await;
        let kid = key.body["kid"].as_str().expect("a key").to_owned();
        assert_eq!(story.at("r-remove", &admin.access).delete(&format!("/v1/admin/keys/{kid}")).await.status, 204);
        let body = json!({ "email": "made@example.org", "password": PASSWORD, "roles": ["staff"] });
        let made = story.post("r-create", &admin.access, "/v1/admin/users", body).await;
        assert_eq!(made.status, 201);
        let last = story.post("r-last", "", "/v1/login", credentials("ada@example.org", NEW)).await.tokens();
        let delete = |password: &str| Some(json!({ "password": password }));
        story.at("r-delete-wrong", &last.access).send(Method::DELETE, "/v1/me", delete(WRONG)).await.expect(403, "wrong_password");
        assert_eq!(story.at("r-delete", &last.access).send(Method::DELETE, "/v1/me", delete(NEW)).await.status, 204);
        imported::import(&story.service, r#"{"email":"import@example.org"}"#).await;
        for tokens in [&ada, &second, &third, &fourth, &fifth, &last] {
            story.secrets.extend([tokens.access.clone(), tokens.refresh.clone()]);
        }

        let (by_admin, none) = (json!(admin.user), Value::Null);
        let made = &made.body["id"];
        for (request, event, outcome, actor, actor_id, subject, session, detail) in [
            ("r-signup", "account.created", "success", "user", &user, &user, &none, json!({})),
            ("r-signup", "login", "success", "user", &user, &user, &session, json!({})),
            ("r-wrong", "login", "failure", "anonymous", &none, &user, &none, json!({})),
            ("r-unknown", "login", "failure", "anonymous", &none, &none, &none, json!({})),
            ("r-login", "login", "success", "user", &user, &user, &json!(second.session), json!({})),
            ("r-rename", "account.updated", "success", "user", &user, &user, &none, json!({ "changed": ["name"] })),
            ("r-change-wrong", "password.changed", "failure", "user", &user, &user, &none, json!({})),
            ("r-change", "password.changed", "success", "user", &user, &user, &session, json!({})),
            ("r-logout", "session.ended", "success", "user", &user, &user, &json!(third.session), json!({})),
            ("r-end-one", "session.ended", "success", "user", &user, &user, &json!(fourth.session), json!({})),
            ("r-reuse", "refresh_token.reused", "failure", "anonymous", &none, &user, &json!(fifth.session), json!({})),
            ("r-patch", "account.updated", "success", "user", &by_admin, &user, &none, json!({ "roles": ["staff"], "claims": ["plan"], "name": "changed" })),
            ("r-jti", "token.revoked", "success", "user", &by_admin, &by_admin, &none, json!({ "jti": jti })),
            ("r-sub", "sessions.ended", "success", "user", &by_admin, &user, &none, json!({})),
            ("r-rotate", "key.created", "success", "user", &by_admin, &by_admin, &none, json!({ "kid": kid, "purpose": "signing", "alg": "ES256", "active_at": key.body["active_at"] })),
            ("r-remove", "key.removed", "success", "user", &by_admin, &by_admin, &none, json!({ "kid": kid, "purpose": "signing", "replaced_by": null })),
            ("r-create", "account.created", "success", "user", &by_admin, made, &none, json!({ "roles": ["staff"] })),
            ("r-delete-wrong", "account.deleted", "failure", "user", &user, &user, &none, json!({})),
            ("r-delete", "account.deleted", "success", "user", &user, &user, &none, json!({})),
        ] {
            let row = row(&story.service, request, event).await;
            for (field, value) in [
                ("outcome", &json!(outcome)), ("actor", &json!(actor)), ("actor_id", actor_id), ("subject_id", subject),
                ("session_id", session), ("detail", &detail), ("address", &json!("198.51.100.7")), ("user_agent", &json!("Teller/1.0")),
            ] {
                assert_eq!(row[field], *value, "{field} of {event} in {request}");
            }
        }
        let trail = story.service.audit().await;
        let imported = trail.iter().find(|row| row.event == "account.imported").expect("a row");
        assert_eq!((imported.actor.as_str(), imported.subject_id.is_some()), ("operator", true));
        let first_key = trail.iter().rfind(|row| row.event == "key.created").expect("a row");
        assert_eq!((first_key.actor.as_str(), &first_key.address), ("system", &None));

        let admin = story.service.login_as_admin(&admin.email).await;
        let shown = story.service.bearer(&admin.access).get("/v1/admin/audit?limit=200").await.text;
        let stored = recorded::password_hash(&story.service.database, "made@example.org").await;
        for secret in story.secrets.iter().chain([&stored]) {
            assert!(!shown.contains(secret.as_str()), "a secret stands in the trail");
        }
        for private in ["a hidden plan", "A hidden name", "$argon2"] {
            assert!(!shown.contains(private), "{private}");
        }
    }

    async fn what_did_not_happen_leaves_no_row_of_success(backend: Backend) {
        let service = Service::start(backend).await;
        let ada = service.signup("ada@example.org").await;
        let count = service.audit().await.len();
        service.post("/v1/signup", credentials("ada@example.org", PASSWORD)).await.expect(409, "email_taken");
        service.post("/v1/signup", credentials("x", PASSWORD)).await.expect(422, "validation_failed");
        service.refresh(&ada.refresh[..20]).await.expect(401, "refresh_token_invalid");
        let client = service.bearer(&ada.access);
        assert_eq!(client.delete("/v1/me/sessions/019b0000-0000-7000-8000-000000000000").await.status, 204);
        client.get("/v1/admin/users").await.expect(403, "forbidden");
        assert_eq!(service.audit().await.len(), count);
        // Out twice is one event.
        for _ in 0..2 {
            assert_eq!(client.send(Method::POST, "/v1/logout", None).await.status, 204);
        }
        assert_eq!(service.audit().await.len(), count + 1);
        login(&service, "ada@example.org", PASSWORD).await.tokens();
    }
}
