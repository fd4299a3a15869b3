//! What is measured, a suite a file: each races the service against its limits, and reports the
//! figures that `goals.rs` asks for.

mod busy;
mod footprint;
mod growth;
mod mirror;
mod peers;
mod pruning;
mod refresh;
mod sign_in;
mod sqlite;
mod storage;
mod tokens;
mod web;

use crate::bench::Bench;
use crate::subject::Result;
use crate::world::World;

pub use refresh::refreshes;
pub use sign_in::logins;
pub use web::bearing;

/// A suite: its name, and what it does.
pub type Suite = (&'static str, fn(&mut Bench, &mut World) -> Result<()>);

/// Every suite on the service in production mode, in the order in which they run.
pub const SUITES: &[Suite] = &[
    ("refresh", refresh::run),
    ("sign-in", sign_in::run),
    ("web", web::run),
    ("tokens", tokens::run),
    ("sqlite", sqlite::run),
    ("overload", busy::run),
    ("footprint", footprint::run),
    ("mirror", mirror::run),
    ("pruning", pruning::run),
    ("peers", peers::run),
    ("growth", growth::run),
];
