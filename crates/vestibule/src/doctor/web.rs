//! Asks over HTTP as a browser's network does, and tells precisely what went wrong below it.

use std::borrow::Cow;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper_util::rt::TokioIo;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

/// For the name, and for the connection to each address.
const CONNECT: Duration = Duration::from_secs(5);
/// For the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// For the whole answer.
const ANSWER: Duration = Duration::from_secs(20);
/// Longest answer that is read.
const LONGEST: usize = 1 << 20;

/// The way to web servers.
pub struct Web {
    verifier: Arc<WebPkiServerVerifier>,
    resolved: Vec<Resolved>,
}

/// A name that is to be found elsewhere than the resolver says.
pub struct Resolved {
    /// The name.
    pub host: String,
    /// Where it is.
    pub address: IpAddr,
    /// On another port than the URL's, too.
    pub port: Option<u16>,
}

/// What is asked.
pub struct Ask {
    /// How.
    pub method: Method,
    /// Of whom.
    pub url: Url,
    /// Besides `Host`.
    pub headers: HeaderMap,
    /// A form, or nothing.
    pub body: String,
}

/// What came back.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text, for a person and for what is looked for in a page; what is no UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// Certificates that a server showed, its own first.
pub type Chain = Vec<CertificateDer<'static>>;

/// What went wrong below HTTP.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The name stands for nothing.
    #[error("the name {host} stands for no address ({why})")]
    Name {
        /// The name.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// Nobody takes the connection.
    #[error("{host} port {port} ({address}) cannot be reached: {why}")]
    Connect {
        /// The name.
        host: String,
        /// The port.
        port: u16,
        /// What the name stands for.
        address: String,
        /// What the system said.
        why: String,
    },
    /// The certificate is not good.
    #[error("the certificate of {host} is not good: {error}")]
    Certificate {
        /// The name.
        host: String,
        /// Why.
        error: rustls::CertificateError,
        /// What was shown.
        chain: Chain,
    },
    /// There is no TLS.
    #[error("{host} port {port} does not speak TLS as it should: {why}")]
    Tls {
        /// The name.
        host: String,
        /// The port.
        port: u16,
        /// Why.
        why: String,
    },
    /// There is no HTTP.
    #[error("{host} did not answer in HTTP: {why}")]
    Http {
        /// The name.
        host: String,
        /// Why.
        why: String,
    },
}

