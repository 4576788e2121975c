//! Which host a request was meant for. One that names another host than ours meets no one, so that DNS rebinding and cache
//! poisoning find nothing to talk to.

use http::{HeaderValue, Method, Request, header};
use vestibule_core::origin::is_loopback_host;

use crate::site::Issuer;

/// Whom the caller wanted.
#[derive(Debug, PartialEq, Eq)]
pub enum Meant<A> {
    /// Us, by our name.
    Issuer,
    /// An application, by a name of its own.
    Application(A),
    /// Us, by another loopback name: to be sent to our own, here.
    Elsewhere(String),
    /// Nobody can tell: no host, two, or two that differ (RFC 9112 §3.2).
    Unclear,
    /// Somebody else (RFC 9110 §15.5.20).
    Foreign,
}

/// Reads the target's authority (HTTP/2, absolute form) or else `Host`.
pub fn meant<A, B>(
    issuer: &Issuer,
    request: &Request<B>,
    application: impl FnOnce(&str) -> Option<A>,
) -> Meant<A> {
    let mut named = request
        .headers()
        .get_all(header::HOST)
        .iter()
        .map(HeaderValue::to_str);
    let (host, second) = (named.next(), named.next());
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let host = match (authority, host, second) {
        (_, _, Some(_)) | (_, Some(Err(_)), _) | (None, None, None) => return Meant::Unclear,
        (Some(authority), Some(Ok(host)), None) if !authority.eq_ignore_ascii_case(host) => {
            return Meant::Unclear;
        }
        (Some(host), _, None) | (None, Some(Ok(host)), None) => host,
    };
    if issuer.is_named_by(host) {
        return Meant::Issuer;
    }
    if let Some(application) = application(host) {
        return Meant::Application(application);
    }
    // A browser that followed 'localhost' to another of its names is to find its cookies.
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if safe && issuer.is_loopback() && is_loopback_host(host) {
        let target = request
            .uri()
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str);
        return Meant::Elsewhere(format!("{}{target}", issuer.origin()));
    }
    Meant::Foreign
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(issuer: &str, method: Method, target: &str, hosts: &[&str]) -> Meant<()> {
        let mut request = Request::builder().method(method).uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        let application = |host: &str| (host == "shop.localhost:9000").then_some(());
        meant(
            &Issuer::parse(issuer).unwrap(),
            &request.body(()).unwrap(),
            application,
        )
    }

    #[test]
    fn only_our_own_name_reaches_us() {
        let ours = |hosts: &[&str]| asked("https://id.example.com", Method::GET, "/login", hosts);
        assert_eq!(ours(&["id.example.com"]), Meant::Issuer);
        assert_eq!(ours(&["id.example.com:443"]), Meant::Issuer);
        for foreign in [
            "evil.test",
            "id.example.com.evil.test",
            "id.example.com:8443",
            "localhost",
            "127.0.0.1",
            "",
        ] {
            assert_eq!(ours(&[foreign]), Meant::Foreign, "{foreign}");
        }
        assert_eq!(ours(&[]), Meant::Unclear);
        assert_eq!(ours(&["id.example.com", "id.example.com"]), Meant::Unclear);
    }

    #[test]
    fn an_application_s_name_means_the_application_on_loopback_too() {
        let asked = |host| asked("http://localhost:8080", Method::GET, "/", &[host]);
        assert_eq!(asked("shop.localhost:9000"), Meant::Application(()));
        assert!(matches!(asked("wiki.localhost:9000"), Meant::Elsewhere(_)));
    }

    #[test]
    fn the_target_s_authority_goes_before_host_and_must_agree_with_it() {
        let asked =
            |target, hosts: &[&str]| asked("https://id.example.com", Method::GET, target, hosts);
        assert_eq!(asked("https://id.example.com/login", &[]), Meant::Issuer);
        assert_eq!(asked("https://evil.test/login", &[]), Meant::Foreign);
        assert_eq!(
            asked("https://evil.test/login", &["id.example.com"]),
            Meant::Unclear
        );
        assert_eq!(
            asked("https://me@id.example.com/login", &[]),
            Meant::Foreign
        );
    }

    #[test]
    fn another_loopback_name_leads_to_the_issuer_and_only_by_get() {
        let asked =
            |method, host| asked("http://localhost:8080", method, "/setup?token=x", &[host]);
        for host in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "127.0.0.1",
            "localhost:9000",
        ] {
            assert_eq!(
                asked(Method::GET, host),
                Meant::Elsewhere("http://localhost:8080/setup?token=x".to_owned())
            );
            assert_eq!(asked(Method::POST, host), Meant::Foreign);
        }
        for host in [
            "evil.test",
            "localhost.evil.test:8080",
            "127.0.0.1.evil.test",
            "192.0.2.1:8080",
        ] {
            assert_eq!(asked(Method::GET, host), Meant::Foreign);
        }
    }
}
