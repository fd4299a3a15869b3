//! Asking for a password: from the terminal, or from standard input. Never from the arguments: they
//! show in the list of processes.

use std::io::{self, BufRead, IsTerminal};

use super::Failure;

/// What a file or a program of Windows begins with; it is no part of a password.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// A new password; at a terminal it is typed twice.
pub(super) fn new_password() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        let password = rpassword::prompt_password("Password: ")?;
        return match password == rpassword::prompt_password("Again: ")? {
            true => Ok(password),
            false => Err("the two passwords differ".into()),
        };
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line);
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
