//! Whoever fills in several fields wrongly is told of all; `null` is taken where the document says.

use serde_json::{Map, Value, json};

use super::{credentials, imported};
use crate::support::documented::document;
use crate::support::{Answer, Backend, PASSWORD, Service, both};

/// The fields that are told of, with their codes, sorted.
fn told(answer: &Answer) -> Vec<String> {
    assert_eq!(
        (answer.status, answer.code()),
        (422, "validation_failed"),
        "{}",
        answer.text
    );
    let errors = answer.body["errors"].as_array().expect("errors");
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let mut told: Vec<_> = errors
        .iter()
        .map(|error| format!("{}:{}", text(error, "field"), text(error, "code")))
        .collect();
    told.sort();
    told
}

both! {
    async fn every_door_tells_of_every_field(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let ada = service.signup("ada@example.org").await;
        let client = service.bearer(&admin.access);
        let user = format!("/v1/admin/users/{}", ada.user);
        let long = "x".repeat(201);
        for (answer, expected) in [
            (service.post("/v1/signup", credentials("x", "short")).await, &["email:email_invalid", "password:password_too_short"][..]),
            (
                service.post("/v1/signup", json!({ "email": "x", "password": "short", "name": long, "audience": "nobody", "scope": "nothing" })).await,
                &["audience:not_granted", "email:email_invalid", "name:invalid", "password:password_too_short", "scope:not_granted"],
            ),
            (service.post("/v1/signup", credentials("x", "passwordpassword")).await, &["email:email_invalid", "password:password_common"]),
            (service.post("/v1/signup", json!({ "email": "new@example.org", "password": "passwordpassword", "name": "" })).await, &["name:invalid", "password:password_common"]),
            (service.post("/v1/signup", json!({})).await, &["email:required", "password:required"]),
            (service.post("/v1/signup", json!({ "email": 1, "pass": "x" })).await, &["email:invalid_type", "pass:unknown", "password:required"]),
            (
                service.post("/v1/login", json!({ "email": "ada@example.org", "password": PASSWORD, "audience": [], "scope": "a  b" })).await,
                &["audience:not_granted", "scope:not_granted"],
            ),
            (
                service.post("/v1/refresh", json!({ "refresh_token": ada.refresh, "audience": "nobody", "scope": "nothing" })).await,
                &["audience:not_granted", "scope:not_granted"],
            ),
            (service.bearer(&ada.access).post("/v1/me/password", json!({})).await, &["current_password:required", "new_password:required"]),
            (
                client.post("/v1/admin/users", json!({ "email": "x", "password": "short", "name": "", "roles": ["a b"] })).await,
                &["email:email_invalid", "name:invalid", "password:password_too_short", "roles:invalid"],
            ),
            (client.post("/v1/admin/users", json!({ "email": "x", "password": "passwordpassword" })).await, &["email:email_invalid", "password:password_common"]),
            (client.patch(&user, json!({ "name": "", "roles": ["auth:x"], "claims": { "sub": 1 } })).await, &["claims:invalid", "name:invalid", "roles:invalid"]),
            (client.patch(&user, json!({ "name": 1, "roles": null, "disabled": null, "x": 1 })).await, &["disabled:invalid_type", "name:invalid_type", "roles:invalid_type", "x:unknown"]),
        ] {
            assert_eq!(told(&answer), expected, "{}", answer.text);
        }
        // One is told as before.
        let one = service.post("/v1/signup", credentials("x", PASSWORD)).await;
        assert_eq!(one.body["detail"], "a field can't be used");
        assert_eq!(told(&one), ["email:email_invalid"]);
        let done = imported::import(&service, r#"{"email":"x","name":"","roles":["a b"],"hash":"?","created_at":"?"}"#).await;
        for word in ["email: ", "a name has", "hash: ", "roles are", "created_at: "] {
            assert!(done.bad[0].reason.contains(word), "{word}: {}", done.bad[0].reason);
        }
    }
}

/// A schema of the document, with what it refers to in its place.
fn schema(of: &Value) -> &Value {
    match of["$ref"].as_str() {
        Some(path) => {
            &document()["components"]["schemas"][path.rsplit('/').next().expect("a name")]
        }
        None => of,
    }
}

fn takes_null(property: &Value) -> bool {
    let property = schema(property);
    let types = &property["type"];
    let among = |types: &Value| {
        types
            .as_array()
            .is_some_and(|all| all.contains(&json!("null")))
    };
    let variants = property["oneOf"].as_array().into_iter().flatten();
    types == "null" || among(types) || variants.into_iter().any(takes_null)
}

#[tokio::test(flavor = "multi_thread")]
async fn null_is_taken_where_the_document_says_so_and_nowhere_else() {
    let service = Service::start(Backend::Sqlite).await;
    let admin = service.admin().await;
    let ada = service.signup("ada@example.org").await;
    let (mut taken, mut refused) = (0, 0);
    for (path, item) in document()["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = match &body["oneOf"] {
                Value::Array(variants) => variants
                    .iter()
                    .find(|it| it["$ref"].is_string())
                    .expect("a schema"),
                _ => body,
            };
            let Some(properties) = schema(body)["properties"].as_object() else {
                continue;
            };
            for (name, property) in properties {
                let of_account = if path.starts_with("/v1/admin") {
                    &admin
                } else {
                    &ada
                };
                let client = service.bearer(&of_account.access);
                let path = path.replace("{id}", &ada.user);
                let given = Map::from_iter([(name.clone(), Value::Null)]);
                let method = method.to_uppercase().parse().expect("a method");
                let answer = client.send(method, &path, Some(Value::Object(given))).await;
                let errors = answer.body["errors"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                let is_told = errors
                    .iter()
                    .any(|error| error["field"] == **name && error["code"] == "invalid_type");
                assert_eq!(
                    is_told,
                    !takes_null(property),
                    "{path} {name}: {}",
                    answer.text
                );
                match is_told {
                    true => refused += 1,
                    false => taken += 1,
                }
            }
        }
    }
    assert!(taken >= 5 && refused >= 10, "{taken} {refused}");
}

