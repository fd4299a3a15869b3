//! `auth-service keys …`

use clap::Subcommand;

use super::{Failure, print};
use crate::audit::{Actor, Origin};
use crate::ctx::Ctx;
use crate::keys::{self, KeyInfo};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the signing keys and where each is in its life.
    List,
    /// Make the next signing key; it signs once every verifier can know it.
    Rotate,
    /// Seal all keys under the first of `keys.encryption_keys`, so that an old one can go.
    Rewrap,
    /// Take a key out in an emergency: nothing that it signed counts any more.
    Remove {
        /// The key's identifier.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
}

pub(super) async fn run(ctx: &Ctx, command: Command) -> Result<(), Failure> {
    let origin = Origin::default();
    match command {
        Command::List => keys::list(ctx)
            .await?
            .iter()
            .try_for_each(|key| print(&line(key))),
        Command::Rotate => print(&line(&keys::rotate(ctx, Actor::Operator, &origin).await?)),
        Command::Rewrap => {
            let count = keys::rewrap(ctx, Actor::Operator, &origin).await?;
            print(&format!("{count} keys sealed anew\n"))
        }
        Command::Remove { kid } => {
            keys::remove(ctx, &kid, Actor::Operator, &origin).await?;
            print(&format!("removed {kid}\n"))
        }
    }
}

fn line(key: &KeyInfo) -> String {
    let state = format!("{:?}", key.state).to_lowercase();
    format!(
        "{}  {}  {state:8}  signs from {}\n",
        key.kid, key.alg, key.active_at
    )
}
