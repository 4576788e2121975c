//! Posts to a collector, on the server's own runtime and HTTP stack.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long one hand-over may take.
const SEND: Duration = Duration::from_secs(10);
/// Most of an answer that is read.
const ANSWER: usize = 64 * 1024;

/// One connection for each batch.
#[derive(Clone)]
pub struct Sender {
    runtime: Handle,
    tls: Option<TlsConnector>,
    failing: Arc<AtomicBool>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl Sender {
    /// For a collector at `url`.
    pub fn new(runtime: Handle, url: &Uri) -> Result<Self> {
        let tls = (url.scheme_str() == Some("https"))
            .then(connector)
            .transpose()?;
        Ok(Self {
            runtime,
            tls,
            failing: Arc::default(),
        })
    }

    async fn send(self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let sent = match timeout(SEND, self.exchange(request)).await {
            Ok(sent) => sent,
            Err(_) => Err(anyhow!("it did not answer within {} s", SEND.as_secs())),
        };
        // Once, and once more when it is over: traces are not worth a line for each batch.
        match &sent {
            Ok(answer) if answer.status().is_success() => {
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the collector takes traces again");
                }
            }
            Ok(answer) => self.failed(&format!("it answered {}", answer.status())),
            Err(error) => self.failed(&format!("{error:#}")),
        }
        sent
    }

    fn failed(&self, error: &str) {
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                error,
                "traces do not reach the collector (telemetry.otlp_endpoint); nothing else depends on them"
            );
        }
    }

    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>> {
        let url = request.uri().clone();
        let authority = url.authority().context("no host in the URL")?.clone();
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority
            .port_u16()
            .unwrap_or(if self.tls.is_some() { 443 } else { 80 });
        let path = url.path_and_query().context("no path in the URL")?;
        *request.uri_mut() = Uri::from(path.clone());
        request
            .headers_mut()
            .insert(header::HOST, HeaderValue::from_str(authority.as_str())?);
        let request = request.map(Full::new);

        let stream = TcpStream::connect((host.as_str(), port)).await?;
        match &self.tls {
            None => talk(stream, request).await,
            Some(tls) => {
                let name = ServerName::try_from(host)?;
                talk(tls.connect(name, stream).await?, request).await
            }
        }
    }
}

impl HttpClient for Sender {
    fn send_bytes<'life0, 'async_trait>(
        &'life0 self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        // Asked on a thread that is none of the runtime's.
        let sending = self.runtime.spawn(self.clone().send(request));
        Box::pin(async move { Ok(sending.await??) })
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = match Limited::new(body, ANSWER).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => bail!("its answer could not be read: {error}"),
    };
    connection.abort();
    Ok(Response::from_parts(head, body))
}

fn connector() -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        bail!("this system has no certificate authorities: install ca-certificates");
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
