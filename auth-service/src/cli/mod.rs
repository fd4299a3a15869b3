//! The command line.

mod audit;
mod check;
mod healthcheck;
mod keys;
mod prompt;
mod revoke;
mod serve;
mod shell;
mod users;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use kernel::clock::Clock;
use kernel::config::{self, Settings};
use kernel::db::migrate;
use kernel::entropy::Entropy;

use crate::app;
use crate::ctx::Ctx;
use crate::http;

/// Whatever ended a command, in a sentence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The version, and the commit that it was built from.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("AUTH_SERVICE_BUILT_FROM"),
    ")"
);

/// Sign-in as one small service.
#[derive(Parser)]
#[command(name = "auth-service", version = VERSION, about)]
pub struct Arguments {
    /// A configuration file, beneath the environment; see `auth-service config --default`.
    #[arg(long, short, global = true, env = "AUTH_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service.
    Serve,
    /// Bring the database's tables up to date. Safe to run from many replicas at once.
    Migrate,
    /// Try every dependency and setting, and say what is wrong and how to mend it.
    Check {
        /// A JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Ask the service that runs beside this command whether it is ready; fails if it is not.
    Healthcheck {
        /// Only whether it runs.
        #[arg(long)]
        live: bool,
    },
    /// Show the settings as they count, secrets left out.
    Config {
        /// Show every setting with its default and what it means instead.
        #[arg(long)]
        default: bool,
    },
    /// The signing keys.
    #[command(subcommand)]
    Keys(keys::Command),
    /// The accounts.
    #[command(subcommand)]
    Users(users::Command),
    /// Revoke an access token by its `jti`, a session by its `sid`, or all of an account by its
    /// `sub` or its email address.
    Revoke {
        /// What it names.
        what: revoke::What,
        /// Its identifier.
        #[arg(value_name = "ID")]
        value: String,
    },
    /// The audit trail.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Print the script by which a shell completes this command line.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the man page.
    Man {
        /// Write one for each command into this folder instead.
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
    /// Print the OpenAPI document.
    Openapi,
}

/// Runs one command.
///
/// # Errors
/// [`Failure`]
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments {
        config: file,
        command,
    } = arguments;
    // What needs no settings.
    let command = match command {
        Command::Config { default: true } => return print(config::DEFAULT_TOML),
        Command::Openapi => return print(http::openapi::DOCUMENT),
        Command::Completions { shell } => return shell::completions(shell),
        Command::Man { dir } => return shell::man(dir),
        other => other,
    };
    let read = move || Settings::load(file.as_deref(), config::environment().into_iter());
    let settings = read()?;
    match command {
        Command::Serve => serve::run(settings, read).await,
        Command::Migrate => migrate_now(&settings).await,
        Command::Check { json } => check::run(settings, json).await,
        Command::Healthcheck { live } => healthcheck::run(&settings, live),
        Command::Config { .. } => print(&config::effective_toml(&settings)),
        Command::Keys(command) => keys::run(&*open(settings).await?, command).await,
        Command::Users(command) => users::run(&*open(settings).await?, command).await,
        Command::Revoke { what, value } => revoke::run(&*open(settings).await?, what, &value).await,
        Command::Audit(command) => audit::run(&*open(settings).await?, command).await,
        Command::Openapi | Command::Completions { .. } | Command::Man { .. } => Ok(()),
    }
}

/// Standard output may be closed early, by `head` for one; that is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// A JSON object and the end of its line.
fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    print(&(serde_json::to_string(value)? + "\n"))
}

async fn open(settings: Settings) -> Result<Arc<Ctx>, Failure> {
    Ok(app::open(settings, Clock::system(), Entropy::system()).await?)
}

async fn migrate_now(settings: &Settings) -> Result<(), Failure> {
    if let Some(problem) = settings.problem_of("database.url") {
        return Err(problem.to_string().into());
    }
    let applied = migrate::run(&settings.database.url).await?;
    match applied.as_slice() {
        [] => print("nothing to do: the tables are up to date\n"),
        applied => print(&format!("applied: {}\n", applied.join(", "))),
    }
}
