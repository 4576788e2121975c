//! A real mail server on the loopback: Debian's aiosmtpd, run by `smtp/server.py`, with a Maildir of its own.
//!
//! [`Smtp::start`] takes whatever comes; [`Launch`] starts one that wants TLS, a password, or patience. A test may refuse
//! recipients while it runs ([`Smtp::answer`]) and take the server away and bring it back ([`Smtp::close`], [`Smtp::open`]).

mod certificate;
mod message;

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket, sockopt};
use tempfile::TempDir;

pub use self::message::Message;
use crate::checkout;
use crate::process::Process;

/// Debian's own interpreter, which finds Debian's own modules; another on the path does not.
const PYTHON: &str = "/usr/bin/python3";

/// How to start a mail server.
#[derive(Default)]
pub struct Launch {
    arguments: Vec<String>,
    tls: Option<Tls>,
    /// The name in the certificate, if not the server's own.
    misnamed: Option<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Tls {
    Starttls,
    Implicit,
}

impl Launch {
    /// Without TLS, open to everybody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes no mail before STARTTLS (RFC 3207), with a certificate of [`Smtp::authority`].
    #[must_use]
    pub fn starttls(self) -> Self {
        self.tls(Tls::Starttls, "starttls")
    }

    /// Speaks TLS from the first byte (RFC 8314), with a certificate of [`Smtp::authority`].
    #[must_use]
    pub fn implicit_tls(self) -> Self {
        self.tls(Tls::Implicit, "implicit")
    }

    /// Shows a certificate, by the same authority, that is for this name alone and so not for the server.
    #[must_use]
    pub fn misnamed(mut self, name: &str) -> Self {
        self.misnamed = Some(name.to_owned());
        self
    }

    /// Takes no mail before this login (RFC 4954, PLAIN or LOGIN). Without TLS it takes the password in the clear: a
    /// client that cares does not give it.
    #[must_use]
    pub fn login(self, user: &str, password: &str) -> Self {
        self.arguments(&["--login", user, password])
    }

    /// Answers each recipient's first attempt with 451, and takes the next one.
    #[must_use]
    pub fn greylisting(self) -> Self {
        self.arguments(&["--greylisting"])
    }

    /// Starts it and waits until it listens.
    pub fn start(self) -> anyhow::Result<Smtp> {
        let room = tempfile::tempdir()?;
        if self.tls.is_some() {
            certificate::write(room.path(), self.misnamed.as_deref())?;
        }
        let (reservation, port) = reserve_port()?;
        let mut smtp = Smtp {
            launch: self,
            room,
            port,
            process: None,
            said_before: String::new(),
            _reservation: reservation,
        };
        smtp.open()?;
        Ok(smtp)
    }

    fn tls(mut self, tls: Tls, argument: &str) -> Self {
        self.tls = Some(tls);
        self.arguments(&["--tls", argument])
    }

    fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }
}

/// A running mail server; ended, by id, and its mail with it, when dropped.
pub struct Smtp {
    /// Where it listens on 127.0.0.1; the same after [`Smtp::close`] and [`Smtp::open`].
    pub port: u16,
    process: Option<Process>,
    launch: Launch,
    room: TempDir,
    said_before: String,
    _reservation: OwnedFd,
}

impl Smtp {
    /// One without TLS that takes everything from everybody.
    pub fn start() -> anyhow::Result<Self> {
        Launch::new().start()
    }

