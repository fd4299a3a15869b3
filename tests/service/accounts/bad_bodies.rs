//! Bodies that are too large, not JSON, or not the JSON that was asked for.

use serde_json::json;

use super::{argon2_runs, credentials, login};
use crate::support::{Answer, Backend, PASSWORD, Service, both, raw, secrets};

const JSON: Option<&str> = Some("application/json");

// I23
#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_64_kib_is_refused_before_it_is_hashed() {
    let service = Service::start(Backend::Sqlite).await;
    let ada = service.signup("ada@example.org").await;
    let signed_in = service.bearer(&ada.access);
    let runs = argon2_runs(&service);
    let huge = "x".repeat(10_000_000);
    let all = [
        (
            "POST",
            "/v1/signup",
            credentials("grace@example.org", &huge),
        ),
        ("POST", "/v1/login", credentials("ada@example.org", &huge)),
        ("POST", "/v1/refresh", json!({ "refresh_token": huge })),
        ("POST", "/v1/logout", json!({ "refresh_token": huge })),
        ("PATCH", "/v1/me", json!({ "name": huge })),
        ("DELETE", "/v1/me", json!({ "password": huge })),
        (
            "POST",
            "/v1/me/password",
            json!({ "current_password": PASSWORD, "new_password": huge }),
        ),
    ];
    for (method, path, body) in all {
        let body = body.to_string();
        let with_length = raw::send(&signed_in, method, path, JSON, body.clone()).await;
        with_length.expect(413, "payload_too_large");
        let chunks: Vec<_> = body
            .into_bytes()
            .chunks(8192)
            .map(|one| Ok::<_, std::io::Error>(one.to_vec()))
            .collect();
        let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
        raw::send(&signed_in, method, path, JSON, chunked)
            .await
            .expect(413, "payload_too_large");
    }
    assert_eq!(argon2_runs(&service), runs);

    let body = |filler: usize| {
        format!(
            r#"{{"email":"ada@example.org","password":"{}"}}"#,
            "x".repeat(filler)
        )
    };
    let fixed = body(0).len();
    let largest = raw::send(&service, "POST", "/v1/login", JSON, body(65536 - fixed)).await;
    largest.expect(401, "invalid_credentials");
    let larger = raw::send(&service, "POST", "/v1/login", JSON, body(65537 - fixed)).await;
    larger.expect(413, "payload_too_large");
    assert_eq!(service.me(&ada.access).await.status, 200);
}

