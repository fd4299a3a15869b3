//! Signing out with the bodies that common clients send where they have nothing to say.

use std::process::Command;

use futures_util::stream;

use super::routes;
use crate::support::documented::document;
use crate::support::{Backend, Service, raw};

const TYPES: [Option<&str>; 8] = [
    None,
    Some("application/json"),
    Some("application/json; charset=utf-8"),
    Some("application/x-www-form-urlencoded"),
    Some("multipart/form-data; boundary=x"),
    Some("text/plain;charset=UTF-8"),
    Some("application/octet-stream"),
    Some(""),
];

// I39
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_nothing_signs_out_whatever_type_it_is_said_to_have() {
    let service = Service::start(Backend::Sqlite).await;
    service.signup("ada@example.org").await;
    // axios' post(url), OkHttp's empty body, requests' json={}, axios' post(url, null) as JSON.
    for body in ["", "\n", "{}", " { } ", "null"] {
        for content_type in TYPES {
            let ada = service.login("ada@example.org").await;
            let client = service.bearer(&ada.access);
            let out = raw::send(&client, "POST", "/v1/logout", content_type, body).await;
            assert_eq!(out.status, 204, "{content_type:?} {body:?}: {}", out.text);
            service.me(&ada.access).await.expect(401, "token_revoked");
            let again = raw::send(&client, "POST", "/v1/logout", content_type, body).await;
            assert_eq!(again.status, 204, "{}", again.text);
        }
    }
    let chunked = || reqwest::Body::wrap_stream(stream::empty::<Result<Vec<u8>, std::io::Error>>());
    for content_type in TYPES {
        let ada = service.login("ada@example.org").await;
        let client = service.bearer(&ada.access);
        let out = raw::send(&client, "POST", "/v1/logout", content_type, chunked()).await;
        assert_eq!(out.status, 204, "{content_type:?}: {}", out.text);
    }
}

// I39
#[tokio::test(flavor = "multi_thread")]
async fn curl_signs_out_with_an_empty_form() {
    let service = Service::start(Backend::Sqlite).await;
    service.signup("ada@example.org").await;
    for options in [
        &["-d", ""][..],
        &["-X", "POST"],
        &["-d", "", "-H", "content-type: application/json"],
        &["-d", "{}", "-H", "content-type: application/json"],
        &["--data-binary", "null"],
        &["-X", "POST", "-H", "content-type: application/json"],
    ] {
        let ada = service.login("ada@example.org").await;
        let mut curl = Command::new("curl");
        curl.args([
            "-s",
            "--noproxy",
            "*",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
        ])
        .args(options)
        .args(["-H", &format!("authorization: Bearer {}", ada.access)])
        .arg(format!("{}/v1/logout", service.base));
        let said = tokio::task::spawn_blocking(move || curl.output().expect("curl runs")).await;
        let said = said.expect("it ends").stdout;
        assert_eq!(String::from_utf8_lossy(&said), "204", "{options:?}");
        service.me(&ada.access).await.expect(401, "token_revoked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_something_else_is_refused_as_before() {
    let service = Service::start(Backend::Sqlite).await;
    let ada = service.signup("ada@example.org").await;
    let (json, form) = (TYPES[1], TYPES[3]);
    let client = service.bearer(&ada.access);
    for (content_type, body, status, code) in [
        (json, r#"{"a":1}"#, 422, "validation_failed"),
        (json, r#"{"refresh_token":null}"#, 422, "validation_failed"),
        (json, "[]", 422, "validation_failed"),
        (json, "{", 400, "malformed"),
        (form, "a=b", 415, "unsupported_media_type"),
    ] {
        let answer = raw::send(&client, "POST", "/v1/logout", content_type, body).await;
        answer.expect(status, code);
    }
    // Without a bearer nothing says who.
    for (content_type, body, status, code) in [
        (json, "{}", 422, "validation_failed"),
        (json, "null", 422, "validation_failed"),
        (json, "", 401, "token_missing"),
        (form, "", 401, "token_missing"),
        (None, "", 401, "token_missing"),
    ] {
        let answer = raw::send(&service, "POST", "/v1/logout", content_type, body).await;
        answer.expect(status, code);
    }
    assert_eq!(service.me(&ada.access).await.status, 200);
}

// I39: no content is no body at every door that takes one.
#[tokio::test(flavor = "multi_thread")]
async fn no_content_is_one_answer_at_every_door_whatever_its_type() {
    let service = Service::start(Backend::Sqlite).await;
    let admin = service.admin().await;
    let client = service.bearer(&admin.access);
    let takes_a_body = |path: &str, method: &str| {
        let id = "019b0000-0000-7000-8000-000000000000";
        let path = path.replace(id, "{id}");
        document()["paths"][path][method.to_lowercase()]["requestBody"].is_object()
    };
    let mut asked = 0;
    for (path, method) in routes("/v1/") {
        if !takes_a_body(&path, method) || path == "/v1/logout" {
            continue;
        }
        asked += 1;
        for content_type in TYPES {
            let answer = raw::send(&client, method, &path, content_type, "").await;
            assert_eq!(
                (answer.status, answer.code()),
                (400, "malformed"),
                "{method} {path} {content_type:?}: {}",
                answer.text
            );
        }
    }
    assert!(asked >= 8, "{asked}");
}
