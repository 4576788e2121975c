//! The server: listeners, the control socket, what the terminal shows, and the end.

mod accept;
mod control;
mod listen;
mod notify;
mod ops;
mod redirect;
mod reload;
mod terminal;
pub mod tls;

use std::future;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, oneshot};

use vestibule_engine::Clock as _;
use vestibule_engine::Engine;
use vestibule_http::{Context, Issuer};

use crate::declare;
use crate::mail::Reader;
use crate::os::SystemClock;
use crate::server::control::{Socket, SocketFile};
use crate::server::terminal::{MailLink, SetupLink};
use crate::server::tls::Tls;
use crate::settings::{InForce, is_development, issuer_on, shown};
use crate::wiring::{self, Wired};

pub use accept::{Connections, Door};
pub use control::FILE as CONTROL_SOCKET;
pub use reload::Reload;

/// How long requests under way may take to finish once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// Connections on the control socket at a time.
const OPERATORS: usize = 64;
/// Connections at a time from whoever watches.
const WATCHERS: usize = 16;
/// Connections at a time over plain http that are sent on to https.
const REDIRECTED: usize = 128;
/// Connections at a time from the public, at least.
const FEWEST: usize = 64;
/// Files that are not connections: the database's, the listeners, a few to spare.
const OTHER_FILES: u64 = 128;

/// How a server is started.
#[derive(Default)]
pub struct Start {
    /// Who says that the clock is right, although it is far behind the last start.
    pub accept_clock: Option<u32>,
    /// Who is told once it is ready, in place of the operator at the terminal: where the public listener is.
    pub ready: Option<oneshot::Sender<SocketAddr>>,
}

/// Runs until it is told to stop.
pub async fn run(in_force: &InForce, reload: Reload, start: Start) -> Result<ExitCode> {
    let settings = &in_force.settings;
    let mut signals = Signals::new()?;
    let places = connections_at_a_time();
    let opened = wiring::open(settings).await?;
    // From here on somebody answers: 503 until the engine is there.
    let doors = match Doors::open(in_force, places).await {
        Ok(doors) => doors,
        Err(error) => {
            opened.close().await;
            return Err(error);
        }
    };
    let wired = opened
        .start(settings, &doors.issuer, Reader::Browser, start.accept_clock)
        .await?;
    let running = Running {
        in_force,
        reload,
        wired: &wired,
        doors,
        ready: start.ready,
    };
    let outcome = tokio::select! {
        outcome = serve(running, &mut signals) => outcome,
        // Others write where this index is fed from: an answer from it could be wrong.
        () = wired.lost() => Err(anyhow!(
            "another vestibule works on the database that `[store] url` names: this server ends. One server at a time runs on a database: stop the other, or start this one with another database"
        )),
    };
    wired.close().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Everything that listens.
struct Doors {
    public: Connections,
    operators: Connections,
    watchers: Connections,
    redirected: Connections,
    tls: Option<Arc<Tls>>,
    issuer: Issuer,
    bound: Vec<SocketAddr>,
    ops: Option<SocketAddr>,
    socket: SocketFile,
}

impl Doors {
    async fn open(in_force: &InForce, places: usize) -> Result<Self> {
        let settings = &in_force.settings;
        let (listeners, bound) = listen::bind(settings, in_force.origin("server.listen")).await?;
        let port = bound.first().map_or(0, SocketAddr::port);
        let issuer = settings.issuer.clone();
        let issuer = issuer.unwrap_or_else(|| issuer_on(port, &settings.tls));
        let issuer = Issuer::parse(&issuer)?;
        let tls = Tls::start(&settings.tls, &issuer, SystemClock.wall())?.map(Arc::new);
        let redirecting = listen::bind_redirect(in_force).await?;
        let Socket { listener, file } = control::bind(&settings.data)?;
        let ops = ops::bind(settings, in_force.origin("ops.listen")).await?;
        let spared = if redirecting.is_empty() {
            0
        } else {
            REDIRECTED
        };
        let mut public = Connections::new(places.saturating_sub(spared).max(FEWEST));
        public.tell_hsts(wiring::hsts(settings, &issuer));
        for listener in listeners {
            public.open(match &tls {
                Some(tls) => Door::Tls(listener, tls.acceptor(&issuer)),
                None => Door::Network(listener),
            });
        }
        let mut redirected = Connections::new(REDIRECTED);
        redirected.answer_by(redirect::router(&issuer), None);
        for listener in redirecting {
            redirected.open(Door::Network(listener));
        }
        let mut watchers = Connections::new(WATCHERS);
        let ops = ops.map(|(listener, address)| {
            watchers.open(Door::Network(listener));
            address
        });
        let mut operators = Connections::new(OPERATORS);
        operators.open(Door::Control(listener));
        Ok(Self {
            public,
            operators,
            watchers,
            redirected,
            tls,
            issuer,
            bound,
            ops,
            socket: file,
        })
    }
}

impl Doors {
    /// Has all of them answered as `context` tells.
    fn answer_by(&self, context: &Arc<Context>) {
        let context = || Arc::clone(context);
        let public = vestibule_http::public(context());
        self.public.answer_by(public, Some(context()));
        self.watchers
            .answer_by(vestibule_http::ops(context()), None);
        self.operators
            .answer_by(vestibule_http::control(context()), None);
    }
}

/// A server with all it needs.
struct Running<'a> {
    in_force: &'a InForce,
    reload: Reload,
    wired: &'a Wired,
    doors: Doors,
    ready: Option<oneshot::Sender<SocketAddr>>,
}

