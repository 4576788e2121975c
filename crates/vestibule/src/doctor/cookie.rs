//! Can the cookies be set on the hosts that browsers are sent to?

use std::net::IpAddr;

use url::{Host, Url};

use super::Patient;
use super::finding::Finding;

const CHECK: &str = "cookie";
const WHY: &str = "a login is kept in a cookie; where a browser does not take it, people come back to the sign-in \
                   page";

/// By the hosts' names alone; what a browser really takes is tried by `--url`.
pub fn check(patient: &Patient<'_>) -> Vec<Finding> {
    patient.public_urls().iter().map(judge).collect()
}

fn judge(url: &Url) -> Finding {
    let fault = |what: String, change: String| Finding::fault(CHECK, what, WHY, change);
    let host = url.host_str().unwrap_or_default();
    let https = url.scheme() == "https";
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if !https && !is_loopback {
        return fault(
            format!(
                "{url} is plain http, and not on loopback: no browser takes a Secure or __Host- cookie there"
            ),
            format!(
                "reach it by https://{host}: end TLS there, and write https in server.issuer or the application's \
                 origin"
            ),
        );
    }
    if host.contains('_') {
        return fault(
            format!(
                "{host} has an underscore in it, which no host name has (RFC 952): some browsers and proxies keep no \
                 cookie for it, and hardly any authority certifies it"
            ),
            format!("use a name without, such as {}", host.replace('_', "-")),
        );
    }
    if host.ends_with('.') {
        return fault(
            format!(
                "{host} ends in a dot: to a browser that is another host than without, with other cookies"
            ),
            format!("write {}", host.trim_end_matches('.')),
        );
    }
    if https && !is_loopback && host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return fault(
            format!(
                "{host} is an address and no name: cookies go by names, certificates for addresses are rare, and \
                 passkeys cannot be had there"
            ),
            "give the host a name, and write it in server.issuer or the application's origin"
                .to_owned(),
        );
    }
    if is_public_suffix(host) {
        return fault(
            format!(
                "{host} is a name under which strangers have theirs: to browsers it is no site, and they keep no \
                 cookie that is more than this host's"
            ),
            "use a name below it that is yours alone".to_owned(),
        );
    }
    Finding::good(CHECK, format!("browsers keep cookies of {host}"))
}

/// The commonest names that look like one's own and are a registry's (publicsuffix.org has them all).
fn is_public_suffix(host: &str) -> bool {
    const SHARED: [&str; 24] = [
        "appspot.com",
        "azurewebsites.net",
        "cloudfront.net",
        "co.jp",
        "co.nz",
        "co.uk",
        "com.au",
        "com.br",
        "duckdns.org",
        "dyndns.org",
        "fly.dev",
        "github.io",
        "gitlab.io",
        "herokuapp.com",
        "netlify.app",
        "ngrok.io",
        "onrender.com",
        "org.uk",
        "pages.dev",
        "run.app",
        "vercel.app",
        "web.app",
        "workers.dev",
        "nip.io",
    ];
    const TOP: [&str; 12] = [
        "app", "at", "ch", "com", "de", "dev", "eu", "fr", "io", "net", "org", "uk",
    ];
    SHARED.contains(&host) || TOP.contains(&host)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn a_host_that_keeps_no_cookie_is_named_with_what_to_write() {
        for (url, change) in [
            ("http://id.example.test/", "https://id.example.test"),
            ("https://id_one.example.test/", "id-one.example.test"),
            ("https://192.0.2.1/", "a name"),
            ("https://[2001:db8::1]/", "a name"),
            ("https://github.io/", "below it"),
            ("https://co.uk/", "below it"),
            ("https://id.example.test./", "id.example.test"),
        ] {
            let found = judge(&Url::parse(url).unwrap());
            assert_eq!(found.verdict, Verdict::Fault, "{url}");
            assert!(found.change.unwrap().contains(change), "{url}");
        }
        for url in [
            "https://id.example.test/",
            "https://me.github.io/",
            "http://localhost:8080/",
            "https://intranet/",
            "http://127.0.0.1/",
        ] {
            assert_eq!(
                judge(&Url::parse(url).unwrap()).verdict,
                Verdict::Good,
                "{url}"
            );
        }
    }
}
