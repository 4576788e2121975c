//! Binds the public listeners, and says in plain words why one cannot be had.

use std::io;
use std::net::SocketAddr;

use anyhow::{Result, anyhow};
use rustix::io::Errno;
use tokio::net::TcpListener;

use crate::settings::{InForce, Origin, Settings};

/// Binds every address of `server.listen`. Answers the listeners and what they are really bound to.
pub async fn bind(
    settings: &Settings,
    origin: &Origin,
) -> Result<(Vec<TcpListener>, Vec<SocketAddr>)> {
    let (mut listeners, mut bound) = (Vec::new(), Vec::new());
    let mut missing = Vec::new();
    for &address in &settings.listen {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                bound.push(listener.local_addr()?);
                listeners.push(listener);
            }
            // A machine without IPv6 still serves its only loopback address.
            Err(error) if is_ipv6_loopback(address) && is_absent(&error) => {
                missing.push((address, error));
            }
            Err(error) => return Err(told(address, origin, &error)),
        }
    }
    for (address, error) in &missing {
        if bound.is_empty() {
            return Err(told(*address, origin, error));
        }
        tracing::warn!(%error, "not listening on {address}: this machine has no such address");
    }
    Ok((listeners, bound))
}

/// Binds every address of `tls.redirect_listen`.
pub async fn bind_redirect(in_force: &InForce) -> Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for &address in &in_force.settings.tls.redirect_listen {
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            Err(error) if is_ipv6_loopback(address) && is_absent(&error) => {
                tracing::warn!(%error, "nobody is sent on from {address}: this machine has no such address");
            }
            Err(error) => {
                let what = match error.kind() {
                    io::ErrorKind::AddrInUse => {
                        "another program, or server.listen, has it".to_owned()
                    }
                    io::ErrorKind::PermissionDenied => {
                        "this user may not listen on that port: give the program \
                         CAP_NET_BIND_SERVICE (AmbientCapabilities= in a systemd unit)"
                            .to_owned()
                    }
                    _ => error.to_string(),
                };
                let origin = in_force.origin("tls.redirect_listen");
                return Err(anyhow!(
                    "cannot listen on {address} (tls.redirect_listen, from {origin}): {what}; choose another address, or \
                     take it away"
                ));
            }
        }
    }
    Ok(listeners)
}

fn is_ipv6_loopback(address: SocketAddr) -> bool {
    address.is_ipv6() && address.ip().is_loopback()
}

/// The machine does not have the address, or not the family.
fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(Errno::AFNOSUPPORT.raw_os_error())
}

fn told(address: SocketAddr, origin: &Origin, error: &io::Error) -> anyhow::Error {
    let port = address.port();
    let what = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {port} is in use by another program: see which with `ss -ltnp 'sport = :{port}'`, or choose another \
             address with --listen, such as --listen {}",
            SocketAddr::new(address.ip(), port.checked_add(1).unwrap_or(8080))
        ),
        io::ErrorKind::PermissionDenied => format!(
            "this user may not listen on port {port}: choose a port above 1023 with --listen, or give the program \
             CAP_NET_BIND_SERVICE"
        ),
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address: see `ip address`, and choose another with --listen"
                .to_owned()
        }
        _ => format!("{error}: choose another address with --listen"),
    };
    anyhow!("cannot listen on {address} (server.listen, from {origin}): {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(listen: &[SocketAddr]) -> Settings {
        Settings {
            listen: listen.to_vec(),
            ..Settings::default()
        }
    }

    #[tokio::test]
    async fn port_zero_is_some_free_port() {
        let (listeners, bound) = bind(
            &settings(&["127.0.0.1:0".parse().unwrap()]),
            &Origin::Default,
        )
        .await
        .unwrap();
        assert_eq!(listeners.len(), 1);
        assert_ne!(bound[0].port(), 0);
    }

    #[tokio::test]
    async fn a_port_in_use_is_told_with_what_to_do() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let told = bind(&settings(&[address]), &Origin::Flag("--listen"))
            .await
            .unwrap_err()
            .to_string();
        for part in [&address.to_string(), "in use", "ss -ltnp", "--listen"] {
            assert!(told.contains(part), "{told}");
        }
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_told() {
        let told = bind(
            &settings(&["192.0.2.1:0".parse().unwrap()]),
            &Origin::Default,
        )
        .await
        .unwrap_err();
        assert!(told.to_string().contains("no such address"), "{told}");
    }

    #[test]
    fn a_missing_ipv6_loopback_is_not_the_same_as_a_port_in_use() {
        assert!(is_absent(&io::Error::from(Errno::ADDRNOTAVAIL)));
        assert!(is_absent(&io::Error::from(Errno::AFNOSUPPORT)));
        assert!(!is_absent(&io::Error::from(Errno::ADDRINUSE)));
        assert!(is_ipv6_loopback("[::1]:1".parse().unwrap()));
        assert!(!is_ipv6_loopback("127.0.0.1:1".parse().unwrap()));
    }
}
