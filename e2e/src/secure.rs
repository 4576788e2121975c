//! TLS for tests: an authority of their own, certificates by it, and clients nobody here wrote (curl, openssl).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

use crate::http::{Answer, parse};
use crate::process::PATIENCE;

/// An authority made for one test.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, for clients that are to trust it.
    pub file: PathBuf,
}

/// A certificate and its key, in PEM.
pub struct Pair {
    /// The server's own, and its authority after it.
    pub chain: String,
    /// The private key.
    pub key: String,
}

impl Authority {
    /// Makes one; its certificate lies in `room`.
    pub fn new(room: &Path) -> anyhow::Result<Self> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        parameters
            .distinguished_name
            .push(DnType::CommonName, "An authority of one test");
        let key = KeyPair::generate()?;
        let certificate = parameters.self_signed(&key)?;
        let file = room.join("authority.pem");
        std::fs::write(&file, certificate.pem())?;
        Ok(Self {
            issuer: Issuer::new(parameters, key),
            file,
        })
    }

    /// A certificate for `names`, from the first day of one year to that of another.
    pub fn issue_for_years(&self, names: &[&str], years: (i32, i32)) -> anyhow::Result<Pair> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(names)?;
        parameters.not_before = date_time_ymd(years.0, 1, 1);
        parameters.not_after = date_time_ymd(years.1, 1, 1);
        self.sign(parameters)
    }

    /// A certificate for `names` that began a quarter of a year ago, and ends in so many days.
    pub fn issue_for_days(&self, names: &[&str], days: u64) -> anyhow::Result<Pair> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(names)?;
        let now = SystemTime::now();
        parameters.not_before = (now - Duration::from_hours(90 * 24)).into();
        parameters.not_after = (now + Duration::from_hours(days * 24)).into();
        self.sign(parameters)
    }

    fn sign(&self, mut parameters: CertificateParams) -> anyhow::Result<Pair> {
        parameters.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        Ok(Pair {
            chain: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// A certificate for `names` that is good for long.
    pub fn issue(&self, names: &[&str]) -> anyhow::Result<Pair> {
        self.issue_for_years(names, (2020, 2099))
    }
}

impl Pair {
    /// Writes both, the key for its owner alone.
    pub fn write(&self, chain: &Path, key: &Path) -> anyhow::Result<()> {
        put(chain, &self.chain)?;
        put(key, &self.key)
    }
}

/// Whole or not at all, for its owner alone: whoever reads meanwhile finds the file before or after.
fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, text)?;
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600))?;
    Ok(std::fs::rename(&new, path)?)
}

/// curl, for one server's name and port on this machine.
pub struct Curl {
    authority: PathBuf,
    host: String,
    port: u16,
}

impl Curl {
    /// Trusts `authority` alone, and finds `host` on 127.0.0.1:`port`.
    pub fn new(authority: &Authority, host: &str, port: u16) -> Self {
        Self {
            authority: authority.file.clone(),
            host: host.to_owned(),
            port,
        }
    }

    /// Asks for a path, with more arguments of curl's own. An answer's status line tells the protocol.
    pub fn ask(&self, path: &str, arguments: &[&str]) -> anyhow::Result<(String, Answer)> {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--include", "--max-time", "30"])
            .args(["--noproxy", "*", "--path-as-is"])
            .arg("--cacert")
            .arg(&self.authority)
            .arg("--resolve")
            .arg(format!("{}:{}:127.0.0.1", self.host, self.port))
            .args(arguments)
            .arg(format!("https://{}:{}{path}", self.host, self.port))
            .output()
            .context("could not run curl")?;
        ensure!(
            output.status.success(),
            "curl: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let status = output
            .stdout
            .split(|byte| *byte == b'\r')
            .next()
            .unwrap_or_default();
        let status = String::from_utf8_lossy(status).into_owned();
        Ok((status, parse(&output.stdout)?))
    }
}

/// What `openssl s_client` tells of one handshake, whether it came to one.
pub fn handshake(port: u16, arguments: &[&str]) -> anyhow::Result<String> {
    let mut child = Command::new("openssl")
        .args(["s_client", "-connect", &format!("127.0.0.1:{port}")])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("could not run openssl")?;
    let mut said = String::new();
    if let Some(mut out) = child.stdout.take() {
        out.read_to_string(&mut said)?;
    }
    if let Some(mut err) = child.stderr.take() {
        err.read_to_string(&mut said)?;
    }
    child.wait()?;
    Ok(said)
}

/// A connection that is kept open, by `openssl s_client`.
pub struct Connection {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Connection {
    /// Connects, and shakes hands with the first request.
    pub fn open(port: u16) -> anyhow::Result<Self> {
        let mut child = Command::new("openssl")
            .args([
                "s_client",
                "-quiet",
                "-connect",
                &format!("127.0.0.1:{port}"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("could not run openssl")?;
        let input = child.stdin.take().context("no standard input")?;
        let output = child.stdout.take().context("no standard output")?;
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            input,
            lines,
        })
    }

    /// Asks for the path and waits for the answer's status line.
    pub fn ask(&mut self, host: &str, path: &str) -> anyhow::Result<String> {
        write!(self.input, "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")?;
        self.input.flush()?;
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.context("the connection was closed")?;
            if line.contains("HTTP/1.1 ") {
                return Ok(line);
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
