//! TLS ended here: what is spoken, with which certificate, and how a new one comes in without a restart.
//!
//! ```text
//! files ── each round, and when told ──▶ unchanged ──────────────────────▶ the pair that is shown stays
//!                                    ├─▶ good: shown from the next handshake on; connections under way stay
//!                                    └─▶ bad: the pair that is shown stays, and the log says once what is wrong
//! ```

pub mod certificate;
mod handshake;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert, ServerSessionMemoryCache};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio::sync::Notify;

use vestibule_core::time::UnixMillis;
use vestibule_http::Issuer;

use self::certificate::{Files, Pair, TlsError};
use crate::settings;

pub use self::handshake::Acceptor;

/// Sessions that may be taken up again without a whole handshake.
const RESUMABLE: usize = 4096;

/// TLS as the settings have it.
pub struct Tls {
    files: Files,
    host: String,
    provider: Arc<CryptoProvider>,
    shown: Arc<Shown>,
    config: Arc<ServerConfig>,
    wake: Notify,
}

/// The pair that the next handshake shows.
#[derive(Debug)]
struct Shown(ArcSwap<Pair>);

impl ResolvesServerCert for Shown {
    /// The one there is, whatever name the client asks for: the host check turns away who meant another.
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.load().certified))
    }
}

/// What became of a look at the files.
#[derive(Debug, PartialEq, Eq)]
pub enum Looked {
    /// They hold what is shown already.
    Same,
    /// Another pair is shown from now on.
    New,
}

impl Tls {
    /// Reads and judges the pair that the settings name, if they do.
    pub fn start(
        settings: &settings::Tls,
        issuer: &Issuer,
        now: UnixMillis,
    ) -> Result<Option<Self>, TlsError> {
        let Some((cert, key)) = settings.pair() else {
            return Ok(None);
        };
        let files = Files {
            cert: cert.to_owned(),
            key: key.to_owned(),
        };
        let host = issuer.name().to_owned();
        // ASVS 11.2.1, 12.1.2: AES-GCM and ChaCha20-Poly1305 over ephemeral keys and nothing else, a post-quantum exchange
        // first. Named here, so that nothing global decides.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let pair = files.judge(&files.read()?, &host, now, &provider)?;
        let shown = Arc::new(Shown(ArcSwap::from_pointee(pair)));
        let config = config(&provider, &shown).map_err(|error| TlsError::Unusable {
            path: files.key.clone(),
            why: error.to_string(),
        })?;
        Ok(Some(Self {
            files,
            host,
            provider,
            shown,
            config: Arc::new(config),
            wake: Notify::new(),
        }))
    }

    /// For the accept loop of `issuer`.
    pub fn acceptor(&self, issuer: &Issuer) -> Acceptor {
        Acceptor::new(Arc::clone(&self.config), issuer)
    }

    /// Has the files looked at now, not at the next round (SIGHUP).
    pub fn look_now(&self) {
        self.wake.notify_one();
    }

    /// Looks at the files. What is shown changes only for what is good.
    fn look(&self, now: UnixMillis) -> Result<Looked, TlsError> {
        let contents = self.files.read()?;
        if contents.digest() == self.shown.0.load().digest {
            return Ok(Looked::Same);
        }
        let pair = self
            .files
            .judge(&contents, &self.host, now, &self.provider)?;
        self.shown.0.store(Arc::new(pair));
        Ok(Looked::New)
    }
}

/// What is wrong with the pair that the settings name, for `vestibule config check`.
pub fn fault(settings: &settings::Tls, issuer: &Issuer, now: UnixMillis) -> Option<TlsError> {
    Tls::start(settings, issuer, now).err()
}

/// ASVS 12.1.1: TLS 1.3 and 1.2, nothing older.
fn config(
    provider: &Arc<CryptoProvider>,
    shown: &Arc<Shown>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::<Shown>::clone(shown));
    // RFC 7301; ours first.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // ASVS 12.1.2: forward secrecy holds for what is resumed, too. A ticket under a key of ours would open every session
    // once that key is known; what lies in memory goes with it.
    config.session_storage = ServerSessionMemoryCache::new(RESUMABLE);
    Ok(config)
}
