//! The certificate and its key: read, and judged before anybody sees them.

use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, InconsistentKeys};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;
use zeroize::Zeroizing;

use vestibule_core::time::UnixMillis;

use crate::regular;

/// Longer than any chain and any key.
const MOST: u64 = 256 * 1024;
/// ASVS 13.3.1: nobody but the owner reads the key, and the group where it is one made for that (Debian's `ssl-cert`).
const OTHERS: u32 = 0o027;

/// What the settings name.
#[derive(Debug, Clone)]
pub struct Files {
    /// `tls.cert_file`.
    pub cert: PathBuf,
    /// `tls.key_file`.
    pub key: PathBuf,
}

/// A certificate with its key, fit to be shown.
#[derive(Debug)]
pub struct Pair {
    /// For rustls.
    pub certified: Arc<CertifiedKey>,
    /// From when to when it is good.
    pub validity: Validity,
    /// What the files held.
    pub digest: Digest,
}

/// From when to when a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Its first second.
    pub from: ASN1Time,
    /// Its last.
    pub until: ASN1Time,
}

/// Names the files' contents without keeping them.
pub type Digest = [u8; SHA256_OUTPUT_LEN];

/// What the files hold.
pub struct Contents {
    chain: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

/// Why a pair is not shown. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not there.
    #[error("{setting} {path} does not exist: name the file that holds {what}")]
    Missing {
        /// The setting.
        setting: &'static str,
        /// What it names.
        path: PathBuf,
        /// What should be in it.
        what: &'static str,
    },
    /// A file cannot be read.
    #[error("{setting} {path} cannot be read by this user: {source}")]
    Io {
        /// The setting.
        setting: &'static str,
        /// What it names.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else than certificates in PEM.
    #[error(
        "tls.cert_file {0} holds no certificate: it must be PEM (-----BEGIN CERTIFICATE-----), the server's own first, its \
         intermediates after it"
    )]
    NoCertificate(PathBuf),
    /// What is between BEGIN and END is none.
    #[error(
        "certificate {number} in tls.cert_file {path} cannot be read ({why}): get it again from its authority"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The chain is out of order, or the server's own is not first.
    #[error(
        "certificate {number} in tls.cert_file {path} did not issue the one before it: put the server's own first, then the \
         one that issued it, and so on (certbot's fullchain.pem is so)"
    )]
    Order {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        number: usize,
    },
    /// Something else than a private key in PEM.
    #[error(
        "tls.key_file {0} holds no private key: it must be PEM (-----BEGIN PRIVATE KEY-----), without a passphrase (`openssl \
         pkey -in FILE -out NEW` takes one off)"
    )]
    NoKey(PathBuf),
    /// Others can read it.
    #[error(
        "tls.key_file {path} is open to others than its owner and group (mode {mode:04o}): run `chmod 600 {path}`"
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key that TLS does not know.
    #[error(
        "tls.key_file {path} holds a key that TLS cannot use ({why}): use ECDSA on P-256, or RSA of 2048 bits and more"
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// They are no pair.
    #[error(
        "the key in tls.key_file {key} is not that of the certificate in tls.cert_file {cert}: name the two that were made \
         together"
    )]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's.
        key: PathBuf,
    },
    /// Its time is over.
    #[error("the certificate in tls.cert_file {path} ended on {until}: renew it")]
    Expired {
        /// The file.
        path: PathBuf,
        /// When.
        until: ASN1Time,
    },
    /// Its time has not come.
    #[error(
        "the certificate in tls.cert_file {path} is good from {from} on, which by this machine's clock is still to come: see \
         `date`, and set the clock right or wait"
    )]
    NotYet {
        /// The file.
        path: PathBuf,
        /// When.
        from: ASN1Time,
    },
    /// It is for other names.
    #[error(
        "the certificate in tls.cert_file {path} is not for {host}, the issuer's host, but for {names}: get one for {host}, \
         or set server.issuer to a name that it is for"
    )]
    Name {
        /// The file.
        path: PathBuf,
        /// The issuer's.
        host: String,
        /// Those in the certificate.
        names: String,
    },
}

impl Files {
    /// What they hold now. A link is followed at each call: certbot and Kubernetes renew by moving one.
    pub fn read(&self) -> Result<Contents, TlsError> {
        let chain = read(&self.cert, "tls.cert_file", "the certificate")?.1;
        let (mode, key) = read(&self.key, "tls.key_file", "its private key")?;
        if mode & OTHERS != 0 {
            return Err(TlsError::OpenToOthers {
                path: self.key.clone(),
                mode: mode & 0o7777,
            });
        }
        Ok(Contents {
            chain,
            key: Zeroizing::new(key),
        })
    }

