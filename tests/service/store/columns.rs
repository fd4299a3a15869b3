//! The column types that are not the same on both databases come back as they went in.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, Service, Tokens, both};

/// An admin who changes somebody's claims, and what the account says then.
async fn claims(admin: &Client, ada: &Tokens, claims: &Value) -> Value {
    let path = format!("/v1/admin/users/{}", ada.user);
    let changed = admin.patch(&path, json!({ "claims": claims })).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(&changed.body["claims"], claims, "as it is returned");
    admin.get(&path).await.body["claims"].clone()
}

both! {
    async fn a_time_is_kept_to_the_microsecond(backend: Backend) {
        let service = Service::start(backend).await;
        service.clock.advance(Duration::from_micros(123_457));
        let ada = service.signup("ada@example.org").await;
        let me = service.me(&ada.access).await.body;
        assert_eq!(me["created_at"], "2026-01-01T00:00:00.123457Z");
        service.clock.advance(Duration::from_micros(1));
        service.refresh(&ada.refresh).await.tokens();
        let sessions = service.bearer(&ada.access).get("/v1/me/sessions").await.body;
        let session = &sessions.as_array().unwrap_or_else(|| sessions["items"].as_array().unwrap())[0];
        assert_eq!(session["created_at"], "2026-01-01T00:00:00.123457Z");
        assert_eq!(session["last_used_at"], "2026-01-01T00:00:00.123458Z");
        assert_eq!(session["expires_at"], "2026-01-15T00:00:00.123458Z");
    }

    async fn a_window_of_nothing_reaches_to_the_end_of_time(backend: Backend) {
        let service = Service::with(backend, |it| it.refresh.reuse_window = Duration::ZERO).await;
        let mut token = service.signup("ada@example.org").await.refresh;
        for _ in 0..3 {
            token = service.refresh(&token).await.tokens().refresh;
        }
    }

    async fn json_comes_back_as_it_went_in(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.bearer(&service.admin().await.access);
        let ada = service.signup("ada@example.org").await;
        for given in [
            json!({}),
            json!({ "plan": "pro", "seats": 3, "quota": 0.1, "beta": true, "none": null }),
            json!({ "deep": { "er": [1, [2, { "x": [] }]] }, "big": 9_007_199_254_740_993_i64 }),
            json!({ "text": "Ünï¢ode \u{1F511} \" \\ / \u{7f}", "ключ": "значение" }),
        ] {
            assert_eq!(claims(&admin, &ada, &given).await, given);
        }
    }

    // What one database would refuse is refused before it, on both
    async fn a_null_character_is_never_an_error_of_the_service(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let admin = service.bearer(&admin.access);
        let ada = service.signup("ada@example.org").await;
        let user = format!("/v1/admin/users/{}", ada.user);
        let nul = "a\0b";
        let mut answers = vec![
            admin.patch(&user, json!({ "claims": { "x": nul } })).await,
            admin.patch(&user, json!({ "claims": { nul: 1 } })).await,
            admin.patch(&user, json!({ "claims": { "x": [{ "y": nul }] } })).await,
            admin.patch(&user, json!({ "roles": [nul] })).await,
            admin.patch(&user, json!({ "name": nul })).await,
            admin.get("/v1/admin/users?email=a%00b%40example.org").await,
            admin.delete("/v1/admin/keys/a%00b").await,
            service.signup_answer("nul\0@example.org").await,
            service.bearer(&ada.access).patch("/v1/me", json!({ "name": nul })).await,
            service.refresh(nul).await,
        ];
        for kind in ["jti", "sid", "sub"] {
            answers.push(admin.post("/v1/admin/revocations", json!({ kind: nul })).await);
        }
        answers.push(admin.get("/v1/admin/audit?event=a%00b").await);
        for answer in answers {
            assert!((400..500).contains(&answer.status), "{}", answer.text);
        }
    }
}
