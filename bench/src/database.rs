//! A PostgreSQL database of the benchmark's own, and the programs that come with the server.

use std::env;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::subject::Result;

/// Whether a commit waits until it is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// It does: `synchronous_commit=on`, with `fsync=on`, which the server always has.
    Waits,
    /// It does not: `synchronous_commit=off`.
    GoesOn,
}

/// A database on the server that `tests/with-services` started. It goes with that server.
#[derive(Clone)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes an empty database.
    ///
    /// # Errors
    /// When there is no server, or it refuses.
    pub fn create(name: &str) -> Result<Self> {
        let server = variable("TEST_DATABASE_URL")?;
        run("psql", &server, &format!("CREATE DATABASE {name}"), &[])?;
        let (server, _) = server.rsplit_once('/').ok_or("a URL names a database")?;
        Ok(Self {
            server: server.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The URL to connect with, for libpq and for the service alike.
    pub fn url(&self, commit: Commit) -> String {
        let commit = match commit {
            Commit::Waits => "on",
            Commit::GoesOn => "off",
        };
        let (server, name) = (&self.server, &self.name);
        format!("{server}/{name}?options=-c%20synchronous_commit%3D{commit}")
    }

    /// Runs statements, in which `:name` stands for the value of a variable, and returns what they
    /// answer, a row a line.
    ///
    /// # Errors
    /// When one fails.
    pub fn sql(&self, statements: &str, variables: &[(&str, String)]) -> Result<String> {
        run("psql", &self.url(Commit::GoesOn), statements, variables)
    }
}

/// What `tests/with-services` hands over.
///
/// # Errors
/// Where it was not started by that.
pub fn variable(name: &str) -> Result<String> {
    env::var(name).map_err(|_| format!("{name} is not set: run it by `make bench`").into())
}

/// A program that comes with the server.
///
/// # Errors
/// Where the benchmark was not started by `tests/with-services`.
pub fn program(name: &str) -> Result<Command> {
    Ok(Command::new(PathBuf::from(variable("PG_BIN")?).join(name)))
}

fn run(name: &str, url: &str, statements: &str, variables: &[(&str, String)]) -> Result<String> {
    let mut command = program(name)?;
    command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
    command.args(["--set", "ON_ERROR_STOP=1"]);
    for (name, value) in variables {
        command.args(["--set", &format!("{name}={value}")]);
    }
    command
        .arg(url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().ok_or("psql takes statements")?;
    input.write_all(statements.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
