//! Vestibule's store is away, then Vestibule itself, in every manner: nobody passes who might not, and no cookie is lost.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::ensure;
use rustix::process::Signal;
use vestibule_e2e::disk::SmallDisk;
use vestibule_e2e::process::Process;
use vestibule_e2e::proxies::Kind;
use vestibule_e2e::server::Launch;
use vestibule_e2e::visitor::Visitor;

use crate::street::{ALICE, Street, own, url};

pub fn behind(kind: Kind) -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let disk = SmallDisk::mount(launch.scratch().join("disk"), "12m")?;
    let launch = launch.data(disk.path().join("data"));
    let mut street = Street::open_with(launch, kind)?;
    let mut alice = street.signed_in(ALICE)?;
    let jars = alice.jars.clone();

    // The index answers what it knows.
    disk.fill()?;
    ensure!(alice.view(&url("/orders"))?.status == 200, "on a full disk");
    let answer = street.visitor()?.view(&url("/orders"))?;
    ensure!(matches!(answer.status, 302 | 303), "{}", answer.status);
    disk.free()?;

    let before = street.shop.received().len();
    stand_still(&street.server.process)?;
    if kind == Kind::Traefik {
        // It waits for 30 seconds, and cannot be told to wait for less: once is enough.
        let answer = alice.view(&url("/orders"))?;
        ensure!(matches!(answer.status, 500..=504), "{}", answer.status);
    } else {
        shut(&mut alice, kind, "stopped in its tracks")?;
    }
    street.server.process.signal(Signal::CONT)?;
    ensure!(
        street.shop.received().len() == before,
        "the shop was reached while Vestibule stood still"
    );
    ensure!(alice.view(&url("/orders"))?.status == 200, "goes on");

    let before = street.shop.received().len();
    let port = street.server.port;
    street.server.process.kill()?;
    shut(&mut alice, kind, "gone")?;
    for nonsense in NONSENSE {
        let babbler = Babbler::listen(port, nonsense)?;
        shut(&mut alice, kind, nonsense)?;
        babbler.end()?;
    }
    // The scripts of ours know Vestibule's yes from anybody's.
    if matches!(kind, Kind::Haproxy | Kind::Apache) {
        let babbler = Babbler::listen(port, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        shut(&mut alice, kind, "a 200 of somebody else's")?;
        babbler.end()?;
    }
    ensure!(
        street.shop.received().len() == before,
        "the shop was reached while Vestibule was away"
    );
    ensure!(alice.jars == jars, "a cookie was lost");
    Ok(())
}

/// Stops a process, and waits until each of its threads stands.
fn stand_still(process: &Process) -> anyhow::Result<()> {
    process.signal(Signal::STOP)?;
    let tasks = format!("/proc/{}/task", process.id());
    loop {
        let mut stands = true;
        for task in std::fs::read_dir(&tasks)? {
            let state = std::fs::read_to_string(task?.path().join("stat"))?;
            // The state comes after the name, which is in brackets.
            stands &= state
                .rsplit(')')
                .next()
                .unwrap_or_default()
                .starts_with(" T");
        }
        if stands {
            return Ok(());
        }
        std::thread::yield_now();
    }
}

/// What is no answer, and must let nobody in.
const NONSENSE: [&str; 6] = [
    "",
    "lorem ipsum dolor sit amet\r\n\r\n",
    "HTTP/1.1 200",
    "HTTP/1.1 200 OK\r\nRemote-User: somebody",
    "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
];

/// A page view and a program's call, neither let in nor sent away.
fn shut(alice: &mut Visitor, kind: Kind, why: &str) -> anyhow::Result<()> {
    let view = alice.view(&url("/orders"))?;
    let call = own(alice, "POST", "/orders", "item=7")?;
    for answer in [view, call] {
        let expected = match kind {
            // Traefik says 500 where it gets no answer, and Caddy passes a 500 on.
            Kind::Traefik | Kind::Caddy => matches!(answer.status, 500 | 503),
            _ => answer.status == 503,
        };
        ensure!(expected, "{why:?}: {}: {}", answer.status, answer.body);
    }
    Ok(())
}

/// Says the same to everybody, and hangs up.
struct Babbler {
    port: u16,
    ended: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Babbler {
    fn listen(port: u16, nonsense: &'static str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                babble(stream, nonsense);
            }
        });
        Ok(Self {
            port,
            ended,
            thread,
        })
    }

    /// The port is free again afterwards.
    fn end(self) -> anyhow::Result<()> {
        self.ended.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port))?);
        ensure!(self.thread.join().is_ok());
        Ok(())
    }
}

fn babble(mut stream: TcpStream, nonsense: &str) {
    let mut buffer = [0; 16 * 1024];
    // One that hung up again wants nothing.
    if matches!(stream.read(&mut buffer), Ok(n) if n > 0) {
        let _ = stream.write_all(nonsense.as_bytes());
    }
}
