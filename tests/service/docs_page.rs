//! `/docs`: the API for people, with no internet.

use std::collections::BTreeSet;

use crate::support::{Answer, Backend, Service};

/// The values of an attribute in HTML.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let mark = format!("{name}=\"");
    let values = html.split(&mark).skip(1);
    values.filter_map(|rest| rest.split('"').next()).collect()
}

/// Nothing from elsewhere, no script in the page, in nobody's frame.
fn is_locked_down(answer: &Answer) {
    let policy = answer.header("content-security-policy");
    let directives: BTreeSet<&str> = policy.split(';').map(str::trim).collect();
    for needed in [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(directives.contains(needed), "{policy}");
    }
    let elsewhere = ["http:", "https:", "unsafe-eval", " *"];
    assert!(
        !elsewhere.iter().any(|source| policy.contains(source)),
        "{policy}"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

fn media_type(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("png") => "image/png",
        _ => panic!("an asset of another kind: {file}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_all_it_needs_come_from_the_service_itself() {
    let service = Service::start(Backend::Sqlite).await;
    let redirect = service.get("/docs").await;
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (308, "docs/")
    );
    let page = service.get("/docs/").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html")
    );
    is_locked_down(&page);
    let scripts = page.text.split("<script").skip(1);
    for script in scripts {
        assert!(
            script.trim_start().starts_with("src="),
            "a script in the page: {script}"
        );
    }
    let mut assets = attributes(&page.text, "src");
    assets.extend(attributes(&page.text, "href"));
    assert!(assets.len() >= 5, "{}", page.text);
    for asset in assets {
        assert!(
            !asset.contains("//") && !asset.starts_with('/'),
            "{asset} is not of the page"
        );
        let file = asset.trim_start_matches("./");
        let answer = service.get(&format!("/docs/{file}")).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, media_type(file)),
            "{file}"
        );
        assert!(!answer.text.is_empty(), "{file}");
        is_locked_down(&answer);
        let packed = service
            .with("accept-encoding", "gzip, br")
            .get(&format!("/docs/{file}"))
            .await;
        let packs = file != "swagger-initializer.js";
        assert_eq!(packed.header("content-encoding") == "gzip", packs, "{file}");
        assert_eq!(packed.header("vary"), "Accept-Encoding", "{file}");
    }
    let start = service.get("/docs/swagger-initializer.js").await.text;
    assert!(start.contains(r#""url": "../openapi.json""#), "{start}");
    assert!(start.contains(r#""validatorUrl": "none""#), "{start}");
    let document = service.get("/openapi.json").await;
    assert_eq!(
        (document.status, document.header("content-type")),
        (200, "application/json")
    );
    assert_eq!(
        document.body["servers"][0]["url"], ".",
        "it is tried out where it is read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_page_is_served_beside_it() {
    let service = Service::start(Backend::Sqlite).await;
    for file in [
        "none.js",
        "../openapi.json",
        "..%2f..%2fCargo.toml",
        "%2e%2e/%2e%2e/etc/passwd",
        "%00",
    ] {
        let answer = service.get(&format!("/docs/{file}")).await;
        assert!(
            answer.status == 404 || answer.text.contains("\"openapi\""),
            "{file}: {}",
            answer.status
        );
    }
}
