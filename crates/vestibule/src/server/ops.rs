//! The operator's listener: metrics and probes, off the public one (ASVS 13.4.5).

use std::io;
use std::net::SocketAddr;

use anyhow::{Result, anyhow};
use tokio::net::TcpListener;

use crate::settings::{Origin, Settings};

/// Binds `ops.listen`. Answers the listener and what it is really bound to; nothing where it is off, or where nobody asked
/// for it and its default cannot be had: a second server on a machine starts all the same.
pub async fn bind(
    settings: &Settings,
    origin: &Origin,
) -> Result<Option<(TcpListener, SocketAddr)>> {
    let Some(address) = settings.ops else {
        return Ok(None);
    };
    match listen(address).await {
        Ok(bound) => Ok(Some(bound)),
        Err(error) if *origin == Origin::Default => {
            tracing::warn!(
                %error,
                "no metrics: cannot listen on {address}; set ops.listen to a free address, or to \"off\""
            );
            Ok(None)
        }
        Err(error) => Err(told(settings, address, origin, &error)),
    }
}

/// Says where metrics are, when that is not where the book says.
pub fn tell(bound: Option<SocketAddr>, origin: &Origin) {
    if let Some(address) = bound
        && *origin != Origin::Default
    {
        tracing::info!("metrics are at http://{address}/metrics");
    }
}

async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

fn told(
    settings: &Settings,
    address: SocketAddr,
    origin: &Origin,
    error: &io::Error,
) -> anyhow::Error {
    let port = address.port();
    let what = match error.kind() {
        io::ErrorKind::AddrInUse if settings.listen.contains(&address) => {
            "server.listen has the same address, and metrics are never public: give them a port of their own".to_owned()
        }
        io::ErrorKind::AddrInUse => format!(
            "port {port} is in use by another program: see which with `ss -ltnp 'sport = :{port}'`, or choose another"
        ),
        io::ErrorKind::PermissionDenied => {
            format!("this user may not listen on port {port}: choose a port above 1023")
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address: see `ip address`, and choose another".to_owned()
        }
        _ => error.to_string(),
    };
    anyhow!(
        "cannot listen on {address} for metrics (ops.listen, from {origin}): {what}, or set it to \"off\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(ops: Option<SocketAddr>) -> Settings {
        Settings {
            ops,
            ..Settings::default()
        }
    }

    fn set() -> Origin {
        Origin::Environment("VESTIBULE_OPS__LISTEN".to_owned())
    }

    #[tokio::test]
    async fn off_is_nowhere_and_port_zero_some_free_port() {
        assert!(bind(&settings(None), &set()).await.unwrap().is_none());
        let any = settings(Some("127.0.0.1:0".parse().unwrap()));
        let (_listener, bound) = bind(&any, &set()).await.unwrap().unwrap();
        assert_ne!(bound.port(), 0);
    }

    #[tokio::test]
    async fn what_nobody_asked_for_stops_no_start_and_what_was_set_does() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let mut settings = settings(Some(address));
        let default = bind(&settings, &Origin::Default).await.unwrap();
        assert!(default.is_none());

        let told = bind(&settings, &set()).await.unwrap_err().to_string();
        for part in [
            &address.to_string(),
            "VESTIBULE_OPS__LISTEN",
            "another program",
            "ss -ltnp",
            "off",
        ] {
            assert!(told.contains(part), "{told}");
        }
        settings.listen = vec![address];
        let told = bind(&settings, &set()).await.unwrap_err().to_string();
        assert!(told.contains("never public"), "{told}");
    }
}
