//! What may be asked for at sign-in and at a refresh.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{Answer, Backend, PASSWORD, Service, both};

fn claims(answer: &Answer) -> Value {
    let token = answer.tokens().access;
    let part = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

/// The audience and the scope of the token that an answer holds, and what the answer says.
fn granted(answer: &Answer) -> (Value, Value) {
    let claims = claims(answer);
    assert_eq!(
        answer.body["scope"], claims["scope"],
        "it says what it gives"
    );
    (claims["aud"].clone(), claims["scope"].clone())
}

fn with(mut body: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().expect("members") {
        body[name] = value.clone();
    }
    body
}

/// Moves on, so that the next refresh rotates.
async fn refresh(service: &Service, token: &str, asked: &Value) -> Answer {
    service.advance(31);
    let body = with(json!({ "refresh_token": token }), asked);
    service.post("/v1/refresh", body).await
}

both! {
    // R22
    async fn a_sign_in_is_granted_what_it_asks_for_and_nothing_else(backend: Backend) {
        let service = Service::start(backend).await;
        let issuer = service.ctx.settings.issuer.clone();
        service.signup("ada@example.org").await;
        let login = async |asked: &Value| {
            let body = json!({ "email": "ada@example.org", "password": PASSWORD });
            service.post("/v1/login", with(body, asked)).await
        };
        for (asked, aud, scope) in [
            (json!({}), json!(["api", issuer]), "account"),
            (json!({ "audience": null, "scope": null }), json!(["api", issuer]), "account"),
            (json!({ "audience": "api" }), json!(["api"]), "account"),
            (json!({ "audience": [issuer] }), json!([issuer]), "account"),
            (json!({ "audience": ["api", issuer, "api"] }), json!(["api", issuer]), "account"),
            (json!({ "scope": "admin" }), json!([issuer]), "admin"),
            (json!({ "scope": "account admin", "audience": issuer }), json!([issuer]), "account admin"),
        ] {
            let answer = login(&asked).await;
            assert_eq!(granted(&answer), (aud.clone(), json!(scope)), "{asked}");
            // A refresh goes on with the same.
            let again = refresh(&service, &answer.tokens().refresh, &json!({})).await;
            assert_eq!(granted(&again), (aud, json!(scope)), "{asked}");
        }
        for (asked, field) in [
            (json!({ "audience": "billing" }), "audience"),
            (json!({ "audience": [] }), "audience"),
            (json!({ "audience": "" }), "audience"),
            (json!({ "audience": ["api", "billing"] }), "audience"),
            (json!({ "audience": "API" }), "audience"),
            (json!({ "scope": "admin", "audience": "api" }), "audience"),
            (json!({ "scope": "account admin", "audience": ["api", issuer] }), "audience"),
            (json!({ "scope": "" }), "scope"),
            (json!({ "scope": "payments" }), "scope"),
            (json!({ "scope": "account  admin" }), "scope"),
            (json!({ "scope": "account\nadmin" }), "scope"),
        ] {
            let answer = login(&asked).await.expect(422, "validation_failed");
            let error = &answer.body["errors"][0];
            assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!("not_granted")), "{asked}");
        }
        let wrong = json!({ "audience": { "a": 1 } });
        login(&wrong).await.expect(422, "validation_failed");
    }

    async fn a_sign_up_is_granted_what_it_asks_for(backend: Backend) {
        let service = Service::start(backend).await;
        let signup = async |email: &str, asked: &Value| {
            let body = json!({ "email": email, "password": PASSWORD });
            service.post("/v1/signup", with(body, asked)).await
        };
        let api = signup("api@example.org", &json!({ "audience": "api" })).await;
        assert_eq!(granted(&api), (json!(["api"]), json!("account")));
        signup("no@example.org", &json!({ "audience": "billing" })).await.expect(422, "validation_failed");
        // Nothing was made of what was refused.
        assert_eq!(signup("no@example.org", &json!({})).await.status, 201);
    }

    // R22: less, never more; and what is refused consumes nothing
    async fn a_refresh_narrows_and_never_widens(backend: Backend) {
        let service = Service::start(backend).await;
        let issuer = service.ctx.settings.issuer.clone();
        let wide = service.signup("wide@example.org").await;
        let mut token = wide.refresh;
        for (asked, aud, scope) in [
            (json!({ "audience": "api" }), json!(["api"]), "account"),
            (json!({ "audience": issuer, "scope": "account" }), json!([issuer]), "account"),
            (json!({}), json!(["api", issuer]), "account"),
        ] {
            let answer = refresh(&service, &token, &asked).await;
            assert_eq!(granted(&answer), (aud, json!(scope)), "{asked}");
            token = answer.tokens().refresh;
        }
        let body = json!({ "email": "wide@example.org", "password": PASSWORD });
        let body = with(body, &json!({ "audience": "api" }));
        let narrow = service.post("/v1/login", body).await.tokens();
        let admin = service.admin().await;
        for (held, asked, field) in [
            (&token, json!({ "scope": "admin" }), "scope"),
            (&token, json!({ "scope": "account admin" }), "scope"),
            (&token, json!({ "audience": "billing" }), "audience"),
            (&narrow.refresh, json!({ "audience": issuer }), "audience"),
            (&narrow.refresh, json!({ "audience": ["api", issuer] }), "audience"),
            (&admin.refresh, json!({ "audience": "api" }), "audience"),
        ] {
            for _ in 0..3 {
                let answer = refresh(&service, held, &asked).await.expect(422, "validation_failed");
                assert_eq!(answer.body["errors"][0]["field"], field, "{asked}");
            }
        }
        // Each is still the current one: three refusals, of which each would have rotated it.
        for held in [&token, &narrow.refresh, &admin.refresh] {
            assert_eq!(refresh(&service, held, &json!({})).await.status, 200);
        }
        // An administrator may ask for less, too.
        let account = refresh(&service, &service.admin().await.refresh, &json!({ "scope": "account" })).await;
        assert_eq!(granted(&account), (json!([issuer]), json!("account")));
    }

    // Parallel tabs of one session, each with a token of its own
    async fn two_audiences_converge_on_one_refresh_token(backend: Backend) {
        let service = Service::start(backend).await;
        let issuer = service.ctx.settings.issuer.clone();
        let ada = service.signup("ada@example.org").await;
        let api = refresh(&service, &ada.refresh, &json!({ "audience": "api" })).await;
        let body = with(json!({ "refresh_token": ada.refresh }), &json!({ "audience": issuer }));
        let account = service.post("/v1/refresh", body).await;
        assert_eq!(granted(&account).0, json!([issuer]));
        assert_eq!(api.tokens().refresh, account.tokens().refresh);
        // Asking for too much with the token before the current one is no reuse within the window.
        let body = with(json!({ "refresh_token": ada.refresh }), &json!({ "scope": "admin" }));
        service.post("/v1/refresh", body.clone()).await.expect(422, "validation_failed");
        // Long after the window it is one, whatever is asked for.
        service.advance(60);
        service.post("/v1/refresh", body).await.expect(401, "refresh_token_reused");
    }

    async fn a_scope_of_the_settings_may_be_asked_for(backend: Backend) {
        let service = Service::with(backend, |settings| {
            settings.tokens.scope = "account orders:read".into();
        }).await;
        let issuer = service.ctx.settings.issuer.clone();
        let ada = service.signup("ada@example.org").await;
        let by_default = refresh(&service, &ada.refresh, &json!({})).await;
        assert_eq!(granted(&by_default), (json!(["api", issuer]), json!("account orders:read")));
        let body = json!({ "email": "ada@example.org", "password": PASSWORD });
        let body = with(body, &json!({ "scope": "orders:read admin" }));
        let admin = service.post("/v1/login", body).await;
        assert_eq!(granted(&admin), (json!([issuer]), json!("orders:read admin")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_ends_with_its_session_at_the_latest() {
    let service = Service::with(Backend::Sqlite, |settings| {
        settings.refresh.absolute_ttl = std::time::Duration::from_secs(1000);
        settings.refresh.idle_ttl = std::time::Duration::from_secs(1000);
    })
    .await;
    let ada = service.signup("ada@example.org").await;
    service.advance(700);
    let late = service.refresh(&ada.refresh).await;
    assert_eq!(late.body["expires_in"], 300);
    let claims = claims(&late);
    let life = claims["exp"].as_i64().zip(claims["iat"].as_i64());
    assert_eq!(life.map(|(exp, iat)| exp - iat), Some(300));
    assert_eq!(late.body["refresh_expires_in"], 300);
    let idle = Service::with(Backend::Sqlite, |settings| {
        settings.refresh.idle_ttl = std::time::Duration::from_secs(200);
    });
    let signed_up = json!({ "email": "ada@example.org", "password": PASSWORD });
    let answer = idle.await.post("/v1/signup", signed_up).await;
    assert_eq!(answer.body["expires_in"], 200);
}

both! {
    // R13: what is wrong with a session is said before what is wrong with the question.
    async fn what_nobody_is_granted_hides_no_ended_session_and_no_reuse(backend: Backend) {
        let service = Service::start(backend).await;
        let first = service.signup("ada@example.org").await;
        let asked = json!({ "audience": "billing" });
        let refused = refresh(&service, &first.refresh, &asked).await;
        refused.expect(422, "validation_failed");
        let second = refresh(&service, &first.refresh, &json!({})).await.tokens();
        let third = refresh(&service, &second.refresh, &json!({}))
            .await
            .tokens();
        refresh(&service, &first.refresh, &asked)
            .await
            .expect(401, "refresh_token_reused");
        refresh(&service, &third.refresh, &asked)
            .await
            .expect(401, "refresh_token_revoked");
        let other = service.login("ada@example.org").await;
        service.advance(15 * 24 * 60 * 60);
        refresh(&service, &other.refresh, &asked)
            .await
            .expect(401, "refresh_token_expired");
    }

    // I40
    async fn a_service_that_the_settings_drop_is_in_no_token_any_more(backend: Backend) {
        let service = Service::with(backend, |settings| {
            settings.tokens.audience = vec!["api".into(), "billing".into()];
        })
        .await;
        service.signup("ada@example.org").await;
        let login = async |asked: Value| {
            let body = json!({ "email": "ada@example.org", "password": PASSWORD });
            service
                .post("/v1/login", with(body, &asked))
                .await
                .tokens()
                .refresh
        };
        let two = login(json!({ "audience": ["api", "billing"] })).await;
        let gone = login(json!({ "audience": "billing" })).await;
        let settings = service.ctx.settings.clone();
        let next = Service::on(
            service.database.clone(),
            service.clock.clone(),
            move |own| {
                own.data_dir = settings.data_dir.clone();
            },
        )
        .await;
        let answer = refresh(&next, &two, &json!({})).await;
        assert_eq!(claims(&answer)["aud"], json!(["api"]));
        refresh(&next, &gone, &json!({}))
            .await
            .expect(401, "refresh_token_revoked");
    }

    // I25
}
