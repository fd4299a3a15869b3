//! The issuer as RFC 8414 §2 wants it: a URL without query and fragment, and the same to the byte
//! wherever it is compared.

use std::net::{IpAddr, Ipv6Addr};

/// The parts of an issuer that rules look at.
#[derive(Debug)]
pub(super) struct Issuer<'a> {
    pub(super) https: bool,
    host: &'a str,
}

impl<'a> Issuer<'a> {
    /// Reads an issuer; the error says what it must be.
    pub(super) fn parse(issuer: &'a str) -> Result<Self, &'static str> {
        let https = issuer.starts_with("https://");
        let rest = issuer
            .strip_prefix("https://")
            .or(issuer.strip_prefix("http://"));
        let rest = rest.ok_or("must begin with https:// (or http:// in dev mode)")?;
        if rest.contains(['?', '#']) {
            return Err("must not have a query or a fragment: leave out `?` and `#`");
        }
        if rest.contains('@') {
            return Err("must not hold a user name or a password: leave out what is before `@`");
        }
        if rest.ends_with('/') {
            return Err("must not end with a slash: leave it out");
        }
        if !rest
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
        {
            return Err("must hold nothing but the characters of a URL: encode the others");
        }
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err("must name its host in small letters: it is compared as text everywhere");
        }
        let host = host(authority).ok_or("must name a host, such as https://auth.example.com")?;
        Ok(Self { https, host })
    }

    /// Whether nobody but this machine can reach it.
    pub(super) fn is_local(&self) -> bool {
        let ip = self.host.parse::<IpAddr>();
        let name = self.host;
        name == "localhost"
            || name.ends_with(".localhost")
            || ip.is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
    }
}

/// Whether this is an origin as browsers write one (RFC 6454 §6.2): no path, no capitals.
pub(super) fn is_origin(text: &str) -> bool {
    let authority = text.split_once("://").map(|(_, rest)| rest);
    let bare = authority.is_some_and(|rest| !rest.contains('/'));
    bare && Issuer::parse(text).is_ok() && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (
                host,
                (!port.is_empty()).then(|| port.strip_prefix(':').unwrap_or_default()),
            )
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let name = |host: &str| {
        let label = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        !host.is_empty() && host.bytes().all(label)
    };
    let valid = (authority.starts_with('[') || name(host))
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    valid.then_some(host)
}
