//! What the proxy asks `/verify`: about the request that was sent, and nothing that its client made up.

use url::Url;

use super::super::Patient;
use super::super::finding::Finding;
use super::super::web::{Answer, authority};
use super::{CHECK, FORGED_ADDRESS, FORGED_HOST, Seen, send, untrusted};
use crate::client::Client;

pub(super) async fn check(patient: &Patient<'_>, server: &Client, url: &Url) -> Vec<Finding> {
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
            format!("with headers such as X-Original-URL from the client, the proxy of {url} no longer asks \
                     Vestibule what it should"),
            "a client decides what is asked",
            "the proxy's rules for /verify: set each header of its family, and delete those of the other",
        ),
        Some(seen) => overwritten(seen).unwrap_or_else(|| {
            Finding::good(
                CHECK,
                format!("the proxy at {} asks before it lets a request for {url} through, and no client's header \
                         survives", seen.peer),
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
                "the proxy in front of {host}: it must ask /verify before it passes a request on (nginx: \
                 `auth_request /verify/user;`), and send it to this server ({})",
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
            "the proxy's address of /verify: it must be this server's server.listen ({}); and the headers of one \
             family, such as `proxy_set_header X-Original-URL $scheme://$host$named_port$request_uri;` and \
             `X-Original-Method $request_method`",
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
            "`X-Forwarded-Proto $scheme`, or `X-Original-URL $scheme://$host$named_port$request_uri` (nginx), where TLS is \
             ended; behind another proxy that ends it, write https there",
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
            "`X-Forwarded-Host $host$named_port`, or `X-Original-URL $scheme://$host$named_port$request_uri` (nginx): \
             the name that browsers see, not the upstream's; $named_port is the port where one is said, as docs/behind-nginx.md maps it",
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
            "`X-Forwarded-Uri $request_uri` and `X-Forwarded-Method $request_method`, or `X-Original-URL` and \
             `-Method` (nginx): $request_uri, not $uri",
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
            format!("the proxy at {} does not overwrite what a client sends: it told of {} {} at {}", seen.peer,
                     about.method, about.target, about.host),
            "set every header of the family: `X-Forwarded-Method $request_method`, `-Proto $scheme`, `-Host \
             $host$named_port`, `-Uri $request_uri`, or `X-Original-Method` and `-URL`"
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
        ("X-Forwarded-Host", "$host$named_port"),
        ("X-Forwarded-Uri", "$request_uri"),
        ("X-Original-Method", "$request_method"),
        ("X-Original-URL", "$scheme://$host$named_port$request_uri"),
        ("X-Original-URI", "$request_uri"),
    ];
    let named = LINES
        .iter()
        .filter(|(name, _)| told.contains(name))
        .max_by_key(|(name, _)| name.len());
    match named {
        Some((name, _)) if told.contains("another family") => format!(
            "`proxy_set_header {name} \"\";` (nginx: an empty one is not sent) where /verify is asked; or, if that \
             is the family it sends, write so in [[trusted_proxies]] headers"
        ),
        Some((name, value)) => format!("`proxy_set_header {name} {value};` (nginx) where /verify is asked"),
        None => "send one family of headers where /verify is asked: X-Forwarded-Method, -Proto, -Host and -Uri, or \
                 X-Original-Method and -URL, and name it in [[trusted_proxies]] headers"
            .to_owned(),
    }
}
