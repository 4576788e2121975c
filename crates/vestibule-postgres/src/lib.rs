//! Vestibule's store on PostgreSQL, for an installation that wants its data there.
//!
//! A transition is a transaction on a connection of its own, in a task of its own: once begun it belongs to the store, and a
//! caller that hangs up changes nothing. It holds the rows it judges by, asks `vestibule-core`'s rule, writes, commits, is
//! published in its turn, and only then answers.
//!
//! ```text
//! callers ──▶ tasks ──▶ pool ──▶ BEGIN ─▶ hold ─▶ judge ─▶ write ─▶ enter lanes ─▶ COMMIT ─▶ Publish ─▶ reply
//!         └─▶ reads ──▶  └─────▶ one statement each                                  └─ unknown: read again (mender)
//! ```
//!
//! The SQL is plain: no sequence, no trigger, no advisory lock, no LISTEN. The decisions are in
//! `docs/decisions/0007-postgres-publication.md`.

mod addresses;
mod app_sessions;
mod applications;
mod archive;
mod audit;
mod clock;
mod connection;
mod fault;
mod fill;
mod holding;
mod installation;
mod known_devices;
mod location;
mod mender;
mod migrate;
mod outbox;
mod perform;
mod publication;
mod reload;
mod session_data;
mod sessions;
mod throttles;
mod tickets;
mod transition;
mod users;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use vestibule_store::figures::Figures;
use vestibule_store::{Publish, StoreError};

use crate::audit::Entries;
use crate::connection::{Connection, Connections, discard};
use crate::fault::Fault;
use crate::fill::{Filling, fill};
use crate::holding::Holding;
use crate::location::Location;
use crate::perform::Desk;
use crate::publication::Sequencer;

pub use crate::clock::clock;
pub use crate::holding::Holder;

/// How long is waited for what. A database that is frozen or gone answers nothing: its callers are told so soon.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Making a connection.
    pub connect: Duration,
    /// For a free connection, while all are in use.
    pub wait: Duration,
    /// One round trip of a transition or a read, the locks it waits for included.
    pub statement: Duration,
    /// The same of bulk work, which nobody waits for.
    pub bulk: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            wait: Duration::from_secs(2),
            statement: Duration::from_secs(3),
            bulk: Duration::from_secs(30),
        }
    }
}

/// Where and how.
#[derive(Clone)]
pub struct Options {
    /// `postgres://user:password@host/name`; off this machine TLS with a verified name (`sslmode=verify-full`).
    pub url: String,
    /// The password, where the url has none.
    pub password: Option<String>,
    /// Connections at most.
    pub connections: usize,
    /// How long is waited.
    pub patience: Patience,
    /// Who opens it.
    pub holder: Holder,
}

impl std::fmt::Debug for Options {
    // The url may carry a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("connections", &self.connections)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// Whether a url can be used at all, without trying it. Answers how it is shown: without its password.
pub fn check_url(url: &str) -> Result<String, OpenError> {
    Location::parse(url).map(|_| location::shown(url))
}

/// Whether a url carries a password.
pub fn has_password(url: &str) -> bool {
    location::shown(url) != url
}

/// Why the store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The url says something that is not so, or that is not safe.
    #[error("`[store] url` cannot be used: {0}")]
    Setting(String),
    /// The database cannot keep people's names.
    #[error(
        "the database that `[store] url` names keeps text as {0}, where some names have no place: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding(String),
    /// A newer Vestibule wrote this.
    #[error(
        "the database has schema {found}, this vestibule knows schemas up to {known}: start the newer vestibule that wrote it, or restore a backup from before"
    )]
    NewerSchema {
        /// In the database.
        found: i64,
        /// The newest this binary knows.
        known: u32,
    },
    /// A step of the schema that was applied is not the one this binary knows.
    #[error(
        "the database was made by another build: its schema step {version} differs from this vestibule's; start the build that wrote it"
    )]
    SchemaChanged {
        /// Which step.
        version: u32,
    },
    /// Another works on it.
    #[error(
        "the database that `[store] url` names is held by {by}, for {seconds} seconds by now: one vestibule at a time works on a database. Stop that one, or run this where it runs"
    )]
    Held {
        /// How it calls itself.
        by: String,
        /// For how long.
        seconds: u64,
    },
    /// The database cannot be reached, or refuses us.
    #[error(
        "cannot open the database that `[store] url` names: {0}; see that it runs and that the name, the role and its password are right"
    )]
    Store(String),
}

