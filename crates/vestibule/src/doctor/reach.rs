//! Does somebody answer where browsers are sent?

use super::Patient;
use super::finding::Finding;
use super::web::WebError;

const CHECK: &str = "reach";

/// The issuer, and the address that was asked for.
pub async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    if patient.server.is_none() && patient.url.is_none() {
        return vec![Finding::skipped(
            CHECK,
            format!(
                "no server runs on {}: start `vestibule serve`, and ask again",
                patient.settings().data.display()
            ),
        )];
    }
    let mut findings = Vec::new();
    for url in patient.public_urls() {
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = url.port_or_known_default().unwrap_or(80);
        findings.push(match patient.web.connect(host, port).await {
            Ok(_) => Finding::good(CHECK, format!("{url} takes connections")),
            Err(error) => unreachable(patient, url.as_str(), &error),
        });
    }
    findings
}

fn unreachable(patient: &Patient<'_>, url: &str, error: &WebError) -> Finding {
    let change = match error {
        WebError::Name { host, .. } => format!(
            "give {host} an A or AAAA record that leads here, or set server.issuer to a name that has one \
             (`--resolve {host}=ADDRESS` tries it out before)"
        ),
        _ if patient.has_proxy() => format!(
            "start the proxy that is to answer there, let it listen on that address and port, and open the port in \
             the firewall; it is to pass requests on to server.listen ({})",
            patient.listens()
        ),
        _ => format!(
            "server.listen is {}: let it, or a proxy in front, listen where {url} leads, or set server.issuer to \
             where it does; open the port in the firewall",
            patient.listens()
        ),
    };
    Finding::fault(
        CHECK,
        error.to_string(),
        format!("browsers are sent to {url}"),
        change,
    )
}
