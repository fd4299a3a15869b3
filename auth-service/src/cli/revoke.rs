//! `auth-service revoke`

use clap::ValueEnum;

use kernel::audit::Actor;
use kernel::caller::Caller;
use kernel::id::Id;

use super::users::named;
use super::{Failure, print};
use crate::ctx::Ctx;
use crate::{sessions, tokens, users};

/// What is revoked, by the claim that names it.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum What {
    /// One access token.
    Jti,
    /// One session, with its access tokens.
    Sid,
    /// All sessions and access tokens of an account.
    Sub,
}

pub(super) async fn run(ctx: &Ctx, what: What, value: &str) -> Result<(), Failure> {
    let (actor, caller) = (Actor::Operator, Caller::default());
    match what {
        What::Jti => tokens::revoke(ctx, identifier(value)?, actor, &caller).await?,
        What::Sid => {
            if !sessions::end_any(ctx, identifier(value)?, actor, &caller).await? {
                return Err("there is no such session, or it has ended".into());
            }
        }
        What::Sub => {
            let id = named(ctx, value).await?;
            users::get(ctx, id).await?;
            sessions::end_all(ctx, id, actor, &caller).await?;
        }
    }
    print(&format!("revoked {value}\n"))
}

fn identifier(text: &str) -> Result<Id, Failure> {
    let id = text.parse();
    Ok(id.map_err(|_| "this is no identifier, such as 019b0000-0000-7000-8000-000000000000")?)
}
