//! A client of `tests/strangers` that verifies tokens, one a line.

use std::fmt;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::support::{Client, outside};

pub struct Verifier {
    name: &'static str,
    _child: Child,
    input: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Verifier {
    /// Starts one for the service's tokens, with options for its cache.
    pub fn start(name: &'static str, service: &Client, options: &[&str]) -> Self {
        let arguments = [&[service.base.as_str(), "api"], options].concat();
        let mut child = outside::stranger(name, &arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("tests/strangers/run runs");
        let output = child.stdout.take().expect("a pipe");
        Self {
            name,
            input: child.stdin.take().expect("a pipe"),
            answers: BufReader::new(output).lines(),
            _child: child,
        }
    }

    async fn line(&mut self) -> String {
        let line = self.answers.next_line().await.expect("its output is text");
        line.unwrap_or_else(|| panic!("{self} ended early"))
    }

    /// What it says of a token: `ok JTI` or `FAIL REASON`.
    pub async fn verdict(&mut self, token: &str) -> String {
        let line = format!("{token}\n");
        self.input
            .write_all(line.as_bytes())
            .await
            .expect("it reads its input");
        self.line().await
    }

    /// Fails the test unless it accepts the token.
    pub async fn accepts(&mut self, token: &str) {
        let verdict = self.verdict(token).await;
        assert!(verdict.starts_with("ok "), "{self}: {verdict}");
    }

    /// Its summary, once its input has ended.
    pub async fn finish(mut self) -> Value {
        self.input.shutdown().await.expect("a pipe can be closed");
        drop(self.input);
        let line = self.answers.next_line().await.expect("its output is text");
        serde_json::from_str(&line.expect("a summary")).expect("a summary in JSON")
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
