//! Where the database is, and that the way there is safe: `postgres://user@host/name?sslmode=verify-full`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::OpenError;

/// A database's address, understood.
pub(crate) struct Location {
    pub(crate) config: Config,
    /// None: the way there does not leave the machine.
    pub(crate) tls: Option<ClientConfig>,
}

impl Location {
    /// Reads `[store] url`. The password may be in it, so that it is shown nowhere.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(refused("it does not begin with postgres://"));
        }
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", path)) => roots = Some(path),
                _ => rest.push(pair),
            }
        }
        let mut config: Config = format!("{address}?{}", rest.join("&"))
            .parse()
            .map_err(|error: tokio_postgres::Error| refused(&reason(&error)))?;
        let near = is_near(&config);
        let encrypted = match mode {
            Some("verify-full") => true,
            None => !near,
            Some("disable") if near => false,
            // ASVS 12.3.1: nothing that could fall back to the clear, or that asks nobody who they are.
            Some("disable") => {
                return Err(refused(
                    "sslmode=disable is for a database on this machine: write sslmode=verify-full",
                ));
            }
            Some(other) => {
                return Err(refused(&format!(
                    "sslmode={other} does not make sure who answers: write sslmode=verify-full (and \
                     sslrootcert=FILE for an authority of your own)"
                )));
            }
        };
        config
            .application_name("vestibule")
            .keepalives_idle(Duration::from_secs(30))
            .tcp_user_timeout(Duration::from_secs(20))
            .ssl_mode(if encrypted {
                SslMode::Require
            } else {
                SslMode::Disable
            });
        let tls = encrypted.then(|| tls(roots)).transpose()?;
        Ok(Self { config, tls })
    }
}

/// The url without its password, wherever in it that stands.
pub(crate) fn shown(url: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let mut shown = match address.split_once("://").zip(address.rsplit_once('@')) {
        Some(((scheme, _), (login, host))) => {
            let login = login.get(scheme.len() + 3..).unwrap_or_default();
            match login.split_once(':') {
                Some((user, _)) => format!("{scheme}://{user}:…@{host}"),
                None => address.to_owned(),
            }
        }
        None => address.to_owned(),
    };
    for (n, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        shown.push(if n == 0 { '?' } else { '&' });
        shown.push_str(if pair.starts_with("password=") {
            "password=…"
        } else {
            pair
        });
    }
    shown
}

fn refused(why: &str) -> OpenError {
    OpenError::Setting(why.to_owned())
}

fn reason(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    }
}

/// Whether every host is this machine: then nobody is between.
fn is_near(config: &Config) -> bool {
    let hosts = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .trim_matches(['[', ']'])
                    .parse()
                    .is_ok_and(|address: IpAddr| address.is_loopback())
        }
        Host::Unix(_) => true,
    });
    hosts && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn tls(roots: Option<&str>) -> Result<ClientConfig, OpenError> {
    let mut store = RootCertStore::empty();
    if let Some(path) = roots {
        let unreadable = |error: &dyn std::fmt::Display| {
            refused(&format!("sslrootcert={path} cannot be read: {error}"))
        };
        let certificates =
            CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| unreadable(&error))?;
            store.add(certificate).map_err(|error| unreadable(&error))?;
        }
    } else {
        let (_, _) =
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if store.is_empty() {
        return Err(refused(
            "no certificate authority is known: name one by sslrootcert=FILE",
        ));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(&error.to_string()))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(config)
}

#[cfg(test)]
mod tests;
