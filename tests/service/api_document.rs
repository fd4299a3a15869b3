//! The OpenAPI document: complete, and the one in `docs/` is it. That what it says is so is held
//! by the fuzzer and, for every answer that any test sees, by `support::documented`.

use std::collections::BTreeSet;

use auth_service::http::{Code, routes};
use serde_json::Value;

use crate::support::documented::{codes, document};

fn operations() -> impl Iterator<Item = (String, &'static str, &'static Value)> {
    let paths = document()["paths"].as_object().expect("paths");
    paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("a path's methods");
        let call = move |method: &String| format!("{} {path}", method.to_uppercase());
        methods
            .iter()
            .map(move |(method, operation)| (call(method), path.as_str(), operation))
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn the_document_and_the_table_of_routes_name_the_same_operations() {
    let documented: BTreeSet<String> = operations().map(|(call, ..)| call).collect();
    let routed = routes::TABLE
        .iter()
        .map(|(path, method)| format!("{method} {path}"));
    assert_eq!(documented, routed.collect());
}

#[test]
fn every_operation_says_what_a_reader_needs() {
    assert!(
        document()["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1."))
    );
    let tags: Vec<&Value> = list(&document()["tags"])
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    let mut ids = BTreeSet::new();
    for (call, path, operation) in operations() {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(
            !id.is_empty() && ids.insert(id),
            "{call}: its operationId is its own"
        );
        assert!(
            operation["summary"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{call}"
        );
        let [tag] = list(&operation["tags"]) else {
            panic!("{call}: one tag")
        };
        assert!(tags.contains(&tag), "{call}: {tag} is described");
        assert!(
            !list(&operation["security"]).is_empty(),
            "{call}: security is stated"
        );
        let named = path.matches('{').count();
        let given = list(&operation["parameters"])
            .iter()
            .filter(|one| one["in"] == "path")
            .count();
        assert_eq!(named, given, "{call}: its path's parameters");
        if let Some(body) = operation.get("requestBody") {
            assert!(
                body["content"]["application/json"]["schema"].is_object(),
                "{call}: its body"
            );
        }
        let responses = operation["responses"].as_object().expect("responses");
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{call}: a success"
        );
    }
}

#[test]
fn every_answer_has_a_schema_and_every_error_names_its_codes() {
    for (call, _, operation) in operations() {
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let described = response["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty());
            assert!(described, "{call} {status}");
            if status.as_str() >= "400" {
                assert!(!codes(response).is_empty(), "{call} {status}: codes");
            } else if response["headers"]["X-Auth-Subject"].is_object() {
                assert!(response["content"].is_null(), "{call}: told in headers");
            } else if !["204", "304"].contains(&status.as_str()) {
                let content = response["content"].as_object().expect("content");
                let all = content
                    .values()
                    .all(|content| content["schema"].is_object());
                assert!(all && !content.is_empty(), "{call} {status}: a schema");
            }
            let waits = response["headers"]["Retry-After"].is_object();
            assert_eq!(
                waits,
                ["429", "503"].contains(&status.as_str()),
                "{call} {status}"
            );
        }
    }
}

#[test]
fn every_code_is_named_and_explained() {
    let schema = &document()["components"]["schemas"]["Code"];
    let explained = schema["description"].as_str().expect("what the codes mean");
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (_, _, operation) in operations() {
        let responses = operation["responses"].as_object().expect("responses");
        used.extend(responses.values().flat_map(codes));
    }
    for (code, _) in Code::ALL {
        let word = serde_json::to_value(code).expect("a code is a word");
        let word = word.as_str().expect("a code is a word");
        assert!(
            list(&schema["enum"]).iter().any(|known| known == word),
            "{word}"
        );
        assert!(explained.contains(&format!("- `{word}`: ")), "{word}");
        // No operation's own: another method, and what must never happen.
        let general = matches!(code, Code::MethodNotAllowed | Code::Internal);
        assert_eq!(used.contains(word), !general, "{word}");
    }
}
