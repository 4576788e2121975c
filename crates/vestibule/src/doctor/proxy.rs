//! Does the proxy tell what Vestibule needs to know, and nothing that a client made up?
//!
//! Requests with forged headers go through the public address with a one-time key; the running server tells over the control
//! socket how they arrived.

mod question;

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use vestibule_engine::Entropy as _;

use super::Patient;
use super::finding::Finding;
use super::web::{Answer, Ask};
use crate::client::Client;
use crate::os::SystemEntropy;

const CHECK: &str = "proxy";
/// Nobody's (RFC 5737, RFC 2606).
const FORGED_ADDRESS: &str = "192.0.2.66";
const FORGED_HOST: &str = "forged.invalid";
/// Behind `vestibule-probe`, as the server reads it.
const KEY: &str = vestibule_http::probe::NAME;

/// What arrived, as the server tells it.
#[derive(Debug, Deserialize)]
struct Seen {
    door: String,
    peer: String,
    proxy: Option<String>,
    meant: String,
    client: String,
    about: Option<About>,
    fault: Option<String>,
    headers: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
struct About {
    method: String,
    https: bool,
    host: String,
    target: String,
}

/// The issuer's own pages, and the application's if one is named.
pub async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let Some(server) = &patient.server else {
        let what = "no server runs here that could tell what arrives: start `vestibule serve`, and ask again";
        return vec![Finding::skipped(CHECK, what)];
    };
    let mut findings = Vec::new();
    if let Ok(mut issuer) = Url::parse(patient.issuer.origin()) {
        issuer.set_path("/login");
        findings.extend(pages(patient, server, &issuer).await);
    }
    if let Some(url) = &patient.url {
        findings.extend(question::check(patient, server, url).await);
    }
    if findings.is_empty() {
        findings.push(Finding::skipped(
            CHECK,
            "the public address cannot be reached",
        ));
    }
    findings
}

/// Sends one request with a new key, and answers what came of it. `None` when it cannot be sent.
async fn send(
    patient: &Patient<'_>,
    server: &Client,
    url: &Url,
    forged: bool,
) -> Option<(Answer, Vec<Seen>)> {
    let mut bytes = [0; 24];
    SystemEntropy::new().fill(&mut bytes).ok()?;
    let key = bytes.iter().fold(String::new(), |mut key, byte| {
        // Writing to a String never fails.
        let _ = write!(key, "{byte:02x}");
        key
    });
    let announced = json!({ "key": key });
    let path = "/api/v1/admin/doctor/probes";
    server.post(path, Some(&announced)).await.ok()?;
    let answer = knock(patient, url, &key, forged).await;
    // Whatever came of it: nothing is looked for under the key from now on.
    let told = server.get(&format!("{path}/{key}")).await.ok()?;
    let seen = serde_json::from_value(told["seen"].clone()).ok()?;
    Some((answer?, seen))
}

