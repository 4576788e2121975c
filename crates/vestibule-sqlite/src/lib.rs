//! Vestibule's store on SQLite, the embedded default.
//!
//! One writer thread drains the transitions that wait, runs each in a savepoint of its own, commits them together,
//! publishes what they changed in commit order, and only then replies. Reads go through connections apart. The
//! write-ahead log is synced at each commit ([`Durability::Full`]): what was acknowledged survives a `kill -9` and a
//! power cut.
//!
//! ```text
//! callers ──▶ queue ──▶ writer (one thread) ──COMMIT──▶ Publish ──▶ reply      DATA/vestibule.db
//!         └─▶ readers (a few connections)                                    DATA/vestibule.db-wal
//!             checkpointer (copies the log into the database)                DATA/lock
//! ```
//!
//! Transitions load, ask `vestibule-core`'s rule and write, in one transaction; set-wise ones state the rule in SQL,
//! which a property test holds equal to core's.

mod addresses;
mod app_sessions;
mod applications;
mod archive;
mod audit;
mod checkpoint;
mod connection;
mod fault;
mod fill;
mod installation;
mod known_devices;
mod lock;
mod migrate;
mod narrowing;
mod outbox;
mod reader;
mod session_data;
mod sessions;
#[cfg(test)]
mod tests;
mod throttles;
mod tickets;
mod transition;
mod users;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use vestibule_store::figures::{Figures, Work};
use vestibule_store::{Answer, Publish, StoreError};

use crate::checkpoint::Log;
use crate::fault::{Fault, Kind};
pub use crate::lock::{Lock, make_directory};
use crate::reader::{LONGEST_READ, Readers};
use crate::sessions::CHUNK;
use crate::transition::Transition;
use crate::writer::{Class, Writer};

/// The database's name in the data directory.
pub const FILE_NAME: &str = "vestibule.db";

/// Pages up to which opening reads the whole database through: 16 MiB, well under a tenth of a second.
const CHECKED_WHOLE: i64 = 4_096;

/// When a commit is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Before it is acknowledged.
    #[default]
    Full,
    /// When the system pleases: for tests that are not about durability.
    Off,
}

/// Where and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; made for its owner alone if it is not there.
    pub directory: PathBuf,
    /// When a commit is on the disk.
    pub durability: Durability,
}

/// Why the store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process uses the data directory.
    #[error(
        "another vestibule{} uses the data directory {}: stop it, or choose another directory",
        holder.map(|id| format!(" (process {id})")).unwrap_or_default(),
        directory.display()
    )]
    Locked {
        /// Which directory.
        directory: PathBuf,
        /// The process, as it wrote down itself.
        holder: Option<u32>,
    },
    /// A newer Vestibule wrote this.
    #[error(
        "the database has schema {found}, this vestibule knows schemas up to {known}: start the newer vestibule that wrote it, or restore a backup from before"
    )]
    NewerSchema {
        /// In the file.
        found: u32,
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
    /// The database file is damaged or is none.
    #[error(
        "the database {} is damaged ({detail}): keep the file aside, and restore it from a backup",
        path.display()
    )]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What SQLite found.
        detail: String,
    },
    /// The data directory cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// What could not be used.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A thread could not be started.
    #[error("cannot start a thread for the store: {0}")]
    Thread(io::Error),
    /// The store failed otherwise.
    #[error("cannot open the store: {0}")]
    Store(#[source] StoreError),
}

impl OpenError {
    fn from_fault(fault: Fault) -> Self {
        let failure = fault.shared();
        match failure.kind {
            Kind::Corrupt => Self::Corrupt {
                path: PathBuf::from(FILE_NAME),
                detail: failure.to_string(),
            },
            Kind::Full | Kind::Unavailable | Kind::Failed => Self::Store(failure.error()),
        }
    }

    /// Names the whole path.
    fn at(self, file: &Path) -> Self {
        match self {
            Self::Corrupt { detail, .. } => Self::Corrupt {
                path: file.to_owned(),
                detail,
            },
            other => other,
        }
    }
}

/// The store. Dropping it ends it as [`Sqlite::close`] does, and blocks for that.
pub struct Sqlite {
    writer: Writer,
    readers: Readers,
    log: Arc<Log>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sqlite")
    }
}

