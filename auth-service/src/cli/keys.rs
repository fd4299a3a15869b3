//! `auth-service keys …`

use clap::Subcommand;
use kernel::audit::Actor;
use kernel::caller::Caller;
use kernel::config::KeyAlgorithm;
use kernel::keyring::{KeyInfo, Purpose};

use super::{Failure, json_line, print};
use crate::ctx::Ctx;
use crate::http::views;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the signing keys and where each is in its life.
    List {
        /// The keys of the refresh tokens' MAC instead.
        #[arg(long)]
        refresh: bool,
        /// A JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Make the next signing key; it signs once every verifier can know it.
    Rotate {
        /// Of this algorithm; by default of the one that signs access tokens.
        #[arg(long, value_name = "ALGORITHM", value_parser = algorithm, conflicts_with = "refresh")]
        algorithm: Option<KeyAlgorithm>,
        /// Make the next key of the refresh tokens' MAC instead; it makes them once every replica
        /// has it, and nobody is logged out.
        #[arg(long)]
        refresh: bool,
    },
    /// Seal all keys under the first of `keys.encryption_keys`, so that an old one can go.
    Rewrap,
    /// Take a key out in an emergency: nothing that it made counts any more. Of a key of the refresh
    /// tokens' MAC that logs out whoever holds a refresh token of it.
    Remove {
        /// The key's identifier.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
}

fn algorithm(text: &str) -> Result<KeyAlgorithm, String> {
    match text {
        "ES256" => Ok(KeyAlgorithm::ES256),
        "RS256" => Ok(KeyAlgorithm::RS256),
        "EdDSA" => Ok(KeyAlgorithm::EdDSA),
        _ => Err("there are ES256, RS256 and EdDSA".into()),
    }
}

pub(super) async fn run(ctx: &Ctx, command: Command) -> Result<(), Failure> {
    let (keyring, actor, caller) = (&ctx.keyring, Actor::Operator, Caller::default());
    match command {
        Command::List { refresh, json } => {
            let purpose = match refresh {
                true => Purpose::Refresh,
                false => Purpose::Signing,
            };
            let keys = keyring.list(purpose).await?;
            keys.into_iter().try_for_each(|key| match json {
                true => json_line(&views::KeyInfo::from(key)),
                false => print(&line(&key)),
            })
        }
        Command::Rotate { refresh: true, .. } => {
            print(&line(&keyring.rotate_refresh(actor, &caller).await?))
        }
        Command::Rotate { algorithm, .. } => {
            print(&line(&keyring.rotate(algorithm, actor, &caller).await?))
        }
        Command::Rewrap => {
            let count = keyring.rewrap(actor, &caller).await?;
            print(&format!("{count} keys sealed anew\n"))
        }
        Command::Remove { kid } => {
            keyring.remove(&kid, actor, &caller).await?;
            print(&format!("removed {kid}\n"))
        }
    }
}

fn line(key: &KeyInfo) -> String {
    let state = format!("{:?}", key.state).to_lowercase();
    let begins = match key.purpose {
        Purpose::Signing => "signs from",
        Purpose::Refresh => "refresh tokens from",
    };
    format!(
        "{}  {}  {state:8}  {begins} {}\n",
        key.kid, key.alg, key.active_at
    )
}
