//! Every route has a limit, or is known to have none.

use kernel::config::Rates;
use serde_json::json;

use super::{WRONG, at, behind_proxy, rate};
use crate::accounts::routes;
use crate::support::PASSWORD;

/// Gateways and verifiers ask these for each request that they see, all from one address.
const UNLIMITED: [&str; 5] = [
    "/v1/verify",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/openapi.json",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_second_call_is_one_too_many_but_where_there_is_no_limit() {
    let service = behind_proxy(|settings| settings.limits = Rates::all(rate("1/1h"))).await;
    for (number, (path, method)) in routes("/").into_iter().enumerate() {
        let client = at(&service, &format!("203.0.113.{number}"));
        let own = at(&service, &format!("198.51.100.{number}"));
        let email = format!("user-{number}@example.org");
        let signed_in = own.signup(&email).await;
        let body = match path.as_str() {
            "/v1/signup" => {
                json!({ "email": format!("other-{number}@example.org"), "password": PASSWORD })
            }
            "/v1/login" => json!({ "email": email, "password": WRONG }),
            "/v1/refresh" | "/v1/logout" => json!({ "refresh_token": signed_in.refresh }),
            _ => json!({}),
        };
        let method: reqwest::Method = method.parse().expect("a method");
        let body = (method != reqwest::Method::GET).then_some(body);
        let first = client.send(method.clone(), &path, body.clone()).await;
        assert_ne!(first.status, 429, "{method} {path}");
        let second = client.send(method.clone(), &path, body).await;
        if UNLIMITED.contains(&path.as_str()) {
            assert_eq!(
                (second.status, second.header("ratelimit")),
                (first.status, ""),
                "{path}"
            );
        } else {
            let second = second.expect(429, "rate_limited");
            assert_eq!(second.header("retry-after"), "3600", "{method} {path}");
            assert!(
                second.header("ratelimit").ends_with(";r=0;t=3600"),
                "{method} {path}"
            );
        }
    }
}

/// Wherever it comes from; and others have their own.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_a_limit_and_the_admin_api_another() {
    let service = behind_proxy(|settings| {
        settings.limits.call_account = rate("3/1m");
        settings.limits.admin_account = rate("2/1m");
    })
    .await;
    let admin = service.admin().await;
    let ada = service.signup("ada@example.org").await;
    for number in 0..3 {
        let anywhere = at(&service, &format!("203.0.113.{number}"));
        assert_eq!(anywhere.me(&ada.access).await.status, 200);
    }
    let limited = service.me(&ada.access).await.expect(429, "rate_limited");
    assert_eq!(
        limited.header("ratelimit-policy"),
        r#""call_account";q=3;w=60"#
    );
    for _ in 0..2 {
        let keys = service.bearer(&admin.access).get("/v1/admin/keys").await;
        assert_eq!(keys.status, 200);
    }
    let limited = service.bearer(&admin.access).get("/v1/admin/keys").await;
    assert!(
        limited
            .expect(429, "rate_limited")
            .header("ratelimit")
            .starts_with(r#""admin_account""#)
    );
    assert_eq!(service.me(&admin.access).await.status, 200);
    service.advance(20);
    assert_eq!(service.me(&ada.access).await.status, 200, "one came back");
    assert_eq!(service.me(&ada.access).await.status, 429);
}
