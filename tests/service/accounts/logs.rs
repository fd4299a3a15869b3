//! The log of the real binary: one JSON object a line, whatever comes in.

use std::time::Duration;

use serde_json::{Value, json};

use super::{credentials, login};
use crate::support::database::Database;
use crate::support::{Backend, PASSWORD, Process, Sql, both, raw, recorded};

/// What a header can hold of it.
const HIGH: &str = "\u{9b}1m\u{2028}\u{202e}";
const EVIL: &str = "\u{1b}[31mred\u{1b}[0m\u{9b}1m\u{2028}\u{202e}";

/// The log's lines, each an object or the test fails.
fn lines(process: &Process) -> Vec<Value> {
    let log = std::fs::read_to_string(&process.log).expect("a log in UTF-8");
    assert!(
        !log.contains('\r') && !log.contains('\u{1b}') && !log.contains('\u{9b}'),
        "a control character"
    );
    log.lines()
        .map(|line| {
            let parsed: Value =
                serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
            assert!(parsed.is_object(), "{line}");
            parsed
        })
        .collect()
}

/// Waits for the line of a request's end.
async fn answered(process: &Process, id: &str) -> Value {
    for _ in 0..500 {
        let found = lines(process)
            .into_iter()
            .find(|line| line["message"] == "answered" && line["span"]["request_id"] == id);
        if let Some(line) = found {
            return line;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no line of the end of {id}");
}

both! {
    // I27
    async fn every_line_is_one_json_object_and_holds_no_secret(backend: Backend) {
        let database = Database::new(backend).await;
        let process = Process::start(&database, &[]).await;
        let ada = process.signup("ada@example.org").await;
        let hash = recorded::password_hash(&database, "ada@example.org").await;
        let body = r#"{"email":"nobody@example.org","password":"x\n{}\u001b[31m"}"#;
        let poisoned = format!(
            "POST /v1/login HTTP/1.1\r\nHost: x\r\nUser-Agent: a{HIGH}\tb\r\nX-Request-Id: {HIGH}\r\nX-Forwarded-For: {HIGH}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len(),
        );
        let answer = raw::talk(&process, poisoned.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        for request in [
            "GET /v1/me HTTP/1.1\r\nHost: x\r\nUser-Agent: \x1b[31m\r\nConnection: close\r\n\r\n",
            "GET /v1/me HTTP/1.1\r\nHost: x\r\nUser-Agent: a\rb\r\nConnection: close\r\n\r\n",
            "GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\nb: c\r\nConnection: close\r\n\r\n",
            "GET /v1/me HTTP/1.1\r\nHost: x\r\nUser-Agent: a\0b\r\nConnection: close\r\n\r\n",
            "GET /v1/\x1b[31m HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "GET /v1/me%0d%0a%1b[31m?x=%0a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "\x1b[31m / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n\x00\x01\x02\r\n\r\n",
        ] {
            let answer = raw::talk(&process, request.as_bytes()).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{request:?}: {answer}");
        }
        let endless = format!("GET /v1/me HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(200_000));
        raw::talk(&process, endless.as_bytes()).await;
        for name in [EVIL, "a\r\nb", "a\n{\"level\":\"ERROR\"}"] {
            let body = json!({ "email": "grace@example.org", "password": PASSWORD, "name": name });
            process.post("/v1/signup", body).await.expect(422, "validation_failed");
            process.post("/v1/signup", credentials(name, PASSWORD)).await.expect(422, "validation_failed");
        }
        process.get(&format!("/v1/me?access_token={}", ada.access)).await.expect(401, "token_missing");
        process.get(&format!("/{}", ada.refresh)).await.expect(404, "not_found");
        process.refresh(&ada.refresh).await.tokens();
        login(&process.with("x-request-id", "the-last"), "ada@example.org", PASSWORD).await.tokens();
        answered(&process, "the-last").await;
        let all = lines(&process);
        assert!(all.len() > 20);
        // What a stranger sends is no fault of the service: it sets off no alarm.
        assert_eq!(all.iter().find(|line| line["level"] == "ERROR"), None);
        let log = std::fs::read_to_string(&process.log).expect("a log");
        // As text, and as the bytes that a database driver might show.
        let bytes = |text: &str| format!("{:?}", text.as_bytes()).trim_matches(['[', ']']).to_owned();
        for secret in [PASSWORD, &ada.access, &ada.refresh, &hash] {
            assert!(!log.contains(secret) && !log.contains(&bytes(secret)), "a secret is in the log");
        }
    }
}

// I27
#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_comes_back_if_it_is_a_plain_word_and_is_replaced_if_not() {
    let database = Database::new(Backend::Sqlite).await;
    let process = Process::start(&database, &[]).await;
    let long = "x".repeat(128);
    for id in ["a", "4bf92f3577b34da6a3ce929d0e0e4736", "a-b_c.d:e", &long] {
        for path in ["/v1/me", "/nowhere", "/docs/", "/.well-known/jwks.json"] {
            let answer = process.with("x-request-id", id).get(path).await;
            assert_eq!(answer.header("x-request-id"), id);
            assert!(
                answer.status < 400 || answer.body["request_id"] == id,
                "{}",
                answer.text
            );
        }
        let line = answered(&process, id).await;
        assert_eq!(
            (&line["status"], &line["span"]["method"]),
            (&json!(401), &json!("GET")),
            "{line}"
        );
        assert!(
            line["micros"].is_u64() && line["timestamp"].is_string(),
            "{line}"
        );
    }
    let mut fresh = Vec::new();
    for id in [
        "",
        "a b",
        "a\"b",
        "<script>",
        "\u{e9}",
        "a,b",
        "a;b",
        "a/b",
        &"x".repeat(129),
    ] {
        let answer = process.with("x-request-id", id).get("/v1/me").await;
        let given = answer.header("x-request-id").to_owned();
        assert_ne!(given, id);
        assert!(given.parse::<uuid::Uuid>().is_ok(), "{given}");
        assert_eq!(answer.body["request_id"], given);
        fresh.push(given);
    }
    fresh.push(
        process
            .get("/v1/me")
            .await
            .header("x-request-id")
            .to_owned(),
    );
    let count = fresh.len();
    fresh.sort();
    fresh.dedup();
    assert_eq!(fresh.len(), count, "each request has its own");

    let answer = login(
        &process.with("x-request-id", "in-the-trail"),
        "nobody@example.org",
        PASSWORD,
    )
    .await;
    assert_eq!(answer.body["request_id"], "in-the-trail");
    let query = "SELECT request_id FROM audit_events WHERE event = 'login'";
    assert_eq!(
        recorded::text(&database, query).await.as_deref(),
        Some("in-the-trail")
    );
    answered(&process, "in-the-trail").await;
    let audit = lines(&process)
        .into_iter()
        .find(|line| line["message"] == "audit" && line["event"] == "login")
        .expect("a line");
    assert_eq!(
        (&audit["outcome"], &audit["span"]["request_id"]),
        (&json!("failure"), &json!("in-the-trail"))
    );
}

both! {
    async fn what_goes_well_again_and_again_is_not_told_and_what_fails_is_with_its_cause(backend: Backend) {
        let database = Database::new(backend).await;
        let process = Process::start(&database, &[("AUTH__LOG__FILTER", "info")]).await;
        let ada = process.signup("ada@example.org").await;
        let asks = |id: &str| process.with("x-request-id", id).bearer(&ada.access);
        assert_eq!(asks("quiet-1").get("/v1/verify").await.status, 200);
        assert_eq!(asks("quiet-2").get("/.well-known/jwks.json").await.status, 200);
        asks("loud-1").get("/v1/verify?role=admin").await.expect(403, "forbidden");
        assert_eq!(asks("loud-2").get("/v1/me").await.status, 200);
        Sql::of(&database).await.run("ALTER TABLE users RENAME TO elsewhere").await;
        asks("loud-3").get("/v1/me").await.expect(503, "unavailable");
        for (id, status, route) in [
            ("loud-1", 403, "/v1/verify"),
            ("loud-2", 200, "/v1/me"),
            ("loud-3", 503, "/v1/me"),
        ] {
            let line = answered(&process, id).await;
            assert_eq!((&line["status"], &line["span"]["route"]), (&json!(status), &json!(route)));
            assert_eq!(line["span"]["method"], "GET");
        }
        let all = lines(&process);
        let of = |id: &str| all.iter().filter(|line| line["span"]["request_id"] == id).count();
        assert_eq!((of("quiet-1"), of("quiet-2"), of("loud-1"), of("loud-2")), (0, 0, 1, 1));
        let why = all.iter().find(|line| line["level"] == "ERROR").expect("the cause");
        assert_eq!(why["span"]["request_id"], "loud-3", "{why}");
        assert!(why["cause"].as_str().is_some_and(|cause| cause.contains("users")), "{why}");
    }
}
