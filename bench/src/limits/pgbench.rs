//! The database alone: pgbench, with statements that are prepared once.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::database::{Commit, Database, program};
use crate::machine;
use crate::subject::{Result, Sample, Subject};
use crate::world::World;

const ONE_ROW: &str = include_str!("../../sql/refresh.sql");
const FIVE: &str = include_str!("../../sql/five.sql");

/// A script that so many clients run again and again.
pub struct Pgbench {
    name: String,
    url: String,
    clients: usize,
    variables: Vec<String>,
    script: PathBuf,
    _folder: TempDir,
}

impl Pgbench {
    /// The service's own statement, on families that the service is not given.
    ///
    /// # Errors
    /// When the database is away.
    pub fn one_row(world: &World, commit: Commit, clients: usize) -> Result<Self> {
        let times = "SELECT now() || '|' || now() + interval '14 days'";
        let times = world.database.sql(times, &[])?;
        let (now, idle) = times.split_once('|').ok_or("psql answers a row")?;
        let variables = vec![
            format!("families={}", world.sessions),
            format!("now={now}"),
            format!("idle={idle}"),
            "far=9999-01-01 00:00:00+00".into(),
            "next=2".into(),
            "presented=1000000".into(),
        ];
        Self::new(
            "pgbench, one row",
            ONE_ROW,
            world,
            commit,
            clients,
            variables,
        )
    }

    /// The bare statements of a refresh that takes five, in a transaction.
    ///
    /// # Errors
    /// When their tables can't be made.
    pub fn five(world: &World, commit: Commit, clients: usize) -> Result<Self> {
        let families = world.sessions.to_string();
        let there = "SELECT to_regclass('five_tokens')";
        if world.database.sql(there, &[])?.is_empty() {
            let tables = include_str!("../../sql/five-tables.sql");
            world
                .database
                .sql(tables, &[("families", families.clone())])?;
        }
        let variables = vec![format!("families={families}")];
        Self::new(
            "pgbench, five statements",
            FIVE,
            world,
            commit,
            clients,
            variables,
        )
    }

    /// Whether the statement that the service's connections sent last is that of
    /// [`one_row`](Self::one_row). To be asked while the service refreshes, or right after it.
    ///
    /// # Errors
    /// When it is another: then the two would not compare.
    pub fn is_what_the_service_sends(database: &Database) -> Result<()> {
        let sent = "SELECT DISTINCT query FROM pg_stat_activity WHERE datname = current_database() \
                    AND query LIKE 'UPDATE sessions%$%'";
        let sent = database.sql(sent, &[])?;
        let expected = comparable(ONE_ROW);
        let same = |sent: &str| expected.starts_with(&comparable(sent));
        match sent.lines().any(same) {
            true => Ok(()),
            false => Err(format!(
                "the service sends another statement than bench/sql/refresh.sql: {sent}"
            )
            .into()),
        }
    }

    fn new(
        name: &str,
        script: &str,
        world: &World,
        commit: Commit,
        clients: usize,
        variables: Vec<String>,
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("script.sql");
        std::fs::write(&path, script)?;
        Ok(Self {
            name: name.to_owned(),
            url: world.database.url(commit),
            clients,
            variables,
            script: path,
            _folder: folder,
        })
    }
}

impl Subject for Pgbench {
    fn name(&self) -> &str {
        &self.name
    }

    /// pgbench counts whole seconds, from before it connects: with many clients it is given one
    /// more.
    fn measure(&mut self, time: Duration) -> Result<Sample> {
        let (clients, threads) = (self.clients, machine::cores().min(self.clients));
        let connecting = if clients > 8 { 1.0 } else { 0.0 };
        let seconds = time.as_secs_f64().ceil() + connecting;
        let mut command = program("pgbench")?;
        command.args(["--no-vacuum", "--protocol=prepared"]);
        command.arg(format!("--client={clients}"));
        command.arg(format!("--jobs={threads}"));
        command.arg(format!("--time={seconds}"));
        for variable in &self.variables {
            command.arg("--define").arg(variable);
        }
        let output = command
            .arg("--file")
            .arg(&self.script)
            .arg(&self.url)
            .output()?;
        let told = String::from_utf8_lossy(&output.stdout);
        let failed = String::from_utf8_lossy(&output.stderr);
        let rate = rate(&told).filter(|_| output.status.success());
        Ok(Sample::of_rate(
            rate.ok_or_else(|| format!("{}: {failed}{told}", self.name))?,
        ))
    }
}

fn rate(told: &str) -> Option<f64> {
    let line = told.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

/// A statement with `?` for every parameter, however it is spelt, without the columns it returns.
fn comparable(statement: &str) -> String {
    let statement = statement.split("UPDATE ").nth(1).unwrap_or_default();
    let statement = statement.split(" RETURNING ").next().unwrap_or_default();
    let made = "('00000000-0000-7000-8000-' || :family)::uuid";
    let statement = statement.replace(made, "?").replace(';', "");
    let mut out = String::new();
    let mut rest = statement.trim();
    while let Some(at) = rest.find([':', '$']) {
        out.push_str(&rest[..at]);
        out.push('?');
        rest = rest[at + 1..].trim_start_matches(|c: char| c.is_ascii_alphanumeric());
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read() {
        let told = "latency average = 1.7 ms\ntps = 4587.12 (without initial connection time)\n";
        assert_eq!(rate(told), Some(4587.12));
        assert_eq!(rate("nothing"), None);
    }

    #[test]
    fn statements_compare_whatever_their_parameters_are_called() {
        let sent = "UPDATE sessions SET generation = $1, x = $12 WHERE sessions.id = $3";
        let script = "-- why\nUPDATE sessions SET generation = :next, x = :now WHERE \
                      sessions.id = ('00000000-0000-7000-8000-' || :family)::uuid;\n";
        assert_eq!(comparable(sent), comparable(script));
        let other = "UPDATE sessions SET generation = $1";
        assert_ne!(comparable(other), comparable(script));
    }
}
