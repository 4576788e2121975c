//! Real proxies with the book's own configuration: nginx, HAProxy and Apache as Debian ships them, Caddy, Traefik and Envoy
//! as their makers do. Only addresses and paths are filled in, just those that each text tells its reader to replace; the
//! hosts are the book's.

mod fill;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::process::{PATIENCE, Process};
use crate::secure::Authority;
use crate::visitor::Visitor;
use crate::{checkout, free_port};

/// The issuer's host in the book.
pub const ISSUER: &str = "https://id.example.com";
/// The application's host in the book.
pub const SHOP: &str = "https://shop.example.com";

/// Which proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Debian's nginx, by `auth_request`.
    Nginx,
    /// Debian's HAProxy, by a script in its own Lua.
    Haproxy,
    /// Debian's Apache, by a script for `mod_lua`.
    Apache,
    /// Caddy, by `forward_auth`.
    Caddy,
    /// Traefik, by ForwardAuth.
    Traefik,
    /// Envoy, by `ext_authz`.
    Envoy,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Nginx,
        Self::Haproxy,
        Self::Apache,
        Self::Caddy,
        Self::Traefik,
        Self::Envoy,
    ];

    /// As in the names of the book's files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Apache => "apache",
            Self::Caddy => "caddy",
            Self::Traefik => "traefik",
            Self::Envoy => "envoy",
        }
    }

    /// The files of `docs/snippets` that its page shows.
    pub fn snippets(self) -> &'static [&'static str] {
        match self {
            Self::Nginx => &["nginx.conf"],
            Self::Haproxy => &["haproxy.cfg", "haproxy.lua"],
            Self::Apache => &["apache.conf", "apache.lua"],
            Self::Caddy => &["Caddyfile"],
            Self::Traefik => &["traefik.yaml", "traefik-dynamic.yaml"],
            Self::Envoy => &["envoy.yaml"],
        }
    }

    /// Its page of the book.
    pub fn page(self) -> anyhow::Result<String> {
        let page = checkout().join(format!("docs/behind-{}.md", self.name()));
        std::fs::read_to_string(&page).with_context(|| format!("no {}", page.display()))
    }

    /// Vestibule's settings behind it: the first block of settings on its page.
    pub fn settings(self) -> anyhow::Result<String> {
        let page = self.page()?;
        let (_, rest) = page.split_once("```toml\n").context("no settings there")?;
        let (settings, _) = rest.split_once("```").context("settings without end")?;
        Ok(settings.to_owned())
    }

    fn program(self) -> anyhow::Result<PathBuf> {
        let own = checkout().join("target/proxies");
        let candidates = match self {
            Self::Nginx => vec!["/usr/sbin/nginx".into(), "/usr/bin/nginx".into()],
            Self::Haproxy => vec!["/usr/sbin/haproxy".into(), "/usr/bin/haproxy".into()],
            Self::Apache => vec!["/usr/sbin/apache2".into()],
            Self::Caddy => vec![own.join("bin/caddy")],
            Self::Traefik => vec![own.join("bin/traefik")],
            // The package's own command is a script that leaves this one behind when it is ended.
            Self::Envoy => packages_of(&own)
                .map(|packages| packages.join("envoy/_bin/envoy"))
                .collect(),
        };
        let found = candidates.into_iter().find(|path: &PathBuf| path.exists());
        found.with_context(|| format!("no {}: run `cargo xtask test --install`", self.name()))
    }
}

fn packages_of(environment: &Path) -> impl Iterator<Item = PathBuf> {
    let versions = std::fs::read_dir(environment.join("lib"));
    let versions = versions.into_iter().flatten().flatten();
    versions.map(|version| version.path().join("site-packages"))
}

/// Where things listen, and whether the proxy asks.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Vestibule's port.
    pub vestibule: u16,
    /// The application's port.
    pub application: u16,
    /// The proxy's own, for TLS.
    pub secure: u16,
    /// The proxy's own, for the redirect to TLS.
    pub plain: u16,
}

/// A running proxy; ended when dropped.
pub struct Proxy {
    /// Which.
    pub kind: Kind,
    /// The process itself.
    pub process: Process,
    /// Where it listens.
    pub addresses: Addresses,
    /// The certificate of the authority that its own are from.
    pub authority: PathBuf,
    _room: TempDir,
}