impl Sqlite {
    /// Opens the store, with a fresh database if there is none.
    ///
    /// Returns before `publish` is filled: the writer fills it before it takes its first transition, so that nothing
    /// published can be overtaken by the fill. [`Sqlite::filled`] waits for that.
    pub fn open(options: Options, publish: Arc<dyn Publish>) -> Result<Self, OpenError> {
        let Options {
            directory,
            durability,
        } = options;
        let path = directory.join(FILE_NAME);
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Io { path, source }
        };
        lock::make_directory(&directory).map_err(io(&directory))?;
        let lock = Lock::take(&directory)?;
        // SQLite gives its other files the mode of this one.
        lock::open_private(&path).map_err(io(&path))?;
        std::fs::File::open(&directory)
            .and_then(|directory| directory.sync_all())
            .map_err(io(&directory))?;

        let opened = connection::writer(&path, durability)
            .map_err(Fault::from)
            .and_then(|conn| look_through(&conn).map(|()| conn))
            .map_err(OpenError::from_fault);
        let mut conn = opened.map_err(|error| error.at(&path))?;
        migrate::migrate(&mut conn, migrate::MIGRATIONS).map_err(|error| error.at(&path))?;
        let log = Log::watch(&mut conn, &path, durability).map_err(|error| error.at(&path))?;

        let (writer, desk) = Writer::new(conn, publish, Arc::clone(&log), lock);
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || desk.run())
            .map_err(OpenError::Thread)?;
        Ok(Self {
            writer,
            readers: Readers::new(path, LONGEST_READ),
            log,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Waits until what is stored has been published whole. An error says that it cannot be read: nothing works then.
    pub async fn filled(&self) -> Result<(), StoreError> {
        self.writer.filled().await
    }

    /// What is told of the work done, to whoever watches.
    pub fn figures(&self) -> Arc<Figures> {
        Arc::clone(self.writer.figures())
    }

    /// Takes no more calls, does what was taken, copies the log into the database, and lets go of the directory.
    pub async fn close(&self) {
        self.writer.stop();
        self.readers.close().await;
        let thread = self.thread();
        let joined = tokio::task::spawn_blocking(move || thread.map(JoinHandle::join)).await;
        if !matches!(joined, Ok(None | Some(Ok(())))) {
            tracing::error!("the writer did not end well");
        }
    }

    fn thread(&self) -> Option<JoinHandle<()>> {
        self.thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// A transition that somebody waits for.
    fn transition<T, F>(&self, work: F) -> Answer<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Transition<'_>) -> Result<T, Fault> + Send + 'static,
    {
        Box::pin(self.writer.call(Class::Transition, work))
    }

    /// A chunk of bulk work: behind every transition.
    async fn bulk<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Transition<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.writer.call(Class::Bulk, work).await
    }

    /// Bulk work of up to `limit` rows, in chunks that let transitions in between. Answers how many were done.
    async fn chunks<F>(&self, limit: usize, work: F) -> Result<usize, StoreError>
    where
        F: Fn(&mut Transition<'_>, usize) -> Result<usize, Fault> + Clone + Send + 'static,
    {
        let mut done = 0;
        while done < limit {
            let chunk = (limit - done).min(CHUNK);
            let work = work.clone();
            let now = self.bulk(move |tx| work(tx, chunk)).await?;
            done += now;
            if now < chunk {
                break;
            }
        }
        Ok(done)
    }

    /// Leaves no copy in the write-ahead log of what was erased before.
    async fn empty_log(&self) -> Result<(), StoreError> {
        self.log.empty_at_commit();
        self.bulk(|_| Ok(())).await
    }

    /// A read.
    fn read<T, F>(&self, read: F) -> Answer<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let answer = self.readers.call(read);
        Box::pin(self.writer.figures().measured::<_, F>(Work::Read, answer))
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.writer.stop();
        if self.thread().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer did not end well");
        }
    }
}

/// Finds what damage can be found without making a start slow: the header and the schema always, and the whole of a
/// small database.
fn look_through(conn: &Connection) -> Result<(), Fault> {
    let pages: i64 = conn.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    if pages > CHECKED_WHOLE {
        return Ok(());
    }
    let found: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(Fault::Unreadable(found))
    }
}
