//! Vestibule, an application, and nginx in front of both.

use crate::application::Application;
use crate::nginx::{Nginx, Ports};
use crate::server::{Launch, Server};

/// One origin, path by path, TLS ended in front.
pub struct Street {
    /// The proxy.
    pub nginx: Nginx,
    /// What it leads to.
    pub application: Application,
    /// Who it asks.
    pub server: Server,
}

impl Street {
    /// Starts all three, Vestibule as `launch` says.
    pub fn open(launch: Launch) -> anyhow::Result<Self> {
        let ports = Ports::free()?;
        let room = launch.scratch().join("nginx");
        let server = launch
            .argument("--issuer")
            .argument(format!("https://localhost:{}", ports.tls))
            .config("[[trusted_proxies]]\naddress = \"127.0.0.1\"\nheaders = \"x-original\"\n")?
            .start()?;
        let application = Application::start()?;
        let nginx = Nginx::start(&room, &ports, server.port, application.port)?;
        Ok(Self {
            nginx,
            application,
            server,
        })
    }
}
