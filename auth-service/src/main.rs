//! The `auth-service` binary.

use auth_service::cli::{Arguments, run};
use clap::Parser;
use std::io::{self, Write};
use std::process::ExitCode;

// Not `actix_web::main`: migrations need a runtime with several threads.
#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // `eprintln!` would panic where nobody listens.
            let _ = writeln!(io::stderr(), "auth-service: {error}");
            ExitCode::FAILURE
        }
    }
}
