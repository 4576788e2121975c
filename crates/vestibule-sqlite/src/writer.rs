//! The one writer: a thread that drains what waits, commits it together, publishes, and then replies.
//!
//! ```text
//! fill ──▶ wait ──▶ BEGIN ─▶ (SAVEPOINT ─▶ transition ─▶ RELEASE | ROLLBACK TO)* ─▶ COMMIT ─▶ publish ─▶ reply ──┐
//!            ▲                        at most 256 that wait; bulk alone, when none waits                        │
//!            └──────────────────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Once a job is in the queue it belongs to the writer: a caller that hangs up changes nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use vestibule_store::figures::{Figures, Work};
use vestibule_store::{Change, Publish, StoreError};

use crate::checkpoint::Log;
use crate::fault::{Closed, Failure, Fault};
use crate::fill::fill;
use crate::lock::Lock;
use crate::transition::Transition;

/// Most transitions in one commit.
pub(crate) const BATCH: usize = 256;
/// Most jobs that wait in a queue; who comes then waits for a place.
const WAITING: usize = 1024;
/// Under a load that never pauses, one chunk of bulk work is let in after so many batches: the trail must get sealed.
const PATIENCE: u32 = 64;

/// A transition on its way, whatever it answers.
pub(crate) trait Job: Send {
    /// Does it. A failure undoes its savepoint and nothing else.
    fn run(&mut self, tx: &mut Transition<'_>) -> Result<(), Failure>;

    /// Answers the caller, if there still is one. `failed`: the batch was not committed.
    fn settle(self: Box<Self>, failed: Option<&Failure>);

    /// Whether it may write more than memory should hold.
    fn is_large(&self) -> bool;
}

type Queue = mpsc::Receiver<Box<dyn Job>>;

/// Whether the fill is whole.
#[derive(Debug, Clone)]
pub(crate) enum Filling {
    Running,
    Whole,
    Failed(Failure),
}

/// The callers' end.
pub(crate) struct Writer {
    transitions: mpsc::Sender<Box<dyn Job>>,
    bulk: mpsc::Sender<Box<dyn Job>>,
    stop: watch::Sender<bool>,
    filling: watch::Receiver<Filling>,
    figures: Arc<Figures>,
}

/// Which queue.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Class {
    /// Somebody waits for it.
    Transition,
    /// Runs behind every transition, in chunks.
    Bulk,
    /// A whole database at once, while nobody else writes.
    Import,
}

impl Writer {
    /// The two ends. The thread's is to be given to [`Desk::run`].
    pub(crate) fn new(
        conn: Connection,
        publish: Arc<dyn Publish>,
        log: Arc<Log>,
        lock: Lock,
    ) -> (Self, Desk) {
        let figures = Arc::new(Figures::default());
        let (transitions, waiting) = mpsc::channel(WAITING);
        let (bulk, bulk_waiting) = mpsc::channel(WAITING);
        let (stop, stopped) = watch::channel(false);
        let (told, filling) = watch::channel(Filling::Running);
        let writer = Self {
            transitions,
            bulk,
            stop,
            filling,
            figures: Arc::clone(&figures),
        };
        let desk = Desk {
            books: Books {
                conn,
                publish,
                log,
                figures,
            },
            waiting,
            bulk_waiting,
            stopped,
            filling: told,
            lock,
        };
        (writer, desk)
    }

    /// What is told of the work done.
    pub(crate) const fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    /// Hands a transition over and waits for its answer.
    pub(crate) async fn call<T, F>(&self, class: Class, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Transition<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let answer = self.hand_over(class, work);
        self.figures
            .measured::<_, F>(Work::Transition, answer)
            .await
    }

    async fn hand_over<T, F>(&self, class: Class, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Transition<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Pending {
            work: Some(work),
            outcome: None,
            reply,
            large: matches!(class, Class::Import),
        });
        let queue = match class {
            Class::Transition | Class::Import => &self.transitions,
            Class::Bulk => &self.bulk,
        };
        // At the first poll, while there is room; in turn with the others, when there is none.
        match queue.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => queue.send(job).await.map_err(|_| Closed::error())?,
            Err(TrySendError::Closed(_)) => return Err(Closed::error()),
        }
        answer.await.map_err(|_| Closed::error())?
    }

    /// Takes no more jobs; those that wait are still done.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits for the fill.
    pub(crate) async fn filled(&self) -> Result<(), StoreError> {
        let mut filling = self.filling.clone();
        let state = filling
            .wait_for(|state| !matches!(state, Filling::Running))
            .await
            .map_err(|_| Closed::error())?;
        match &*state {
            Filling::Failed(failure) => Err(failure.error()),
            Filling::Running | Filling::Whole => Ok(()),
        }
    }
}

struct Pending<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, Failure>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
    large: bool,
}

