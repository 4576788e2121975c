//! A connection that is read byte by byte, for STARTTLS.
//!
//! Whoever stands between may send more in the clear behind the server's `220`. Read ahead, it would be taken for what the
//! server says once TLS stands (RFC 3207 §6). Read byte by byte, it is still on the wire when TLS begins, which takes it
//! for no TLS and ends. A dialogue has a few kilobytes: the cost is nothing.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Reads at most one byte at a time.
#[derive(Debug)]
pub struct Bytewise(pub TcpStream);

impl AsyncTokioStream for Bytewise {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}

impl AsyncRead for Bytewise {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if into.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.0).poll_read(context, &mut one))?;
        into.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bytewise {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
    use lettre::transport::smtp::extension::ClientId;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    /// Holds: ASVS 12.3.1
    #[tokio::test]
    async fn asvs_12_3_1_what_comes_in_the_clear_behind_starttls_is_no_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let between = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 here\r\n").await.unwrap();
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            stream
                .write_all(b"250-here\r\n250 STARTTLS\r\n")
                .await
                .unwrap();
            stream.read_line(&mut line).await.unwrap();
            stream
                .write_all(b"220 go\r\n250-here\r\n250 AUTH PLAIN\r\n")
                .await
                .unwrap();
            // It stays, as one would that passes TLS on from here.
            stream
        });
        let hello = ClientId::Domain("id.example.test".to_owned());
        let stream = Bytewise(TcpStream::connect(address).await.unwrap());
        let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello)
            .await
            .unwrap();
        let tls = TlsParameters::new("localhost".to_owned()).unwrap();
        let upgraded = connection.starttls(tls, &hello);
        let upgraded = timeout(Duration::from_secs(30), upgraded).await;
        let refused = upgraded.unwrap().unwrap_err().to_string();
        assert!(refused.contains("corrupt message"), "{refused}");
        drop(between.await.unwrap());
    }
}