impl Proxy {
    /// Starts it as the book has it.
    pub fn start(kind: Kind, vestibule: u16, application: u16) -> anyhow::Result<Self> {
        Self::launch(kind, vestibule, application, true, &[])
    }

    /// Starts nginx as the book has it, with the shop's part once more for each of these hosts.
    pub fn start_nginx_for(
        hosts: &[&str],
        vestibule: u16,
        application: u16,
    ) -> anyhow::Result<Self> {
        Self::launch(Kind::Nginx, vestibule, application, true, hosts)
    }

    /// Starts it as the book has it, but for the question.
    pub fn start_unasking(kind: Kind, vestibule: u16, application: u16) -> anyhow::Result<Self> {
        Self::launch(kind, vestibule, application, false, &[])
    }

    /// Starts it with these files, by the names of the book's, which are filled in for these upstreams and this host already.
    pub fn start_with(
        kind: Kind,
        files: &[(&str, String)],
        host: &str,
        (vestibule, application): (u16, u16),
    ) -> anyhow::Result<Self> {
        let text = |file: &str, room: &Path, addresses| {
            let given = files.iter().find(|(name, _)| *name == file);
            let (_, text) = given.with_context(|| format!("no {file} was given"))?;
            fill::settle(file, text, room, addresses, &["id.example.com", host])
        };
        Self::furnish(kind, (vestibule, application), host, &[], text)
    }

    fn launch(
        kind: Kind,
        vestibule: u16,
        application: u16,
        asks: bool,
        more: &[&str],
    ) -> anyhow::Result<Self> {
        let text = |file: &str, room: &Path, addresses| {
            let book = checkout().join("docs/snippets").join(file);
            let book =
                std::fs::read_to_string(&book).with_context(|| format!("no {}", book.display()))?;
            let text = if asks {
                book
            } else {
                fill::unasking(kind, &book)?
            };
            let text = fill::fill(file, &text, room, addresses)?;
            fill::with_hosts(&text, more)
        };
        let upstreams = (vestibule, application);
        Self::furnish(kind, upstreams, "shop.example.com", more, text)
    }

    fn furnish(
        kind: Kind,
        (vestibule, application): (u16, u16),
        host: &str,
        more: &[&str],
        text: impl Fn(&str, &Path, Addresses) -> anyhow::Result<String>,
    ) -> anyhow::Result<Self> {
        let addresses = Addresses {
            vestibule,
            application,
            secure: free_port()?,
            plain: free_port()?,
        };
        // Apache's workers are somebody else, and read their script for themselves.
        let room = tempfile::Builder::new()
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()?;
        let authority = Authority::new(room.path())?;
        authority
            .issue(&[&["id.example.com", host], more].concat())?
            .write(&room.path().join("chain.pem"), &room.path().join("key.pem"))?;
        let mut command = Command::new(kind.program()?);
        command.current_dir(room.path());
        for file in kind.snippets() {
            let text = text(file, room.path(), addresses)?;
            std::fs::write(room.path().join(file), text)?;
        }
        fill::surround(kind, room.path(), addresses, &mut command)?;
        let process = Process::start(&mut command)?;
        let authority = match kind {
            Kind::Caddy => room.path().join("caddy/pki/authorities/local/root.crt"),
            _ => authority.file,
        };
        let proxy = Self {
            kind,
            process,
            addresses,
            authority,
            _room: room,
        };
        proxy.wait_listening(host)?;
        Ok(proxy)
    }

    /// Somebody with a browser and no cookies.
    pub fn visitor(&self) -> anyhow::Result<Visitor> {
        Visitor::new(self.addresses.secure, &self.authority)
    }

    fn wait_listening(&self, host: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        // The application's as well: Caddy makes a certificate for each.
        let both = || {
            let mut visitor = self.visitor()?;
            visitor.view(&format!("https://{host}/vestibule/"))?;
            visitor.view(&format!("{ISSUER}/healthz"))
        };
        loop {
            let answer = both();
            if answer.as_ref().is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            std::thread::yield_now();
            ensure!(
                Instant::now() < deadline,
                "{} never let /healthz through: {}\n{}",
                self.kind.name(),
                answer.map_or_else(|error| error.to_string(), |answer| answer.body),
                self.process.said()
            );
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // A master that is killed leaves its workers behind; the others are one process, and wait for their connections.
        if matches!(self.kind, Kind::Nginx | Kind::Apache) {
            let _ = self.process.terminate();
        }
    }
}
