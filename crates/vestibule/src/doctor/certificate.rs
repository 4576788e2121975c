//! The certificate: the one in the settings, and the one that the public address shows.

use rustls::CertificateError;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use super::Patient;
use super::finding::Finding;
use super::web::{Chain, WebError};
use crate::server::tls::{
    self,
    certificate::{Validity, names},
};

const CHECK: &str = "certificate";
/// So long before its end it is time.
const NOTICE: i64 = 14 * 24 * 3600;

/// Both.
pub async fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let settings = &patient.settings().tls;
    if settings.pair().is_some() {
        match tls::fault(settings, &patient.issuer, patient.now) {
            None => findings.push(Finding::good(
                CHECK,
                "the pair in tls.cert_file and tls.key_file is good",
            )),
            Some(fault) => findings.push(Finding::fault(
                CHECK,
                fault.to_string(),
                "the server does not start with it, or, when it runs already, goes on with the one before",
                "tls.cert_file and tls.key_file (or what they name), as it says",
            )),
        }
    }
    for url in patient.public_urls() {
        if url.scheme() != "https" {
            continue;
        }
        match patient.web.certificates(&url).await {
            Ok(chain) => findings.push(ending(patient, url.as_str(), &chain)),
            Err(WebError::Certificate { host, error, chain }) => {
                findings.push(refused(patient, &host, &error, &chain));
            }
            Err(WebError::Tls { host, port, why }) => findings.push(Finding::fault(
                CHECK,
                format!("{host} port {port} does not speak TLS: {why}"),
                format!("browsers are sent to {url}, which is https"),
                format!("let {} end TLS on port {port}", patient.tls_end()),
            )),
            // Told where it is looked for.
            Err(_) => {}
        }
    }
    if findings.is_empty() {
        findings.push(Finding::skipped(
            CHECK,
            "no https is in use, or it cannot be reached",
        ));
    }
    findings
}

fn ending(patient: &Patient<'_>, url: &str, chain: &Chain) -> Finding {
    let leaf = chain
        .first()
        .and_then(|leaf| X509Certificate::from_der(leaf).ok());
    let Some((_, leaf)) = leaf else {
        return Finding::good(CHECK, format!("{url} shows one that browsers take"));
    };
    let validity = Validity::of(&leaf);
    let (from, until) = (validity.from.timestamp(), validity.until.timestamp());
    let left = until - patient.now.0.div_euclid(1000);
    if left < NOTICE.min((until - from) / 3) {
        let (days, until) = (left / 86_400, validity.until);
        return Finding::fault(
            CHECK,
            format!("the certificate of {url} ends in {days} days, on {until}"),
            "browsers refuse it from then on",
            format!(
                "renew it at {}; does what renews it run (`systemctl list-timers`)?",
                patient.tls_end()
            ),
        );
    }
    Finding::good(
        CHECK,
        format!("{url} shows one that is good until {}", validity.until),
    )
}

fn refused(patient: &Patient<'_>, host: &str, error: &CertificateError, chain: &Chain) -> Finding {
    let end = patient.tls_end();
    let fault = |what: String, change: String| {
        Finding::fault(
            CHECK,
            what,
            "browsers show a warning instead of the page",
            change,
        )
    };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => fault(
            format!("the certificate of {host} has ended{}", when(chain)),
            format!("renew it at {end}"),
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => fault(
            format!("the certificate of {host} is not good yet"),
            "set this machine's clock right (`date`), or wait".to_owned(),
        ),
        CertificateError::NotValidForName => wrong_name(host, &[], &end),
        CertificateError::NotValidForNameContext { presented, .. } => {
            wrong_name(host, presented, &end)
        }
        CertificateError::UnknownIssuer if is_alone(chain) => fault(
            format!(
                "{host} shows its certificate without the one that issued it, and this machine does not know that one"
            ),
            format!("let {end} show the whole chain: certbot's fullchain.pem, not cert.pem"),
        ),
        CertificateError::UnknownIssuer => fault(
            format!(
                "the certificate of {host} comes from an authority that this machine does not trust"
            ),
            format!(
                "get one from an authority that browsers trust, for {end}; where the authority is your own, install \
                 it on every machine, and name it here in SSL_CERT_FILE"
            ),
        ),
        other => fault(
            format!("the certificate of {host} is refused: {other}"),
            format!("get another one for {end}"),
        ),
    }
}

fn wrong_name(host: &str, presented: &[String], end: &str) -> Finding {
    let told = if presented.is_empty() {
        "other names".to_owned()
    } else {
        names(presented)
    };
    Finding::fault(
        CHECK,
        format!("the certificate that {host} shows is not for {host}, but for {told}"),
        "browsers show a warning instead of the page",
        format!(
            "let {end} show one for {host}; if the name is wrong, set server.issuer to the right one"
        ),
    )
}

fn when(chain: &Chain) -> String {
    let leaf = chain
        .first()
        .and_then(|leaf| X509Certificate::from_der(leaf).ok());
    leaf.map_or_else(String::new, |(_, leaf)| {
        format!(", on {}", leaf.validity().not_after)
    })
}

/// It stands alone and did not issue itself.
fn is_alone(chain: &Chain) -> bool {
    let [leaf] = chain.as_slice() else {
        return false;
    };
    X509Certificate::from_der(leaf)
        .is_ok_and(|(_, leaf)| leaf.issuer().as_raw() != leaf.subject().as_raw())
}
