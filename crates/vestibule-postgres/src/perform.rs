//! How a transition is carried out: in a task of its own, again where it lost against others, published before it is answered.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, TryAcquireError, watch};
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use vestibule_store::figures::{self, Figures};
use vestibule_store::{Answer, BoxFuture, StoreError};

use crate::audit::Entries;
use crate::connection::{Connection, Connections, discard};
use crate::fault::{Again, Fault};
use crate::fill::Filling;
use crate::holding::{self, Holding};
use crate::publication::Sequencer;
use crate::transition::{Lost, Pace, Transition};
use crate::{Patience, Postgres};

/// Most transitions under way; who comes then is told to come again.
const MOST: u32 = 4_096;
/// How often a transition that loses against others is tried.
const TRIES: u32 = 8;
/// How often one that met a row which should not be there.
const DOUBLED_TRIES: u32 = 3;

/// How often one whose statements are prepared anew.
const STALE_TRIES: u32 = 2;

/// Most rows that one chunk of bulk work writes.
pub(crate) const CHUNK: usize = 1_000;

/// Most rows that one statement of a list looks at: so few that each is looked up by its key.
pub(crate) const LONGEST_STRIDE: usize = 4_000;

/// What a transition does: judges and writes. It may be called again, on another state of the store.
pub(crate) type Work<I, T> =
    for<'a> fn(&'a mut Transition, &'a I) -> BoxFuture<'a, Result<T, Fault>>;

/// What transitions and reads need.
pub(crate) struct Desk {
    pub(crate) connections: Connections,
    pub(crate) sequencer: Arc<Sequencer>,
    entries: Arc<Entries>,
    pub(crate) patience: Patience,
    under_way: Arc<Semaphore>,
    bulk: Semaphore,
    filled: watch::Receiver<Filling>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) holding: Arc<Holding>,
    runtime: Handle,
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Somebody waits for it.
    Transition,
    /// One at a time, in chunks.
    Bulk,
}

impl Desk {
    pub(crate) fn new(
        connections: Connections,
        sequencer: Arc<Sequencer>,
        entries: Arc<Entries>,
        patience: Patience,
        filled: watch::Receiver<Filling>,
        holding: Holding,
    ) -> Self {
        Self {
            connections,
            sequencer,
            entries,
            patience,
            under_way: Arc::new(Semaphore::new(MOST as usize)),
            bulk: Semaphore::new(1),
            filled,
            figures: Arc::default(),
            holding: Arc::new(holding),
            runtime: Handle::current(),
        }
    }

    /// Waits for the fill.
    pub(crate) async fn filled(&self) -> Result<(), Fault> {
        let mut filled = self.filled.clone();
        let state = filled
            .wait_for(|state| !matches!(state, Filling::Running))
            .await
            .map_err(|_| Fault::Closed)?;
        match &*state {
            Filling::Failed(why) => Err(Fault::Unreadable(why.clone())),
            Filling::Running | Filling::Whole => Ok(()),
        }
    }

    /// Waits for what is under way, and takes no more.
    pub(crate) async fn close(&self) {
        let all = self.under_way.acquire_many(MOST).await;
        self.under_way.close();
        drop(all);
        // Where it cannot be told, it runs out.
        if let Ok(connection) = self.connections.take().await {
            let told = holding::give_back(&connection, &self.holding);
            let _ = timeout(self.patience.statement, told).await;
            discard(connection);
        }
        self.connections.close();
    }

