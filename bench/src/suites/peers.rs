//! The service beside others that do the same work: refreshing, signing in, asking who is signed
//! in; how soon they serve, and what memory they take.

use std::time::Duration;

use super::{bearing, logins, refreshes};
use crate::bench::Bench;
use crate::deployment::Service;
use crate::machine;
use crate::peers::{Asked, BetterAuth, CONNECTIONS, OidcProvider, Peer};
use crate::report::{Section, number};
use crate::rounds::Raced;
use crate::statistics::Summary;
use crate::subject::{Result, Subject};
use crate::world::World;

const TIME: Duration = Duration::from_secs(2);

/// One of the others.
struct Other {
    name: &'static str,
    prepare: fn() -> Result<Box<dyn Peer>>,
    /// Whether its refresh waits for a disk, and so compares with ours that does.
    waits: bool,
}

const OTHERS: [Other; 2] = [
    Other {
        name: "better-auth",
        prepare: BetterAuth::prepare,
        waits: true,
    },
    Other {
        name: "oidc-provider",
        prepare: OidcProvider::prepare,
        waits: false,
    },
];

/// One that is measured, running.
struct Running<A> {
    other: A,
    service: Service,
    /// Milliseconds to its first 200.
    starts: Summary,
    /// MiB, a second after its start.
    idle: f64,
}

