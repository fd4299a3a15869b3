//! // I18

use std::net::IpAddr;

use crate::limits::{client_address, network};

#[test]
fn only_a_trusted_proxy_says_who_the_client_is() {
    let trusted = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
    let table: &[(&str, &[&str], &str)] = &[
        // no proxy: the header is the client's own claim
        ("203.0.113.9", &["198.51.100.7"], "203.0.113.9"),
        ("2001:db8::9", &["198.51.100.7"], "2001:db8::9"),
        ("::ffff:203.0.113.9", &[], "203.0.113.9"),
        // one proxy
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
        ("::ffff:10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
        ("fd00::1", &["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", &["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", &["10.6.6.6, 198.51.100.7"], "198.51.100.7"),
        // two proxies, on one line or two
        (
            "10.0.0.1",
            &["6.6.6.6, 198.51.100.7,10.0.0.2"],
            "198.51.100.7",
        ),
        (
            "10.0.0.1",
            &["6.6.6.6, 198.51.100.7", "10.0.0.2"],
            "198.51.100.7",
        ),
        ("10.0.0.1", &["198.51.100.7", "fd00::2"], "198.51.100.7"),
        // proxies alone: the one farthest out
        ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        // notations
        ("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
        ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7"),
        (
            "10.0.0.1",
            &["198.51.100.7,::ffff:10.0.0.2"],
            "198.51.100.7",
        ),
        // garbage: the last good hop
        ("10.0.0.1", &[""], "10.0.0.1"),
        ("10.0.0.1", &["unknown"], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.7, _hidden, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", &["198.51.100.7,,10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", &["198.51.100.7, 10.0.0.2,"], "10.0.0.1"),
        (
            "10.0.0.1",
            &["[", "]", "[]", "[]:1", "[10.0.0.2", "1.2.3.4:99999"],
            "10.0.0.1",
        ),
        (
            "10.0.0.1",
            &["198.51.100.7\r\nfoo", "\u{1b}[31m"],
            "10.0.0.1",
        ),
    ];
    for (peer, forwarded_for, client) in table {
        let client: IpAddr = client.parse().unwrap();
        let lines: Vec<&[u8]> = forwarded_for.iter().map(|line| line.as_bytes()).collect();
        let found = client_address(peer.parse().unwrap(), &lines, &trusted);
        assert_eq!(found, client, "{peer} with {forwarded_for:?}");
        let found = client_address(peer.parse().unwrap(), &lines, &[]);
        let peer: IpAddr = peer.parse().unwrap();
        assert_eq!(found, peer.to_canonical(), "with no proxy trusted");
    }
}

// I29
#[test]
fn bytes_that_are_no_text_hide_nobody() {
    let trusted = ["10.0.0.0/8".parse().unwrap()];
    for (lines, client) in [
        (&[&b"\xff, 198.51.100.7"[..]][..], "198.51.100.7"),
        (&[b"\xff\xfe", b"198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        (&[b"6.6.6.6, \xc3\x28,198.51.100.7"], "198.51.100.7"),
        (&[b"198.51.100.7, \xff"], "10.0.0.1"),
        (&[b"\xff"], "10.0.0.1"),
    ] {
        let found = client_address("10.0.0.1".parse().unwrap(), lines, &trusted);
        assert_eq!(found.to_string(), client, "{lines:?}");
    }
}

#[test]
fn an_ipv6_address_counts_as_its_64() {
    let table = [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
    ];
    for (address, name) in table {
        assert_eq!(network(address.parse().unwrap()), name);
    }
}