async fn serve(running: Running<'_>, signals: &mut Signals) -> Result<()> {
    let Running {
        in_force,
        reload,
        wired,
        doors,
        ready: told,
    } = running;
    let settings = &in_force.settings;
    // It waits for the index, which a large store takes a while to fill.
    tokio::select! {
        declared = declare::apply(&wired.engine, in_force) => declared?,
        () = signals.stop() => {
            notify::tell(notify::STOPPING);
            tracing::info!("stopping, before anything was answered");
            return Ok(());
        }
    }
    let context = wiring::context(wired, settings, doors.issuer.clone(), shown(in_force, &[]));
    doors.answer_by(&context);
    let streams = Arc::clone(&context.streams);
    let hung_up = Arc::clone(&signals.hung_up);

    let setup = tokio::select! {
        setup = ready(in_force, wired, &doors.issuer) => Some(setup?),
        () = signals.stop() => None,
    };
    if let Some(setup) = setup {
        if let Some(told) = told {
            // Who asked to be told, and is gone, has no need of it.
            let _ = doors.bound.first().map(|bound| told.send(*bound));
        } else {
            let mails = wired.mails.as_ref();
            let mails =
                mails.and_then(|mails| MailLink::place(&settings.data, &doors.issuer, mails));
            terminal::announce(
                settings,
                &doors.issuer,
                &doors.bound,
                setup.as_ref(),
                mails.as_ref(),
            );
        }
        warn_of_what_is_only_for_development(in_force, &doors.issuer);
        ops::tell(doors.ops, in_force.origin("ops.listen"));
        notify::tell(notify::READY);
        tokio::select! {
            () = signals.stop() => {}
            () = terminal::remove_when_used(setup.as_ref(), wired) => {}
            () = look_after(doors.tls.clone(), Arc::clone(&wired.engine)) => {}
            () = reload.whenever(&hung_up, wired, &doors, context) => {}
        }
    }

    notify::tell(notify::STOPPING);
    tracing::info!("stopping: no new connections, requests under way finish");
    // They would go on for as long as somebody looks.
    streams.close();
    let Doors {
        public,
        operators,
        watchers,
        redirected,
        socket,
        ..
    } = doors;
    tokio::select! {
        _ = async { tokio::join!(public.drain(DRAIN), operators.drain(DRAIN), watchers.drain(DRAIN), redirected.drain(DRAIN)) } => {}
        () = signals.stop() => tracing::warn!("told to stop again: not waiting for requests under way"),
    }
    drop(socket);
    terminal::remove_setup_link(&settings.data);
    terminal::remove_mail_link(&settings.data);
    Ok(())
}

/// Takes in a renewed certificate; never returns.
async fn look_after(tls: Option<Arc<Tls>>, engine: Arc<Engine>) {
    match tls {
        Some(tls) => tls.watch(Arc::new(SystemClock), engine).await,
        None => future::pending().await,
    }
}

/// Waits until checks can be answered, and offers the set-up link where there is no administrator yet.
async fn ready(in_force: &InForce, wired: &Wired, issuer: &Issuer) -> Result<Option<SetupLink>> {
    wired.filled().await?;
    let data = &in_force.settings.data;
    terminal::remove_setup_link(data);
    terminal::remove_mail_link(data);
    let link = match wired.engine.offer_setup(wired.engine.now()).await {
        Ok(None) => return Ok(None),
        Ok(Some(secret)) => SetupLink::place(data, issuer, secret),
        Err(error) => Err(error.into()),
    };
    // Who has an account can sign in all the same.
    Ok(link
        .inspect_err(|error| {
            tracing::error!(
                error = format!("{error:#}"),
                "there is no administrator yet, and no set-up link could be made: mend the cause and start again"
            );
        })
        .ok())
}

fn warn_of_what_is_only_for_development(in_force: &InForce, issuer: &Issuer) {
    if !issuer.is_loopback() && in_force.settings.master_key_file.is_none() {
        tracing::warn!(
            "the master key lies beside the data it protects, in {}: keep it apart and name it in keys.master_key_file",
            in_force.settings.data.join(crate::keys::FILE).display()
        );
    }
    if !is_development(issuer) && in_force.settings.mail.server.is_none() {
        tracing::warn!(
            "no mail leaves, so nobody can recover a password by mail, and nobody is told of changes to their account: set \
             mail.server"
        );
    }
}

/// As many as the system allows files, less what else is open: a flood of connections waits outside and opens no file
/// that the store would lack.
fn connections_at_a_time() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current < limit.maximum || limit.maximum.is_none() {
        let raised = rustix::process::Rlimit {
            current: limit.maximum.or(Some(1 << 20)),
            maximum: limit.maximum,
        };
        // Where it is not allowed, the limit stays as it was found.
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = getrlimit(Resource::Nofile);
        }
    }
    let files = limit.current.unwrap_or(1 << 20).min(1 << 20);
    usize::try_from(files.saturating_sub(OTHER_FILES)).map_or(FEWEST, |files| files.max(FEWEST))
}

/// SIGTERM and SIGINT, which end it, and SIGHUP, which has it read its settings anew.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    /// Told of each SIGHUP.
    hung_up: Arc<Notify>,
}

impl Signals {
    fn new() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            hung_up: Arc::default(),
        })
    }

    async fn stop(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => self.hung_up.notify_one(),
            }
        }
    }
}
