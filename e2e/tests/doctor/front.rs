//! The book's nginx in front of a server, with one fault in it; and what doctor finds.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use vestibule_e2e::application::Application;
use vestibule_e2e::process::{PATIENCE, Process};
use vestibule_e2e::secure::Authority;
use vestibule_e2e::server::{Launch, Server, binary};
use vestibule_e2e::{checkout, free_port};

/// Where people sign in, and what they are let through to.
pub const HOST: &str = "id.example.test";
/// Where the application is, in the book's other arrangement.
pub const SHOP: &str = "shop.example.test";
/// Who has an account.
pub const EMAIL: &str = "alice@example.test";
/// Their password.
pub const PASSWORD: &str = "seven green doors open";

/// What is wrong.
pub struct Plan {
    /// Texts of the book's snippet, and what stands there instead.
    pub changes: Vec<(&'static str, &'static str)>,
    /// The application has a host of its own.
    pub two_hosts: bool,
    /// And nobody made it known.
    pub unregistered: bool,
    /// In `[[trusted_proxies]]`.
    pub trusted: &'static str,
    /// Where nginx finds Vestibule, if not where it is.
    pub upstream: Option<u16>,
    /// The names in the certificate.
    pub certified: &'static [&'static str],
    /// From the first day of one year to that of another.
    pub years: (i32, i32),
    /// Or for so many days from now.
    pub days: Option<u64>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            two_hosts: false,
            unregistered: false,
            trusted: "127.0.0.1",
            upstream: None,
            certified: &[HOST],
            years: (2020, 2099),
            days: None,
        }
    }
}

impl Plan {
    /// With the application on a host of its own.
    pub fn two_hosts() -> Self {
        Self {
            two_hosts: true,
            certified: &[HOST, SHOP],
            ..Self::default()
        }
    }

    /// With one line of nginx's changed.
    pub fn changed(mut self, from: &'static str, to: &'static str) -> Self {
        self.changes.push((from, to));
        self
    }
}

/// A server behind nginx, as `https://id.example.test:PORT`.
pub struct Front {
    /// The server.
    pub server: Server,
    /// What browsers type.
    pub origin: String,
    shop: String,
    nginx: Option<Process>,
    authority: Authority,
    launch: Launch,
    _application: Application,
}

impl Front {
    /// Starts all of it.
    pub fn open(plan: &Plan) -> anyhow::Result<Self> {
        let (tls, redirect) = (free_port()?, free_port()?);
        let origin = format!("https://{HOST}:{tls}");
        let launch = Launch::new()?;
        let settings = format!(
            "[server]\nissuer = \"{origin}\"\n[edge]\nown_host_application = true\n\
             [[trusted_proxies]]\naddress = \"{}\"\nheaders = \"x-original\"\n",
            plan.trusted
        );
        let launch = launch.config(&settings)?;
        let server = launch.start()?;
        server.add_user(EMAIL, PASSWORD)?;
        let application = Application::start()?;
        let authority = Authority::new(launch.scratch())?;
        let room = launch.scratch().join("nginx");
        std::fs::create_dir(&room)?;
        let (cert, key) = (room.join("cert.pem"), room.join("key.pem"));
        let pair = match plan.days {
            Some(days) => authority.issue_for_days(plan.certified, days)?,
            None => authority.issue_for_years(plan.certified, plan.years)?,
        };
        pair.write(&cert, &key)?;
        let upstream = plan.upstream.unwrap_or(server.port);
        let shop = format!("https://{SHOP}:{tls}");
        if plan.two_hosts && !plan.unregistered {
            let add = ["app", "add", "shop", "--origin", &shop];
            let added = server.command(add, "")?;
            ensure!(added.status.success(), "{added:?}");
        }
        let book = if plan.two_hosts {
            "docs/snippets/nginx.conf"
        } else {
            "docs/snippets/nginx-one-host.conf"
        };
        let mut text = std::fs::read_to_string(checkout().join(book))?;
        let (cert, key) = (cert.display().to_string(), key.display().to_string());
        let mut filled = vec![
            ("listen 80;", format!("listen 127.0.0.1:{redirect};")),
            ("listen 443 ssl;", format!("listen 127.0.0.1:{tls} ssl;")),
            ("/etc/ssl/certs/id.example.com.pem", cert.clone()),
            ("/etc/ssl/private/id.example.com.key", key.clone()),
            (
                "server_name id.example.com;",
                format!("server_name {HOST};"),
            ),
            (
                "https://id.example.com$request_uri",
                format!("{origin}$request_uri"),
            ),
            (
                "server 127.0.0.1:8080;",
                format!("server 127.0.0.1:{upstream};"),
            ),
            (
                "server 127.0.0.1:3000;",
                format!("server 127.0.0.1:{};", application.port),
            ),
        ];
        if plan.two_hosts {
            filled.extend([
                ("/etc/ssl/certs/shop.example.com.pem", cert),
                ("/etc/ssl/private/shop.example.com.key", key),
                (
                    "server_name shop.example.com;",
                    format!("server_name {SHOP};"),
                ),
                (
                    "https://shop.example.com$request_uri",
                    format!("{shop}$request_uri"),
                ),
            ]);
        }
        let faults = plan
            .changes
            .iter()
            .map(|(from, to)| (*from, (*to).to_owned()));
        for (from, to) in filled.into_iter().chain(faults) {
            ensure!(
                text.contains(from),
                "the book's snippet no longer says {from:?}"
            );
            text = text.replace(from, &to);
        }
        let nginx = start(&room, &text, tls)?;
        Ok(Self {
            server,
            origin,
            shop,
            nginx: Some(nginx),
            authority,
            launch,
            _application: application,
        })
    }

