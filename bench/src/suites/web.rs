//! What costs neither a write nor a hash, beside actix alone and beside verification alone.

use std::time::Duration;

use crate::bench::Bench;
use crate::limits::{Document, LimitServer};
use crate::load::{Requests, Same, in_turn, once, write_get};
use crate::report::Section;
use crate::subject::{Http, Result};
use crate::world::World;

const TIME: Duration = Duration::from_millis(1500);
const CONNECTIONS: usize = 8;
/// Access tokens that a connection presents in turn: fewer in all than the service keeps.
const TOKENS: usize = 100;
const KEYS: &str = "/.well-known/jwks.json";

/// Runs it.
pub(super) fn run(bench: &mut Bench, world: &mut World) -> Result<()> {
    let title = "Verify, me and the key set";
    let tokens = world.access_tokens(CONNECTIONS * TOKENS)?;
    let mut request = Vec::new();
    write_get(&mut request, KEYS, &[]);
    let document = once(world.service.address, &request, Document::like)?;
    let folder = tempfile::tempdir()?;
    let server = LimitServer::start(folder.path(), &document)?;
    let mut empty = server.route("empty handler", "/empty", CONNECTIONS);
    let mut fixed = server.route("static route", "/static", CONNECTIONS);
    let mut verify = bearing(world, "/v1/verify", &tokens);
    let mut me = bearing(world, "/v1/me", &tokens);
    let keys = |_| -> Box<dyn Requests> { Box::new(Same::get(KEYS, &[])) };
    let mut jwks = Http::new("JWKS", world.service.target(), CONNECTIONS, keys);
    let raced = bench.race(
        title,
        TIME,
        &mut [&mut empty, &mut fixed],
        &mut [&mut verify, &mut me, &mut jwks],
    )?;
    for (key, subject, limit) in [("web.verify", 0, 0), ("web.jwks", 2, 1)] {
        if let Some(ratio) = raced.ratio(subject, limit) {
            bench.report.figure(key, ratio);
        }
    }
    bench.report.add(Section::raced(title, raced).note(format!(
        "{CONNECTIONS} connections, {} access tokens in turn, all verified before: their \
         signatures are remembered, whether they are revoked is asked each time. `/v1/me` reads \
         the account from the database. The load generator's own time is in every rate, the \
         server's alone in the column of processor time.",
        tokens.len()
    )))
}

/// `GET`s of a path by whoever holds these tokens, a share of them a connection.
pub fn bearing(world: &World, path: &'static str, tokens: &[String]) -> Http<'static> {
    let written = tokens.iter().map(|token| {
        let mut request = Vec::new();
        let bearer = format!("Bearer {token}");
        write_get(&mut request, path, &[("authorization", &bearer)]);
        request
    });
    let requests = in_turn(written.collect(), CONNECTIONS, |_| true);
    Http::new(path, world.service.target(), CONNECTIONS, requests)
}
