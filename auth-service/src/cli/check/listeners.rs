//! Whether the addresses of the listeners are free, or taken by this service itself.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use kernel::config::Settings;

use super::Finding;

const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    let runs = serves(settings.internal_listen).unwrap_or(false);
    [
        ("listen", settings.listen),
        ("internal_listen", settings.internal_listen),
    ]
    .map(|(key, address)| judge(settings, key, address, runs))
    .into()
}

fn judge(settings: &Settings, key: &str, address: SocketAddr, runs: bool) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Ok(format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse && runs => {
            Ok(format!("{address} is taken by a service that runs already"))
        }
        Err(error) if error.kind() == ErrorKind::AddrInUse && settings.tls.internal => Ok(format!(
            "{address} is taken: over TLS it is not asked by whom"
        )),
        Err(error) => Err(format!(
            "{address}: {error}; set `{key}` to an address of this machine that nothing else \
             listens on"
        )),
    }
}

/// Whether this service answers there.
fn serves(internal: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&internal, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: check\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    Ok(answer.starts_with("http/1.1 200") && answer.contains("\r\nx-request-id: "))
}