    /// Nobody answers any more.
    pub fn close_proxy(&mut self) -> anyhow::Result<()> {
        if let Some(mut nginx) = self.nginx.take() {
            nginx.terminate()?;
        }
        Ok(())
    }

    /// Without an application.
    pub fn examine(&self) -> anyhow::Result<Examination> {
        self.examine_with(&[], &[], "")
    }

    /// With a page of the application.
    pub fn examine_page(&self, path: &str) -> anyhow::Result<Examination> {
        let url = format!("{}{path}", self.origin);
        self.examine_with(&["--url", &url], &[], "")
    }

    /// With a login to it.
    pub fn examine_login(&self, path: &str, password: &str) -> anyhow::Result<Examination> {
        let url = format!("{}{path}", self.origin);
        let arguments = ["--url", &url, "--email", EMAIL, "--password-stdin"];
        self.examine_with(&arguments, &[], password)
    }

    /// With a login to the application on its own host.
    pub fn examine_shop(&self, password: &str) -> anyhow::Result<Examination> {
        let url = format!("{}/orders", self.shop);
        let arguments = ["--url", &url, "--email", EMAIL, "--password-stdin"];
        self.examine_with(&arguments, &[], password)
    }

    /// With more on the command line and in the environment.
    pub fn examine_with(
        &self,
        arguments: &[&str],
        environment: &[(&str, &str)],
        input: &str,
    ) -> anyhow::Result<Examination> {
        let config = self.launch.scratch().join("vestibule.toml");
        let (config, authority) = (
            config.display().to_string(),
            self.authority.file.display().to_string(),
        );
        let (resolve, more) = (format!("{HOST}=127.0.0.1"), format!("{SHOP}=127.0.0.1"));
        let mut all = vec![
            "--config",
            config.as_str(),
            "--resolve",
            resolve.as_str(),
            "--resolve",
            more.as_str(),
        ];
        all.extend(arguments);
        let mut variables = vec![("SSL_CERT_FILE", authority.as_str())];
        variables.extend(environment);
        Examination::on(&self.server.data, &all, &variables, input)
    }
}

impl Drop for Front {
    /// Told to stop and waited for: a master that is killed leaves its workers behind.
    fn drop(&mut self) {
        let _ = self.close_proxy();
    }
}