impl<T, F> Job for Pending<T, F>
where
    T: Send,
    F: FnOnce(&mut Transition<'_>) -> Result<T, Fault> + Send,
{
    fn run(&mut self, tx: &mut Transition<'_>) -> Result<(), Failure> {
        let Some(work) = self.work.take() else {
            return Err(Fault::Refused("a transition runs once").shared());
        };
        let outcome = work(tx).map_err(Fault::shared);
        let ran = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
        self.outcome = Some(outcome);
        ran
    }

    fn settle(self: Box<Self>, failed: Option<&Failure>) {
        let answer = match (self.outcome, failed) {
            (Some(Err(own)), _) => Err(own.error()),
            (_, Some(failure)) => Err(failure.error()),
            (Some(Ok(outcome)), None) => Ok(outcome),
            (None, None) => Err(Closed::error()),
        };
        // Whoever asked may have gone: what was committed stays.
        let _gone = self.reply.send(answer);
    }

    fn is_large(&self) -> bool {
        self.large
    }
}

/// The thread's end.
pub(crate) struct Desk {
    books: Books,
    waiting: Queue,
    bulk_waiting: Queue,
    stopped: watch::Receiver<bool>,
    filling: watch::Sender<Filling>,
    lock: Lock,
}

impl Desk {
    /// The thread's whole life. A panic in here ends the process: what is half-done in memory must not go on.
    pub(crate) fn run(self) {
        if catch_unwind(AssertUnwindSafe(|| self.work())).is_err() {
            tracing::error!(
                "the writer panicked: ending the process, nothing acknowledged is lost"
            );
            std::process::abort();
        }
    }

    fn work(self) {
        let stopped = || *self.stopped.borrow();
        let filled = fill(&self.books.conn, &*self.books.publish, &stopped).map_err(Fault::shared);
        let broken = filled.err();
        if let Some(failure) = &broken
            && !stopped()
        {
            tracing::error!(%failure, "what is stored cannot be read: everything is refused");
        }
        self.filling.send_replace(match &broken {
            None => Filling::Whole,
            Some(failure) => Filling::Failed(failure.clone()),
        });
        match tokio::runtime::Builder::new_current_thread().build() {
            Ok(runtime) => runtime.block_on(self.serve(broken)),
            Err(error) => tracing::error!(%error, "the writer could not start"),
        }
    }

    async fn serve(mut self, broken: Option<Failure>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut stopping = false;
        let (mut open, mut bulk_open) = (true, true);
        let mut passed_over = 0;
        while open || bulk_open {
            let impatient = passed_over >= PATIENCE;
            tokio::select! {
                biased;
                _ = self.stopped.wait_for(|stop| *stop), if !stopping => {
                    stopping = true;
                    self.waiting.close();
                    self.bulk_waiting.close();
                }
                taken = self.waiting.recv_many(&mut batch, BATCH), if open && !impatient => {
                    open = taken > 0;
                    passed_over += u32::from(!self.bulk_waiting.is_empty());
                }
                chunk = self.bulk_waiting.recv(), if bulk_open => {
                    bulk_open = chunk.is_some();
                    batch.extend(chunk);
                    passed_over = 0;
                }
            }
            match &broken {
                None => self.books.commit(&mut batch),
                Some(failure) => batch.drain(..).for_each(|job| job.settle(Some(failure))),
            }
        }
        self.books.log.close(&self.books.conn);
        let Self { books, lock, .. } = self;
        drop(books);
        // Only now may another process open the directory.
        drop(lock);
    }
}

struct Books {
    conn: Connection,
    publish: Arc<dyn Publish>,
    log: Arc<Log>,
    figures: Arc<Figures>,
}

impl Books {
    /// Invariant 2: commit, then publish, then answer.
    fn commit(&self, batch: &mut Vec<Box<dyn Job>>) {
        if batch.is_empty() {
            return;
        }
        let mut changes = Vec::new();
        let large = batch.iter().any(|job| job.is_large());
        if large {
            self.spill(true);
        }
        let committed = self.write(batch, &mut changes);
        if let Err(failure) = &committed {
            tracing::warn!(%failure, transitions = batch.len(), "a commit failed; its callers are told");
            if !self.conn.is_autocommit()
                && let Err(error) = self.conn.execute_batch("ROLLBACK")
            {
                tracing::warn!(%error, "a rollback failed");
            }
        } else if !changes.is_empty() {
            self.publish.publish(&changes);
        }
        if large {
            self.spill(false);
        }
        let failed = committed.err();
        for job in batch.drain(..) {
            job.settle(failed.as_ref());
        }
        if failed.is_none() {
            self.figures.committed();
            self.log.committed(&self.conn);
        }
    }

    fn write(&self, batch: &mut [Box<dyn Job>], changes: &mut Vec<Change>) -> Result<(), Failure> {
        self.step("BEGIN IMMEDIATE")?;
        for job in batch {
            self.step("SAVEPOINT transition")?;
            let told = changes.len();
            // ASVS 2.3.3: all of a transition or nothing of it; its neighbours do not notice.
            if let Err(failure) = job.run(&mut Transition::new(&self.conn, changes)) {
                changes.truncate(told);
                // SQLite undid the whole transaction by itself (a full disk can do that): nobody's work is there.
                if self.conn.is_autocommit() {
                    return Err(failure);
                }
                self.step("ROLLBACK TO transition")?;
            }
            self.step("RELEASE transition")?;
        }
        self.step("COMMIT")
    }

    /// Whether what does not fit the cache goes to the log before its commit. SQLite hears of it between transactions alone.
    fn spill(&self, on: bool) {
        if let Err(error) = self.conn.pragma_update(None, "cache_spill", on) {
            tracing::warn!(%error, "an import is held in memory whole");
        }
    }

    fn step(&self, sql: &str) -> Result<(), Failure> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(|_| ())
            .map_err(|error| Fault::from(error).shared())
    }
}
