//! How many instructions one request takes, which noise can't hide: `make bench-check` compares
//! the counts with those of `counts.toml` and names what grew by more than 3 %; with `WRITE=1`
//! it writes them down anew.
//!
//! Callgrind counts every thread of this process, user space alone. It is run twice for each
//! subject, which is done once more often than the other time; the difference is what the subject
//! takes, however much starting and warming up took. (Toggling the collection around a call would
//! count one thread: a statement runs on another.)
//!
//! Valgrind's processor has no AVX-512 and no SHA instructions, so cryptography takes other paths
//! than on most machines: the counts say what grew, not how long it takes.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise"
)]

mod callgrind;
mod counts;
mod http;
#[path = "../setup/mod.rs"]
mod setup;
mod subjects;

use std::process::ExitCode;

use counts::Counts;

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|it| it != "--bench")
        .collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["run", subject, times] => {
            subjects::run(subject, times.parse().unwrap());
            ExitCode::SUCCESS
        }
        [] => check(),
        ["write"] => {
            Counts::measure().write();
            ExitCode::SUCCESS
        }
        _ => panic!("arguments: nothing, `write`, or `run SUBJECT TIMES`"),
    }
}

fn check() -> ExitCode {
    let (kept, now) = (Counts::kept(), Counts::measure());
    let grown = now.compare(&kept);
    if grown.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!(
        "Grown by more than {} %: {}. If that is worth it, write the new counts down: \
         make bench-check WRITE=1",
        counts::TOLERANCE,
        grown.join(", ")
    );
    ExitCode::FAILURE
}