/// Judges as usual, and keeps what was shown.
#[derive(Debug)]
struct Recording {
    verifier: Arc<WebPkiServerVerifier>,
    shown: Mutex<Chain>,
}

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(leaf).chain(others);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) =
            chain.map(|one| one.clone().into_owned()).collect();
        self.verifier
            .verify_server_cert(leaf, others, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

impl Web {
    /// Trusts whom this machine trusts (`SSL_CERT_FILE` names others), and finds the names in `resolved` where they say.
    pub fn new(resolved: Vec<Resolved>) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        // Single ones that cannot be read are not missed; where all are, the first page over https tells.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .context(
                "this machine trusts no certificate authority: install ca-certificates, or name a file of \
                 authorities in SSL_CERT_FILE",
            )?;
        Ok(Self { verifier, resolved })
    }

    /// Finds the name of `url` once: what is asked later goes there, whatever the resolver says by then.
    pub async fn pin(&mut self, url: &Url) -> Result<Vec<IpAddr>, WebError> {
        let (host, port) = place(url);
        let found = self.addresses(&host, port).await?;
        let found: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
        self.resolved.retain(|one| one.host != host);
        self.resolved.extend(found.iter().map(|address| Resolved {
            host: host.clone(),
            address: *address,
            port: None,
        }));
        Ok(found)
    }

    /// One request on a connection of its own. Follows nothing.
    pub async fn ask(&self, ask: Ask) -> Result<Answer, WebError> {
        let (host, port) = place(&ask.url);
        let stream = self.connect(&host, port).await?;
        let spoken = async {
            if ask.url.scheme() == "https" {
                let (stream, _) = self.secure(stream, &host, port).await?;
                speak(stream, ask).await
            } else {
                speak(stream, ask).await
            }
        };
        timeout(ANSWER, spoken).await.unwrap_or_else(|_| {
            let why = format!("nothing whole came within {} s", ANSWER.as_secs());
            Err(WebError::Http {
                host: host.clone(),
                why,
            })
        })
    }

    /// The certificates that `url` shows, judged for its name.
    pub async fn certificates(&self, url: &Url) -> Result<Chain, WebError> {
        let (host, port) = place(url);
        let stream = self.connect(&host, port).await?;
        Ok(self.secure(stream, &host, port).await?.1)
    }

    /// Whether this machine itself takes connections there.
    pub async fn is_here(&self, url: &Url) -> bool {
        let (host, port) = place(url);
        let Ok(stream) = self.connect(&host, port).await else {
            return false;
        };
        // Who calls an address of its own calls from it.
        let ends = (stream.local_addr(), stream.peer_addr());
        matches!(ends, (Ok(own), Ok(peer)) if own.ip() == peer.ip() || peer.ip().is_loopback())
    }

    /// A connection to the first address that takes one.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, WebError> {
        let mut last = None;
        for address in self.addresses(host, port).await? {
            let dialled = timeout(CONNECT, TcpStream::connect(address)).await;
            let dialled = dialled.unwrap_or_else(|_| {
                let why = format!("no answer within {} s", CONNECT.as_secs());
                Err(io::Error::new(io::ErrorKind::TimedOut, why))
            });
            match dialled {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some((address, error)),
            }
        }
        let Some((address, error)) = last else {
            return Err(WebError::Name {
                host: host.to_owned(),
                why: "the resolver answered nothing".to_owned(),
            });
        };
        Err(WebError::Connect {
            host: host.to_owned(),
            port,
            address: address.ip().to_string(),
            why: error.to_string(),
        })
    }

    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, WebError> {
        let told = self.resolved.iter().filter(|one| one.host == host);
        let told: Vec<SocketAddr> = told
            .map(|one| SocketAddr::new(one.address, one.port.unwrap_or(port)))
            .collect();
        if !told.is_empty() {
            return Ok(told);
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let failed = |why: String| WebError::Name {
            host: host.to_owned(),
            why,
        };
        let found = timeout(CONNECT, lookup_host((host, port))).await;
        let found = found.map_err(|_| failed("the resolver does not answer".to_owned()))?;
        Ok(found.map_err(|error| failed(error.to_string()))?.collect())
    }

    async fn secure(
        &self,
        stream: TcpStream,
        host: &str,
        port: u16,
    ) -> Result<(impl AsyncRead + AsyncWrite + Unpin + Send + 'static, Chain), WebError> {
        let failed = |why: String| WebError::Tls {
            host: host.to_owned(),
            port,
            why,
        };
        let recording = Arc::new(Recording {
            verifier: Arc::clone(&self.verifier),
            shown: Mutex::default(),
        });
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Recording>::clone(&recording))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|error| failed(error.to_string()))?;
        let shaken = timeout(
            HANDSHAKE,
            TlsConnector::from(Arc::new(config)).connect(name, stream),
        );
        let shaken = shaken
            .await
            .map_err(|_| failed(format!("no handshake within {} s", HANDSHAKE.as_secs())))?;
        let shown = || {
            let shown = recording.shown.lock();
            shown.unwrap_or_else(PoisonError::into_inner).clone()
        };
        match shaken {
            Ok(stream) => Ok((stream, shown())),
            Err(error) => {
                let below = error.get_ref().and_then(|error| error.downcast_ref());
                Err(match below {
                    Some(rustls::Error::InvalidCertificate(error)) => WebError::Certificate {
                        host: host.to_owned(),
                        error: error.clone(),
                        chain: shown(),
                    },
                    _ => failed(error.to_string()),
                })
            }
        }
    }
}

/// Host without brackets, and port.
fn place(url: &Url) -> (String, u16) {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or(80);
    (host.to_owned(), port)
}

/// `host[:port]`, as browsers write it.
pub fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ask: Ask,
) -> Result<Answer, WebError> {
    let host = place(&ask.url).0;
    let failed = |why: String| WebError::Http {
        host: host.clone(),
        why,
    };
    let target = ask.url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
    let mut request = Request::builder()
        .method(ask.method)
        .uri(target)
        .header(http::header::HOST, authority(&ask.url))
        .body(Body::from(ask.body))
        .map_err(|error| failed(error.to_string()))?;
    request.headers_mut().extend(ask.headers);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(error.to_string()))?;
    let driven = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    let answer = answer.map_err(|error| failed(error.to_string()))?;
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, LONGEST).collect().await;
    let body = body.map_err(|error| failed(error.to_string()))?.to_bytes();
    drop(sender);
    driven.abort();
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.into(),
    })
}