fn start(room: &Path, text: &str, port: u16) -> anyhow::Result<Process> {
    let user = if rustix::process::geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    let at = room.display();
    let conf = room.join("nginx.conf");
    std::fs::write(
        &conf,
        format!(
            "{user}\ndaemon off;\nworker_processes 1;\npid {at}/nginx.pid;\nerror_log stderr warn;\nevents {{ worker_connections 256; }}\n\
             http {{\naccess_log off;\nclient_body_temp_path {at}/body;\nproxy_temp_path {at}/proxy;\n\
             fastcgi_temp_path {at}/fastcgi;\nuwsgi_temp_path {at}/uwsgi;\nscgi_temp_path {at}/scgi;\n{text}\n}}\n"
        ),
    )?;
    let program = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"];
    let program = program.into_iter().find(|path| Path::new(path).exists());
    let program = program.context("no nginx: run `cargo xtask test --install`")?;
    let nginx = Process::start(
        Command::new(program)
            .arg("-p")
            .arg(room)
            .arg("-c")
            .arg(&conf),
    )?;
    let deadline = Instant::now() + PATIENCE;
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(
            Instant::now() < deadline,
            "nginx never listened:\n{}",
            nginx.said()
        );
        std::thread::yield_now();
    }
    Ok(nginx)
}

/// What doctor found.
pub struct Examination {
    /// Its exit code.
    code: Option<i32>,
    found: Value,
    /// Both of its outputs.
    pub said: String,
}

impl Examination {
    /// Runs it on a data directory.
    pub fn on(
        data: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        input: &str,
    ) -> anyhow::Result<Self> {
        Self::run(Command::new(binary()?), data, arguments, environment, input)
    }

    /// Runs it where the kernel tells of other mounts.
    pub fn told_of_mounts(data: &Path, mounts: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new("unshare");
        // The shell's process becomes doctor's, and keeps what was put over its file.
        command
            .args(["--mount", "sh", "-c"])
            .arg("mount --bind \"$0\" /proc/$$/mountinfo && exec \"$@\"")
            .arg(mounts)
            .arg(binary()?);
        Self::run(command, data, &[], &[], "")
    }

    fn run(
        mut command: Command,
        data: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        input: &str,
    ) -> anyhow::Result<Self> {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("VESTIBULE_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(["doctor", "--json", "--data"])
            .arg(data)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // Doctor need not read it.
            let _ = stdin.write_all(input.as_bytes());
        }
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output()?;
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        );
        let found = serde_json::from_slice(&stdout).with_context(|| format!("{status}: {said}"))?;
        Ok(Self {
            code: status.code(),
            found,
            said,
        })
    }

    /// Nothing is wrong.
    pub fn is_healthy(&self) -> anyhow::Result<()> {
        ensure!(
            self.code == Some(0) && self.found["faults"] == 0,
            "{:?}: {}",
            self.code,
            self.said
        );
        Ok(())
    }

    /// Every finding of a check.
    pub fn all(&self, check: &str) -> impl Iterator<Item = &Value> {
        self.findings()
            .filter(move |finding| finding["check"] == check)
    }

    /// The first finding of a check.
    pub fn of(&self, check: &str) -> anyhow::Result<&Value> {
        let found = self.findings().find(|finding| finding["check"] == check);
        found.with_context(|| format!("nothing of {check}: {}", self.said))
    }

    /// There is a fault of this check that says all of this, and this of what to change.
    pub fn names(&self, check: &str, what: &[&str], change: &[&str]) -> anyhow::Result<()> {
        ensure!(self.code == Some(1), "{:?}: {}", self.code, self.said);
        let has = |finding: &Value, field: &str, parts: &[&str]| {
            let text = finding[field].as_str().unwrap_or_default();
            parts.iter().all(|part| text.contains(part))
        };
        let found = self.findings().any(|finding| {
            finding["check"] == check
                && finding["verdict"] == "fault"
                && has(finding, "what", what)
                && has(finding, "change", change)
                && finding["why"].as_str().is_some_and(|why| !why.is_empty())
        });
        ensure!(
            found,
            "no {check} with {what:?} and {change:?}: {}",
            self.said
        );
        Ok(())
    }

    fn findings(&self) -> impl Iterator<Item = &Value> {
        self.found["findings"].as_array().into_iter().flatten()
    }
}
