//! What a client says of itself never reaches the upstream as if the gateway had said it.

use serde_json::Value;

use super::{Kind, Scene};

/// The headers as many servers name them: `X-Auth-Subject` is `HTTP_X_AUTH_SUBJECT`.
const HEADERS: [&str; 4] = ["subject", "session", "roles", "scope"];

/// Lines of a request that claims to be somebody, in every spelling that HTTP allows.
fn claims(header: &str) -> Vec<String> {
    let mut names = vec![
        format!("X-Auth-{header}"),
        format!("x-auth-{header}"),
        format!("X-AUTH-{}", header.to_uppercase()),
        format!("x-AuTh-{header}"),
    ];
    for mark in "_.!#$%&'*+^`|~".chars() {
        names.push(format!("X{mark}Auth{mark}{header}"));
        names.push(format!("X-Auth{mark}{header}"));
        names.push(format!("x{mark}auth-{header}"));
    }
    let lines = names.iter().map(|name| format!("{name}: mallory\r\n"));
    let twice = format!("X-Auth-{header}: mallory\r\nX-Auth-{header}: mallory\r\n");
    let with_ours = format!("X-Auth-{header}: \r\nx-auth-{header}: mallory\r\n");
    lines.chain([twice, with_ours]).collect()
}

/// The values of the headers that a server may take for `X-Auth-…`.
fn understood(told: &Value, header: &str) -> Vec<String> {
    let name = |header: &Value| {
        let letters = header[0].as_str().expect("a name").chars();
        let name = letters.map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
        name.collect::<String>().to_lowercase()
    };
    let headers = told["headers"].as_array().expect("the upstream answered");
    let understood = headers
        .iter()
        .filter(|one| name(one) == format!("x-auth-{header}"));
    understood
        .map(|one| one[1].as_str().unwrap_or_default().to_owned())
        .collect()
}

every_recipe! {
    // R19
    async fn nobody_names_themselves(kind: Kind) {
        let scene = Scene::start(kind).await;
        let root = scene.root().await;
        let truth = [root.user.as_str(), &root.session, "admin", "account orders:write"];
        let mut passed = 0;
        for (header, true_value) in std::iter::zip(HEADERS, truth) {
            for claim in claims(header) {
                let bearer = format!("Authorization: Bearer {}\r\n", root.access);
                let request = |line: &str, more: &str| {
                    format!("{line} HTTP/1.1\r\nHost: app.example.com\r\n{claim}{more}Connection: close\r\n\r\n")
                };
                let (status, told) = scene.talk(&request("GET /things", &bearer)).await;
                if status == 200 {
                    passed += 1;
                    assert_eq!(understood(&told, header), [true_value], "{claim}");
                } else {
                    assert_eq!((status, &told), (400, &Value::Null), "{claim}");
                }
                let preflight = "Origin: https://app.example.org\r\nAccess-Control-Request-Method: PUT\r\n";
                for (line, more) in [("GET /public/page", ""), ("OPTIONS /things", preflight)] {
                    let (status, told) = scene.talk(&request(line, more)).await;
                    if status == 200 {
                        assert_eq!(understood(&told, header), [""; 0], "{line} {claim}");
                    } else {
                        // 204 is the controller's of ingress-nginx, which answers preflights itself.
                        assert!([204, 400].contains(&status) && told.is_null(), "{line} {claim} {status}");
                    }
                }
            }
        }
        assert!(passed >= 4 * 6, "only {passed} requests passed: the test looks at nothing");
    }
}
