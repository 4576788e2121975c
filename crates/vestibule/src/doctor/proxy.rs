//! Does the proxy tell what Vestibule needs to know, and nothing that a client made up?
//!
//! Requests with forged headers go through the public address with a one-time key; the running server tells over the control
//! socket how they arrived.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use vestibule_engine::Entropy as _;

use super::Patient;
use super::finding::Finding;
use super::web::{Answer, Ask, authority};
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
        findings.extend(questions(patient, server, url).await);
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
    let mut url = url.clone();
    url.query_pairs_mut().append_pair(KEY, &key);
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
    headers.insert(KEY, HeaderValue::try_from(&key).ok()?);
    let ask = Ask {
        method: Method::GET,
        url,
        headers,
        body: String::new(),
    };
    let answer = patient.web.ask(ask).await.ok()?;
    let told = server.get(&format!("{path}/{key}")).await.ok()?;
    let seen = serde_json::from_value(told["seen"].clone()).ok()?;
    Some((answer, seen))
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
                "the proxy's upstream for {origin}: it must be this server's server.listen ({}); or server.issuer, if the address is \
                 another",
                patient.listens()
            ),
        )];
    };
    let mut findings = Vec::new();
    if seen.meant != "issuer" {
        let host = seen.header("host").unwrap_or("no host");
        findings.push(Finding::fault(
            CHECK,
            format!("the proxy and the issuer disagree on the host: {origin} was asked, and the request arrived for {host}"),
            "Vestibule answers 421 to requests that are not for its own host, so that other names lead nowhere",
            format!(
                "pass the Host header on: `proxy_set_header Host $http_host;` (nginx), `ProxyPreserveHost On` (Apache); or set \
                 server.issuer, if {origin} is not what browsers use"
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
            "`proxy_set_header X-Forwarded-For $remote_addr;` (nginx); in other proxies set it, do not pass it through",
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
            "everybody seems to come from the proxy: one guesser slows everybody down, and the trail tells nobody's address",
            "`proxy_set_header X-Forwarded-For $remote_addr;` (nginx), `option forwardfor` after `http-request del-header \
             X-Forwarded-For` (HAProxy)",
        )
    })
}

fn untrusted(peer: &str, family: &str) -> Finding {
    Finding::fault(
        CHECK,
        format!("requests come from {peer}, which no [[trusted_proxies]] names"),
        "its word on who asks, and for what, does not count: everybody seems to come from it, and /verify answers it 403",
        format!(
            "add to the settings: [[trusted_proxies]] address = \"{peer}\", headers = \"{family}\" (or \"x-original\": the family that it sends), and start again"
        ),
    )
}

async fn questions(patient: &Patient<'_>, server: &Client, url: &Url) -> Vec<Finding> {
    let Some((answer, honest)) = send(patient, server, url, false).await else {
        return Vec::new();
    };
    let Some(first) = honest.iter().find(|seen| seen.door == "verify") else {
        return not_asked(patient, url, &answer, &honest);
    };
    if let Some(fault) = misled(url, first) {
        return vec![fault];
    }
    let Some((_, forged)) = send(patient, server, url, true).await else {
        return Vec::new();
    };
    let forged = forged.iter().find(|seen| seen.door == "verify");
    vec![match forged {
        None => Finding::fault(
            CHECK,
            format!("with headers such as X-Original-URL from the client, the proxy of {url} no longer asks Vestibule what it should"),
            "a client decides what is asked",
            "the proxy's rules for /verify: set each header of its family, and delete those of the other",
        ),
        Some(seen) => overwritten(seen).unwrap_or_else(|| {
            Finding::good(
                CHECK,
                format!("the proxy at {} asks before it lets a request for {url} through, and no client's header survives", seen.peer),
            )
        }),
    }]
}

fn not_asked(patient: &Patient<'_>, url: &Url, answer: &Answer, seen: &[Seen]) -> Vec<Finding> {
    let is_ours = url.origin().ascii_serialization() == patient.issuer.origin();
    if is_ours && !seen.is_empty() {
        // A page of ours, which needs no question.
        return Vec::new();
    }
    let host = url.host_str().unwrap_or_default();
    if answer.status.is_success() || answer.status.is_redirection() {
        return vec![Finding::fault(
            CHECK,
            format!(
                "{url} answered {}, and nobody asked Vestibule about it",
                answer.status
            ),
            "the application is open to everybody, or another login guards it",
            format!(
                "the proxy in front of {host}: it must ask /verify before it passes a request on (nginx: `auth_request /verify/user;`), and send it to this server ({})",
                patient.listens()
            ),
        )];
    }
    vec![Finding::fault(
        CHECK,
        format!(
            "{url} answered {}, and no question about it came to this server",
            answer.status
        ),
        "the proxy could not ask, or asked somebody else, or does not say which request it asks about",
        format!(
            "the proxy's address of /verify: it must be this server's server.listen ({}); and the headers of one family, such as \
             `proxy_set_header X-Original-URL $scheme://$http_host$request_uri;` and `X-Original-Method $request_method`",
            patient.listens()
        ),
    )]
}

