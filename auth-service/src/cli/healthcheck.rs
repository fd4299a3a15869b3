//! `auth-service healthcheck`: asks the service beside it how it is, for a container engine, in
//! whose image there is no other program.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use kernel::config::Settings;

use super::{Failure, print};
use crate::tls::trusting_itself;

/// How long connecting, and each piece of the answer, may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Succeeds if the service answers 200 at `/readyz`, or at `/livez`.
pub(super) fn run(settings: &Settings, live: bool) -> Result<(), Failure> {
    let path = if live { "/livez" } else { "/readyz" };
    let address = beside(settings.internal_listen);
    if address.port() == 0 {
        return Err("`internal_listen` has no fixed port: set one, so that it can be asked".into());
    }
    let answer = ask(settings, address, path)
        .map_err(|error| format!("nobody answers at {address}: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.starts_with("HTTP/1.1 200 ") {
        true => print(&format!("{}\n", body.trim())),
        false => {
            let status = head.lines().next().unwrap_or_default();
            Err(format!("{path} at {address} says: {status} {}", body.trim()).into())
        }
    }
}

/// Whatever listens on every address listens on loopback too.
fn beside(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
}

/// The answer, whole: the service closes the connection behind it.
fn ask(settings: &Settings, address: SocketAddr, path: &str) -> Result<String, Failure> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    match settings.tls.internal {
        false => exchange(stream, &request),
        true => exchange(trusting_itself(stream)?, &request),
    }
}

fn exchange(mut stream: impl Read + Write, request: &str) -> Result<String, Failure> {
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
