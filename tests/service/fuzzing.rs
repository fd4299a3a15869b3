//! The API as schemathesis sees it: it reads the OpenAPI document and tries to catch it lying.

use crate::support::database::Database;
use crate::support::{Backend, outside};

/// What ends the session of whoever calls it; fuzzed in a run of its own.
const ENDING: &str = "POST /v1/logout|DELETE /v1/me|DELETE /v1/me/sessions.*";

async fn fuzz(left_out: &str) {
    let database = Database::new(Backend::Sqlite).await;
    let settings = [
        ("AUTH__THROTTLE__ACCOUNT_FAILURES", "1000000"),
        ("AUTH__THROTTLE__ADDRESS_FAILURES", "1000000"),
        ("AUTH__TOKENS__ACCESS_TTL", "1h"),
        ("AUTH__STEP_UP__MAX_AGE", "1h"),
    ];
    let service = outside::start(&database, outside::free_port(), &settings).await;
    outside::create_account(&database, "root@example.org", outside::ADMIN).await;
    let token = service.login_as_admin("root@example.org").await.access;
    let arguments = [service.base.as_str(), &token, left_out];
    let run = outside::stranger("schemathesis", &arguments)
        .output()
        .await
        .expect("it runs");
    let said = String::from_utf8_lossy(&run.stdout);
    let findings = said.split("= FAILURES =").last().unwrap_or_default();
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{findings}\n{complaints}");
    let ready = service.get_internal("/readyz").await;
    assert_eq!(ready.status, 200, "it is well after that: {}", ready.text);
}

// I19: no 5xx, no undocumented status, no schema violation
#[tokio::test(flavor = "multi_thread")]
async fn no_request_finds_an_answer_that_the_document_does_not_name() {
    fuzz(&format!("^({ENDING})$")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_a_session_keeps_to_the_document_as_well() {
    fuzz(&format!("^(?!({ENDING})$)")).await;
}
