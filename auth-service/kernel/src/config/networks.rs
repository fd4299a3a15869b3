//! Networks as people write them, in the form in which addresses are compared.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Deserializer};

/// The prefix of IPv4-mapped IPv6 addresses (RFC 4291 §2.5.5.2), in bits.
const MAPPED: u8 = 96;

/// An IPv4-mapped network counts as the IPv4 network that it is, as its addresses do.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let prefix = v6.prefix_len().checked_sub(MAPPED);
    match (v6.addr().to_ipv4_mapped(), prefix) {
        (Some(address), Some(prefix)) => v4(address, prefix),
        _ => network,
    }
}

fn v4(address: Ipv4Addr, prefix: u8) -> IpNet {
    let network = Ipv4Net::new(address, prefix);
    network.expect("128 bits less 96 are 32 at most").into()
}

/// A list of networks. A single address is the network of that address alone.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let written = Vec::<String>::deserialize(from)?;
    let parse = |text: String| {
        let network = text.parse::<IpNet>();
        let network =
            network.or_else(|why| text.parse::<IpAddr>().map(IpNet::from).map_err(|_| why));
        let wrong = |_| format!("`{text}` is not a network such as 10.0.0.0/8 or fd00::/8");
        network.map(canonical).map_err(wrong)
    };
    let networks: Result<Vec<IpNet>, String> = written.into_iter().map(parse).collect();
    networks.map_err(serde::de::Error::custom)
}
