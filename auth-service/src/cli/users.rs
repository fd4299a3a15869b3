//! `auth-service users …`

use clap::Subcommand;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::PathBuf;

use kernel::audit::Actor;
use kernel::caller::Caller;
use kernel::id::Id;

use super::{Failure, print};
use crate::accounts::{self, Imported, NewUser, Patch};
use crate::ctx::Ctx;
use crate::http::views::PersonalData;
use crate::users::{self, User};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make an account. The password is asked for, or read from standard input.
    Create {
        /// The email address.
        email: String,
        /// A role; can be given again. An administrator of this service has `auth:admin`.
        #[arg(long = "role")]
        roles: Vec<String>,
        /// What to call its owner.
        #[arg(long)]
        name: Option<String>,
        /// Take the address as verified.
        #[arg(long)]
        email_verified: bool,
    },
    /// Import accounts: a JSON object a line with email, and name, hash, roles, email_verified,
    /// created_at where known. Bad lines are named and left out. Can be run again.
    Import {
        /// The file; `-` for standard input.
        file: PathBuf,
    },
    /// Disable an account and end its sessions.
    Disable {
        /// The email address.
        email: String,
    },
    /// Print all that is kept about an account, as JSON: the account, its sessions, its audit
    /// events; no secrets.
    Export {
        /// The email address or the identifier.
        account: String,
    },
    /// Erase an account: it goes with its sessions, and its audit events no longer say from where
    /// or with what its owner came. By its identifier also where it was deleted before.
    Erase {
        /// The email address or the identifier.
        account: String,
    },
    /// List the accounts.
    List,
}

pub(super) async fn run(ctx: &Ctx, command: Command) -> Result<(), Failure> {
    let caller = Caller::default();
    match command {
        Command::Create {
            email,
            roles,
            name,
            email_verified,
        } => {
            let password = Some(read_password()?);
            let new = NewUser {
                email,
                password,
                name,
                roles,
                email_verified,
            };
            let user = accounts::create(ctx, new, Actor::Operator, &caller).await?;
            print(&line(&user))
        }
        Command::Import { file } => import(ctx, &file, &caller).await,
        Command::Disable { email } => disable(ctx, &email, &caller).await,
        Command::Export { account } => {
            let id = named(ctx, &account).await?;
            let data = accounts::export(ctx, id, Actor::Operator, &caller).await?;
            print(&(serde_json::to_string_pretty(&PersonalData::from(data))? + "\n"))
        }
        Command::Erase { account } => {
            let id = named(ctx, &account).await?;
            accounts::erase(ctx, id, Actor::Operator, &caller).await?;
            print(&format!("erased {id}\n"))
        }
        Command::List => list(ctx).await,
    }
}

async fn import(ctx: &Ctx, file: &PathBuf, caller: &Caller) -> Result<(), Failure> {
    let reader: Box<dyn BufRead> = match file.as_os_str() == "-" {
        true => Box::new(io::stdin().lock()),
        false => {
            Box::new(BufReader::new(File::open(file).map_err(|error| {
                format!("{} can't be read: {error}", file.display())
            })?))
        }
    };
    let done = accounts::import(ctx, reader, caller, show).await?;
    for bad in &done.bad {
        eprintln!("line {}: {}", bad.number, bad.reason);
    }
    print(&format!(
        "{} imported, {} were there already, {} not imported\n",
        done.created,
        done.existing,
        done.bad.len()
    ))?;
    match done.bad.is_empty() {
        true => Ok(()),
        false => Err("some lines were not imported".into()),
    }
}

/// Where somebody watches.
fn show(done: &Imported) {
    if io::stderr().is_terminal() {
        eprint!("\r{} lines", done.lines());
    }
}

async fn disable(ctx: &Ctx, email: &str, caller: &Caller) -> Result<(), Failure> {
    let id = by_email(ctx, email).await?;
    let patch = Patch {
        disabled: Some(true),
        ..Patch::default()
    };
    let user = accounts::update(ctx, id, patch, Actor::Operator, caller).await?;
    print(&line(&user))
}

async fn by_email(ctx: &Ctx, email: &str) -> Result<Id, Failure> {
    let listed = users::list(ctx, None, Some(email), 1).await?;
    let user = listed.users.first();
    Ok(user.ok_or("there is no account with this address")?.id)
}

/// The account that an address or an identifier names.
async fn named(ctx: &Ctx, account: &str) -> Result<Id, Failure> {
    match account.parse() {
        Ok(id) => Ok(id),
        Err(_) => by_email(ctx, account).await,
    }
}

async fn list(ctx: &Ctx) -> Result<(), Failure> {
    let mut after: Option<Id> = None;
    loop {
        let page = users::list(ctx, after, None, 500).await?;
        page.users.iter().try_for_each(|user| print(&line(user)))?;
        after = page.users.last().map(|user| user.id);
        if !page.more {
            return Ok(());
        }
    }
}

fn line(user: &User) -> String {
    let state = if user.disabled_at.is_some() {
        "disabled"
    } else {
        "active"
    };
    format!(
        "{}  {state:8}  {}  {}\n",
        user.id,
        user.email,
        user.roles.0.join(",")
    )
}

/// Never from the arguments: they show in the list of processes.
fn read_password() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        let password = rpassword::prompt_password("Password: ")?;
        return match password == rpassword::prompt_password("Again: ")? {
            true => Ok(password),
            false => Err("the two passwords differ".into()),
        };
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
