//! A way to the database that can be cut off and frozen, also just at a COMMIT.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens at the next COMMIT that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtCommit {
    /// The server never has it.
    Swallow,
    /// The server does it, and its answer is lost.
    CutAnswer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Passes,
    Frozen,
}

struct Inner {
    port: u16,
    armed: AtomicU8,
    flow: watch::Sender<Flow>,
    cuts: watch::Sender<u64>,
}

/// Passes bytes on until told otherwise.
pub struct Link {
    inner: Arc<Inner>,
    task: tokio::task::JoinHandle<()>,
}

/// The port of a server's url.
fn port(url: &str) -> u16 {
    let (_, rest) = url.rsplit_once('@').unwrap();
    let (address, _) = rest.split_once('/').unwrap();
    let (_, port) = address.rsplit_once(':').unwrap();
    port.parse().unwrap()
}

impl Link {
    /// A link to the server of a url.
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inner = Arc::new(Inner {
            port: listener.local_addr().unwrap().port(),
            armed: AtomicU8::new(0),
            flow: watch::Sender::new(Flow::Passes),
            cuts: watch::Sender::new(0),
        });
        let (server, own) = (port(url), Arc::clone(&inner));
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let own = Arc::clone(&own);
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
                        return;
                    };
                    own.join(client, server).await;
                });
            }
        });
        Self { inner, task }
    }

    /// The same url by way of this link.
    pub fn url(&self, url: &str) -> String {
        url.replace(
            &format!(":{}/", port(url)),
            &format!(":{}/", self.inner.port),
        )
    }

    /// Cuts at the next COMMIT.
    pub fn at_commit(&self, what: AtCommit) {
        let armed = match what {
            AtCommit::Swallow => 1,
            AtCommit::CutAnswer => 2,
        };
        self.inner.armed.store(armed, Ordering::SeqCst);
    }

    /// Cuts every connection there is now.
    pub fn cut(&self) {
        self.inner.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Nothing passes any more, and nothing is closed.
    pub fn freeze(&self) {
        self.inner.flow.send_replace(Flow::Frozen);
    }

    /// Everything passes again.
    pub fn pass(&self) {
        self.inner.armed.store(0, Ordering::SeqCst);
        self.inner.flow.send_replace(Flow::Passes);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Inner {
    async fn join(&self, client: TcpStream, server: TcpStream) {
        let mut cuts = self.cuts.subscribe();
        let (client_reads, client_writes) = client.into_split();
        let (server_reads, server_writes) = server.into_split();
        let lost = watch::Sender::new(false);
        tokio::select! {
            // Dropping both ends closes them.
            _ = cuts.changed() => {}
            () = self.ask(client_reads, server_writes, &lost) => {}
            () = self.answer(server_reads, client_writes, &lost) => {}
        }
    }

    async fn ask(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        lost: &watch::Sender<bool>,
    ) {
        let mut chunk = vec![0; 64 << 10];
        while let Ok(read) = from.read(&mut chunk).await {
            let sent = &chunk[..read];
            self.flows().await;
            if sent.windows(7).any(|text| text == b"COMMIT\0") {
                match self.armed.swap(0, Ordering::SeqCst) {
                    1 => return,
                    2 => drop(lost.send_replace(true)),
                    _ => {}
                }
            }
            if read == 0 || to.write_all(sent).await.is_err() {
                return;
            }
        }
    }

    async fn answer(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        lost: &watch::Sender<bool>,
    ) {
        let mut chunk = vec![0; 64 << 10];
        while let Ok(read) = from.read(&mut chunk).await {
            self.flows().await;
            if *lost.borrow() {
                // Done is what it says: COMMIT is answered, and the answer goes nowhere.
                if chunk[..read].windows(7).any(|text| text == b"COMMIT\0") {
                    return;
                }
                continue;
            }
            if read == 0 || to.write_all(&chunk[..read]).await.is_err() {
                return;
            }
        }
    }

    async fn flows(&self) {
        let mut flow = self.flow.subscribe();
        let _gone = flow.wait_for(|flow| *flow == Flow::Passes).await;
    }
}
