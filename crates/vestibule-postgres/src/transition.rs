//! What a transition works with: a transaction on a connection of its own, and what it will tell when that commits.
//!
//! READ COMMITTED: each statement sees what was committed when it began, and whoever judges by a row that another could change
//! holds it first. The order of the locks is: users (by id), their sessions (by id), other rows, the installation last. Writes
//! that answer nothing are kept back and go out with the next question, or with COMMIT, in one round trip.

mod columns;
mod locks;
mod pace;
mod record;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use vestibule_core::id::UserId;
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_store::Change;

pub(crate) use self::columns::{Numbers, bind_limit, bind_number, bytes, bytes_opt, read_number};
pub(crate) use self::pace::Pace;
use crate::audit::Entries;
use crate::connection::{Connection, discard};
use crate::fault::Fault;
use crate::holding::Holding;
use crate::publication::{Doubt, Lane, Sequencer};

/// A value to be bound, kept until it is sent.
pub(crate) type Value = Box<dyn ToSql + Send + Sync>;

/// The values of a statement that is kept back: `values![id.to_vec(), now.0]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$(Box::new($value) as $crate::transition::Value),*]
    };
}

pub(crate) use values;

/// A statement and what is bound to it. ASVS 1.2.4: every value is bound, no statement is put together from one.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) sql: &'static str,
    pub(crate) params: &'a [&'a (dyn ToSql + Sync)],
}

/// A statement that answers nothing.
struct Write {
    sql: &'static str,
    params: Vec<Value>,
}

/// One transition inside its transaction.
pub(crate) struct Transition {
    connection: Connection,
    entries: Arc<Entries>,
    sequencer: Arc<Sequencer>,
    pace: Pace,
    holding: Arc<Holding>,
    begun: bool,
    kept: Vec<Write>,
    changes: Vec<Change>,
    /// What was read again, and is told before anything else.
    reread: Vec<(Doubt, Change)>,
    held: BTreeSet<UserId>,
    judged: Option<StoreNumber>,
    cut: bool,
    house: bool,
    abandoned: bool,
    broken: bool,
}

/// How a commit failed.
pub(crate) enum Lost {
    /// Nothing of it happened.
    RolledBack(Box<Connection>, Fault),
    /// Nobody knows. The connection is gone.
    Unknown(Fault),
}

impl Transition {
    pub(crate) fn new(
        connection: Connection,
        entries: Arc<Entries>,
        sequencer: Arc<Sequencer>,
        pace: Pace,
        holding: Arc<Holding>,
    ) -> Self {
        Self {
            connection,
            entries,
            sequencer,
            pace,
            holding,
            begun: false,
            kept: Vec::new(),
            changes: Vec::new(),
            reread: Vec::new(),
            held: BTreeSet::new(),
            judged: None,
            cut: false,
            house: false,
            abandoned: false,
            broken: false,
        }
    }

