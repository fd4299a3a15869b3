//! What a new user types first: the README's minute with curl, and the lines that `make run`
//! prints. Both are run as they stand.

use std::process::Stdio;

use crate::support::database::Database;
use crate::support::outside::root;
use crate::support::{Backend, Process, process, secrets};

/// The commands in a README under this heading.
pub fn commands(file: &str, heading: &str) -> String {
    let readme = std::fs::read_to_string(root().join(file)).expect("a README");
    let section = readme
        .split(&format!("\n## {heading}\n"))
        .nth(1)
        .expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = section.split("```sh\n").skip(1);
    blocks
        .filter_map(|block| block.split("```").next())
        .collect()
}

/// Runs a script as a careful shell does, and fails the test where it fails.
async fn bash(script: &str) -> String {
    let mut command = tokio::process::Command::new("bash");
    command.args(["-euo", "pipefail", "-c", script]);
    command
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let ran = command.output().await.expect("bash runs");
    let said = String::from_utf8(ran.stdout).expect("text");
    let complained = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{script}\n{said}\n{complained}");
    said
}

/// What a line of the README promises; `…` stands for the rest.
fn is_as_promised(line: &str, promise: &str) -> bool {
    match promise.strip_suffix('…') {
        Some(start) => line.starts_with(start),
        None => line == promise,
    }
}

/// Runs commands, and fails the test unless they say what the lines below them promise. Returns
/// how many promises there were.
pub async fn keep_promises(script: &str) -> usize {
    let promises: Vec<&str> = script
        .lines()
        .filter_map(|line| line.strip_prefix("# => "))
        .collect();
    let said = bash(script).await;
    let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    let kept =
        std::iter::zip(&lines, &promises).all(|(line, promise)| is_as_promised(line, promise));
    assert!(
        kept && lines.len() == promises.len(),
        "promised {promises:#?}, said {lines:#?}"
    );
    promises.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_minute_with_curl_does_what_it_says() {
    let database = Database::new(Backend::Sqlite).await;
    let service = Process::start(&database, &[]).await;
    let here = commands("README.md", "A minute with curl")
        .replace("http://localhost:8080", &service.base)
        .replace("http://localhost:9090", &service.internal);
    assert!(keep_promises(&here).await >= 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_that_a_start_prints_work_as_they_stand() {
    let database = Database::new(Backend::Sqlite).await;
    let mut command = process::command(&database, &["serve"]);
    command
        .env_remove("AUTH__LOG__FORMAT")
        .env_remove("AUTH__LOG__FILTER");
    let service = Process::spawn(command).await.expect("the service starts");
    let printed = std::fs::read_to_string(&service.log).expect("its output");
    let curls: Vec<&str> = printed
        .lines()
        .filter(|line| line.starts_with("  curl "))
        .collect();
    assert_eq!(curls.len(), 3, "{printed}");
    for (curl, expected) in std::iter::zip(curls, ["access_token", "access_token", "keys"]) {
        let said = bash(curl).await;
        let body: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        assert!(body.get(expected).is_some(), "{curl}\n{said}");
        for token in ["access_token", "refresh_token"] {
            secrets::note(body[token].as_str().unwrap_or_default());
        }
    }

    let issuer = printed.lines().find(|line| line.starts_with("  issuer "));
    assert!(
        issuer.is_some_and(|line| line.ends_with("http://localhost:8080")),
        "{printed}"
    );
    let docs = printed
        .lines()
        .find_map(|line| line.strip_prefix("  docs "));
    let docs = service
        .get(docs.expect("where the documents are").trim())
        .await;
    assert_eq!(docs.status, 308);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dev_mode_logs_lines_that_people_can_read() {
    let database = Database::new(Backend::Sqlite).await;
    let mut command = process::command(&database, &["serve"]);
    command
        .env_remove("AUTH__LOG__FORMAT")
        .env_remove("AUTH__LOG__FILTER");
    let service = Process::spawn(command).await.expect("the service starts");
    service.signup("ada@example.org").await;
    let printed = std::fs::read_to_string(&service.log).expect("its output");
    assert!(
        !printed.contains('\u{1b}'),
        "no escape codes in a file: {printed:?}"
    );
    assert!(
        !printed.lines().any(|line| line.starts_with('{')),
        "no JSON: {printed}"
    );
    for line in printed.lines().filter(|line| line.starts_with("20")) {
        assert!(line.contains(" INFO "), "nothing to worry about: {line}");
        assert!(
            !line.contains("Tokio runtime"),
            "nothing of the framework's own: {line}"
        );
    }
    let answered = printed.lines().find(|line| line.contains("answered"));
    let answered = answered.expect("a line for each request");
    for part in ["POST", "/v1/signup", "status=201"] {
        assert!(answered.contains(part), "{answered}");
    }
    assert!(
        printed.lines().count() < 40,
        "a start is a screen at most: {printed}"
    );
}
