//! As Envoy asks: the original path, query and method behind `/v1/verify`.

use reqwest::Method;

use super::{Headers, identity, with_all};
use crate::support::{Backend, Client, Service};

async fn ask(client: &Client, method: &Method, path: &str) -> (u16, bool) {
    let answer = client
        .send(method.clone(), &format!("/v1/verify{path}"), None)
        .await;
    let told = identity(&answer)[0].is_some();
    assert_eq!(told, answer.status == 200, "{method} {path}");
    (answer.status, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn any_method_and_path() {
    let service = Service::start(Backend::Sqlite).await;
    let ada = service.signup("ada@example.org").await;
    let (nobody, ada) = (service.client(), service.bearer(&ada.access));
    let paths = [
        "/",
        "/a",
        "/a/b?c=d",
        "/?role=admin",
        "/a%2fb",
        "/%00",
        "/a//b",
        "/v1/me",
        "/.well-known/jwks.json",
        "/%e4",
        "/a;b=c",
    ];
    for method in [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ] {
        for path in paths {
            assert_eq!(ask(&ada, &method, path).await.0, 200, "{method} {path}");
            assert_eq!(ask(&nobody, &method, path).await.0, 401, "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_demands_in_headers_and_the_query_is_the_clients() {
    let service = Service::start(Backend::Sqlite).await;
    let ada = service.signup("ada@example.org").await;
    let ada = service.bearer(&ada.access);
    const SCOPE: &str = "x-auth-require-scope";
    const ROLE: &str = "x-auth-require-role";
    let table: &[(Headers<'_>, u16)] = &[
        (&[(SCOPE, "account")], 200),
        (&[(SCOPE, "other")], 403),
        (&[(ROLE, "admin")], 403),
        (&[(SCOPE, "account"), (ROLE, "admin")], 403),
        // All lines count.
        (&[(SCOPE, "account"), (SCOPE, "other")], 403),
        (&[(SCOPE, "")], 400),
        (&[(ROLE, "a\"b")], 400),
    ];
    for (headers, status) in table {
        let client = with_all(&ada, headers);
        assert_eq!(
            ask(&client, &Method::POST, "/x?scope=account").await.0,
            *status,
            "{headers:?}"
        );
        // On the path that takes the query, the headers are a client's.
        client.get("/v1/verify").await.expect(200, "");
    }
}

// R19
#[tokio::test(flavor = "multi_thread")]
async fn the_method_is_the_requests_own() {
    let service = Service::with(Backend::Sqlite, |settings| {
        settings.forward_auth.cookie = Some("access".into());
    })
    .await;
    let ada = service.signup("ada@example.org").await;
    let ada = service.with("cookie", &format!("access={}", ada.access));
    let liar = ada.with("x-forwarded-method", "GET");
    assert_eq!(ask(&ada, &Method::GET, "/a").await.0, 200);
    assert_eq!(ask(&ada, &Method::POST, "/a").await.0, 403);
    assert_eq!(ask(&liar, &Method::POST, "/a").await.0, 403);
    let own = ada.with("sec-fetch-site", "same-origin");
    assert_eq!(ask(&own, &Method::POST, "/a").await.0, 200);
}