// Fault of an import: a BOM took the first line with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_byte_order_mark_loses_no_line() {
    let service = Service::start(Backend::Sqlite).await;
    let line = |n: usize| json!({ "email": format!("user-{n}@example.org") }).to_string();
    for (lines, created) in [
        (format!("\u{FEFF}{}\r\n{}\r\n", line(1), line(2)), 2),
        (format!("\u{FEFF}\n{}", line(3)), 1),
        ("\u{FEFF}".to_owned(), 0),
    ] {
        let done = imported::import(&service, &lines).await;
        assert_eq!(
            (done.created, done.bad.len()),
            (created, 0),
            "{:?}",
            done.bad
        );
    }
    // Within the file it is no mark.
    let done = imported::import(&service, &format!("{}\n\u{FEFF}{}", line(4), line(5))).await;
    assert_eq!((done.created, done.bad.len()), (1, 1));
}

both! {
    async fn nobody_hides_behind_what_is_not_seen(backend: Backend) {
        let service = Service::start(backend).await;
        let admin = service.admin().await;
        let ada = service.signup("ada@example.org").await;
        let (client, own) = (service.bearer(&admin.access), service.bearer(&ada.access));
        for hidden in ['\u{115F}', '\u{1160}', '\u{3164}', '\u{FFA0}', '\u{200B}', '\u{2060}', '\u{202E}', '\u{2066}', '\u{AD}', '\u{E0061}'] {
            let named = format!("U+{:04X}", u32::from(hidden));
            let (email, name) = (format!("a{hidden}da@example.org"), format!("Ada{hidden}"));
            for (field, answer) in [
                ("email", service.post("/v1/signup", credentials(&email, PASSWORD)).await),
                ("email", client.post("/v1/admin/users", json!({ "email": email })).await),
                ("name", client.post("/v1/admin/users", json!({ "email": "new@example.org", "name": name })).await),
                ("name", service.post("/v1/signup", json!({ "email": "new@example.org", "password": PASSWORD, "name": name })).await),
                ("name", own.patch("/v1/me", json!({ "name": name })).await),
                ("name", client.patch(&format!("/v1/admin/users/{}", ada.user), json!({ "name": name })).await),
            ] {
                assert_eq!((answer.status, &answer.body["errors"][0]["field"]), (422, &json!(field)), "{named}: {}", answer.text);
                assert!(answer.text.contains(&named), "{named}: {}", answer.text);
            }
            let done = imported::import(&service, &json!({ "email": email, "name": name }).to_string()).await;
            assert!(done.created == 0 && done.bad[0].reason.contains(&named), "{:?}", done.bad);
        }
        for name in ["\u{200D}", "\u{200C}\u{200D}", "\u{FE0F}", "\u{2800}", "\u{2028}"] {
            let answer = own.patch("/v1/me", json!({ "name": name })).await;
            assert_eq!(answer.body["errors"][0]["field"], "name", "{name:?}: {}", answer.text);
        }
        // An account that has such an address from before can still sign in.
        let update = "UPDATE users SET email = 'a\u{3164}da@example.org', email_key = 'a\u{1160}da@example.org' WHERE email = 'ada@example.org'";
        crate::support::Sql::of(&service.database).await.run(update).await;
        service.login("a\u{3164}da@example.org").await;
        // What a client says of itself is shown to its owner.
        let tokens = service.with_agent("Teller\u{202E}/1.0").login("a\u{3164}da@example.org").await;
        let sessions = service.bearer(&tokens.access).get("/v1/me/sessions").await.body;
        let sessions = sessions.as_array().or(sessions["items"].as_array()).expect("a list").clone();
        assert_eq!(sessions[0]["user_agent"], "Teller\u{FFFD}/1.0");
    }
}