/// A peer that is running, and what it is asked.
type Measured = Running<(&'static Other, Asked)>;

/// Runs it. One that is not installed is named where nobody can miss it; the rest is measured.
pub(super) fn run(bench: &mut Bench, world: &mut World) -> Result<()> {
    let ours = Running::begin(bench, (), || world.waiting())?;
    let mut peers = Vec::new();
    for other in &OTHERS {
        match measured(bench, other) {
            Ok(peer) => peers.push(peer),
            Err(why) => {
                let name = other.name;
                bench.say(&format!("{name} IS NOT MEASURED: {why}"));
                let missing = format!("**{name} was not measured**: {why}");
                bench.report.setting.push(missing);
            }
        }
    }
    refresh(bench, world, &ours.service, &mut peers)?;
    sign_in(bench, world, &ours.service, &mut peers)?;
    check(bench, world, &ours.service, &mut peers)?;
    footprint(bench, &ours, &peers)
}

fn measured(bench: &Bench, other: &'static Other) -> Result<Measured> {
    bench.say(&format!("setting up {}", other.name));
    let peer = (other.prepare)()?;
    let running = Running::begin(bench, other, || peer.start())?;
    let asked = peer.asked(&running.service)?;
    Ok(Running {
        other: (other, asked),
        service: running.service,
        starts: running.starts,
        idle: running.idle,
    })
}

impl<A> Running<A> {
    /// Starts it some times; the last stays.
    fn begin(bench: &Bench, other: A, mut start: impl FnMut() -> Result<Service>) -> Result<Self> {
        let mut starts = Vec::new();
        for _ in 1..if bench.quick { 2 } else { 5 } {
            starts.push(start()?.started_in);
        }
        let service = start()?;
        starts.push(service.started_in);
        std::thread::sleep(Duration::from_secs(1));
        let millis = starts.iter().map(|time| time.as_secs_f64() * 1e3);
        Ok(Self {
            other,
            starts: Summary::of(millis).ok_or("it was not started")?,
            idle: machine::resident_mib(service.pid())?,
            service,
        })
    }
}

fn refresh(
    bench: &mut Bench,
    world: &World,
    waiting: &Service,
    peers: &mut [Measured],
) -> Result<()> {
    let title = "Refresh beside others";
    let ours =
        |service: &Service, name| refreshes(world, service, CONNECTIONS).at(service.target(), name);
    let mut waits = ours(waiting, "ours, fsync");
    let mut going_on = ours(&world.service, "ours, synchronous_commit=off");
    let ours: &mut [&mut dyn Subject] = &mut [&mut waits, &mut going_on];
    let raced = bench.race(
        title,
        TIME,
        &mut limits(peers, |asked| &mut asked.refresh),
        ours,
    )?;
    let beside = |other: &Other| if other.waits { 0 } else { 1 };
    figures(bench, "refresh", &raced, peers, beside);
    bench.report.add(Section::raced(title, raced).note(
        "Each rotates a refresh token and answers an ES256 access token that others can verify. \
         better-auth: its OAuth provider on the same PostgreSQL, where every commit waits for the \
         disk. oidc-provider: in its own memory, lost when it ends; it compares with ours with \
         `synchronous_commit=off`, for neither waits.",
    ))
}

fn sign_in(
    bench: &mut Bench,
    world: &World,
    waiting: &Service,
    peers: &mut [Measured],
) -> Result<()> {
    let title = "Sign-in beside others";
    let mut ours = logins(world, CONNECTIONS).at(waiting.target(), "ours");
    let limits = &mut limits(peers, |asked| &mut asked.sign_in);
    let raced = bench.race(title, TIME, limits, &mut [&mut ours])?;
    figures(bench, "login", &raced, peers, |_| 0);
    bench.report.add(Section::raced(title, raced).note(
        "Email and password, argon2id with m=19456, t=2, p=1 for all. better-auth makes a session \
         in PostgreSQL; oidc-provider an access and a refresh token in memory, by a custom grant.",
    ))
}

/// Access tokens that ours is asked with.
const TOKENS: usize = 64;

fn check(
    bench: &mut Bench,
    world: &World,
    waiting: &Service,
    peers: &mut [Measured],
) -> Result<()> {
    let title = "Session check beside others";
    let tokens = world.access_tokens(TOKENS)?;
    let ours = |path, name| bearing(world, path, &tokens).at(waiting.target(), name);
    let mut verify = ours("/v1/verify", "ours, /v1/verify");
    let mut me = ours("/v1/me", "ours, /v1/me");
    let checks = peers.iter_mut().flat_map(|peer| &mut peer.other.1.checks);
    let mut limits: Vec<_> = checks.map(|one| one as &mut dyn Subject).collect();
    let ours: &mut [&mut dyn Subject] = &mut [&mut verify, &mut me];
    let raced = bench.race(title, TIME, &mut limits, ours)?;
    bench.report.add(Section::raced(title, raced).note(
        "Like stands beside like: `/v1/verify` and better-auth's cookie cache read no database, \
         though only `/v1/verify` knows of a revocation; `/v1/me` and better-auth without its \
         cache read it once. oidc-provider looks an opaque token up in its memory.",
    ))
}

fn footprint(bench: &mut Bench, ours: &Running<()>, peers: &[Measured]) -> Result<()> {
    let loaded = machine::resident_mib(ours.service.pid())?;
    let mut rows = vec![row("ours, on PostgreSQL and Redis", ours, loaded)];
    for peer in peers {
        let (other, memory) = (peer.other.0, machine::resident_mib(peer.service.pid())?);
        let ratio = Summary::once(loaded / memory);
        bench
            .report
            .figure(format!("peers.memory.{}", other.name), ratio);
        rows.push(row(other.name, peer, memory));
    }
    let head = ["", "start ms", "MiB idle", "MiB after load"];
    bench.report.add(Section::new("Start and memory beside others").table(head, rows).note(
        "From the start to the first 200 for the key set; then idle for a second; then after the \
         load of the sections before. Memory is that of all processes of each, what they share of \
         files counted once.",
    ))
}

fn row<A>(name: &str, running: &Running<A>, loaded: f64) -> [String; 4] {
    let Summary { median, low, high } = running.starts;
    let starts = format!("{} ({} to {})", number(median), number(low), number(high));
    [
        name.to_owned(),
        starts,
        number(running.idle),
        number(loaded),
    ]
}

fn limits<'a, S: Subject + 'a>(
    peers: &'a mut [Measured],
    one: impl Fn(&'a mut Asked) -> &'a mut S,
) -> Vec<&'a mut dyn Subject> {
    let one = |peer: &'a mut Measured| one(&mut peer.other.1) as &mut dyn Subject;
    peers.iter_mut().map(one).collect()
}

/// Ours beside each: the subject that `ours` tells, as `peers.WHAT.NAME`.
fn figures(
    bench: &mut Bench,
    what: &str,
    raced: &Raced,
    peers: &[Measured],
    ours: impl Fn(&Other) -> usize,
) {
    for (limit, peer) in peers.iter().enumerate() {
        let other = peer.other.0;
        if let Some(ratio) = raced.ratio(ours(other), limit) {
            bench
                .report
                .figure(format!("peers.{what}.{}", other.name), ratio);
        }
    }
}
