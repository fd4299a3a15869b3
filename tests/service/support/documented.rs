//! Every answer that any test sees must be one that the OpenAPI document names.

use std::sync::OnceLock;

use serde_json::Value;

use super::client::Answer;

/// The document of the service.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let document = auth_service::http::openapi::document();
        serde_json::to_value(document).expect("the document is plain JSON")
    })
}

/// The operation that a request to the public listener is, if the document has it.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or_default();
    let matches = |template: &str| {
        let (asked, known): (Vec<_>, Vec<_>) =
            (path.split('/').collect(), template.split('/').collect());
        asked.len() == known.len()
            && std::iter::zip(asked, known).all(|(one, part)| part.starts_with('{') || one == part)
    };
    let paths = document()["paths"].as_object().expect("paths");
    let exact = paths.get(path);
    let item = exact.or_else(|| {
        paths
            .iter()
            .find(|(known, _)| matches(known))
            .map(|(_, i)| i)
    })?;
    item.get(method.to_lowercase())
}

/// The codes that the document names for a status of an operation.
pub fn codes(response: &Value) -> Vec<&str> {
    let problem = &response["content"]["application/problem+json"]["schema"];
    let codes = problem["allOf"][1]["properties"]["code"]["enum"].as_array();
    codes
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Fails the test where the document does not name the status, the media type or the code.
pub fn check(method: &str, path: &str, answer: &Answer) {
    let Some(operation) = operation(method, path) else {
        return;
    };
    let call = format!(
        "{method} {path} was answered {} {}",
        answer.status, answer.text
    );
    let response = operation["responses"].get(answer.status.to_string());
    let response = response.unwrap_or_else(|| panic!("an undocumented status: {call}"));
    if !answer.text.is_empty() {
        let media = answer.header("content-type").split(';').next();
        let known = response["content"].get(media.unwrap_or_default());
        assert!(known.is_some(), "an undocumented media type: {call}");
    }
    if answer.status >= 400 {
        assert!(
            codes(response).contains(&answer.code()),
            "an undocumented code: {call}"
        );
    }
}
