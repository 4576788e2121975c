//! A real nginx with the book's own snippet, its names and ports filled in.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::http::Client;
use crate::process::{PATIENCE, Process};
use crate::{checkout, free_port};

/// A running nginx that ends TLS for `https://localhost:PORT`; ended when dropped.
pub struct Nginx {
    /// The process itself.
    pub process: Process,
    /// Where it ends TLS.
    pub port: u16,
    /// The same pages without TLS, for clients that speak none: the listener of the book's redirect.
    pub plain_port: u16,
}

/// Ports that the configuration of Vestibule has to know beforehand.
pub struct Ports {
    /// TLS.
    pub tls: u16,
    /// The redirect to TLS.
    pub plain: u16,
}

impl Ports {
    /// Two that were free a moment ago.
    pub fn free() -> anyhow::Result<Self> {
        Ok(Self {
            tls: free_port()?,
            plain: free_port()?,
        })
    }
}

impl Nginx {
    /// Starts it in front of Vestibule on `vestibule` and the application on `application`, with its files in `room`.
    pub fn start(
        room: &Path,
        ports: &Ports,
        vestibule: u16,
        application: u16,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(room)?;
        let (certificate, key) = certificate(room)?;
        let book = std::fs::read_to_string(checkout().join("docs/snippets/nginx-one-host.conf"))?;
        let filled = fill(&book, ports, vestibule, application, &certificate, &key)?;
        let conf = room.join("nginx.conf");
        std::fs::write(&conf, whole(room, &filled))?;
        let process = Process::start(
            Command::new(program()?)
                .arg("-p")
                .arg(room)
                .arg("-c")
                .arg(&conf),
        )?;
        let nginx = Self {
            process,
            port: ports.tls,
            plain_port: ports.plain,
        };
        nginx.wait_listening()?;
        Ok(nginx)
    }

    /// What a browser types.
    pub fn origin(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    fn wait_listening(&self) -> anyhow::Result<()> {
        let deadline = std::time::Instant::now() + PATIENCE;
        while Client::new(self.plain_port, "localhost".to_owned())
            .get("/")
            .is_err()
        {
            ensure!(
                std::time::Instant::now() < deadline,
                "nginx never listened:\n{}",
                self.process.said()
            );
            std::thread::yield_now();
        }
        Ok(())
    }
}

impl Drop for Nginx {
    /// Told to stop and waited for: a master that is killed leaves its workers behind.
    fn drop(&mut self) {
        let _ = self.process.terminate();
    }
}

fn program() -> anyhow::Result<&'static str> {
    ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"]
        .into_iter()
        .find(|path| Path::new(path).exists())
        .context("no nginx: run `cargo xtask test --install`")
}

/// The book's text with this test's names and ports: just those it tells its reader to replace.
fn fill(
    book: &str,
    ports: &Ports,
    vestibule: u16,
    application: u16,
    certificate: &Path,
    key: &Path,
) -> anyhow::Result<String> {
    let mut text = book.to_owned();
    for (theirs, ours) in [
        ("listen 80;", format!("listen 127.0.0.1:{};", ports.plain)),
        (
            "listen 443 ssl;",
            format!("listen 127.0.0.1:{} ssl;", ports.tls),
        ),
        (
            "/etc/ssl/certs/id.example.com.pem",
            certificate.display().to_string(),
        ),
        (
            "/etc/ssl/private/id.example.com.key",
            key.display().to_string(),
        ),
        (
            "https://id.example.com$request_uri",
            format!("https://localhost:{}$request_uri", ports.tls),
        ),
        (
            "server_name id.example.com;",
            "server_name localhost;".to_owned(),
        ),
        (
            "server 127.0.0.1:8080;",
            format!("server 127.0.0.1:{vestibule};"),
        ),
        (
            "server 127.0.0.1:3000;",
            format!("server 127.0.0.1:{application};"),
        ),
    ] {
        ensure!(
            text.contains(theirs),
            "the book's snippet no longer says {theirs:?}"
        );
        text = text.replace(theirs, &ours);
    }
    Ok(text)
}

/// What Debian's own `nginx.conf` is around a file of `conf.d`, with every path in the test's room.
fn whole(room: &Path, snippet: &str) -> String {
    let room = room.display();
    let user = if rustix::process::geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    format!(
        "{user}\ndaemon off;\nworker_processes 1;\npid {room}/nginx.pid;\nerror_log stderr warn;\nevents {{ worker_connections 256; }}\n\
         http {{\naccess_log off;\nclient_body_temp_path {room}/body;\nproxy_temp_path {room}/proxy;\n\
         fastcgi_temp_path {room}/fastcgi;\nuwsgi_temp_path {room}/uwsgi;\nscgi_temp_path {room}/scgi;\n{snippet}\n}}\n"
    )
}

/// A self-signed certificate for `localhost`, by Debian's `openssl`.
fn certificate(room: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let (certificate, key) = (room.join("localhost.pem"), room.join("localhost.key"));
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .context("could not run openssl")?;
    ensure!(
        output.status.success(),
        "openssl: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok((certificate, key))
}
