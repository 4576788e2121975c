//! The settings of TLS.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// How TLS is ended here, if it is.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate and its intermediates.
    pub cert_file: Option<PathBuf>,
    /// Its private key.
    pub key_file: Option<PathBuf>,
    /// Where plain http is sent on to https.
    pub redirect_listen: Vec<SocketAddr>,
    /// HSTS goes for all names below the issuer's host as well (ASVS 3.4.1).
    pub hsts_subdomains: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            cert_file: None,
            key_file: None,
            redirect_listen: Vec::new(),
            hsts_subdomains: true,
        }
    }
}

impl Tls {
    /// Certificate and key, where TLS is ended here.
    pub fn pair(&self) -> Option<(&Path, &Path)> {
        Some((self.cert_file.as_deref()?, self.key_file.as_deref()?))
    }
}
