//! oidc-provider, in one process, for its state is in that process's memory.

use super::node::node;
use super::rotations::Rotations;
use super::{Asked, CONNECTIONS, PEOPLE, Peer};
use crate::deployment::{Service, free_address};
use crate::load::{Answer, in_turn, once, write_form, write_get};
use crate::subject::{Http, Result};
use crate::world::PASSWORD;

const NAME: &str = "oidc-provider";
const TOKEN: &str = "/token";
const REFRESH: &str = "grant_type=refresh_token&client_id=bench";
const API: &str = "&resource=https%3A%2F%2Fapi.example.org";

/// It. Whoever can sign in stands in its code.
pub struct OidcProvider;

impl OidcProvider {
    /// Looks whether it is there.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn prepare() -> Result<Box<dyn Peer>> {
        node(NAME, "server.mjs")?;
        Ok(Box::new(Self))
    }
}

impl Peer for OidcProvider {
    fn start(&self) -> Result<Service> {
        let address = free_address()?;
        let mut command = node(NAME, "server.mjs")?;
        command.env("PORT", address.port().to_string());
        Service::start(command, address, "/jwks")
    }

    fn asked(&self, service: &Service) -> Result<Asked> {
        let target = service.target();
        let (mut bearing, mut refresh_tokens) = (Vec::new(), Vec::new());
        for person in 0..PEOPLE {
            // Without an API the access token is for oidc-provider itself.
            let (access, refresh) = once(service.address, &sign_in(person, ""), tokens)?
                .ok_or("signing in was not answered with tokens")?;
            let mut request = Vec::new();
            let bearer = format!("Bearer {access}");
            write_get(&mut request, "/me", &[("authorization", &bearer)]);
            bearing.push(request);
            refresh_tokens.push(refresh);
        }
        let rotations = Rotations::of(refresh_tokens);
        let sign_ins = (0..PEOPLE).map(|person| sign_in(person, API)).collect();
        let sign_ins = in_turn(sign_ins, CONNECTIONS, |answer| tokens(answer).is_some());
        let refreshes = move |_| rotations.at(TOKEN, REFRESH);
        let bearing = in_turn(bearing, CONNECTIONS, |answer| {
            answer.member("sub").is_some()
        });
        Ok(Asked {
            sign_in: Http::new(NAME, target, CONNECTIONS, sign_ins),
            refresh: Http::new(NAME, target, CONNECTIONS, refreshes),
            checks: vec![Http::new(
                "oidc-provider, userinfo",
                target,
                CONNECTIONS,
                bearing,
            )],
        })
    }
}

fn sign_in(person: usize, resource: &str) -> Vec<u8> {
    let (password, mut request) = (PASSWORD.replace(' ', "+"), Vec::new());
    let form = format!(
        "grant_type=password&client_id=bench{resource}\
         &username=person-{person}@example.org&password={password}"
    );
    write_form(&mut request, TOKEN, &form);
    request
}

fn tokens(answer: &Answer<'_>) -> Option<(String, String)> {
    let (access, refresh) = (
        answer.member("access_token")?,
        answer.member("refresh_token")?,
    );
    Some((access.to_owned(), refresh.to_owned()))
}
