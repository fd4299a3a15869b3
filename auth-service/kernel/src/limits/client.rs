//! Which address a request counts for.

use std::net::{IpAddr, SocketAddr};

use ipnet::{IpNet, Ipv6Net};

/// The address of the client behind the proxies that are trusted.
///
/// `forwarded_for` are the values of `X-Forwarded-For` in the order of their lines, as bytes: what a
/// client wrote there need not be text, and must not hide what proxies appended. They count only
/// where `peer` is a trusted proxy, and are read from the right, for each proxy appends whom it
/// heard: the first address that is no trusted proxy is the client; what stands left of it is the
/// client's own claim. At anything that is no address the last good hop is the answer.
///
/// An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) counts as the IPv4 address that it is.
pub fn client_address(peer: IpAddr, forwarded_for: &[&[u8]], trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut hop = peer.to_canonical();
    let lines = forwarded_for.iter().rev();
    for element in lines.flat_map(|line| line.rsplit(|byte| *byte == b',')) {
        if !is_trusted(&hop) {
            break;
        }
        match parse(element.trim_ascii()) {
            Some(address) => hop = address,
            None => break,
        }
    }
    hop
}

/// The network that an address is counted as: an IPv4 address itself, an IPv6 address its /64,
/// since whoever has one IPv6 address has all of those (RFC 6177). `192.0.2.1`, `2001:db8::/64`.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Net::new_assert(address, 64).trunc().to_string(),
    }
}

/// `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?;
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse();
    let address = address.or_else(|_| hop.parse::<SocketAddr>().map(|hop| hop.ip()));
    address.ok().map(|address| address.to_canonical())
}
