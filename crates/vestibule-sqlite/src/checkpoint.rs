//! The write-ahead log's way into the database.
//!
//! A thread of its own copies the log while commits go on (passive checkpoints), so that no commit pays for it. Under a
//! load that never pauses such a copy never catches up, and the log would grow without bound: past a bound the writer
//! copies the little that is left itself, between two batches, and the log starts again from its beginning.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use crate::fault::Fault;
use crate::{Durability, OpenError, connection};

/// Pages (4 KiB) in the log after which it is worth copying.
const COPY_AT: i32 = 4_000;
/// Pages in the log after which it has to start again: 64 MiB.
const RESTART_AT: i32 = 16_000;

/// What the writer and the checkpointer know of the log.
pub(crate) struct Log {
    /// Pages at the latest commit.
    pages: AtomicI32,
    /// The number of pages that wakes the checkpointer.
    wake_at: AtomicI32,
    /// The checkpointer asks the writer to start the log again.
    restart: AtomicBool,
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
            restart: AtomicBool::new(false),
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

    /// After a commit: wakes the checkpointer if the log has grown. Answers whether the log has to start again.
    pub(crate) fn committed(&self) -> bool {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < COPY_AT {
            self.wake_at.store(COPY_AT, Ordering::Relaxed);
        } else if pages >= self.wake_at.load(Ordering::Relaxed) {
            let wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(Err(TrySendError::Disconnected(()))) =
                wake.as_ref().map(|wake| wake.try_send(()))
            {
                tracing::warn!("nobody copies the log any more");
            }
        }
        self.restart.swap(false, Ordering::Relaxed)
    }

    /// Copies the rest and starts the log again, on the writer's thread: nobody else appends meanwhile. Readers of the
    /// log are waited for `at_most`; if one stays, the log goes on and this is asked for again.
    pub(crate) fn restart(writer: &Connection, at_most: Duration) {
        let restarted = writer
            .busy_timeout(at_most)
            .and_then(|()| checkpoint(writer, "RESTART"));
        match restarted {
            Ok(copied) => tracing::debug!(?copied, "the log starts again"),
            Err(error) => tracing::warn!(%error, "the log could not start again"),
        }
        if let Err(error) = writer.busy_timeout(Duration::from_secs(5)) {
            tracing::warn!(%error, "the writer's patience could not be set");
        }
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
            match checkpoint(conn, "PASSIVE") {
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
}

/// What a checkpoint found and did, in pages.
#[derive(Debug, Clone, Copy)]
#[expect(dead_code, reason = "for the log lines")]
pub(crate) struct Copied {
    busy: bool,
    found: i64,
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
