//! Login and signup beside argon2id alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::bench::Bench;
use crate::limits::RawArgon;
use crate::load::{Requests, write_post};
use crate::report::Section;
use crate::subject::{Http, Result};
use crate::world::{PASSWORD, World};

const TIME: Duration = Duration::from_secs(2);

/// More connections than threads that hash, so that these never wait for a request.
const CONNECTIONS: usize = 8;

/// Runs it.
pub(super) fn run(bench: &mut Bench, world: &mut World) -> Result<()> {
    let title = "Login and signup";
    let (mut raw, mut login, mut signup) = (
        RawArgon::new()?,
        logins(world, CONNECTIONS),
        Http::new("signup", world.service.target(), CONNECTIONS, signups()),
    );
    let raced = bench.race(title, TIME, &mut [&mut raw], &mut [&mut login, &mut signup])?;
    if let Some(ratio) = raced.ratio(0, 0) {
        bench.report.figure("login.argon", ratio);
    }
    bench.report.add(Section::raced(title, raced).note(
        "argon2id with 19 MiB and two passes, a thread a core, memory reused: the crate that the \
         service hashes with, alone. Each login is a random account's; each signup makes one.",
    ))
}

/// Logins of one account after the other.
pub fn logins(world: &World, connections: usize) -> Http<'static> {
    let (accounts, turn) = (world.accounts(), Arc::new(AtomicU64::new(0)));
    let requests = move |connection| -> Box<dyn Requests> {
        let turn = turn.clone();
        Box::new(Posts {
            path: "/v1/login",
            address: address(connection),
            body: move || {
                let number = turn.fetch_add(1, Ordering::Relaxed) * STRIDE % accounts + 1;
                credentials(&format!("user-{number}@bench.example"))
            },
        })
    };
    Http::new("login", world.service.target(), connections, requests)
}

/// See `families.rs`.
const STRIDE: u64 = 7_368_787;

fn signups() -> impl FnMut(usize) -> Box<dyn Requests> + Send {
    let turn = Arc::new(AtomicU64::new(0));
    move |connection| {
        let turn = turn.clone();
        Box::new(Posts {
            path: "/v1/signup",
            address: address(connection),
            body: move || {
                let number = turn.fetch_add(1, Ordering::Relaxed);
                credentials(&format!("new-{number}@bench.example"))
            },
        })
    }
}

fn credentials(email: &str) -> String {
    format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#)
}

/// Where a connection's client is: the brake on guessing counts those of one address together.
fn address(connection: usize) -> String {
    format!("198.18.{}.{}", connection / 250, connection % 250)
}

/// Posts of JSON that is made each time.
struct Posts<F> {
    path: &'static str,
    address: String,
    body: F,
}

impl<F: FnMut() -> String + Send> Requests for Posts<F> {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let from = ("x-forwarded-for", self.address.as_str());
        write_post(out, self.path, &[from], &(self.body)());
        Ok(())
    }
}
