//! Tells the binary which commit it is built from, without a network: what `AUTH_SERVICE_COMMIT` says,
//! what `git archive` wrote into `commit.txt` (so does GitHub for its tarballs), or what git says of
//! this checkout.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-env-changed=AUTH_SERVICE_COMMIT");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=commit.txt");
    let given = env::var("AUTH_SERVICE_COMMIT").ok();
    let written = fs::read_to_string("commit.txt").ok();
    let commit = given
        .into_iter()
        .chain(written)
        .find_map(|text| short(&text))
        .or_else(of_checkout)
        .unwrap_or_else(|| "commit unknown".into());
    println!("cargo:rustc-env=AUTH_SERVICE_BUILT_FROM={commit}");
}

/// The first digits of a commit; nothing if it is none.
fn short(text: &str) -> Option<String> {
    let text = text.trim();
    let is_commit = text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_commit.then(|| text.chars().take(12).collect())
}

/// The commit of this checkout, and of none that merely lies around it.
fn of_checkout() -> Option<String> {
    let top = fs::canonicalize(git(&["rev-parse", "--show-toplevel"])?).ok()?;
    if fs::canonicalize("..").ok()? != top {
        return None;
    }
    let mut watched = vec!["HEAD".to_owned(), "packed-refs".to_owned()];
    watched.extend(git(&["symbolic-ref", "--quiet", "HEAD"]));
    for name in watched {
        let path = git(&["rev-parse", "--git-path", &name])?;
        // Cargo would build anew each time for a file that is not there.
        if Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    short(&git(&["rev-parse", "HEAD"])?)
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
