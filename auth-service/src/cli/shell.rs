//! `auth-service completions`, `auth-service man`

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use std::fs;
use std::path::PathBuf;

use super::{Arguments, Failure, print};

/// Prints what a shell reads to complete this command line.
pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(shell, &mut command, "auth-service", &mut script);
    print(&String::from_utf8(script)?)
}

/// Prints the man page, or writes one for each command into a folder.
pub(super) fn man(folder: Option<PathBuf>) -> Result<(), Failure> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        Man::new(Arguments::command()).render(&mut page)?;
        return print(&String::from_utf8(page)?);
    };
    fs::create_dir_all(&folder)
        .and_then(|()| clap_mangen::generate_to(Arguments::command(), &folder))
        .map_err(|error| format!("{} can't be written: {error}", folder.display()))?;
    print(&format!("written to {}\n", folder.display()))
}