impl OpenError {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is what a fault becomes: `map_err` hands it over"
    )]
    fn from_fault(fault: Fault) -> Self {
        Self::Store(fault.to_string())
    }
}

/// The store.
pub struct Postgres {
    desk: Arc<Desk>,
    chores: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Postgres")
    }
}

impl Postgres {
    /// Opens the store, and makes its tables if there are none.
    ///
    /// Returns before `publish` is filled: every transition waits for that, so that nothing published can be overtaken by the
    /// fill. [`Postgres::filled`] waits for it.
    pub async fn open(options: Options, publish: Arc<dyn Publish>) -> Result<Self, OpenError> {
        let Options {
            url,
            password,
            connections,
            patience,
            holder,
        } = options;
        let mut location = Location::parse(&url)?;
        if let Some(password) = password {
            location.config.password(password);
        }
        let pool = Connections::new(location, connections.max(2), patience)
            .map_err(OpenError::from_fault)?;
        let first = pool.take().await.map_err(OpenError::from_fault)?;
        let prepared = timeout(patience.bulk, prepare(&first, patience, &holder)).await;
        let (holding, entries) = prepared.map_err(|_| OpenError::from_fault(Fault::Silent))??;
        // It waits longer than others may.
        discard(first);
        let (filling, filled) = watch::channel(Filling::Running);
        let desk = Desk::new(
            pool,
            Sequencer::new(publish),
            Arc::new(entries),
            patience,
            filled,
            holding,
        );
        let desk = Arc::new(desk);
        let chores = vec![
            tokio::spawn(fill(Arc::clone(&desk), filling)),
            tokio::spawn(mender::run(Arc::clone(&desk))),
            tokio::spawn(holding::keep(Arc::clone(&desk))),
        ];
        Ok(Self { desk, chores })
    }

    /// Waits until what is stored has been published whole. An error says that it cannot be read: nothing works then.
    pub async fn filled(&self) -> Result<(), StoreError> {
        self.desk.filled().await.map_err(Fault::error)
    }

    /// Waits until another is found to work on the database: what is published here is not all that happens any more, and the
    /// process must end.
    pub async fn lost(&self) {
        self.desk.holding.lost().await;
    }

    /// What is told of the work done, to whoever watches.
    pub fn figures(&self) -> Arc<Figures> {
        Arc::clone(&self.desk.figures)
    }

    /// Takes no more calls, does what was taken, and closes the connections.
    pub async fn close(&self) {
        self.desk.close().await;
        for chore in &self.chores {
            // What it is at is undone by the server.
            chore.abort();
        }
    }
}

/// What is there before anything else: a database that keeps every text, and the tables in it.
async fn prepare(
    first: &Connection,
    patience: Patience,
    holder: &Holder,
) -> Result<(Holding, Entries), OpenError> {
    let own = |error: tokio_postgres::Error| OpenError::from_fault(error.into());
    let most = patience.bulk.as_millis();
    let set = format!("SET statement_timeout = {most}");
    first.batch_execute(&set).await.map_err(own)?;
    let encoding = first.query_one("SHOW server_encoding", &[]).await;
    let encoding: String = encoding.and_then(|row| row.try_get(0)).map_err(own)?;
    if encoding != "UTF8" {
        return Err(OpenError::Encoding(encoding));
    }
    migrate::migrate(first, migrate::MIGRATIONS, migrate::HOLDING).await?;
    // Before anything is changed that others work on, and before anything is read that they could still change.
    let holding = holding::take(first, holder).await?;
    migrate::migrate(first, migrate::MIGRATIONS, u32::MAX).await?;
    let entries = Entries::after(first).await.map_err(OpenError::from_fault)?;
    Ok((holding, entries))
}

impl Drop for Postgres {
    fn drop(&mut self) {
        for chore in &self.chores {
            chore.abort();
        }
    }
}
