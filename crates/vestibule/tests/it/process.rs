//! The binary as a process: its lines can be waited for, and it ends with its owner.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A data directory, not made yet, in a directory that goes with it.
pub struct Data {
    scratch: TempDir,
    pub path: PathBuf,
}

impl Data {
    pub fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("data");
        Self { scratch, path }
    }

    /// A file beside the data directory.
    pub fn beside(&self, name: &str, text: &str) -> PathBuf {
        let path = self.scratch.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Runs a command on this directory to its end.
    pub fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, "")
    }

    /// The same, with something on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Done {
        let mut child = program(arguments)
            .arg("--data")
            .arg(&self.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may have ended already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Done::from(child.wait_with_output().unwrap())
    }

    /// Makes an account, by whichever way there is.
    pub fn add_user(&self, email: &str) {
        self.run_with(&["user", "add", email, "--password-stdin"], PASSWORD)
            .good();
    }

    /// The database, to look at it or to damage it while nobody runs on it.
    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.file("vestibule.db")).unwrap()
    }

    /// Starts a server on a free port, and fails unless it becomes ready.
    pub fn serve(&self) -> Server {
        self.serve_with(&[], &[])
    }

    pub fn serve_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Server {
        let mut command = program(&["serve", "--listen", "127.0.0.1:0", "--data"]);
        command
            .arg(&self.path)
            .args(arguments)
            .envs(environment.iter().copied());
        let mut process = Process::start(&mut command);
        let line = process.line("listening on http://");
        let port = line.rsplit(':').next().unwrap().parse().unwrap();
        Server { process, port }
    }
}

/// The password of every account here.
pub const PASSWORD: &str = "correct horse battery staple";

/// Where a server's metrics are.
pub const OPS: &str = "VESTIBULE_OPS__LISTEN";

/// The binary, with nothing of the surroundings' settings.
pub fn program<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("VESTIBULE_") {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    if arguments
        .first()
        .is_some_and(|first| first.as_ref() == "serve")
    {
        // Servers run side by side here, and one port is one too few.
        command.env(OPS, "off");
    }
    command
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Done {
    /// What it printed, when it was carried out.
    pub fn good(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    pub fn json(self) -> serde_json::Value {
        let out = self.good();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// What it said, when it could not be carried out; every part must stand in it.
    pub fn failed(self, parts: &[&str]) -> String {
        assert_eq!(self.code, 2, "{self:?}");
        assert!(
            self.err.starts_with("vestibule: ") || self.err.starts_with("error: "),
            "{self:?}"
        );
        for part in parts {
            assert!(self.err.contains(part), "no {part:?} in {self:?}");
        }
        self.err
    }
}

/// A running child; killed when dropped.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Process {
    /// Starts it; its standard error and output are read line by line.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let read = |stream: Box<dyn Read + Send>| {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        };
        read(Box::new(child.stdout.take().unwrap()));
        read(Box::new(child.stderr.take().unwrap()));
        Self {
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// Waits for a line with `part` and answers it.
    pub fn line(&mut self, part: &str) -> String {
        if let Some(line) = self.said.iter().find(|line| line.contains(part)) {
            return line.clone();
        }
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| {
                panic!("it never said {part:?}, but:\n{}", self.said.join("\n"))
            });
            self.said.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end and for everything it said.
    pub fn end(&mut self) -> (ExitStatus, Vec<String>) {
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.said.push(line);
        }
        (self.child.wait().unwrap(), self.said.clone())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A ready server.
pub struct Server {
    pub process: Process,
    pub port: u16,
}

impl Server {
    /// SIGTERM; it must end well. Answers everything it said.
    pub fn stop(mut self) -> Vec<String> {
        self.process.signal(Signal::TERM);
        let (status, said) = self.process.end();
        assert_eq!(status.code(), Some(0), "{said:?}");
        said
    }
}

/// The permission bits of a file.
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