fn field(answer: &Answer) -> (String, String) {
    let error = &answer.body["errors"][0];
    let text = |name: &str| error[name].as_str().unwrap_or("none").to_owned();
    (text("field"), text("code"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_the_json_asked_for_is_refused_with_the_exact_code() {
    let service = Service::start(Backend::Sqlite).await;
    service.signup("ada@example.org").await;
    let secret = "a passphrase in the wrong place";
    secrets::note(secret);
    let runs = argon2_runs(&service);
    let malformed = [
        "",
        " ",
        "{",
        "nul",
        "\u{feff}{}",
        "{\"email\":\"a\"",
        "{'email':'a'}",
        "{\"a\":1,}",
        "{}{}",
        &"[".repeat(10_000),
    ];
    for body in malformed {
        let answer = raw::send(&service, "POST", "/v1/login", JSON, body.to_owned()).await;
        answer.expect(400, "malformed");
    }
    let not_utf8 = b"{\"email\":\"\xff\",\"password\":\"x\"}".to_vec();
    raw::send(&service, "POST", "/v1/login", JSON, not_utf8)
        .await
        .expect(400, "malformed");

    let ok = format!(r#""email":"ada@example.org","password":"{PASSWORD}""#);
    let invalid = [
        ("{}".to_owned(), "email", "required"),
        (
            r#"{"email":"ada@example.org"}"#.to_owned(),
            "password",
            "required",
        ),
        (
            format!(r#"{{{ok},"remember":true}}"#),
            "remember",
            "unknown",
        ),
        (format!(r#"{{{ok},"Email":"x"}}"#), "Email", "unknown"),
        (
            format!(r#"{{{ok},"password":"{secret}"}}"#),
            "password",
            "duplicate",
        ),
        (
            format!(r#"{{"email":"ada@example.org","password":["{secret}"]}}"#),
            "password",
            "invalid_type",
        ),
        (
            format!(r#"{{"email":"{secret}","password":null}}"#),
            "password",
            "invalid_type",
        ),
        (
            r#"{"email":{"$ne":null},"password":"x"}"#.to_owned(),
            "email",
            "invalid_type",
        ),
        (
            r#"{"email":"\ud800","password":"x"}"#.to_owned(),
            "email",
            "invalid_type",
        ),
        (
            r#"{"email":1e999,"password":"x"}"#.to_owned(),
            "email",
            "invalid_type",
        ),
        (
            r#"{"email":5,"password":"x"}"#.to_owned(),
            "email",
            "invalid_type",
        ),
        (
            format!(r#"["ada@example.org","{PASSWORD}"]"#),
            "",
            "invalid_type",
        ),
        (format!(r#""{secret}""#), "", "invalid_type"),
        ("null".to_owned(), "", "invalid_type"),
        ("5".to_owned(), "", "invalid_type"),
    ];
    for (body, name, code) in invalid {
        let answer = raw::send(&service, "POST", "/v1/login", JSON, body.clone()).await;
        assert!(!answer.text.contains(secret), "{}", answer.text);
        assert_eq!(
            (answer.status, answer.code()),
            (422, "validation_failed"),
            "{body}: {}",
            answer.text
        );
        assert_eq!(field(&answer), (name.to_owned(), code.to_owned()), "{body}");
    }
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/json5"),
        Some(""),
    ] {
        let answer = raw::send(
            &service,
            "POST",
            "/v1/login",
            content_type,
            format!("{{{ok}}}"),
        )
        .await;
        answer.expect(415, "unsupported_media_type");
    }
    assert_eq!(argon2_runs(&service), runs);
    for content_type in ["application/json; charset=utf-8", "Application/JSON"] {
        raw::send(
            &service,
            "POST",
            "/v1/login",
            Some(content_type),
            format!("{{{ok}}}"),
        )
        .await
        .tokens();
    }
}

both! {
    async fn what_the_admin_api_is_asked_wrongly_is_never_a_fault_of_the_service(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let client = service.bearer(&admin.access);
        let revocations = [
            ("{}", 422), ("{\"jti\":\"x\"}", 422), ("{\"foo\":\"x\"}", 422), ("\"jti\"", 422), ("[]", 422),
            (r#"{"jti":"019b0000-0000-7000-8000-000000000000","sid":"019b0000-0000-7000-8000-000000000000"}"#, 422),
            ("{", 400), ("", 400),
        ];
        for (body, status) in revocations {
            let answer = raw::send(&client, "POST", "/v1/admin/revocations", JSON, body).await;
            assert_eq!(answer.status, status, "{body}: {}", answer.text);
        }
        let path = format!("/v1/admin/users/{}", admin.user);
        let claims = [
            json!({ "plan": "a\u{0}b" }), json!({ "a\u{0}b": 1 }), json!({ "deep": [{ "er": ["\u{0}"] }] }),
            json!({ "sub": "somebody else" }), json!({ "roles": ["admin"] }), json!({ "cnf": {} }),
            json!({ "big": "x".repeat(3000) }),
        ];
        for claims in claims {
            let answer = client.patch(&path, json!({ "claims": claims })).await;
            assert_eq!(field(&answer), ("claims".into(), "invalid".into()), "{}", answer.text);
        }
        // A number that no 64 bits hold came out as another, and nobody was told.
        for number in ["18446744073709551616", "-9223372036854775809", "1000000000000000000000000000000", "1e19"] {
            for claims in [format!(r#"{{"account":{number}}}"#), format!(r#"{{"x":1,"account":[{{"of":{number}}}]}}"#)] {
                let body = format!(r#"{{"claims":{claims}}}"#);
                let answer = raw::send(&client, "PATCH", &path, JSON, body.clone()).await;
                assert_eq!(field(&answer), ("claims".into(), "invalid".into()), "{body}: {}", answer.text);
                assert!(answer.text.contains("`account`"), "{}", answer.text);
            }
        }
        let exact = r#"{"claims":{"account":18446744073709551615,"least":-9223372036854775808,"half":0.5,"far":1e18}}"#;
        let ada = service.signup("ada@example.org").await;
        let hers = format!("/v1/admin/users/{}", ada.user);
        assert_eq!(raw::send(&client, "PATCH", &hers, JSON, exact).await.status, 200);
        let kept = service.refresh(&ada.refresh).await.tokens();
        let payload = crate::revocation::claims(&kept.access);
        assert_eq!((payload["account"].as_u64(), payload["least"].as_i64()), (Some(u64::MAX), Some(i64::MIN)));
        for roles in [json!(["a b"]), json!([""]), json!(["x".repeat(65)]), json!(["a\u{0}"]), json!(["\u{e9}"])] {
            let answer = client.patch(&path, json!({ "roles": roles })).await;
            assert_eq!(field(&answer), ("roles".into(), "invalid".into()), "{}", answer.text);
        }
        for (query, status) in [
            ("audit?event=%00", 400), ("audit?event=x%27--", 200), ("audit?cursor=1", 400), ("audit?user_id=%00", 400),
            ("audit?page=2", 400), ("audit?limit=-1", 400), ("audit?limit=99999999999999999999999", 400),
            ("users?limit=x", 400), ("users?cursor=", 400), ("users?email=%00", 400), ("users?email=%0a", 422),
            ("users?q=x", 400), ("users/x", 400), ("users/%00", 400), ("users/019b0000-0000-7000-8000-000000000000", 404),
        ] {
            let answer = client.get(&format!("/v1/admin/{query}")).await;
            assert_eq!(answer.status, status, "{query}: {}", answer.text);
        }
        for kid in ["none", "%00", "%ff", "a%2fb", "%0d%0aX:1"] {
            let answer = client.delete(&format!("/v1/admin/keys/{kid}")).await;
            assert_eq!((answer.status, answer.code()), (404, "not_found"), "{kid}: {}", answer.text);
        }
    }

    // I21
    async fn an_address_that_looks_alike_is_taken(backend: Backend) {
        let service = Service::start(backend).await;
        service.signup("mike.kiss@example.org").await;
        for email in ["MIKE.KISS@EXAMPLE.ORG", "mi\u{212A}e.kiss@example.org", "mike.ki\u{17F}s@example.org", "m\u{131}ke.kiss@example.org", "\u{FF4D}ike.kiss@ex\u{FF41}mple.org"] {
            service.post("/v1/signup", credentials(email, PASSWORD)).await.expect(409, "email_taken");
            let session = login(&service, email, PASSWORD).await.tokens();
            assert_eq!(session.email, "mike.kiss@example.org");
        }
        for email in ["", "a", "a@", "Eve <eve@example.org>", "a@b.de\r\nBcc: x@y.de", "a\u{0}@b.de"] {
            let answer = service.post("/v1/signup", credentials(email, PASSWORD)).await;
            assert_eq!(field(&answer), ("email".into(), "email_invalid".into()), "{email:?}");
            login(&service, email, PASSWORD).await.expect(401, "invalid_credentials");
        }
    }
}