    /// Asks several things in one round trip, in this order, after what was kept back; each sees what is committed by then.
    pub(crate) async fn ask<const N: usize>(
        &mut self,
        asks: [Ask<'_>; N],
    ) -> Result<[Vec<Row>; N], Fault> {
        let kept = std::mem::take(&mut self.kept);
        let mut results = self.send(&kept, &asks, false).await?.into_iter();
        let mut rows = [const { Vec::new() }; N];
        for row in &mut rows {
            *row = results.next().unwrap_or(Ok(Vec::new()))?;
        }
        Ok(rows)
    }

    /// Asks for rows.
    pub(crate) async fn query(
        &mut self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Fault> {
        let [rows] = self.ask([Ask { sql, params }]).await?;
        Ok(rows)
    }

    /// Asks for a row, where there may be none.
    pub(crate) async fn query_opt(
        &mut self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Fault> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Keeps a statement back that answers nothing: it goes out with the next question, or with COMMIT. What it must be sure of
    /// is held and judged before.
    pub(crate) fn write(&mut self, sql: &'static str, params: Vec<Value>) {
        self.kept.push(Write { sql, params });
    }

    /// What is live was judged by this cutoff on everybody: if it is another one when a number is taken, all is judged anew.
    fn judge(&mut self, everything: StoreNumber) {
        self.judged.get_or_insert(everything);
    }

    /// Whatever it wrote is undone instead of committed, and its outcome is answered all the same: nothing happened.
    pub(crate) fn abandon(&mut self) {
        self.abandoned = true;
    }

    /// To be published after the commit, in this order.
    pub(crate) fn publish(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// The store's number and the latest cutoff on everybody.
    pub(crate) async fn numbers(&mut self) -> Result<Numbers, Fault> {
        let rows = self.query(NUMBERS, &[]).await?;
        let numbers = Numbers::of(&rows)?;
        self.judge(numbers.everything);
        Ok(numbers)
    }

    /// Takes the next number for a cutoff on `node`, and writes what a cutoff on a user or on everything leaves behind.
    /// Nothing else takes a number. Whoever takes it holds up every other cutoff until the commit: late, and nothing slow
    /// after it.
    pub(crate) async fn cut(&mut self, node: Node) -> Result<Cutoff, Fault> {
        let number = self.take_numbers(1).await?;
        let bound = bind_number(number)?;
        match node {
            Node::Everything => self.write(
                "UPDATE installation SET everything_cutoff = $1 WHERE id = 1",
                values![bound],
            ),
            Node::User(user, spared) => {
                self.write(
                    "UPDATE users SET cutoff = $2 WHERE id = $1",
                    values![user.as_bytes().to_vec(), bound],
                );
                if let Some(spared) = spared {
                    self.write(
                        "UPDATE sessions SET rev = $2 WHERE id = $1 AND ended_at IS NULL",
                        values![spared.as_bytes().to_vec(), bound],
                    );
                }
            }
            // The session's own row says it, with when and why.
            Node::Session(_) => {}
        }
        Ok(Cutoff { number, node })
    }

    /// Takes so many numbers; answers the first.
    pub(crate) async fn take_numbers(&mut self, count: u32) -> Result<StoreNumber, Fault> {
        let rows = self
            .query(
                "UPDATE installation SET number = number + $1 WHERE id = 1 \
                 RETURNING number, everything_cutoff",
                &[&i64::from(count)],
            )
            .await?;
        let Numbers { number, everything } = Numbers::of(&rows)?;
        self.cut = true;
        // Somebody ended everything since this transition judged what is live.
        if self.judged.is_some_and(|judged| judged != everything) {
            return Err(Fault::Overtaken);
        }
        Ok(StoreNumber(number.0 + 1 - u64::from(count)))
    }

    /// Commits, and enters the lanes of what it is to publish. Answers what remains to be awaited before the caller is told.
    pub(crate) async fn commit(
        mut self,
    ) -> Result<(Option<Connection>, impl Future<Output = ()> + use<>), Lost> {
        if self.abandoned {
            return Ok((self.roll_back().await, told(None, Vec::new(), Vec::new())));
        }
        let (doubts, mut changes): (Vec<Doubt>, Vec<Change>) =
            std::mem::take(&mut self.reread).into_iter().unzip();
        changes.append(&mut self.changes);
        let place = (!changes.is_empty()).then(|| self.sequencer.enter(self.lanes()));
        if place.is_some() && !self.held.is_empty() {
            let held: Vec<Vec<u8>> = self.held.iter().map(|id| id.as_bytes().to_vec()).collect();
            self.write(
                "UPDATE users SET version = version + 1 WHERE id = ANY($1)",
                values![held],
            );
        }
        let kept = std::mem::take(&mut self.kept);
        if !self.begun && kept.is_empty() {
            // Nothing was asked and nothing is written.
            return Ok((Some(self.connection), told(place, changes, doubts)));
        }
        let sent = self.send(&kept, &[], true).await;
        let refused = match sent {
            // The first failure is the reason of the others.
            Ok(results) => results.into_iter().find_map(Result::err),
            Err(fault) => Some(fault),
        };
        match refused {
            None => Ok((Some(self.connection), told(place, changes, doubts))),
            Some(fault) if fault.is_certain() && !self.broken => {
                if let Some(place) = place {
                    place.rolled_back();
                }
                Err(self.rolled_back(fault).await)
            }
            // Dropping its place says that nobody knows.
            Some(fault) => {
                discard(self.connection);
                Err(Lost::Unknown(fault))
            }
        }
    }

    /// Undoes it. Answers the connection, unless it is of no use any more.
    pub(crate) async fn roll_back(mut self) -> Option<Connection> {
        if self.broken {
            discard(self.connection);
            return None;
        }
        if self.begun {
            let rolled_back = self.connection.batch_execute("ROLLBACK");
            if !matches!(timeout(self.pace.patience, rolled_back).await, Ok(Ok(()))) {
                self.broken = true;
                discard(self.connection);
                return None;
            }
        }
        Some(self.connection)
    }

    async fn rolled_back(self, fault: Fault) -> Lost {
        match self.roll_back().await {
            Some(connection) => Lost::RolledBack(Box::new(connection), fault),
            None => Lost::Unknown(fault),
        }
    }

    fn lanes(&self) -> Vec<Lane> {
        let users = self.held.iter().map(|user| Lane::User(*user));
        let numbers = self.cut.then_some(Lane::Numbers);
        let house = self.house.then_some(Lane::House);
        users.chain(numbers).chain(house).collect()
    }

    /// Sends everything at once and waits for all answers, in order.
    async fn send(
        &mut self,
        kept: &[Write],
        asks: &[Ask<'_>],
        commit: bool,
    ) -> Result<Vec<Result<Vec<Row>, Fault>>, Fault> {
        let begin = !std::mem::replace(&mut self.begun, true);
        let (connection, pace) = (&self.connection, self.pace);
        let work = async {
            let mut statements = Vec::new();
            for sql in kept
                .iter()
                .map(|write| write.sql)
                .chain(asks.iter().map(|ask| ask.sql))
            {
                statements.push(connection.prepare_cached(sql).await?);
            }
            let bound: Vec<Vec<&(dyn ToSql + Sync)>> = kept
                .iter()
                .map(|write| write.params.iter().map(|value| &**value as _).collect())
                .chain(asks.iter().map(|ask| ask.params.to_vec()))
                .collect();
            let mut sent: Vec<BoxFuture<'_, Result<Vec<Row>, Fault>>> = Vec::new();
            let simple = |sql: String| -> BoxFuture<'_, Result<Vec<Row>, Fault>> {
                Box::pin(async move {
                    connection.batch_execute(&sql).await?;
                    Ok(Vec::new())
                })
            };
            if begin {
                sent.push(simple(pace.begin()));
            }
            for (statement, params) in statements.iter().zip(&bound) {
                sent.push(Box::pin(async move {
                    Ok(connection.query(statement, params).await?)
                }));
            }
            if commit {
                sent.push(simple(self.holding.commit()));
            }
            // Each is sent when it is polled first, which is in order.
            Ok::<_, Fault>(join_all(sent).await)
        };
        let mut results = match timeout(pace.patience, work).await {
            Ok(Ok(results)) => results,
            Ok(Err(fault)) => {
                self.broken |= !fault.is_certain();
                return Err(fault);
            }
            Err(_) => {
                self.broken = true;
                return Err(Fault::Silent);
            }
        };
        self.broken |= results
            .iter()
            .any(|result| matches!(result, Err(fault) if !fault.is_certain()));
        let asked = usize::from(begin) + kept.len();
        if commit {
            return Ok(results);
        }
        let answers = results.split_off(asked);
        for result in results {
            result?;
        }
        Ok(answers)
    }
}

async fn told(place: Option<crate::publication::Place>, changes: Vec<Change>, read: Vec<Doubt>) {
    if let Some(place) = place {
        place.committed(changes, read).await;
    }
}

pub(crate) const NUMBERS: &str = "SELECT number, everything_cutoff FROM installation WHERE id = 1";
