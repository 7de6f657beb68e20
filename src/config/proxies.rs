//! Whose word on a visitor's address is believed.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::reader::Reader;

/// More hops than any sensible chain has.
const MOST_HOPS: usize = 10;

/// What is in front of us, as far as X-Forwarded-For goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedProxies {
    None,
    /// Proxies by address.
    Networks(Vec<IpNet>),
    /// On hosts without fixed addresses: how many hops are ours.
    Hops(usize),
}

impl TrustedProxies {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let networks = reader.parsed("TRUSTED_PROXIES", Vec::new(), |text| {
            let entries = text.split([',', ' ']).filter(|entry| !entry.is_empty());
            entries
                .map(network)
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| "give networks, such as 10.0.0.0/8, 192.168.1.7".to_owned())
        });
        let hops = reader.parsed("TRUSTED_PROXY_HOPS", 0, |text| {
            let hops = text.parse().ok().filter(|hops| *hops <= MOST_HOPS);
            hops.ok_or_else(|| format!("give a number from 0 to {MOST_HOPS}"))
        });
        match (networks.is_empty(), hops) {
            (true, 0) => Self::None,
            (true, hops) => Self::Hops(hops),
            (false, 0) => Self::Networks(networks),
            (false, _) => {
                reader.problem(
                    "TRUSTED_PROXY_HOPS",
                    "TRUSTED_PROXIES is set as well. Set one of them",
                );
                Self::None
            }
        }
    }

    /// The visitor's address: that of `peer`, or what the proxies that we
    /// trust say about it. `forwarded` are the entries of all
    /// X-Forwarded-For lines in order; they are believed from the right.
    pub fn client(&self, peer: IpAddr, forwarded: &[&str]) -> IpAddr {
        let peer = plain(peer);
        match self {
            Self::None => peer,
            Self::Networks(networks) => {
                let ours =
                    |address: &IpAddr| networks.iter().any(|network| network.contains(address));
                let mut client = peer;
                for entry in forwarded.iter().rev() {
                    match address(entry) {
                        Some(next) if ours(&client) => client = next,
                        _ => break,
                    }
                }
                client
            }
            // The nearest proxy wrote the last entry, the one before it the
            // entry before: with n hops of ours the n-th from the right.
            Self::Hops(hops) => {
                let entry = forwarded
                    .len()
                    .checked_sub(*hops)
                    .and_then(|at| forwarded.get(at));
                entry.and_then(|entry| address(entry)).unwrap_or(peer)
            }
        }
    }

    /// Whether what this peer says of others is believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        match self {
            Self::None => false,
            Self::Networks(networks) => networks
                .iter()
                .any(|network| network.contains(&plain(peer))),
            Self::Hops(_) => true,
        }
    }
}

fn network(text: &str) -> Option<IpNet> {
    let network: Option<IpNet> = text.parse().ok();
    network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.parse::<IpAddr>().ok();
    let with_port = || {
        entry
            .parse::<std::net::SocketAddr>()
            .ok()
            .map(|socket| socket.ip())
    };
    let bracketed = || {
        entry
            .strip_prefix('[')?
            .strip_suffix(']')?
            .parse::<Ipv6Addr>()
            .ok()
            .map(IpAddr::V6)
    };

    bare.or_else(with_port).or_else(bracketed).map(plain)
}

/// An IPv4 address that arrived through an IPv6 socket is an IPv4 address.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn networks(text: &str) -> TrustedProxies {
        TrustedProxies::Networks(
            text.split(',')
                .map(|entry| network(entry).unwrap())
                .collect(),
        )
    }

    #[test]
    fn nobody_is_believed_by_default() {
        let client = TrustedProxies::None.client(ip("10.0.0.1"), &["1.2.3.4"]);
        assert_eq!(client, ip("10.0.0.1"));
    }

    #[test]
    fn entries_are_believed_from_the_right_as_far_as_proxies_are_ours() {
        let proxies = networks("10.0.0.0/8");
        let client = |forwarded: &[&str]| proxies.client(ip("10.0.0.1"), forwarded);

        assert_eq!(
            client(&["6.6.6.6", "1.2.3.4"]),
            ip("1.2.3.4"),
            "the left one is anyone's claim"
        );
        assert_eq!(client(&["1.2.3.4", "10.9.9.9"]), ip("1.2.3.4"));
        assert_eq!(client(&["rubbish", "10.9.9.9"]), ip("10.9.9.9"));
        assert_eq!(client(&[]), ip("10.0.0.1"));
        assert_eq!(
            proxies.client(ip("9.9.9.9"), &["1.2.3.4"]),
            ip("9.9.9.9"),
            "a peer that is not ours"
        );
    }

    #[test]
    fn hops_count_from_the_right() {
        let client =
            |hops, forwarded: &[&str]| TrustedProxies::Hops(hops).client(ip("10.0.0.1"), forwarded);

        assert_eq!(client(1, &["6.6.6.6", "1.2.3.4"]), ip("1.2.3.4"));
        assert_eq!(
            client(2, &["6.6.6.6", "1.2.3.4", "10.0.0.2"]),
            ip("1.2.3.4")
        );
        assert_eq!(
            client(3, &["1.2.3.4"]),
            ip("10.0.0.1"),
            "fewer entries than hops"
        );
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_understood() {
        let proxies = networks("::ffff:10.0.0.1,10.0.0.1");
        let client = |entry| proxies.client(ip("::ffff:10.0.0.1"), &[entry]);

        assert_eq!(client("1.2.3.4:5678"), ip("1.2.3.4"));
        assert_eq!(client("[2001:db8::1]:443"), ip("2001:db8::1"));
        assert_eq!(client("[2001:db8::1]"), ip("2001:db8::1"));
        assert_eq!(client("::ffff:1.2.3.4"), ip("1.2.3.4"));
    }
}