    /// Hands a transition over and waits for its answer.
    pub(crate) async fn call<I, T>(
        self: &Arc<Self>,
        class: Class,
        name: &'static str,
        input: I,
        work: Work<I, T>,
    ) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let answer = self.hand_over(class, name, input, work);
        let counted = figures::Work::Transition;
        self.figures.named(counted, || name, answer).await
    }

    async fn hand_over<I, T>(
        self: &Arc<Self>,
        class: Class,
        name: &'static str,
        input: I,
        work: Work<I, T>,
    ) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let under_way = match Arc::clone(&self.under_way).try_acquire_owned() {
            Ok(under_way) => under_way,
            Err(TryAcquireError::NoPermits) => {
                return Err(Fault::NoConnection("too much waits for one".to_owned()).error());
            }
            Err(TryAcquireError::Closed) => return Err(Fault::Closed.error()),
        };
        let desk = Arc::clone(self);
        // A task of its own: whoever asked may go.
        let task = self.runtime.spawn(async move {
            let done = desk.carry_out(class, name, &input, work).await;
            drop(under_way);
            done
        });
        match task.await {
            Ok(done) => done.map_err(Fault::error),
            Err(_) => Err(Fault::Closed.error()),
        }
    }

    async fn carry_out<I, T>(
        &self,
        class: Class,
        name: &'static str,
        input: &I,
        work: Work<I, T>,
    ) -> Result<T, Fault> {
        self.filled().await?;
        let pace = match class {
            Class::Transition => Pace::of(self.patience.statement, None),
            Class::Bulk => Pace::of(self.patience.bulk, Some(self.patience.bulk)),
        };
        let _turn = match class {
            Class::Transition => None,
            Class::Bulk => Some(self.bulk.acquire().await.map_err(|_| Fault::Closed)?),
        };
        let mut connection = self.connections.take().await?;
        let mut tries = 0;
        loop {
            tries += 1;
            let lost = match self.try_once(connection, pace, input, work).await {
                Ok(outcome) => return Ok(outcome),
                Err(lost) => lost,
            };
            let fault = match lost {
                Lost::RolledBack(back, fault) => {
                    connection = *back;
                    fault
                }
                Lost::Unknown(fault) => {
                    tracing::warn!(transition = name, %fault, "a transition was cut off; its caller is told");
                    return Err(fault);
                }
            };
            let most = match fault.again() {
                Again::Contended => TRIES,
                Again::Doubled => DOUBLED_TRIES,
                Again::Stale => {
                    connection.statement_cache.clear();
                    STALE_TRIES
                }
                Again::Never => 1,
            };
            if fault.is_read_only() {
                discard(connection);
                return Err(fault);
            }
            if tries >= most {
                return Err(fault);
            }
            tracing::debug!(transition = name, tries, %fault, "a transition is tried again");
            // The others first.
            tokio::task::yield_now().await;
        }
    }

    async fn try_once<I, T>(
        &self,
        connection: Connection,
        pace: Pace,
        input: &I,
        work: Work<I, T>,
    ) -> Result<T, Lost> {
        let mut tx = Transition::new(
            connection,
            Arc::clone(&self.entries),
            Arc::clone(&self.sequencer),
            pace,
            Arc::clone(&self.holding),
        );
        let outcome = match work(&mut tx, input).await {
            Ok(outcome) => outcome,
            Err(fault) => {
                return Err(match tx.roll_back().await {
                    Some(connection) => Lost::RolledBack(Box::new(connection), fault),
                    None => Lost::Unknown(fault),
                });
            }
        };
        let doubts = tx.doubts();
        let (connection, published) = tx.commit().await?;
        self.figures.committed();
        drop(connection);
        // Invariant 2: commit, then publish, then answer.
        published.await;
        // What went before it may be in doubt: this node's index knows before the caller is told.
        let certain = self.sequencer.certain(&doubts);
        if timeout(self.patience.statement, certain).await.is_err() {
            return Err(Lost::Unknown(Fault::Silent));
        }
        Ok(outcome)
    }

    /// Asks for rows outside of any transition.
    pub(crate) async fn read(
        &self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Fault> {
        let connection = self.connections.take().await?;
        let rows = async {
            let ask = async || -> Result<Vec<Row>, Fault> {
                let statement = connection.prepare_cached(sql).await?;
                Ok(connection.query(&statement, params).await?)
            };
            match ask().await {
                Err(fault) if fault.again() == Again::Stale => {
                    connection.statement_cache.clear();
                    ask().await
                }
                asked => asked,
            }
        };
        let asked = timeout(self.patience.statement, rows).await;
        let rows = asked.unwrap_or(Err(Fault::Silent));
        // Of no use to whoever comes next.
        if matches!(&rows, Err(fault) if fault.is_read_only() || matches!(fault, Fault::Silent)) {
            discard(connection);
        }
        rows
    }
}

impl Postgres {
    /// A transition that somebody waits for.
    pub(crate) fn transition<I, T>(
        &self,
        name: &'static str,
        input: I,
        work: Work<I, T>,
    ) -> Answer<'_, T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        Box::pin(self.desk.call(Class::Transition, name, input, work))
    }

    /// A chunk of bulk work: one at a time.
    pub(crate) async fn bulk<I, T>(
        &self,
        name: &'static str,
        input: I,
        work: Work<I, T>,
    ) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.desk.call(Class::Bulk, name, input, work).await
    }

    /// Bulk work of up to `limit` rows, in chunks that let transitions in between. Answers how many were done.
    pub(crate) async fn chunks<I>(
        &self,
        name: &'static str,
        limit: usize,
        input: I,
        work: Work<(I, usize), usize>,
    ) -> Result<usize, StoreError>
    where
        I: Clone + Send + Sync + 'static,
    {
        let mut done = 0;
        while done < limit {
            let chunk = (limit - done).min(CHUNK);
            let now = self.bulk(name, (input.clone(), chunk), work).await?;
            done += now;
            if now < chunk {
                break;
            }
        }
        Ok(done)
    }

    /// A read: one statement, and what becomes of its rows.
    pub(crate) async fn read<T>(
        &self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
        read: impl FnOnce(Vec<Row>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let answer = async {
            let rows = self.desk.read(sql, params).await;
            rows.and_then(read).map_err(Fault::error)
        };
        let figures = &self.desk.figures;
        figures.named(figures::Work::Read, || "read", answer).await
    }
}