/// What is wrong with the question about a request without forgeries.
fn misled(url: &Url, seen: &Seen) -> Option<Finding> {
    if seen.proxy.is_none() {
        let family = if seen.header("x-original-url").is_some() {
            "x-original"
        } else {
            "x-forwarded"
        };
        return Some(untrusted(&seen.peer, family));
    }
    if let Some(fault) = &seen.fault {
        return Some(Finding::fault(
            CHECK,
            format!(
                "the proxy at {} does not send what its [[trusted_proxies]] says: {fault}",
                seen.peer
            ),
            "Vestibule cannot tell which request it is asked about, and refuses it",
            line_for(fault),
        ));
    }
    let about = seen.about.as_ref()?;
    let (scheme, host) = (if about.https { "https" } else { "http" }, &about.host);
    if scheme != url.scheme() {
        return Some(Finding::fault(
            CHECK,
            format!(
                "the proxy and the address disagree on the scheme: {url} was asked, and the proxy told of {scheme}"
            ),
            "a cookie for https is not taken for a request over http",
            "`X-Forwarded-Proto $scheme`, or `X-Original-URL $scheme://$http_host$request_uri` (nginx), where TLS is ended; behind \
             another proxy that ends it, write https there",
        ));
    }
    if !same_host(host, url) {
        return Some(Finding::fault(
            CHECK,
            format!(
                "the proxy and the address disagree on the host: {} was asked, and the proxy told of {host}",
                authority(url)
            ),
            "another application is asked about, or none",
            "`X-Forwarded-Host $http_host`, or `X-Original-URL $scheme://$http_host$request_uri` (nginx): $http_host, not $host or \
             the upstream's name",
        ));
    }
    let path = about.target.split('?').next().unwrap_or_default();
    if path != url.path() || about.method != "GET" {
        return Some(Finding::fault(
            CHECK,
            format!(
                "the proxy tells of {} {path}, where GET {} was asked",
                about.method,
                url.path()
            ),
            "rules for paths and methods are applied to another request",
            "`X-Forwarded-Uri $request_uri` and `X-Forwarded-Method $request_method`, or `X-Original-URL` and `-Method` (nginx): \
             $request_uri, not $uri",
        ));
    }
    None
}

fn same_host(told: &str, url: &Url) -> bool {
    let asked = authority(url);
    let default = url.port_or_known_default().unwrap_or(80);
    told.eq_ignore_ascii_case(&asked) || told.eq_ignore_ascii_case(&format!("{asked}:{default}"))
}

/// What of the forgeries arrived in the question.
fn overwritten(seen: &Seen) -> Option<Finding> {
    let fault = |what: String, change: String| {
        Some(Finding::fault(
            CHECK,
            what,
            "a client can make up what is asked about it, or make each of its own requests fail",
            change,
        ))
    };
    if let Some(told) = &seen.fault {
        return fault(
            format!(
                "the proxy at {} does not overwrite or delete what a client sends: {told}",
                seen.peer
            ),
            line_for(told),
        );
    }
    let about = seen.about.as_ref()?;
    let is_forged =
        about.host == FORGED_HOST || about.target == "/forged" || about.method == "FORGED";
    if is_forged {
        return fault(
            format!("the proxy at {} does not overwrite what a client sends: it told of {} {} at {}", seen.peer, about.method, about.target, about.host),
            "set every header of the family: `X-Forwarded-Method $request_method`, `-Proto $scheme`, `-Host $http_host`, `-Uri $request_uri`, \
             or `X-Original-Method` and `-URL`"
                .to_owned(),
        );
    }
    (seen.client == FORGED_ADDRESS).then(|| {
        Finding::fault(
            CHECK,
            format!("the proxy at {} does not overwrite X-Forwarded-For where it asks /verify", seen.peer),
            "what the client wrote there is believed",
            "`proxy_set_header X-Forwarded-For $remote_addr;` (nginx), also in the block of /verify",
        )
    })
}

/// The line for the header that the sentence names.
fn line_for(told: &str) -> String {
    const LINES: [(&str, &str); 7] = [
        ("X-Forwarded-Method", "$request_method"),
        ("X-Forwarded-Proto", "$scheme"),
        ("X-Forwarded-Host", "$http_host"),
        ("X-Forwarded-Uri", "$request_uri"),
        ("X-Original-Method", "$request_method"),
        ("X-Original-URL", "$scheme://$http_host$request_uri"),
        ("X-Original-URI", "$request_uri"),
    ];
    let named = LINES
        .iter()
        .filter(|(name, _)| told.contains(name))
        .max_by_key(|(name, _)| name.len());
    match named {
        Some((name, _)) if told.contains("another family") => format!(
            "`proxy_set_header {name} \"\";` (nginx: an empty one is not sent) where /verify is asked; or, if that is the family it sends, \
             write so in [[trusted_proxies]] headers"
        ),
        Some((name, value)) => format!("`proxy_set_header {name} {value};` (nginx) where /verify is asked"),
        None => "send one family of headers where /verify is asked: X-Forwarded-Method, -Proto, -Host and -Uri, or X-Original-Method and \
                 -URL, and name it in [[trusted_proxies]] headers"
            .to_owned(),
    }
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}
