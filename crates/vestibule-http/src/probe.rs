//! What `vestibule doctor` looks at: how a request arrived here that the operator sent through the front.
//!
//! The operator announces a key over the control socket, sends requests that carry it through the proxies, and reads over the
//! control socket what arrived. A request with an announced key is answered like any other: nobody on the public side
//! learns anything, and without a key announced nothing is looked for.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use http::{HeaderMap, HeaderName, Request, header};
use serde::Serialize;
use vestibule_core::time::UnixMillis;

use crate::browser::host::{Meant, meant};
use crate::context::{Context, Peer};
use crate::edge::forwarded::Forwarded;
use crate::site::{HeaderFamily, ProxyPeer};

/// What stands before the key, in a header's name and in a query.
pub const NAME: &str = "vestibule-probe";
/// A key is good for so long, if nobody collects what came with it: longer than the request that carries it may take.
const LIFE: Duration = Duration::from_secs(45);
/// Keys at a time.
const KEYS: usize = 16;
/// Requests that are kept of one key.
const REQUESTS: usize = 16;
/// Longest value that is kept.
const LONGEST: usize = 512;
/// What is kept of a request: what proxies write and clients forge, and no credential.
const KEPT: [&str; 20] = [
    "host",
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-method",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-uri",
    "x-original-method",
    "x-original-url",
    "x-original-uri",
    "x-real-ip",
    "x-rewrite-url",
    "remote-user",
    "remote-email",
    "remote-name",
    "remote-groups",
    "remote-session",
    "x-forwarded-user",
];

/// The keys that were announced, and what came with each.
#[derive(Default)]
pub struct Probes {
    /// When the last of them runs out; 0 where there is none.
    until: AtomicI64,
    keys: Mutex<Vec<Announced>>,
}

struct Announced {
    key: String,
    until: UnixMillis,
    seen: Vec<Seen>,
}

/// A request as it arrived.
#[derive(Debug, Clone, Serialize)]
pub struct Seen {
    /// `page` or `verify`.
    pub door: &'static str,
    /// Where it came from: the last proxy.
    pub peer: String,
    /// How that peer may speak for others: `x-forwarded`, `x-original`, `loopback`, or not at all.
    pub proxy: Option<&'static str>,
    /// Whom it was taken to be for: `issuer`, `elsewhere`, `unclear` or `foreign`.
    pub meant: &'static str,
    /// The client it was taken to come from.
    pub client: String,
    /// At `/verify`: which request it was taken to be about.
    pub about: Option<About>,
    /// At `/verify`: why that cannot be told.
    pub fault: Option<String>,
    /// What is kept of its headers, in order, repeats kept.
    pub headers: Vec<(&'static str, String)>,
}

/// The request that a proxy asks about.
#[derive(Debug, Clone, Serialize)]
pub struct About {
    /// `GET`.
    pub method: String,
    /// Whether the proxy says that it came over TLS.
    pub https: bool,
    /// Host, with a port where there is one.
    pub host: String,
    /// Path and query.
    pub target: String,
}

impl Probes {
    /// Looks for requests with `key` from now on.
    pub fn announce(&self, key: String, now: UnixMillis) {
        let mut keys = self.keys();
        keys.retain(|known| known.until > now && known.key != key);
        if keys.len() == KEYS {
            keys.remove(0);
        }
        let until = now.plus(LIFE);
        let seen = Vec::new();
        keys.push(Announced { key, until, seen });
        self.until.store(until.0, Ordering::Relaxed);
    }

    /// What came with `key`; nothing is looked for under it any more.
    pub fn collect(&self, key: &str) -> Vec<Seen> {
        let mut keys = self.keys();
        let at = keys.iter().position(|known| known.key == key);
        let seen = at.map_or_else(Vec::new, |at| keys.remove(at).seen);
        if keys.is_empty() {
            self.until.store(0, Ordering::Relaxed);
        }
        seen
    }

    /// Whether anything is to be looked for. What ran out uncollected is forgotten here, without the lock.
    fn look_out(&self, now: impl FnOnce() -> UnixMillis) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        if until == 0 {
            return false;
        }
        if now().0 < until {
            return true;
        }
        // A key that was announced meanwhile has another time.
        let _ = self
            .until
            .compare_exchange(until, 0, Ordering::Relaxed, Ordering::Relaxed);
        false
    }

