//! `auth-service users …`

mod import;
mod show;

use clap::Subcommand;
use std::path::PathBuf;

use kernel::audit::Actor;
use kernel::caller::Caller;
use kernel::id::Id;

use super::{Failure, print, prompt};
use crate::accounts::{self, NewUser, Patch};
use crate::ctx::Ctx;
use crate::http::views::PersonalData;
use crate::sessions;
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
    /// Set the password of an account, and end all its sessions. It is asked for, or read from
    /// standard input.
    SetPassword {
        /// The email address or the identifier.
        account: String,
    },
    /// Let an account that is disabled sign in again.
    Enable {
        /// The email address or the identifier.
        account: String,
    },
    /// Disable an account and end its sessions.
    Disable {
        /// The email address or the identifier.
        account: String,
    },
    /// Show an account with its roles, give it some, or take some away.
    Roles {
        /// The email address or the identifier.
        account: String,
        /// A role to give; can be given again.
        #[arg(long, value_name = "ROLE")]
        add: Vec<String>,
        /// A role to take away; can be given again.
        #[arg(long, value_name = "ROLE")]
        remove: Vec<String>,
    },
    /// List the living sessions of an account, newest first, or end them all. (One alone:
    /// `auth-service revoke sid`.)
    Sessions {
        /// The email address or the identifier.
        account: String,
        /// End them all instead: access tokens die too.
        #[arg(long, conflicts_with = "json")]
        end: bool,
        /// A JSON object a line.
        #[arg(long)]
        json: bool,
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
    List {
        /// A JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(ctx: &Ctx, command: Command) -> Result<(), Failure> {
    let (actor, caller) = (Actor::Operator, Caller::default());
    match command {
        Command::Create {
            email,
            roles,
            name,
            email_verified,
        } => {
            let new = NewUser {
                email,
                password: Some(prompt::new_password()?),
                name,
                roles,
                email_verified,
            };
            show::account(&accounts::create(ctx, new, actor, &caller).await?)
        }
        Command::Import { file } => import::run(ctx, &file, &caller).await,
        Command::SetPassword { account } => {
            let id = named(ctx, &account).await?;
            let user = users::get(ctx, id).await?;
            let password = prompt::new_password()?;
            accounts::set_password(ctx, id, &password, actor, &caller).await?;
            show::account(&user)
        }
        Command::Enable { account } => enable(ctx, &account, true).await,
        Command::Disable { account } => enable(ctx, &account, false).await,
        Command::Roles {
            account,
            add,
            remove,
        } => {
            let id = named(ctx, &account).await?;
            show::account(&change_roles(ctx, id, &add, &remove).await?)
        }
        Command::Sessions {
            account,
            end: true,
            json: _,
        } => {
            let id = named(ctx, &account).await?;
            users::get(ctx, id).await?;
            sessions::end_all(ctx, id, actor, &caller).await?;
            print(&format!("ended all sessions of {id}\n"))
        }
        Command::Sessions { account, json, .. } => {
            let id = named(ctx, &account).await?;
            users::get(ctx, id).await?;
            show::sessions(sessions::living(ctx, id).await?, json)
        }
        Command::Export { account } => {
            let id = named(ctx, &account).await?;
            let data = accounts::export(ctx, id, actor, &caller).await?;
            print(&(serde_json::to_string_pretty(&PersonalData::from(data))? + "\n"))
        }
        Command::Erase { account } => {
            let id = named(ctx, &account).await?;
            accounts::erase(ctx, id, actor, &caller).await?;
            print(&format!("erased {id}\n"))
        }
        Command::List { json } => list(ctx, json).await,
    }
}

async fn enable(ctx: &Ctx, account: &str, enabled: bool) -> Result<(), Failure> {
    let id = named(ctx, account).await?;
    let patch = Patch {
        disabled: Some(!enabled),
        ..Patch::default()
    };
    let (actor, caller) = (Actor::Operator, Caller::default());
    show::account(&accounts::update(ctx, id, patch, actor, &caller).await?)
}

async fn change_roles(
    ctx: &Ctx,
    id: Id,
    add: &[String],
    remove: &[String],
) -> Result<User, Failure> {
    if add.is_empty() && remove.is_empty() {
        return Ok(users::get(ctx, id).await?);
    }
    let (actor, caller) = (Actor::Operator, Caller::default());
    Ok(accounts::change_roles(ctx, id, add, remove, actor, &caller).await?)
}

/// The account that an address or an identifier names.
pub(super) async fn named(ctx: &Ctx, account: &str) -> Result<Id, Failure> {
    if let Ok(id) = account.parse() {
        return Ok(id);
    }
    let listed = users::list(ctx, None, Some(account), 1).await?;
    let user = listed.users.first();
    Ok(user.ok_or("there is no account with this address")?.id)
}

async fn list(ctx: &Ctx, json: bool) -> Result<(), Failure> {
    let mut after: Option<Id> = None;
    loop {
        let page = users::list(ctx, after, None, 500).await?;
        after = page.users.last().map(|user| user.id);
        show::accounts(page.users, json)?;
        if !page.more {
            return Ok(());
        }
    }
}