async fn knock(patient: &Patient<'_>, url: &Url, key: &str, forged: bool) -> Option<Answer> {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair(KEY, key);
    let mut headers = HeaderMap::new();
    let page = [
        ("accept", "text/html"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "none"),
    ];
    for (name, value) in page.into_iter().chain(forgeries(forged)) {
        headers.append(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers.insert(KEY, HeaderValue::try_from(key).ok()?);
    let ask = Ask {
        method: Method::GET,
        url,
        headers,
        body: String::new(),
    };
    patient.web.ask(ask).await.ok()
}

/// What a stranger would write to be taken for another.
fn forgeries(wanted: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        ("x-forwarded-for", FORGED_ADDRESS),
        ("x-real-ip", FORGED_ADDRESS),
        ("x-forwarded-method", "FORGED"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", FORGED_HOST),
        ("x-forwarded-uri", "/forged"),
        ("x-original-method", "FORGED"),
        ("x-original-url", "http://forged.invalid/forged"),
        ("x-original-uri", "/forged"),
        ("forwarded", "for=192.0.2.66;host=forged.invalid;proto=http"),
        ("remote-user", "forged"),
        ("remote-groups", "admin"),
    ]
    .into_iter()
    .filter(move |_| wanted)
}

async fn pages(patient: &Patient<'_>, server: &Client, url: &Url) -> Vec<Finding> {
    // What cannot be reached is told elsewhere.
    let Some((answer, seen)) = send(patient, server, url, true).await else {
        return Vec::new();
    };
    let origin = patient.issuer.origin();
    let Some(seen) = seen.iter().find(|seen| seen.door == "page") else {
        return vec![Finding::fault(
            CHECK,
            format!(
                "{url} answered {}, and the request never came to this server",
                answer.status
            ),
            format!("something else answers at {origin}, or another server of this kind"),
            format!(
                "the proxy's upstream for {origin}: it must be this server's server.listen ({}); or server.issuer, \
                 if the address is another",
                patient.listens()
            ),
        )];
    };
    let mut findings = Vec::new();
    if seen.meant != "issuer" {
        let host = seen.header("host").unwrap_or("no host");
        findings.push(Finding::fault(
            CHECK,
            format!("the proxy and the issuer disagree on the host: {origin} was asked, and the request arrived for \
                     {host}"),
            "Vestibule answers 421 to requests that are not for its own host, so that other names lead nowhere",
            format!(
                "pass the Host header on: `proxy_set_header Host $host$named_port;` (nginx), `ProxyPreserveHost On` \
                 (Apache); or set server.issuer, if {origin} is not what browsers use"
            ),
        ));
    }
    findings.extend(vouched(patient, seen));
    if findings.is_empty() {
        let what = if patient.has_proxy() {
            format!(
                "the proxy at {} passes requests for {origin} on as they are, and tells who sent them",
                seen.peer
            )
        } else {
            format!(
                "requests for {origin} arrive as they are sent, and what they claim of themselves does not count"
            )
        };
        findings.push(Finding::good(CHECK, what));
    }
    findings
}

/// Whose word counts on who the client is, and whether it is given.
fn vouched(patient: &Patient<'_>, seen: &Seen) -> Option<Finding> {
    if seen.client == FORGED_ADDRESS {
        return Some(Finding::fault(
            CHECK,
            format!(
                "the proxy at {} does not overwrite X-Forwarded-For: what the client wrote there was believed",
                seen.peer
            ),
            "whoever guesses passwords chooses the address that is slowed down for it, and the trail tells that one",
            "`proxy_set_header X-Forwarded-For $remote_addr;` (nginx); in other proxies set it, do not pass it \
             through",
        ));
    }
    if !patient.has_proxy() {
        return None;
    }
    if seen.proxy.is_none() {
        return Some(untrusted(&seen.peer, "x-forwarded"));
    }
    let tells = seen
        .headers
        .iter()
        .any(|(name, value)| name == "x-forwarded-for" && value != FORGED_ADDRESS);
    (!tells).then(|| {
        Finding::fault(
            CHECK,
            format!("the proxy at {} does not send X-Forwarded-For", seen.peer),
            "everybody seems to come from the proxy: one guesser slows everybody down, and the trail tells nobody's \
             address",
            "`proxy_set_header X-Forwarded-For $remote_addr;` (nginx), `option forwardfor` after `http-request \
             del-header X-Forwarded-For` (HAProxy)",
        )
    })
}

fn untrusted(peer: &str, family: &str) -> Finding {
    Finding::fault(
        CHECK,
        format!("requests come from {peer}, which no [[trusted_proxies]] names"),
        "its word on who asks, and for what, does not count: everybody seems to come from it, and /verify answers it \
         403",
        format!(
            "add to the settings: [[trusted_proxies]] address = \"{peer}\", headers = \"{family}\" (or \
             \"x-original\": the family that it sends), and send the server SIGHUP"
        ),
    )
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}
