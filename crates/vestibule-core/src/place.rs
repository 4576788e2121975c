//! Where a network address is, as its owner would say it. A label for people's eyes; nothing is decided by it.

use std::net::{IpAddr, Ipv4Addr};

/// A place in words, as exactly as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// No address is known.
    Unknown,
    /// The machine that the server runs on.
    ThisMachine,
    /// A network that the internet does not reach: at home, in an office, behind a provider's translation.
    LocalNetwork,
    /// Somewhere on the internet; nothing more is known than the address.
    Address(IpAddr),
    /// In a country.
    Located(Located),
}

/// What a list of networks says of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The country.
    pub country: Country,
    /// The city's name in the language that was asked for, or in English.
    pub city: Option<String>,
}

/// A country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2: 'DE'.
    pub code: String,
    /// Its name in the language that was asked for, or in English; its code if it has neither.
    pub name: String,
}

impl Place {
    /// What the address itself tells.
    pub fn of(address: Option<IpAddr>) -> Self {
        // An IPv4 address may come in an IPv6 one's clothes (RFC 4291 §2.5.5.2).
        let Some(address) = address.map(|address| address.to_canonical()) else {
            return Self::Unknown;
        };
        if address.is_unspecified() {
            Self::Unknown
        } else if address.is_loopback() {
            Self::ThisMachine
        } else if is_local(address) {
            Self::LocalNetwork
        } else {
            Self::Address(address)
        }
    }

    /// And what a list of networks knows beyond it. The list is asked only for addresses of the internet.
    #[must_use]
    pub fn located(self, locate: impl FnOnce(IpAddr) -> Option<Located>) -> Self {
        match self {
            Self::Address(address) => locate(address).map_or(self, Self::Located),
            known => known,
        }
    }
}

fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || is_shared(v4),
        // RFC 4193, RFC 4291 §2.5.6
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// 100.64.0.0/10, between a provider's translation and its customers (RFC 6598).
fn is_shared(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && second & 0b1100_0000 == 64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(address: &str) -> Place {
        Place::of(Some(address.parse().unwrap()))
    }

    #[test]
    fn this_machine_and_local_networks_have_words() {
        for address in ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(place(address), Place::ThisMachine, "{address}");
        }
        for address in [
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.2",
            "169.254.1.1",
            "100.64.0.0",
            "100.127.255.255",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "::ffff:192.168.1.2",
        ] {
            assert_eq!(place(address), Place::LocalNetwork, "{address}");
        }
    }

    #[test]
    fn every_other_address_is_one_of_the_internet() {
        for address in [
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.0",
            "192.0.2.7",
            "198.51.100.1",
            "2001:db8::1",
            "fec0::1",
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(place(address), Place::Address(parsed), "{address}");
        }
        assert_eq!(
            place("::ffff:192.0.2.7"),
            Place::Address("192.0.2.7".parse().unwrap())
        );
    }

    #[test]
    fn no_address_is_no_place() {
        assert_eq!(Place::of(None), Place::Unknown);
        assert_eq!(place("0.0.0.0"), Place::Unknown);
        assert_eq!(place("::"), Place::Unknown);
    }

    #[test]
    fn a_list_is_asked_only_for_addresses_of_the_internet() {
        let located = Located {
            country: Country {
                code: "DE".into(),
                name: "Germany".into(),
            },
            city: None,
        };
        for address in ["127.0.0.1", "10.0.0.1", "::"] {
            let asked = place(address).located(|_| panic!("asked for {address}"));
            assert_eq!(asked, place(address));
        }
        assert_eq!(
            place("::ffff:192.0.2.7").located(|address| {
                assert_eq!(address, "192.0.2.7".parse::<IpAddr>().unwrap());
                Some(located.clone())
            }),
            Place::Located(located)
        );
        assert_eq!(
            place("192.0.2.7").located(|_| None),
            Place::Address("192.0.2.7".parse().unwrap())
        );
    }
}
