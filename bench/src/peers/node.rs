//! Node.js, of the version that `bench/peers/node` names, in production mode.

use std::path::Path;
use std::process::Command;

use crate::subject::Result;

/// `node FILE`, in the folder of a peer, with nothing of our environment.
///
/// # Errors
/// When its packages, or Node.js, are not installed.
pub(super) fn node(peer: &str, file: &str) -> Result<Command> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    for package in ["node", peer] {
        let stamp = peers.join(package).join("node_modules/.made-from");
        if !stamp.exists() {
            let missing = format!("bench/peers/{package} is not installed");
            return Err(format!("{missing}; `tests/tools/ensure peers` tells why").into());
        }
    }
    let mut command = Command::new(peers.join("node/node_modules/.bin/node"));
    command.env_clear().env("NODE_ENV", "production");
    command.arg(file).current_dir(peers.join(peer));
    Ok(command)
}
