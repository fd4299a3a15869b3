//! The guard, as actix wears it and as axum does: one table for both.

use std::sync::Arc;

use serde_json::Value;
use shared_claims::{Algorithm, Authenticated, Entry, Freshness, Guard, Kind, Verifier};

use crate::attack_table::OK;
use crate::issuer::{Issuer, clock, eventually, revoked};
use crate::support::{KEYS, NOW, good_claims, with};

/// A request: where to, and its headers.
type Asked<'a> = (&'a str, Vec<(&'a str, Vec<u8>)>);

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    code: String,
    challenge: Option<String>,
}

/// The routes: each tells the subject, and each has its guard.
fn guards(verifier: &Verifier) -> [(&'static str, Guard); 5] {
    let guard = || Guard::new(verifier.clone());
    [
        ("/any", guard()),
        ("/cookie", guard().cookie("session")),
        ("/scopes", guard().scope("read").scope("admin:\"all\"")),
        ("/fit", guard().scope("read").scope("write").role("editor")),
        (
            "/role",
            guard()
                .scope("read")
                .role("admin")
                .freshness(Freshness::BestEffort),
        ),
    ]
}

fn answer(status: u16, headers: impl Fn(&str) -> Option<String>, body: &[u8]) -> Answer {
    if status == 200 {
        assert_eq!(body, b"user-1");
        let (code, challenge) = (String::new(), None);
        return Answer {
            status,
            code,
            challenge,
        };
    }
    let problem: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(headers("content-type").unwrap(), "application/problem+json");
    assert_eq!(headers("cache-control").unwrap(), "no-store");
    assert_eq!(headers("retry-after").is_some(), status == 503);
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], "about:blank");
    let code = problem["code"].as_str().unwrap().to_owned();
    Answer {
        status,
        code,
        challenge: headers("www-authenticate"),
    }
}

