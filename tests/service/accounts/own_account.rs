//! What somebody does with their own account, and what ends with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use super::{credentials, login};
use crate::support::{Answer, Client, PASSWORD, Service, Tokens, both};

const NEW: &str = "seven loud gulls sail";

/// What an access token says, unverified.
pub fn claims(access: &str) -> Value {
    let payload = access.split('.').nth(1).expect("a JWT");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64");
    serde_json::from_slice(&payload).expect("JSON")
}

async fn change(client: &Client, session: &Tokens, current: &str, new: &str) -> Answer {
    let body = json!({ "current_password": current, "new_password": new });
    client
        .bearer(&session.access)
        .post("/v1/me/password", body)
        .await
}

async fn is_dead(service: &Service, session: &Tokens) {
    service
        .me(&session.access)
        .await
        .expect(401, "token_revoked");
    service
        .refresh(&session.refresh)
        .await
        .expect(401, "refresh_token_revoked");
}

both! {
    async fn a_change_of_password_ends_every_other_session_and_not_this_one(backend: Backend) {
        let service = Service::start(backend).await;
        let (first, this) = (service.signup("ada@example.org").await, service.login("ada@example.org").await);
        let (other, grace) = (service.login("ada@example.org").await, service.signup("grace@example.org").await);
        change(&service, &this, "not this one, surely", NEW).await.expect(403, "wrong_password");
        change(&service, &this, PASSWORD, "short").await.expect(422, "validation_failed");
        assert_eq!(service.me(&other.access).await.status, 200);
        assert_eq!(change(&service, &this, PASSWORD, NEW).await.status, 204);
        is_dead(&service, &first).await;
        is_dead(&service, &other).await;
        assert_eq!(service.me(&this.access).await.status, 200);
        assert_eq!(service.me(&grace.access).await.status, 200);
        let fresh = service.refresh(&this.refresh).await.tokens();
        assert_eq!(service.me(&fresh.access).await.status, 200);
        login(&service, "ada@example.org", PASSWORD).await.expect(401, "invalid_credentials");
        login(&service, "ada@example.org", NEW).await.tokens();
    }

    // I4, I6: each of many sign-ins overlaps the change another way; none outlives it.
    async fn no_sign_in_with_the_old_password_survives_the_change(backend: Backend) {
        let service = Service::with(backend, |settings| {
            settings.passwords.hash_workers = 4;
            settings.passwords.argon2_memory_kib = 4096;
            settings.passwords.argon2_iterations = 4;
            settings.throttle.memory = Duration::ZERO;
        }).await;
        let this = service.signup("ada@example.org").await;
        let changed = Arc::new(AtomicBool::new(false));
        let (answered, mut answers) = tokio::sync::mpsc::unbounded_channel();
        for _ in 0..6 {
            let (client, changed, answered) = (service.client(), changed.clone(), answered.clone());
            tokio::spawn(async move {
                loop {
                    let last = changed.load(Ordering::SeqCst);
                    drop(answered.send(login(&client, "ada@example.org", PASSWORD).await));
                    if last { break }
                }
            });
        }
        drop(answered);
        let mut all = Vec::new();
        while all.len() < 5 {
            all.extend(answers.recv().await);
        }
        assert_eq!(change(&service, &this, PASSWORD, NEW).await.status, 204);
        changed.store(true, Ordering::SeqCst);
        while let Some(answer) = answers.recv().await {
            all.push(answer);
        }
        let (mut before, mut refused) = (0, 0);
        for answer in all {
            match answer.status {
                200 => {
                    is_dead(&service, &answer.tokens()).await;
                    before += 1;
                }
                _ => {
                    answer.expect(401, "invalid_credentials");
                    refused += 1;
                }
            }
        }
        assert!(before > 0 && refused > 0, "{before} before, {refused} refused: nothing overlapped");
        let living = service.bearer(&this.access).get("/v1/me/sessions").await;
        assert_eq!(living.body.as_array().map(Vec::len), Some(1), "{}", living.text);
    }

    // R20
    async fn disabling_ends_all_sessions_at_once_and_enabling_brings_none_back(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let (one, two) = (service.signup("ada@example.org").await, service.login("ada@example.org").await);
        let path = format!("/v1/admin/users/{}", one.user);
        let set = async |disabled: bool| {
            let answer = service.bearer(&admin.access).patch(&path, json!({ "disabled": disabled })).await;
            assert_eq!((answer.status, answer.body["disabled_at"].is_string()), (200, disabled), "{}", answer.text);
        };
        set(true).await;
        is_dead(&service, &one).await;
        is_dead(&service, &two).await;
        login(&service, "ada@example.org", PASSWORD).await.expect(401, "invalid_credentials");
        service.post("/v1/signup", credentials("ada@example.org", PASSWORD)).await.expect(409, "email_taken");
        set(false).await;
        is_dead(&service, &one).await;
        is_dead(&service, &two).await;
        let back = service.login("ada@example.org").await;
        assert_eq!(service.me(&back.access).await.status, 200);
        assert!(claims(&back.access)["ver"].as_i64() > claims(&one.access)["ver"].as_i64());
    }

    async fn deletion_takes_the_password_and_everything_with_it(backend: Backend) {
        let service = Service::start(backend).await;
        let (one, two) = (service.signup("ada@example.org").await, service.login("ada@example.org").await);
        let delete = async |password: &str| {
            let body = Some(json!({ "password": password }));
            service.bearer(&one.access).send(Method::DELETE, "/v1/me", body).await
        };
        delete("not this one, surely").await.expect(403, "wrong_password");
        assert_eq!(service.me(&one.access).await.status, 200);
        assert_eq!(delete(PASSWORD).await.status, 204);
        is_dead(&service, &one).await;
        is_dead(&service, &two).await;
        delete(PASSWORD).await.expect(401, "token_revoked");
        login(&service, "ada@example.org", PASSWORD).await.expect(401, "invalid_credentials");
        let again = service.signup("ada@example.org").await;
        assert_ne!(again.user, one.user);
    }

    async fn a_name_is_set_kept_and_taken_away(backend: Backend) {
        let service = Service::start(backend).await;
        let ada = service.signup("ada@example.org").await;
        let client = service.bearer(&ada.access);
        for (body, name) in [
            (json!({ "name": "  Ada \u{2603} " }), json!("Ada \u{2603}")), (json!({}), json!("Ada \u{2603}")),
            (json!({ "name": null }), json!(null)), (json!({}), json!(null)), (json!({ "name": "x".repeat(200) }), json!("x".repeat(200))),
        ] {
            service.advance(1);
            let answer = client.patch("/v1/me", body.clone()).await;
            assert_eq!((answer.status, &answer.body["name"]), (200, &name), "{body}");
            assert_eq!(client.get("/v1/me").await.body, answer.body);
        }
        for name in ["", " ", "a\r\nb", "\u{1b}[31mred", "a\u{0}b", "a\u{7f}", "a\u{9b}31m", &"x".repeat(201)] {
            let answer = client.patch("/v1/me", json!({ "name": name })).await;
            assert_eq!((answer.status, &answer.body["errors"][0]["field"]), (422, &json!("name")), "{name:?}");
        }
        for field in ["email", "roles", "email_verified", "id", "claims"] {
            let answer = client.patch("/v1/me", json!({ field: null })).await;
            assert_eq!(answer.body["errors"][0], json!({ "field": field, "code": "unknown", "message": "this field is not known here" }));
        }
    }
}