    fn keys(&self) -> std::sync::MutexGuard<'_, Vec<Announced>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps what is to be known of a request that carries an announced key. Everybody else's costs one atomic read, and while a
/// key is announced a look at it; the lock is for those that carry one.
pub fn look<B>(context: &Context, peer: Peer, request: &Request<B>) {
    let probes = &context.probes;
    if !probes.look_out(|| context.engine.now()) || !carries(request, None) {
        return;
    }
    let now = context.engine.now();
    let mut keys = probes.keys();
    keys.retain(|known| known.until > now);
    let found = keys
        .iter_mut()
        .find(|known| carries(request, Some(&known.key)));
    if let Some(known) = found.filter(|known| known.seen.len() < REQUESTS) {
        known.seen.push(seen(context, peer, request));
    }
}

/// In a header of its own, in the query, or in the query of the request that a proxy asks about: this key, or any.
fn carries<B>(request: &Request<B>, key: Option<&str>) -> bool {
    let headers = request.headers();
    let own = headers.get(NAME).map(http::HeaderValue::as_bytes);
    let in_query = |text: &str| {
        text.split(['?', '&'])
            .filter_map(|pair| pair.split_once('='))
            .any(|(name, value)| name == NAME && key.is_none_or(|key| value == key))
    };
    let told = ["x-original-url", "x-original-uri", "x-forwarded-uri"];
    own.is_some_and(|own| key.is_none_or(|key| own == key.as_bytes()))
        || request
            .uri()
            .path_and_query()
            .is_some_and(|target| in_query(target.as_str()))
        || told
            .iter()
            .flat_map(|name| headers.get_all(*name))
            .any(|value| value.to_str().is_ok_and(in_query))
}

fn seen<B>(context: &Context, Peer(peer): Peer, request: &Request<B>) -> Seen {
    let (site, headers) = (&context.site, request.headers());
    let proxy = site.proxy(peer.ip());
    let is_question = request.uri().path().starts_with("/verify");
    let about = proxy
        .filter(|_| is_question)
        .map(|proxy| about(headers, proxy));
    let (about, fault) = match about {
        Some(Ok(about)) => (Some(about), None),
        Some(Err(fault)) => (None, Some(fault)),
        None => (None, None),
    };
    Seen {
        door: if is_question { "verify" } else { "page" },
        peer: peer.ip().to_canonical().to_string(),
        proxy: proxy.map(|proxy| match proxy {
            ProxyPeer::Configured(HeaderFamily::XForwarded) => "x-forwarded",
            ProxyPeer::Configured(HeaderFamily::XOriginal) => "x-original",
            ProxyPeer::Loopback => "loopback",
        }),
        meant: match meant(&site.issuer, request, |_| None::<()>) {
            Meant::Issuer => "issuer",
            Meant::Application(()) => "application",
            Meant::Elsewhere(_) => "elsewhere",
            Meant::Unclear => "unclear",
            Meant::Foreign => "foreign",
        },
        client: site.client_address(peer.ip(), headers).to_string(),
        about,
        fault,
        headers: kept(headers, request.uri()),
    }
}

fn about(headers: &HeaderMap, proxy: ProxyPeer) -> Result<About, String> {
    Forwarded::read(headers, proxy)
        .map(|about| About {
            method: about.method.to_owned(),
            https: about.https,
            host: about.host.to_owned(),
            target: about.target.to_owned(),
        })
        .map_err(|error| error.to_string())
}

fn kept(headers: &HeaderMap, uri: &http::Uri) -> Vec<(&'static str, String)> {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]);
        text.into_owned()
    };
    let mut kept = Vec::new();
    for name in KEPT {
        let values = headers.get_all(HeaderName::from_static(name)).iter();
        kept.extend(values.map(|value| (name, text(value.as_bytes()))));
    }
    // HTTP/2 has it elsewhere.
    if let Some(authority) = uri.authority()
        && !headers.contains_key(header::HOST)
    {
        kept.insert(0, ("host", text(authority.as_str().as_bytes())));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn asked(target: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn a_request_carries_its_key_wherever_proxies_put_it() {
        let query = format!("/orders?id=7&{NAME}={KEY}");
        let url = format!("https://shop.example.test{query}");
        for request in [
            asked("/login", &[(NAME, KEY)]),
            asked(&query, &[]),
            asked("/verify", &[("x-original-url", &url)]),
            asked("/verify", &[("x-forwarded-uri", &query)]),
        ] {
            assert!(carries(&request, Some(KEY)), "{request:?}");
            assert!(carries(&request, None), "{request:?}");
        }
        for request in [
            asked("/login", &[]),
            asked("/login", &[(NAME, "another")]),
            asked(&format!("/{KEY}"), &[("cookie", KEY)]),
            asked(&format!("/?x{NAME}={KEY}"), &[]),
        ] {
            assert!(!carries(&request, Some(KEY)), "{request:?}");
        }
    }

    /// Holds: ASVS 16.2.5
    #[test]
    fn asvs_16_2_5_no_credential_is_kept() {
        let request = asked(
            "/login?secret=1",
            &[
                ("cookie", "__Host-vestibule=x"),
                ("authorization", "Bearer x"),
                ("x-forwarded-for", "192.0.2.66"),
                ("host", "id.example.test"),
            ],
        );
        let kept = kept(request.headers(), request.uri());
        let names: Vec<&str> = kept.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["host", "x-forwarded-for"]);
    }

    #[test]
    fn what_nobody_announced_or_what_ran_out_is_not_looked_for() {
        let probes = Probes::default();
        let at = |ms| move || UnixMillis(ms);
        assert!(!probes.look_out(|| unreachable!("nobody asks for the time")));
        probes.announce(KEY.to_owned(), UnixMillis(0));
        assert!(probes.look_out(at(1)));
        assert!(probes.collect(KEY).is_empty());
        assert!(!probes.look_out(at(1)));
        probes.announce(KEY.to_owned(), UnixMillis(0));
        let over = UnixMillis(0).plus(LIFE).0;
        assert!(!probes.look_out(at(over)), "nobody collected it");
        assert!(!probes.look_out(at(1)), "and it stays so");
        for n in 0..2 * KEYS {
            probes.announce(format!("{n:032}"), UnixMillis(0));
        }
        assert_eq!(probes.keys().len(), KEYS);
        probes.announce(KEY.to_owned(), UnixMillis(0).plus(LIFE * 2));
        assert_eq!(probes.keys().len(), 1, "the others ran out");
    }
}
