//! The built binary as a server on a data directory of its own.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::http::Client;
use crate::process::Process;
use crate::store::{Database, Store};

/// The setting that says where the store is.
const STORE_URL: &str = "VESTIBULE_STORE__URL";

/// The binary, with nothing of the surroundings' settings.
fn program(wrapper: &[String]) -> anyhow::Result<Command> {
    let mut command = match wrapper.split_first() {
        None => Command::new(binary()?),
        Some((program, rest)) => {
            let mut command = Command::new(program);
            command.args(rest).arg(binary()?);
            command
        }
    };
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("VESTIBULE_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// The binary that `cargo build` made beside these tests.
pub fn binary() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    let profile = here
        .parent()
        .and_then(Path::parent)
        .context("no target directory")?;
    let binary = profile.join("vestibule");
    ensure!(
        binary.exists(),
        "{} is missing: run `cargo build --bin vestibule` first",
        binary.display()
    );
    Ok(binary)
}

/// Debian's libfaketime, for `LD_PRELOAD`.
pub fn clock_library() -> anyhow::Result<PathBuf> {
    [
        "/usr/lib/x86_64-linux-gnu/faketime",
        "/usr/lib/aarch64-linux-gnu/faketime",
        "/usr/lib/faketime",
    ]
    .iter()
    .map(|room| Path::new(room).join("libfaketime.so.1"))
    .find(|path| path.exists())
    .context("libfaketime is missing: run `cargo xtask test --install`")
}

/// How to start a server.
pub struct Launch {
    directory: Arc<TempDir>,
    database: Option<Arc<Database>>,
    data: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
}

impl Launch {
    /// On a fresh data directory and a free port, with the store that this run of the tests is about.
    pub fn new() -> anyhow::Result<Self> {
        Self::on(Store::of_this_run()?)
    }

    /// As [`Launch::new`], with this store whatever the run is about.
    pub fn on(store: Store) -> anyhow::Result<Self> {
        let directory = Arc::new(tempfile::tempdir()?);
        let data = directory.path().join("data");
        let database = match store {
            Store::Sqlite => None,
            Store::Postgres => Some(Arc::new(Database::create()?)),
        };
        Ok(Self {
            directory,
            database,
            data,
            arguments: Vec::new(),
            environment: Vec::new(),
            wrapper: Vec::new(),
        })
    }

    /// With one more argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// With one more setting in the environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// With a wall clock that the file, which holds an offset such as `+2h`, moves; the monotonic one stays true.
    pub fn movable_clock(self) -> anyhow::Result<(Self, PathBuf)> {
        let library = clock_library()?;
        let file = self.directory.path().join("clock");
        std::fs::write(&file, "+0")?;
        let launch = self
            .environment("LD_PRELOAD", library.display().to_string())
            .environment("FAKETIME_TIMESTAMP_FILE", file.display().to_string())
            .environment("FAKETIME_NO_CACHE", "1")
            .environment("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Ok((launch, file))
    }

    /// With its data elsewhere than in the directory of its own.
    #[must_use]
    pub fn data(mut self, data: PathBuf) -> Self {
        self.data = data;
        self
    }

    /// Run by another program (`strace -f …`).
    #[must_use]
    pub fn wrapper(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(|&part| part.to_owned()).collect();
        self
    }

    /// With a settings file in its directory, which outlives the server with it.
    pub fn config(self, text: &str) -> anyhow::Result<Self> {
        let file = self.directory.path().join("vestibule.toml");
        std::fs::write(&file, text)?;
        let file = file.display().to_string();
        Ok(self.argument("--config").argument(file))
    }

    /// The data directory.
    pub fn data_directory(&self) -> &Path {
        &self.data
    }

    /// A directory that lives as long as the launch and its servers.
    pub fn scratch(&self) -> &Path {
        self.directory.path()
    }

    /// The database of its servers, where their store is PostgreSQL.
    pub fn database(&self) -> Option<&Database> {
        self.database.as_deref()
    }

    /// The command, as it would be started.
    pub fn command(&self) -> anyhow::Result<Command> {
        let mut command = program(&self.wrapper)?;
        command.arg("serve").arg("--data").arg(&self.data);
        if !self.arguments.iter().any(|argument| argument == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command
            .args(&self.arguments)
            .current_dir(self.directory.path())
            // Servers run side by side here, and one port is one too few; a test that wants it says which.
            .env("VESTIBULE_OPS__LISTEN", "off");
        if let Some(database) = &self.database {
            command.env(STORE_URL, &database.url);
        }
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        Ok(command)
    }

    /// Starts it and waits until it is ready. May be called again after the server ended: the data stays.
    pub fn start(&self) -> anyhow::Result<Server> {
        let process = Process::start(&mut self.command()?)?;
        let line = process.wait_line("listening on http")?;
        let address = line
            .split("://")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next())
            .context("no address")?;
        let port = address
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok())
            .context("no port")?;
        let server = Server {
            process,
            port,
            tls: line.contains("listening on https://"),
            data: self.data.clone(),
            database: self.database.clone(),
            _directory: Arc::clone(&self.directory),
        };
        server.wait_ready()?;
        Ok(server)
    }
}

/// A running server; killed when dropped.
pub struct Server {
    /// The process itself.
    pub process: Process,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    tls: bool,
    /// Its data directory.
    pub data: PathBuf,
    database: Option<Arc<Database>>,
    _directory: Arc<TempDir>,
}

impl Server {
    /// What a browser types.
    pub fn origin(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// A client with an empty cookie jar.
    pub fn client(&self) -> Client {
        Client::new(self.port, format!("localhost:{}", self.port))
    }

    /// The path of the one-time set-up link.
    pub fn setup_path(&self) -> anyhow::Result<String> {
        let link = std::fs::read_to_string(self.data.join("setup-link"))
            .context("no set-up link was written")?;
        let link = link.trim();
        let path = link
            .split_once("/setup")
            .map(|(_, rest)| format!("/setup{rest}"));
        path.with_context(|| format!("{link:?} is no set-up link"))
    }

    /// Makes an account by the command line, over the control socket.
    pub fn add_user(&self, email: &str, password: &str) -> anyhow::Result<()> {
        let output = self.command(["user", "add", email, "--password-stdin"], password)?;
        ensure!(
            output.status.success(),
            "user add: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// Runs a command of the binary on this data directory and store, whether or not the server runs still.
    pub fn command<const N: usize>(
        &self,
        arguments: [&str; N],
        input: &str,
    ) -> anyhow::Result<Output> {
        let store = self
            .database
            .as_ref()
            .map(|database| (STORE_URL, database.url.as_str()));
        run(&self.data, store.as_slice(), arguments, input)
    }

    fn wait_ready(&self) -> anyhow::Result<()> {
        let deadline = std::time::Instant::now() + crate::process::PATIENCE;
        loop {
            let status = self.readyz()?;
            if status == 200 {
                return Ok(());
            }
            ensure!(
                std::time::Instant::now() < deadline,
                "not ready: {status}\n{}",
                self.process.said()
            );
            std::thread::yield_now();
        }
    }

    fn readyz(&self) -> anyhow::Result<u16> {
        if !self.tls {
            return Ok(self.client().get("/readyz")?.status);
        }
        let output = Command::new("curl")
            .args([
                "--silent",
                "--insecure",
                "--noproxy",
                "*",
                "--max-time",
                "30",
            ])
            .args(["--output", "/dev/null", "--write-out", "%{http_code}"])
            .arg(format!("https://127.0.0.1:{}/readyz", self.port))
            .output()
            .context("could not run curl")?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
    }
}

/// Runs a command of the binary on a data directory, whose store, where no server runs, is SQLite's.
pub fn command<I, S>(data: &Path, arguments: I, input: &str) -> anyhow::Result<Output>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    run(data, &[], arguments, input)
}

/// The same, in this environment.
pub fn run<I, S>(
    data: &Path,
    environment: &[(&str, &str)],
    arguments: I,
    input: &str,
) -> anyhow::Result<Output>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut child = program(&[])?
        .args(arguments)
        .arg("--data")
        .arg(data)
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    Ok(child.wait_with_output()?)
}

/// Runs a command whose answer nobody reads: how it ends.
pub fn unread<I, S>(data: &Path, arguments: I, input: &str) -> anyhow::Result<Option<i32>>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let (reader, answers) = std::io::pipe()?;
    drop(reader);
    let mut child = program(&[])?
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(answers)
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    Ok(child.wait()?.code())
}
