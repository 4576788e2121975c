//! One connection's handshake: in its own task, so that a slow one holds up nobody, and within bounds.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use vestibule_http::Issuer;

/// A handshake is over within this.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The first byte of a TLS connection: a record of the handshake (RFC 8446 §5.1).
const RECORD: u8 = 22;

/// Makes TLS of what comes in.
#[derive(Clone)]
pub struct Acceptor {
    tls: TlsAcceptor,
    /// For who speaks plain http.
    plain: Arc<str>,
}

impl Acceptor {
    /// With `config`, for what people know as `issuer`.
    pub fn new(config: Arc<ServerConfig>, issuer: &Issuer) -> Self {
        let text = format!(
            "This port speaks https: open {}/ (what you sent was not encrypted, and was not looked at)\n",
            issuer.origin()
        );
        // R36, H01: told, and sent nowhere; made of the configured issuer alone.
        let plain = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n{text}",
            text.len()
        );
        Self {
            tls: TlsAcceptor::from(config),
            plain: plain.into(),
        }
    }

    /// The connection, once it is encrypted; `None` when it never is.
    pub async fn shake(&self, mut stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let shaken = timeout(HANDSHAKE, async {
            let mut first = [0];
            if stream.peek(&mut first).await.ok()? == 0 {
                return None;
            }
            if first[0] != RECORD {
                if first[0].is_ascii_alphabetic() {
                    // Nothing depends on whether it arrives.
                    let _ = stream.write_all(self.plain.as_bytes()).await;
                    linger(stream).await;
                }
                return None;
            }
            let accepted = self.tls.accept(stream).await;
            // A peer's doing, and no failure of ours.
            accepted
                .inspect_err(|error| tracing::debug!(%error, "a TLS handshake failed"))
                .ok()
        });
        shaken.await.ok().flatten()
    }
}

/// Reads what still comes, so that closing does not tear up the answer (RFC 9112 §9.6).
async fn linger(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let mut rest = [0; 1024];
    let left = async {
        while let Ok(1..) = tokio::io::AsyncReadExt::read(&mut stream, &mut rest).await {}
    };
    let _ = timeout(Duration::from_secs(1), left).await;
}
