//! better-auth on Postgres, in two processes.

use std::io;
use std::process::Stdio;

use serde::Deserialize;

use super::node::node;
use super::rotations::Rotations;
use super::{Asked, CONNECTIONS, PEOPLE, Peer};
use crate::database::{Commit, Database};
use crate::deployment::{Service, free_address};
use crate::load::{Answer, in_turn, once, write_get, write_post};
use crate::subject::{Http, Result};
use crate::world::PASSWORD;

const NAME: &str = "better-auth";
const SIGN_IN: &str = "/api/auth/sign-in/email";
const REFRESH: &str =
    "grant_type=refresh_token&client_id=bench&resource=https%3A%2F%2Fapi.example.org";

/// It, with a database full of people.
pub struct BetterAuth {
    /// What it is configured by, beside its port.
    environment: Vec<(&'static str, String)>,
    people: Vec<Person>,
}

/// What `seed.mjs` tells of somebody.
#[derive(Clone, Deserialize)]
struct Person {
    email: String,
    refresh_token: String,
}

impl BetterAuth {
    /// Makes its database and fills it.
    ///
    /// # Errors
    /// When it is not installed, or does not hash at our cost.
    pub fn prepare() -> Result<Box<dyn Peer>> {
        let mut seed = node(NAME, "seed.mjs")?;
        let database = Database::create("better_auth")?;
        let environment = vec![
            ("DATABASE_URL", database.url(Commit::Waits)),
            (
                "BETTER_AUTH_SECRET",
                "of the benchmark, and 32 characters".into(),
            ),
        ];
        seed.envs(environment.clone())
            .args([&PEOPLE.to_string(), PASSWORD])
            .stdin(Stdio::null());
        let output = seed.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let hashes = "SELECT DISTINCT substring(password FROM '^.*[$]v=.*p=[0-9]+') FROM account";
        match database.sql(hashes, &[])?.as_str() {
            "$argon2id$v=19$m=19456,t=2,p=1" => Ok(Box::new(Self {
                environment,
                people: serde_json::from_slice(&output.stdout)?,
            })),
            other => Err(format!("it hashes as {other}").into()),
        }
    }

    /// The cookies that signing in gives.
    fn cookies(&self, service: &Service) -> Result<Vec<String>> {
        let cookie = |person: &Person| {
            once(service.address, &sign_in(person), |answer| {
                let set = answer.headers("set-cookie").into_iter();
                let pairs: Vec<_> = set.filter_map(|line| line.split(';').next()).collect();
                pairs.join("; ")
            })
        };
        Ok(self.people.iter().map(cookie).collect::<io::Result<_>>()?)
    }
}

impl Peer for BetterAuth {
    fn start(&self) -> Result<Service> {
        let address = free_address()?;
        let mut command = node(NAME, "server.mjs")?;
        command
            .envs(self.environment.clone())
            .env("PORT", address.port().to_string());
        Service::start(command, address, "/api/auth/jwks")
    }

    fn asked(&self, service: &Service) -> Result<Asked> {
        let target = service.target();
        let rotations = Rotations::of(self.people.iter().map(|one| one.refresh_token.clone()));
        let sign_ins = self.people.iter().map(sign_in).collect();
        let cookies = self.cookies(service)?;
        let check = |name: &str, path: &'static str, accept: fn(&Answer<'_>) -> bool| {
            let written = |cookie: &String| {
                let mut request = Vec::new();
                write_get(&mut request, path, &[("cookie", cookie)]);
                request
            };
            let requests = cookies.iter().map(written).collect();
            Http::new(
                name,
                target,
                CONNECTIONS,
                in_turn(requests, CONNECTIONS, accept),
            )
        };
        let signed_in = |answer: &Answer<'_>| answer.member("token").is_some();
        let sign_ins = in_turn(sign_ins, CONNECTIONS, signed_in);
        let refreshes = move |_| rotations.at("/api/auth/oauth2/token", REFRESH);
        Ok(Asked {
            sign_in: Http::new(NAME, target, CONNECTIONS, sign_ins),
            refresh: Http::new(NAME, target, CONNECTIONS, refreshes),
            checks: vec![
                // What it did not read from the cookie it would set anew.
                check(
                    "better-auth, from its cookie",
                    "/api/auth/get-session",
                    |answer| known(answer) && answer.headers("set-cookie").is_empty(),
                ),
                check(
                    "better-auth, from its database",
                    "/api/auth/get-session?disableCookieCache=true",
                    |answer| known(answer) && !answer.headers("set-cookie").is_empty(),
                ),
            ],
        })
    }
}

fn sign_in(person: &Person) -> Vec<u8> {
    let (email, mut request) = (&person.email, Vec::new());
    let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#);
    write_post(&mut request, SIGN_IN, &[], &body);
    request
}

/// Nobody signed in is `null`, with 200 too.
fn known(answer: &Answer<'_>) -> bool {
    answer.status == 200 && answer.member("email").is_some()
}