    /// `smtp://127.0.0.1:PORT`, or `smtps://…` where TLS is spoken from the first byte. Without the login.
    pub fn url(&self) -> String {
        let scheme = if self.launch.tls == Some(Tls::Implicit) {
            "smtps"
        } else {
            "smtp"
        };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The file (PEM) of the authority that signed the server's certificate, which is for `localhost`, 127.0.0.1 and
    /// ::1. Only a server with TLS has one.
    pub fn authority(&self) -> PathBuf {
        self.room.path().join("authority.pem")
    }

    /// Everything it took so far, oldest first.
    pub fn messages(&self) -> anyhow::Result<Vec<Message>> {
        message::read_all(&self.room.path().join("mail/new"))
    }

    /// What it took so far for one recipient, oldest first.
    pub fn messages_to(&self, recipient: &str) -> anyhow::Result<Vec<Message>> {
        let mut messages = self.messages()?;
        messages.retain(|message| message.to.iter().any(|to| to == recipient));
        Ok(messages)
    }

    /// Waits until it has taken `n` messages for this recipient, and answers the `n`th.
    pub fn wait_for(&self, recipient: &str, n: usize) -> anyhow::Result<Message> {
        let process = self.process.as_ref().context("the server is closed")?;
        // What came before the server was closed and opened is in the Maildir only, and counted on.
        if self.messages_to(recipient)?.len() < n {
            process.wait_line(&format!("took {n} for <{recipient}>"))?;
        }
        let message = self.messages_to(recipient)?.into_iter().nth(n - 1);
        message.context("the server took it and it is not there")
    }

    /// The reply that each attempt at this recipient got, oldest first: `451 4.7.1 …`, `250 …`.
    pub fn attempts(&self, recipient: &str) -> Vec<String> {
        let said = self.process.as_ref().map(Process::said).unwrap_or_default();
        let recipient = format!(" for <{recipient}>: ");
        [&self.said_before, &said]
            .into_iter()
            .flat_map(|said| said.lines())
            .filter(|line| line.starts_with("attempt "))
            .filter_map(|line| line.split_once(&recipient))
            .map(|(_, reply)| reply.to_owned())
            .collect()
    }

    /// Waits for the `n`th attempt at this recipient since the server was last opened, and answers its reply.
    pub fn wait_for_attempt(&self, recipient: &str, n: usize) -> anyhow::Result<String> {
        let process = self.process.as_ref().context("the server is closed")?;
        let attempt = format!("attempt {n} for <{recipient}>: ");
        let line = process.wait_line(&attempt)?;
        Ok(line.replace(&attempt, ""))
    }

    /// From now on, answers attempts at this recipient (`*` for everybody) with this reply: `550 5.1.1 No such user`.
    pub fn answer(&self, recipient: &str, reply: &str) -> anyhow::Result<()> {
        self.write_answers(&format!("{}{recipient}\t{reply}\n", self.answers()?))
    }

    /// From now on, takes mail for everybody again.
    pub fn answer_nothing(&self) -> anyhow::Result<()> {
        self.write_answers("")
    }

    /// Ends the server; connections to its port are refused, and nobody else gets the port.
    pub fn close(&mut self) -> anyhow::Result<()> {
        let mut process = self
            .process
            .take()
            .context("the server is closed already")?;
        process.kill()?;
        self.said_before.push_str(&process.said());
        self.said_before.push('\n');
        Ok(())
    }

    /// Starts it again after [`Smtp::close`], on the same port, with the mail it has.
    pub fn open(&mut self) -> anyhow::Result<()> {
        ensure!(self.process.is_none(), "the server is open already");
        let process = Process::start(
            Command::new(PYTHON)
                .arg(checkout().join("e2e/smtp/server.py"))
                .arg(self.room.path())
                .arg(self.port.to_string())
                .args(&self.launch.arguments),
        )?;
        process
            .wait_line("listening")
            .context("no mail server: run `cargo xtask test --install`")?;
        self.process = Some(process);
        Ok(())
    }

    fn answers(&self) -> anyhow::Result<String> {
        let file = self.room.path().join("answers");
        if file.exists() {
            Ok(std::fs::read_to_string(file)?)
        } else {
            Ok(String::new())
        }
    }

    /// By renaming, so that the server never reads half of it.
    fn write_answers(&self, answers: &str) -> anyhow::Result<()> {
        let new = self.room.path().join("answers.new");
        std::fs::write(&new, answers)?;
        std::fs::rename(new, self.room.path().join("answers"))?;
        Ok(())
    }
}

/// A mail server that accepts connections and never says a word.
pub struct Silent {
    _listener: TcpListener,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
}

impl Silent {
    /// Starts it.
    pub fn start() -> anyhow::Result<Self> {
        // The system completes the handshakes; nobody ever takes the connections up.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        Ok(Self {
            _listener: listener,
            port,
        })
    }

    /// `smtp://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }
}

/// A port that stays ours while the socket lives: bound and never listening, so that connections are refused, while the
/// server, which allows the reuse of addresses as well, may listen there.
fn reserve_port() -> anyhow::Result<(OwnedFd, u16)> {
    let reservation = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    sockopt::set_socket_reuseaddr(&reservation, true)?;
    bind(&reservation, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    let port = SocketAddrV4::try_from(getsockname(&reservation)?)?.port();
    Ok((reservation, port))
}