    /// The pair, if a browser that is sent to `host` can be shown it `now`.
    pub fn judge(
        &self,
        contents: &Contents,
        host: &str,
        now: UnixMillis,
        provider: &CryptoProvider,
    ) -> Result<Pair, TlsError> {
        let chain = self.chain(&contents.chain)?;
        let validity = self.in_order(&chain)?;
        let key = PrivateKeyDer::from_pem_slice(&contents.key)
            .map_err(|_| TlsError::NoKey(self.key.clone()))?;
        let certified =
            CertifiedKey::from_der(chain, key, provider).map_err(|error| self.no_pair(&error))?;
        self.in_time(validity, now)?;
        self.named(&certified, host)?;
        Ok(Pair {
            certified: Arc::new(certified),
            validity,
            digest: contents.digest(),
        })
    }

    fn chain(&self, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let none = || TlsError::NoCertificate(self.cert.clone());
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let chain = chain.map_err(|_| none())?;
        if chain.is_empty() {
            return Err(none());
        }
        Ok(chain)
    }

    /// Each after the first issued the one before it, as far as their names tell. Answers the first one's validity.
    fn in_order(&self, chain: &[CertificateDer<'_>]) -> Result<Validity, TlsError> {
        let mut validity = None;
        let mut issuer: Option<Vec<u8>> = None;
        for (n, der) in chain.iter().enumerate() {
            let number = n + 1;
            let (_, certificate) =
                X509Certificate::from_der(der).map_err(|error| TlsError::Unreadable {
                    path: self.cert.clone(),
                    number,
                    why: error.to_string(),
                })?;
            if issuer.is_some_and(|issuer| issuer != certificate.subject().as_raw()) {
                return Err(TlsError::Order {
                    path: self.cert.clone(),
                    number,
                });
            }
            issuer = Some(certificate.issuer().as_raw().to_owned());
            validity.get_or_insert_with(|| Validity::of(&certificate));
        }
        validity.ok_or_else(|| TlsError::NoCertificate(self.cert.clone()))
    }

    fn no_pair(&self, error: &Error) -> TlsError {
        match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch {
                cert: self.cert.clone(),
                key: self.key.clone(),
            },
            Error::InvalidCertificate(_) => TlsError::Unreadable {
                path: self.cert.clone(),
                number: 1,
                why: error.to_string(),
            },
            other => TlsError::Unusable {
                path: self.key.clone(),
                why: other.to_string(),
            },
        }
    }

    fn in_time(&self, validity: Validity, now: UnixMillis) -> Result<(), TlsError> {
        let path = || self.cert.clone();
        let now = now.0.div_euclid(1000);
        if now > validity.until.timestamp() {
            let (path, until) = (path(), validity.until);
            return Err(TlsError::Expired { path, until });
        }
        if now < validity.from.timestamp() {
            let (path, from) = (path(), validity.from);
            return Err(TlsError::NotYet { path, from });
        }
        Ok(())
    }

    fn named(&self, certified: &CertifiedKey, host: &str) -> Result<(), TlsError> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let wrong = |names: String| TlsError::Name {
            path: self.cert.clone(),
            host: host.to_owned(),
            names,
        };
        let unknown = || wrong("names that cannot be read".to_owned());
        let leaf = certified.end_entity_cert().map_err(|_| unknown())?;
        let leaf = ParsedCertificate::try_from(leaf).map_err(|_| unknown())?;
        let name = ServerName::try_from(host).map_err(|_| unknown())?;
        verify_server_name(&leaf, &name).map_err(|error| wrong(presented(&error)))
    }
}

impl Contents {
    /// Of both files.
    pub fn digest(&self) -> Digest {
        let (chain, key) = (digest(&SHA256, &self.chain), digest(&SHA256, &self.key));
        let mut out = [0; SHA256_OUTPUT_LEN];
        out.copy_from_slice(digest(&SHA256, &[chain.as_ref(), key.as_ref()].concat()).as_ref());
        out
    }
}

impl Validity {
    /// A certificate's.
    pub fn of(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        Self {
            from: validity.not_before,
            until: validity.not_after,
        }
    }
}

/// The names in the certificate, from the error that it is not for another.
fn presented(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented, ..
        }) if !presented.is_empty() => names(presented),
        _ => "no name at all (browsers read subjectAltName alone)".to_owned(),
    }
}

/// The names as people write them: rustls tells `DnsName("id.example.test")`.
pub fn names(presented: &[String]) -> String {
    let plain = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest);
        inner.trim_end_matches(')').trim_matches('"').to_owned()
    };
    presented.iter().map(plain).collect::<Vec<_>>().join(", ")
}

/// The file's permission bits, and what it holds.
fn read(
    path: &Path,
    setting: &'static str,
    what: &'static str,
) -> Result<(u32, Vec<u8>), TlsError> {
    let failed = |source: io::Error| {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::NotFound {
            TlsError::Missing {
                setting,
                path,
                what,
            }
        } else {
            TlsError::Io {
                setting,
                path,
                source,
            }
        }
    };
    let (file, metadata) = regular::open(path, MOST).map_err(failed)?;
    let mut bytes = Vec::with_capacity(usize::try_from(MOST).unwrap_or_default());
    file.take(MOST).read_to_end(&mut bytes).map_err(failed)?;
    Ok((metadata.mode(), bytes))
}
