//! Read connections, apart from the writer: a read sees every commit made before it began, and waits for none.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use vestibule_store::StoreError;

use crate::connection;
use crate::fault::{Closed, Fault};

/// Reads at a time.
const READERS: usize = 4;
/// No read outlives this: an open one keeps the log from starting again.
pub(crate) const LONGEST_READ: Duration = Duration::from_secs(5);

/// The pool.
#[derive(Clone)]
pub(crate) struct Readers(Arc<Pool>);

struct Pool {
    path: PathBuf,
    longest: Duration,
    free: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, longest: Duration) -> Self {
        Self(Arc::new(Pool {
            path,
            longest,
            free: Semaphore::new(READERS),
            idle: Mutex::new(Vec::new()),
        }))
    }

    /// Where the database lies.
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Runs a read on a blocking thread.
    pub(crate) async fn call<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let pool = self.0.clone();
        // On a task of its own: the read's bound is held even when the caller goes.
        let reading = tokio::spawn(async move { pool.read(read).await });
        reading
            .await
            .map_err(|error| StoreError::Failed(Box::new(error)))?
    }

    /// No more reads; waits for those that run, and closes their connections.
    pub(crate) async fn close(&self) {
        let running = u32::try_from(READERS).unwrap_or(u32::MAX);
        if let Ok(all) = self.0.free.acquire_many(running).await {
            self.0.free.close();
            drop(all);
        }
        self.0.idle().clear();
    }
}

impl Pool {
    async fn read<T, F>(self: Arc<Self>, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let _turn = self.free.acquire().await.map_err(|_| Closed::error())?;
        let idle = self.idle().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => connection::reader(&self.path)
                .map_err(|error| Fault::from(error).shared().error())?,
        };
        let interrupt = conn.get_interrupt_handle();
        let mut running = tokio::task::spawn_blocking(move || {
            let outcome = in_one_snapshot(&conn, read);
            (conn, outcome)
        });
        let in_time = tokio::time::timeout(self.longest, &mut running).await;
        let ran = if let Ok(ran) = in_time {
            ran
        } else {
            interrupt.interrupt();
            running.await
        };
        let (conn, outcome) = ran.map_err(|error| StoreError::Failed(Box::new(error)))?;
        self.idle().push(conn);
        outcome.map_err(|fault| fault.shared().error())
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One transaction, so that what is read in several statements belongs together.
fn in_one_snapshot<T>(
    conn: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let tx = conn.unchecked_transaction()?;
    let outcome = read(&tx)?;
    tx.commit()?;
    Ok(outcome)
}
