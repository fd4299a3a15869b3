//! Headers that are malformed, or that lie about where a request came from or went to.

use kernel::config::{Rate, Rates};
use reqwest::header::{HeaderName, HeaderValue};

use super::routes;
use crate::support::{Backend, Client, PASSWORD, Service, raw};

fn with_bytes(client: &Client, name: &'static str, value: &[u8]) -> Client {
    let mut client = client.clone();
    let value = HeaderValue::from_bytes(value).expect("a header value");
    client.headers.append(HeaderName::from_static(name), value);
    client
}

// I19
#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_header_on_a_protected_route_is_401_and_never_5xx() {
    let service = Service::start(Backend::Sqlite).await;
    let access = service.signup("ada@example.org").await.access;
    let (head, rest) = access.split_once('.').expect("a token has dots");
    let long = format!("Bearer {}", "A".repeat(16_000));
    let credentials: Vec<Vec<u8>> = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Basic YWRhOmFkYQ==",
        "bearer null",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer a.b.c.d.e",
        "Bearer ..",
        "Bearer \t",
        "Bearer {\"alg\":\"none\"}",
        "Token x",
        &long,
        &format!("Bearer {access} {access}"),
        &format!("Bearer {access},"),
        &format!("Bearer {head}.."),
        &format!("Bearer {head}.{rest}="),
        &format!("Bearer\t{access}"),
        &format!("DPoP {access}"),
        &access,
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([
        b"Bearer \xff\xfe".to_vec(),
        b"\xff".to_vec(),
        b"Bearer \xc3\xa9.a.b".to_vec(),
    ])
    .collect();
    let cookies: [&[u8]; 7] = [
        b"",
        b"=",
        b";;;=;",
        b"a=\"",
        b"\xff\xfe=\xff",
        b"__Host-session=x; __Host-session=y",
        b"access_token=eyJ.a.b",
    ];
    let protected = routes("/v1/me")
        .into_iter()
        .chain(routes("/v1/admin"))
        .chain(routes("/v1/logout"));
    for (path, method) in protected {
        let ask = async |client: Client| {
            let answer = client
                .send(method.parse().expect("a method"), &path, None)
                .await;
            assert_eq!(
                answer.status, 401,
                "{method} {path} {:?}: {}",
                client.headers, answer.text
            );
            assert!(
                ["token_missing", "token_invalid"].contains(&answer.code()),
                "{}",
                answer.text
            );
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
            assert_eq!(answer.header("content-type"), "application/problem+json");
        };
        for value in &credentials {
            ask(with_bytes(&service, "authorization", value)).await;
        }
        for value in cookies {
            ask(with_bytes(&service, "cookie", value)).await;
        }
        ask(service.bearer(&access).bearer(&access)).await;
    }
    let others = [
        "x-forwarded-for",
        "user-agent",
        "x-request-id",
        "if-none-match",
        "accept",
        "cookie",
        "forwarded",
        "x-forwarded-host",
        "accept-language",
        "range",
    ];
    for name in others {
        for value in [&b"\xff\xfe"[..], b"", b",,,", b"\x1b[31m", &[b'a'; 4000]] {
            if name == "user-agent" && value.contains(&0x1b) {
                continue;
            }
            let Ok(_) = HeaderValue::from_bytes(value) else {
                continue;
            };
            let answer = with_bytes(&service.bearer(&access), name, value)
                .get("/v1/me")
                .await;
            assert_eq!(answer.status, 200, "{name}: {value:?}");
        }
    }
}

// I10
#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_host_changes_nothing_in_any_answer() {
    let service = Service::with(Backend::Sqlite, |settings| {
        settings.issuer = "https://auth.example.com".into();
        // What is left of a limit differs from answer to answer.
        settings.limits = Rates::all(Rate::Unlimited);
        settings.throttle.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    service.signup("ada@example.org").await;
    let poison = "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: gopher\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /evil\r\nForwarded: for=192.0.2.9;host=evil.example;proto=gopher\r\nX-Original-URL: /evil\r\nX-Rewrite-URL: /evil\r\nX-Host: evil.example\r\nOrigin: https://evil.example\r\nReferer: https://evil.example/\r\n";
    let paths = [
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/openapi.json",
        "/docs",
        "/docs/",
        "/v1/me",
        "/nowhere",
        "/v1/signup",
    ];
    let ask = async |path: &str, host: &str, more: &str| {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nx-request-id: same\r\n{more}Connection: close\r\n\r\n"
        );
        let answer = raw::talk(&service, request.as_bytes()).await;
        let lines = answer
            .lines()
            .filter(|line| !line.to_lowercase().starts_with("date:"));
        let mut lines: Vec<_> = lines.collect();
        lines[1..].sort_unstable();
        lines.join("\n")
    };
    for path in paths {
        let clean = ask(path, "auth.example.com", "").await;
        assert!(clean.starts_with("HTTP/1.1 "), "{clean}");
        for host in [
            "evil.example",
            "evil.example:1",
            "auth.example.com@evil.example",
            "[::1]:1",
        ] {
            let poisoned = ask(path, host, poison).await;
            assert_eq!(poisoned, clean, "{path} for {host}");
        }
        assert_eq!(
            ask(&format!("http://evil.example{path}"), "evil.example", "").await,
            clean,
            "{path}"
        );
    }
    let metadata = service
        .get("/.well-known/oauth-authorization-server")
        .await
        .body;
    assert_eq!(metadata["issuer"], "https://auth.example.com");
    assert_eq!(
        metadata["jwks_uri"],
        "https://auth.example.com/.well-known/jwks.json"
    );

    let body = format!(r#"{{"email":"ada@example.org","password":"{PASSWORD}"}}"#);
    let request = format!(
        "POST /v1/login HTTP/1.1\r\nHost: evil.example\r\n{poison}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let answer = raw::talk(&service, request.as_bytes()).await;
    let json = answer.split_once("\r\n\r\n").expect("a body").1;
    let token: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let access = token["access_token"].as_str().expect("a token");
    crate::support::secrets::note(access);
    crate::support::secrets::note(token["refresh_token"].as_str().expect("a token"));
    assert_eq!(
        super::own_account::claims(access)["iss"],
        "https://auth.example.com"
    );
}
