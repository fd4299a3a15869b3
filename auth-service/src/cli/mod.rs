//! The command line.

mod audit;
mod check;
mod keys;
mod serve;
mod users;

use clap::{Parser, Subcommand};
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

/// Sign-in as one small service.
#[derive(Parser)]
#[command(version, about)]
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
    Check,
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
    /// The audit trail.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Print the OpenAPI document.
    Openapi,
}

/// Runs one command.
///
/// # Errors
/// [`Failure`]
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    if let Command::Config { default: true } = arguments.command {
        return print(config::DEFAULT_TOML);
    }
    let file = arguments.config;
    let read = move || Settings::load(file.as_deref(), config::environment().into_iter());
    let settings = read()?;
    match arguments.command {
        Command::Serve => serve::run(settings, read).await,
        Command::Migrate => migrate_now(&settings).await,
        Command::Check => check::run(settings).await,
        Command::Config { .. } => print(&config::effective_toml(&settings)),
        Command::Keys(command) => keys::run(&*open(settings).await?, command).await,
        Command::Users(command) => users::run(&*open(settings).await?, command).await,
        Command::Audit(command) => audit::run(&*open(settings).await?, command).await,
        Command::Openapi => print(http::openapi::DOCUMENT),
    }
}

/// Standard output may be closed early, by `head` for one; that is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

async fn open(settings: Settings) -> Result<Arc<Ctx>, Failure> {
    Ok(app::open(settings, Clock::system(), Entropy::system()).await?)
}

async fn migrate_now(settings: &Settings) -> Result<(), Failure> {
    let applied = migrate::run(&settings.database.url).await?;
    match applied.as_slice() {
        [] => print("nothing to do: the tables are up to date\n"),
        applied => print(&format!("applied: {}\n", applied.join(", "))),
    }
}
