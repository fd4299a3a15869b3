//! A token in a cookie, and requests that other sites make a browser send.

use super::{Headers, with_all};
use crate::support::{Backend, Service};

const COOKIE: &str = "__Host-access";

async fn service() -> Service {
    Service::with(Backend::Sqlite, |settings| {
        settings.forward_auth.cookie = Some(COOKIE.into());
        settings.forward_auth.origins = vec!["https://app.example.com".into()];
    })
    .await
}

// I19
#[tokio::test(flavor = "multi_thread")]
async fn which_token_counts() {
    let service = service().await;
    let ada = service.signup("ada@example.org").await;
    let safe = service.with("x-forwarded-method", "GET");
    let cookie = format!("{COOKIE}={}", ada.access);
    let bearer = format!("Bearer {}", ada.access);
    let table: &[(Headers<'_>, u16, &str)] = &[
        (&[("cookie", &cookie)], 200, ""),
        (&[("cookie", "a=b"), ("cookie", &cookie)], 200, ""),
        (
            &[("cookie", &cookie), ("authorization", "Bearer x")],
            401,
            "token_invalid",
        ),
        (
            &[("cookie", &cookie), ("authorization", "Basic x")],
            200,
            "",
        ),
        (
            &[("cookie", "__Host-access=x"), ("authorization", &bearer)],
            200,
            "",
        ),
        (
            &[("cookie", &cookie), ("cookie", &cookie)],
            401,
            "token_missing",
        ),
        (&[("cookie", "__host-access=x")], 401, "token_missing"),
        (&[("cookie", "__Host-access=")], 401, "token_missing"),
        (&[("cookie", "__Host-access")], 401, "token_missing"),
        (&[("cookie", "=;;;")], 401, "token_missing"),
    ];
    for (headers, status, code) in table {
        let answer = with_all(&safe, headers).get("/v1/verify").await;
        assert_eq!(
            (answer.status, answer.code()),
            (*status, *code),
            "{headers:?}"
        );
    }
    // The API itself takes no cookie.
    safe.with("cookie", &cookie)
        .get("/v1/me")
        .await
        .expect(401, "token_missing");
    let plain = Service::start(Backend::Sqlite).await;
    let eve = plain.signup("eve@example.org").await;
    let cookie = format!("{COOKIE}={}", eve.access);
    let safe = plain.with("x-forwarded-method", "GET");
    let answer = safe.with("cookie", &cookie).get("/v1/verify").await;
    answer.expect(401, "token_missing");
}

// R19
#[tokio::test(flavor = "multi_thread")]
#[rustfmt::skip]
async fn an_unsafe_request_from_elsewhere_has_no_use_of_the_cookie() {
    let service = service().await;
    let ada = service.signup("ada@example.org").await;
    let cookie = format!("{COOKIE}={}", ada.access);
    const METHOD: &str = "x-forwarded-method";
    const ORIGINAL: &str = "x-original-method";
    const SITE: &str = "sec-fetch-site";
    let table: &[(Headers<'_>, u16)] = &[
        (&[(METHOD, "GET")], 200),
        (&[(METHOD, "GET"), (SITE, "cross-site")], 200),
        (&[(ORIGINAL, "HEAD")], 200),
        (&[(METHOD, "OPTIONS")], 200),
        (&[(METHOD, "POST"), (SITE, "same-origin")], 200),
        (&[(METHOD, "POST"), ("origin", "https://app.example.com")], 200),
        (&[(METHOD, "POST"), ("origin", "https://app.example.com"), (SITE, "same-site")], 200),
        (&[(METHOD, "POST")], 403),
        (&[(METHOD, "post")], 403),
        (&[(METHOD, "get")], 403),
        (&[(METHOD, "")], 403),
        (&[(METHOD, "POST"), (SITE, "cross-site")], 403),
        (&[(METHOD, "POST"), (SITE, "same-site")], 403),
        (&[(METHOD, "POST"), (SITE, "none")], 403),
        (&[(METHOD, "POST"), (SITE, "Same-Origin")], 403),
        (&[(METHOD, "POST"), (SITE, "same-origin"), (SITE, "cross-site")], 403),
        (&[(METHOD, "POST"), ("origin", "null")], 403),
        (&[(METHOD, "POST"), ("origin", "https://app.example.com.evil.example")], 403),
        (&[(METHOD, "POST"), ("origin", "http://app.example.com")], 403),
        (&[(METHOD, "POST"), ("origin", "https://app.example.com:8443")], 403),
        (&[(METHOD, "POST"), ("origin", "https://evil.example"), ("origin", "https://app.example.com")], 403),
        (&[(METHOD, "DELETE"), (SITE, "cross-site"), ("origin", "https://evil.example")], 403),
        // A client's word that it is safe does not outweigh the gateway's.
        (&[(METHOD, "GET"), (ORIGINAL, "POST")], 403),
        (&[(METHOD, "GET"), (METHOD, "POST")], 403),
        // A gateway that does not tell the method.
        (&[], 403),
        (&[(SITE, "same-origin")], 200),
    ];
    for (headers, status) in table {
        let client = with_all(&service, headers);
        let answer = client.with("cookie", &cookie).get("/v1/verify").await;
        let code = if *status == 200 { "" } else { "forbidden" };
        assert_eq!((answer.status, answer.code()), (*status, code), "{headers:?}");
        // A bearer is sent by nobody unasked.
        client.bearer(&ada.access).get("/v1/verify").await.expect(200, "");
    }
}