async fn by_actix(verifier: &Verifier, asked: &[Asked<'_>]) -> Vec<Answer> {
    use actix_web::{App, test, web};
    async fn subject(user: Authenticated) -> String {
        user.sub.clone()
    }
    let mut app = App::new().route("/bare", web::get().to(subject));
    for (path, guard) in guards(verifier) {
        app = app.service(web::resource(path).wrap(guard).get(subject));
    }
    let app = test::init_service(app).await;
    let mut answers = Vec::new();
    for (path, headers) in asked {
        let mut request = test::TestRequest::get().uri(path);
        for (name, value) in headers {
            let value = actix_web::http::header::HeaderValue::from_bytes(value).unwrap();
            request = request.append_header((*name, value));
        }
        let response = test::call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = test::read_body(response).await;
        let header = |name: &str| Some(headers.get(name)?.to_str().unwrap().to_owned());
        answers.push(answer(status, header, &body));
    }
    answers
}

async fn by_axum(verifier: &Verifier, asked: &[Asked<'_>]) -> Vec<Answer> {
    use axum::{Router, body::Body, http, routing::get};
    use tower::ServiceExt;
    async fn subject(user: Authenticated) -> String {
        user.sub.clone()
    }
    let mut app = Router::new().route("/bare", get(subject));
    for (path, guard) in guards(verifier) {
        app = app.route(path, get(subject).layer(guard));
    }
    let mut answers = Vec::new();
    for (path, headers) in asked {
        let mut request = http::Request::get(*path);
        for (name, value) in headers {
            let value = http::HeaderValue::from_bytes(value).unwrap();
            request = request.header(*name, value);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        let header = |name: &str| Some(parts.headers.get(name)?.to_str().unwrap().to_owned());
        answers.push(answer(parts.status.as_u16(), header, &body));
    }
    answers
}

/// Asks both, who must agree.
async fn ask(verifier: &Verifier, asked: &[Asked<'_>]) -> Vec<Answer> {
    let answers = by_actix(verifier, asked).await;
    assert_eq!(answers, by_axum(verifier, asked).await);
    answers
}

async fn verifier() -> (Issuer, shared_claims::Clock, Verifier) {
    let (issuer, clock) = (Issuer::start().await, clock());
    let builder = issuer.builder(&clock).feed(issuer.feed());
    let verifier = builder.build().await.unwrap();
    eventually(|| issuer.streams() == 1).await;
    (issuer, clock, verifier)
}

const INVALID: Option<&str> = Some(r#"Bearer error="invalid_token""#);
const MISSING: Option<&str> = Some("Bearer");
const ROLE: Option<&str> = Some(r#"Bearer error="insufficient_scope""#);
const SCOPE: Option<&str> = Some(r#"Bearer error="insufficient_scope", scope="read admin:all""#);

#[tokio::test]
#[rustfmt::skip]
async fn header_cookie_scopes_and_roles() {
    let good = KEYS.good(Algorithm::ES256);
    let bearer = format!("Bearer {good}");
    let cookie = format!("a=b; session={good}; c");
    let junk_cookie = "session=junk";
    let twice = format!("session={good}; session={good}");
    let old = with(good_claims(), &format!(r#"{{"exp":{}}}"#, NOW - 60));
    let old = KEYS.token(Algorithm::ES256, &KEYS.header(Algorithm::ES256).to_string(), &old);
    let old = format!("Bearer {old}");
    let lower = format!("bearer   {good}");
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, &'a str, Option<&'a str>);
    let table: &[Row<'_>] = &[
        ("/any", &[], 401, "token_missing", MISSING),
        ("/any", &[("authorization", &bearer)], 200, "", None),
        ("/any", &[("authorization", &lower)], 200, "", None),
        ("/any", &[("authorization", &bearer), ("authorization", &bearer)], 401, "token_missing", MISSING),
        ("/any", &[("authorization", "Basic YTpi")], 401, "token_missing", MISSING),
        ("/any", &[("authorization", "Bearer")], 401, "token_missing", MISSING),
        ("/any", &[("authorization", "Bearer ")], 401, "token_missing", MISSING),
        ("/any", &[("authorization", "Bearer junk")], 401, "token_invalid", INVALID),
        ("/any", &[("authorization", &good)], 401, "token_missing", MISSING),
        ("/any", &[("authorization", &old)], 401, "token_expired", INVALID),
        ("/any", &[("cookie", &cookie)], 401, "token_missing", MISSING),
        ("/cookie", &[("cookie", &cookie)], 200, "", None),
        ("/cookie", &[("cookie", "a=b"), ("cookie", &cookie)], 200, "", None),
        ("/cookie", &[("cookie", &cookie), ("authorization", "Bearer junk")], 401, "token_invalid", INVALID),
        ("/cookie", &[("cookie", &cookie), ("authorization", "Bearer")], 401, "token_missing", MISSING),
        ("/cookie", &[("cookie", &cookie), ("authorization", "Basic YTpi")], 200, "", None),
        ("/cookie", &[("cookie", &cookie), ("authorization", &bearer), ("authorization", &bearer)], 401, "token_missing", MISSING),
        ("/cookie", &[("cookie", junk_cookie), ("authorization", &bearer)], 200, "", None),
        ("/cookie", &[("cookie", junk_cookie)], 401, "token_invalid", INVALID),
        ("/cookie", &[("cookie", &twice)], 401, "token_missing", MISSING),
        ("/cookie", &[("cookie", "session"), ("cookie", "=;;=session")], 401, "token_missing", MISSING),
        ("/scopes", &[("authorization", &bearer)], 403, "forbidden", SCOPE),
        ("/scopes", &[("authorization", "Bearer junk")], 401, "token_invalid", INVALID),
        ("/fit", &[("authorization", &bearer)], 200, "", None),
        ("/role", &[("authorization", &bearer)], 403, "forbidden", ROLE),
        ("/bare", &[("authorization", &bearer)], 500, "internal", None),
    ];
    let (_issuer, _, verifier) = verifier().await;
    let asked: Vec<Asked<'_>> = table.iter().map(|(path, headers, ..)| {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes().to_vec()));
        (*path, headers.collect())
    }).collect();
    for (answer, (path, headers, status, code, challenge)) in ask(&verifier, &asked).await.into_iter().zip(table) {
        let expected = Answer { status: *status, code: code.to_string(), challenge: challenge.map(Into::into) };
        assert_eq!(answer, expected, "{path} {headers:?}");
    }
}

fn bearer<'a>(path: &'a str, token: &str) -> Asked<'a> {
    (
        path,
        vec![("authorization", format!("Bearer {token}").into_bytes())],
    )
}

#[tokio::test]
async fn revoked_stale_and_blind() {
    let (issuer, clock, verifier) = verifier().await;
    let entry = |kind, ver| Entry {
        kind,
        value: "user-1".into(),
        ver,
        expires_at: NOW + 700,
    };
    let asked = [bearer("/any", &KEYS.good(Algorithm::ES256))];
    let told = async || {
        let Answer {
            status,
            code,
            challenge,
        } = ask(&verifier, &asked).await.pop().unwrap();
        (status, code, challenge)
    };
    assert_eq!(told().await.0, 200);
    clock.advance(std::time::Duration::from_secs(11));
    assert_eq!(told().await, (503, "unavailable".into(), None));
    // It was silent for too long, and is opened anew.
    eventually(|| issuer.state().opened.len() == 2).await;
    for (kind, code) in [(Kind::Stale, "claims_stale"), (Kind::Sub, "token_revoked")] {
        let before = verifier.revocations();
        issuer.say(revoked(6, &entry(kind, Some(4))));
        eventually(|| verifier.revocations() > before).await;
        assert_eq!(told().await, (401, code.into(), INVALID.map(Into::into)));
    }
}

// R1 to R7, I19, I24: what `verify` refuses, both refuse.
#[tokio::test]
async fn every_attack() {
    let (_issuer, _, verifier) = verifier().await;
    let attacks = crate::attacks::rows()
        .into_iter()
        .filter(|(.., expected)| *expected != OK)
        // No header can carry these; spaces before a token are the header's; none is no token.
        .filter(|(_, token, _)| !token.contains(['\0', '\n']))
        .filter(|(_, token, _)| !token.starts_with(' ') && !token.is_empty());
    let attacks: Arc<[_]> = attacks.collect();
    assert!(attacks.len() >= 110, "{}", attacks.len());
    let asked: Vec<_> = attacks
        .iter()
        .map(|(_, token, _)| bearer("/any", token))
        .collect();
    for (answer, (name, _, rule)) in ask(&verifier, &asked).await.iter().zip(&*attacks) {
        let code = if *rule == "expired" {
            "token_expired"
        } else {
            "token_invalid"
        };
        assert_eq!((answer.status, answer.code.as_str()), (401, code), "{name}");
        assert_eq!(answer.challenge.as_deref(), INVALID, "{name}");
    }
}
