//! Where the demo listens: the address that browsers know Vestibule by, and one for the shop and the demo's own pages. On
//! loopback, and nowhere else.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use axum::Router;
use tokio::net::TcpListener;

use crate::server::{Connections, Door};

use super::house::House;

/// What a person is told to open, if nothing else has it.
const USUAL: u16 = 8080;
/// How often another port is tried that is free on both loopback addresses.
const TRIES: usize = 32;
/// Connections at a time, of each kind.
const CONNECTIONS: usize = 512;

/// What everything is called, and where it is.
#[derive(Debug, Clone)]
pub struct Places {
    /// `http://localhost:8080`.
    pub issuer: String,
    /// `http://shop.localhost:8081`.
    pub shop: String,
    /// `http://localhost:8081`.
    pub demo: String,
    /// Where the issuer listens.
    pub issuer_at: SocketAddr,
    /// Where the shop and the demo's pages listen.
    pub shop_at: SocketAddr,
}

impl Places {
    fn new(issuer_at: SocketAddr, shop_at: SocketAddr) -> Self {
        let (issuer, shop) = (issuer_at.port(), shop_at.port());
        Self {
            issuer: format!("http://localhost:{issuer}"),
            shop: format!("http://shop.localhost:{shop}"),
            demo: format!("http://localhost:{shop}"),
            issuer_at,
            shop_at,
        }
    }

    /// Host and port of an origin, as `Host` has them.
    pub fn authority(origin: &str) -> &str {
        origin.strip_prefix("http://").unwrap_or(origin)
    }
}

/// Everything that listens.
pub struct Rooms {
    places: Places,
    moved: bool,
    issuer: Connections,
    shop: Connections,
}

/// Binds what `--listen` names, or else the usual port, or else a free one.
pub async fn open(listen: Option<&str>) -> Result<Rooms> {
    let (asked, port) = listen
        .map(parse)
        .transpose()?
        .unwrap_or((Which::Both, USUAL));
    let (bound, moved) = match bind(asked, port).await {
        Ok(bound) => (bound, false),
        Err(error) if listen.is_none() && error.kind() == io::ErrorKind::AddrInUse => {
            (bind_free(asked).await?, true)
        }
        Err(error) => {
            return Err(anyhow!(
                "cannot listen on port {port}: {error}; choose another with --listen, such as --listen localhost:9000, or \
                 leave it out"
            ));
        }
    };
    let issuer_at = first(&bound)?;
    let beside = issuer_at.port().checked_add(1);
    let beside = match beside {
        Some(port) => bind(Which::Both, port).await.ok(),
        None => None,
    };
    let beside = match beside {
        Some(beside) => beside,
        None => bind_free(Which::Both).await?,
    };
    let places = Places::new(issuer_at, first(&beside)?);
    Ok(Rooms {
        places,
        moved,
        issuer: taking(bound),
        shop: taking(beside),
    })
}

impl Rooms {
    /// What everything is called.
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// Whether another program had the usual port.
    pub const fn moved(&self) -> bool {
        self.moved
    }

    /// Has everything answered by `house`.
    pub fn answer_by(&mut self, house: &Arc<House>) {
        let relay = Router::new().fallback(super::relay::answer);
        let rooms = Router::new().fallback(super::house::answer);
        let relay = relay.with_state(Arc::clone(house));
        self.issuer.answer_by(relay, None);
        let rooms = rooms.with_state(Arc::clone(house));
        self.shop.answer_by(rooms, None);
    }

    /// Takes nobody in any more, and waits for those inside, but not long.
    pub async fn close(self, bound: Duration) {
        tokio::join!(self.issuer.drain(bound), self.shop.drain(bound));
    }
}

fn taking(listeners: Vec<TcpListener>) -> Connections {
    let mut connections = Connections::new(CONNECTIONS);
    for listener in listeners {
        connections.open(Door::Network(listener));
    }
    connections
}

fn first(bound: &[TcpListener]) -> Result<SocketAddr> {
    let first = bound.first().ok_or_else(|| anyhow!("nothing listens"))?;
    Ok(first.local_addr()?)
}

/// Which of the loopback addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Both,
    One(IpAddr),
}

impl Which {
    const LOCALHOST: [IpAddr; 2] = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];

    fn addresses(self) -> Vec<IpAddr> {
        match self {
            Self::Both => Self::LOCALHOST.to_vec(),
            Self::One(address) => vec![address],
        }
    }
}

/// What `--listen` says. The demo shows passwords, so it is for this machine alone.
fn parse(listen: &str) -> Result<(Which, u16)> {
    if let Some(port) = listen.strip_prefix("localhost:")
        && let Ok(port) = port.parse()
    {
        return Ok((Which::Both, port));
    }
    let Ok(address) = listen.parse::<SocketAddr>() else {
        bail!(
            "--listen {listen:?} is no address and port: write it like localhost:9000 or 127.0.0.1:9000"
        );
    };
    if !Which::LOCALHOST.contains(&address.ip()) {
        bail!(
            "--listen {address}: the demo shows passwords and speaks plain http, so it listens on loopback alone: \
             localhost:{0}, 127.0.0.1:{0} or [::1]:{0}; for others to reach, start `vestibule serve`",
            address.port()
        );
    }
    Ok((Which::One(address.ip()), address.port()))
}

/// All of these addresses at one port; a machine without IPv6 does without it.
async fn bind(which: Which, port: u16) -> io::Result<Vec<TcpListener>> {
    let (mut bound, mut port, mut missing) = (Vec::new(), port, None);
    for address in which.addresses() {
        match TcpListener::bind(SocketAddr::new(address, port)).await {
            Ok(listener) => {
                port = listener.local_addr()?.port();
                bound.push(listener);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(error) => missing = Some(error),
        }
    }
    match missing {
        Some(error) if bound.is_empty() => Err(error),
        _ => Ok(bound),
    }
}

async fn bind_free(which: Which) -> io::Result<Vec<TcpListener>> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        match bind(which, 0).await {
            Ok(bound) => return Ok(bound),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_listens_on_loopback_alone() {
        assert_eq!(parse("localhost:9000").unwrap(), (Which::Both, 9000));
        for one in ["127.0.0.1:0", "[::1]:9000"] {
            assert!(matches!(parse(one).unwrap().0, Which::One(_)), "{one}");
        }
        for (abroad, told) in [
            ("0.0.0.0:8080", "loopback alone"),
            ("[::]:8080", "loopback alone"),
            ("192.0.2.1:8080", "loopback alone"),
            ("127.0.0.2:8080", "loopback alone"),
            ("localhost", "no address"),
            ("example.test:80", "no address"),
            ("localhost:99999", "no address"),
        ] {
            let error = parse(abroad).unwrap_err().to_string();
            assert!(error.contains(told), "{abroad}: {error}");
        }
    }

    #[tokio::test]
    async fn two_stand_side_by_side() {
        let taken = bind_free(Which::Both).await.unwrap();
        let port = first(&taken).unwrap().port();
        let asked = open(Some(&format!("localhost:{port}"))).await;
        let told = asked.err().unwrap().to_string();
        assert!(told.contains("--listen"), "{told}");
        let (one, other) = (open(None).await.unwrap(), open(None).await.unwrap());
        let ports = |rooms: &Rooms| [rooms.places.issuer_at.port(), rooms.places.shop_at.port()];
        for port in ports(&one) {
            assert!(!ports(&other).contains(&port));
        }
        assert!(other.moved());
    }
}
