//! The write-ahead log's way into the database.
//!
//! A thread of its own copies the log while commits go on (passive checkpoints), so that no commit pays for it. Under a
//! load that never pauses such a copy never catches up, and the log would grow without bound: past a bound the writer
//! copies the little that is left itself, between two batches, and the log starts again from its beginning. Should the
//! copying be slower than the load, the writer waits for it.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use crate::fault::Fault;
use crate::{Durability, OpenError, connection};

/// Pages (4 KiB) in the log after which it is worth copying.
const COPY_AT: i32 = 4_000;
/// Pages in the log after which it has to start again: 64 MiB.
const RESTART_AT: i32 = 16_000;

/// Pages in the log above which the writer waits for the copy: 128 MiB.
const WAIT_AT: i32 = 32_000;
/// Pages to the next try when that did not help: a reader can stand in the way.
const WAIT_AGAIN: i32 = 1_000;
/// How long the writer waits for a copy in progress.
const LONGEST_COPY: Duration = Duration::from_secs(1);
/// How long a reader may hold up the log's new start.
const LONGEST_READER: Duration = Duration::from_millis(100);

/// What the writer and the checkpointer know of the log.
pub(crate) struct Log {
    /// Pages at the latest commit.
    pages: AtomicI32,
    /// The number of pages that wakes the checkpointer.
    wake_at: AtomicI32,
    /// The number of pages at which the writer waits for the copy.
    wait_at: AtomicI32,
    /// The checkpointer asks the writer to start the log again.
    restart: AtomicBool,
    /// Something was erased: the log is still to be emptied, or its old pages would keep it.
    owes_emptying: AtomicBool,
    /// The next commit is to try.
    empty: AtomicBool,
    /// A copy is in progress: SQLite makes one at a time, and waits for none.
    copying: Mutex<bool>,
    copied: Condvar,
    wake: Mutex<Option<SyncSender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Log {
    /// Watches `writer`'s commits and starts the checkpointer.
    pub(crate) fn watch(
        writer: &mut Connection,
        path: &Path,
        durability: Durability,
    ) -> Result<Arc<Self>, OpenError> {
        let (wake, woken) = mpsc::sync_channel(1);
        let log = Arc::new(Self {
            pages: AtomicI32::new(0),
            wake_at: AtomicI32::new(COPY_AT),
            wait_at: AtomicI32::new(WAIT_AT),
            restart: AtomicBool::new(false),
            owes_emptying: AtomicBool::new(false),
            empty: AtomicBool::new(false),
            copying: Mutex::new(false),
            copied: Condvar::new(),
            wake: Mutex::new(Some(wake)),
            thread: Mutex::new(None),
        });
        let failed = |error: rusqlite::Error| OpenError::from_fault(Fault::from(error));
        let told = log.clone();
        let hook = move |_: &mut rusqlite::hooks::Wal, pages| {
            told.pages.store(pages, Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(failed)?;
        let conn = connection::checkpointer(path, durability).map_err(failed)?;
        let copying = log.clone();
        let thread = thread::Builder::new()
            .name("sqlite-checkpoint".to_owned())
            .spawn(move || copying.copy_when_woken(&conn, &woken))
            .map_err(OpenError::thread)?;
        *log.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(log)
    }

    /// After a commit, on the writer's thread: sees to it that the log is copied, and that it starts again.
    pub(crate) fn committed(&self, writer: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < COPY_AT {
            self.wake_at.store(COPY_AT, Ordering::Relaxed);
            self.wait_at.store(WAIT_AT, Ordering::Relaxed);
        } else if pages >= self.wake_at.load(Ordering::Relaxed) {
            let wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(Err(TrySendError::Disconnected(()))) =
                wake.as_ref().map(|wake| wake.try_send(()))
            {
                tracing::warn!("nobody copies the log any more");
            }
        }
        let too_long = pages >= self.wait_at.load(Ordering::Relaxed);
        if too_long {
            self.wait_at
                .store(pages.saturating_add(WAIT_AGAIN), Ordering::Relaxed);
        }
        if self.empty.swap(false, Ordering::Relaxed) {
            if self.start_again(writer, "TRUNCATE") {
                self.owes_emptying.store(false, Ordering::Relaxed);
            }
        } else if self.restart.swap(false, Ordering::Relaxed) || too_long {
            self.start_again(writer, "RESTART");
        }
    }

    /// Something was erased.
    pub(crate) fn owe_emptying(&self) {
        self.owes_emptying.store(true, Ordering::Relaxed);
    }

    /// Whether a copy of something erased may still be in the log: a reader stood in the way so far, or nobody tried.
    pub(crate) fn owes_emptying(&self) -> bool {
        self.owes_emptying.load(Ordering::Relaxed)
    }

    /// Has the next commit try to empty the log. If that fails, somebody has to ask again: no commit waits for a reader
    /// twice.
    pub(crate) fn empty_at_commit(&self) {
        self.empty.store(true, Ordering::Relaxed);
    }

    /// Copies the rest: nobody else appends meanwhile. If a reader of the log stays, the log goes on, and this is tried
    /// again. Answers whether it started again.
    fn start_again(&self, writer: &Connection, mode: &str) -> bool {
        let copying = self.copying.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .copied
            .wait_timeout_while(copying, LONGEST_COPY, |copying| *copying)
            .unwrap_or_else(PoisonError::into_inner);
        drop(waited);
        let started = writer
            .busy_timeout(LONGEST_READER)
            .and_then(|()| checkpoint(writer, mode));
        match &started {
            Ok(copied) => tracing::debug!(?copied, "the log starts again"),
            Err(error) => tracing::warn!(%error, "the log could not start again"),
        }
        if let Err(error) = writer.busy_timeout(connection::PATIENCE) {
            tracing::warn!(%error, "the writer's patience could not be set");
        }
        // A reader in the way is no error to SQLite.
        started.is_ok_and(|copied| !copied.busy)
    }

    /// Ends the checkpointer, copies everything and empties the log.
    pub(crate) fn close(&self, writer: &Connection) {
        drop(
            self.wake
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::warn!("the checkpointer had panicked");
        }
        match checkpoint(writer, "TRUNCATE") {
            Ok(copied) => tracing::debug!(?copied, "the log is empty"),
            // Nothing is lost by it: the next start copies the log.
            Err(error) => tracing::warn!(%error, "the log stays as it is"),
        }
    }

    fn copy_when_woken(&self, conn: &Connection, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
            self.set_copying(true);
            let copied = checkpoint(conn, "PASSIVE");
            self.set_copying(false);
            match copied {
                Ok(copied) => {
                    tracing::trace!(?copied, "a part of the log is in the database");
                    if self.pages.load(Ordering::Relaxed) >= RESTART_AT {
                        self.restart.store(true, Ordering::Relaxed);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the log could not be copied; it is tried again as it grows");
                }
            }
            let pages = self.pages.load(Ordering::Relaxed);
            self.wake_at
                .store(pages.saturating_add(COPY_AT), Ordering::Relaxed);
        }
    }

    fn set_copying(&self, copying: bool) {
        *self.copying.lock().unwrap_or_else(PoisonError::into_inner) = copying;
        self.copied.notify_all();
    }
}

/// What a checkpoint found and did, in pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Copied {
    busy: bool,
    #[expect(dead_code, reason = "for the log lines")]
    found: i64,
    #[expect(dead_code, reason = "for the log lines")]
    done: i64,
}

fn checkpoint(conn: &Connection, mode: &str) -> rusqlite::Result<Copied> {
    conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        Ok(Copied {
            busy: row.get(0)?,
            found: row.get(1)?,
            done: row.get(2)?,
        })
    })
}

impl OpenError {
    pub(crate) fn thread(source: io::Error) -> Self {
        Self::Thread(source)
    }
}
