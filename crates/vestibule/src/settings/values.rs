//! How a setting's value is written: durations, sizes, addresses to listen on, trusted proxies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

/// Units of a duration, largest first, in seconds.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Reads `30s`, `30m`, `12h` or `14d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, seconds) = UNITS.into_iter().find(|(name, _)| *name == unit.trim())?;
    let number: u64 = number.parse().ok()?;
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// Writes a duration in its largest whole unit.
pub fn show_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit, size) = UNITS
        .into_iter()
        .find(|(_, size)| seconds >= *size && seconds.is_multiple_of(*size))
        .unwrap_or(("s", 1));
    format!("{}{unit}", seconds / size)
}

/// Reads `19 MiB`, `1 GiB` or `512 KiB` as KiB.
pub fn parse_kib(text: &str) -> Option<u32> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "KiB" => 1,
        "MiB" => 1024,
        "GiB" => 1024 * 1024,
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(factor)
}

/// Writes KiB in its largest whole unit.
pub fn show_kib(kib: u32) -> String {
    match kib {
        whole if whole.is_multiple_of(1024 * 1024) => format!("{} GiB", whole / 1024 / 1024),
        whole if whole.is_multiple_of(1024) => format!("{} MiB", whole / 1024),
        kib => format!("{kib} KiB"),
    }
}

/// Reads an address to listen on; `localhost:PORT` is both loopback addresses.
pub fn parse_listen(text: &str) -> Option<Vec<SocketAddr>> {
    if let Some(port) = text.strip_prefix("localhost:") {
        let port = port.parse().ok()?;
        return Some(vec![
            SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
            SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port),
        ]);
    }
    text.parse().ok().map(|address| vec![address])
}

/// Reads an IP address or a network in CIDR form.
pub fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>()
        .map(|network| network.trunc())
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .ok()
}

/// Writes a network, a single address without its prefix length.
pub fn show_network(network: &IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}

/// Whether it is a host's name or an IPv4 address.
pub fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Whether it is an https URL that may stand in a page as it is.
pub fn is_https_url(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let plain = |c: u8| c.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&c);
    text.len() <= 2000
        && is_host(&host.to_ascii_lowercase())
        && port.parse::<u16>().is_ok()
        && rest.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_write() {
        for (text, seconds) in [
            ("45s", 45),
            ("30m", 1800),
            ("12h", 43_200),
            ("14d", 1_209_600),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_secs(seconds)));
            assert_eq!(show_duration(Duration::from_secs(seconds)), text);
        }
        assert_eq!(parse_duration("2 h"), Some(Duration::from_hours(2)));
        assert_eq!(show_duration(Duration::ZERO), "0s");
        for bad in [
            "",
            "30",
            "m",
            "-1m",
            "1.5h",
            "30min",
            "1h30m",
            "99999999999999999999d",
            "999999999999999999d",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_read_and_write() {
        for (text, kib) in [
            ("19 MiB", 19 * 1024),
            ("1 GiB", 1024 * 1024),
            ("65 KiB", 65),
        ] {
            assert_eq!(parse_kib(text), Some(kib));
            assert_eq!(show_kib(kib), text);
        }
        assert_eq!(parse_kib("19MiB"), Some(19 * 1024));
        for bad in ["19", "19 MB", "MiB", "-1 MiB", "9999999 GiB"] {
            assert_eq!(parse_kib(bad), None, "{bad}");
        }
    }

    #[test]
    fn localhost_is_both_loopback_addresses() {
        let both = parse_listen("localhost:80").unwrap();
        assert_eq!(
            both,
            ["127.0.0.1:80".parse().unwrap(), "[::1]:80".parse().unwrap()]
        );
        assert_eq!(parse_listen("example.test:80"), None);
        assert_eq!(parse_listen("8080"), None);
    }

    #[test]
    fn networks_read_with_and_without_a_prefix() {
        assert_eq!(
            show_network(&parse_network("10.1.2.3/8").unwrap()),
            "10.0.0.0/8"
        );
        assert_eq!(show_network(&parse_network("::1").unwrap()), "::1");
        assert!(parse_network("10.0.0.0/33").is_none());
        assert!(parse_network("proxy.example.test").is_none());
    }

    /// Holds: ASVS 1.2.2
    #[test]
    fn asvs_1_2_2_a_link_is_https_and_whole() {
        for good in [
            "https://example.test",
            "https://example.test:8443/terms?language=de#top",
            "https://example.test/%C3%BC",
        ] {
            assert!(is_https_url(good), "{good}");
        }
        for bad in [
            "",
            "http://example.test",
            "javascript:alert(1)",
            "https://",
            "https://user@example.test",
            "https://example.test/a b",
            "https://example.test/\"onclick=",
            "https://example.test:x/",
            "https://b\u{fc}cher.test/",
        ] {
            assert!(!is_https_url(bad), "{bad}");
        }
    }
}
