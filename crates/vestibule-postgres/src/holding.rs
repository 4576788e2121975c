//! One process at a time works on a database, since its index is fed by its own commits alone.
//!
//! Whoever opens the store takes the one row of `holding`, raises its term, and renews it while open. Every commit checks the
//! term in its own last round trip and keeps the row from being taken until it is through: what a process that was overtaken
//! still sends is undone, whatever its clock says. Whoever takes the row waits for such commits, and reads after them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_postgres::Client;

use crate::OpenError;
use crate::fault::Fault;
use crate::perform::Desk;

/// How long a process that fell silent keeps others out.
const LEASE: Duration = Duration::from_secs(10);
/// Between renewals.
const RENEWAL: Duration = Duration::from_secs(2);
/// Between looks at a database that somebody holds, and between tries to renew.
const REST: Duration = Duration::from_millis(500);

/// Who works on the database.
#[derive(Debug, Clone)]
pub struct Holder {
    /// That of the data directory on this machine: who has it locked takes over at once from whoever had it before. A copy of
    /// the directory must have another.
    pub id: [u8; 16],
    /// How others are told who it is.
    pub label: String,
}

/// That this process holds the database.
pub(crate) struct Holding {
    term: i64,
    lost: watch::Sender<bool>,
}

impl Holding {
    fn new(term: i64) -> Self {
        Self {
            term,
            lost: watch::Sender::new(false),
        }
    }

    /// Fails where another holds the database by now, and keeps it from being taken until the transaction ends.
    pub(crate) fn commit(&self) -> String {
        // ASVS 1.2.4: a number alone stands in the text.
        format!(
            "SELECT 1 / (SELECT count(*) FROM \
                 (SELECT 1 FROM holding WHERE id = 1 AND term = {} FOR KEY SHARE) held); COMMIT",
            self.term
        )
    }

    /// Waits until another is found to have taken the database over.
    pub(crate) async fn lost(&self) {
        let mut lost = self.lost.subscribe();
        let _ = lost.wait_for(|lost| *lost).await;
    }
}

/// Takes the database. A holder that fell silent is waited for; one that is alive is not.
pub(crate) async fn take(client: &Client, holder: &Holder) -> Result<Holding, OpenError> {
    let mut seen = None;
    let mut waited = Duration::ZERO;
    loop {
        let held = match try_once(client, holder, waited).await {
            Ok(Tried::Taken(term)) => return Ok(Holding::new(term)),
            Ok(Tried::Held(held)) => held,
            Err(fault) => return Err(OpenError::from_fault(fault)),
        };
        match seen {
            None => {
                tracing::warn!(
                    holder = held.by,
                    seconds = held.left.as_secs() + 1,
                    "another vestibule holds the database, or did until it crashed: waiting to see which"
                );
                seen = Some(held.until);
            }
            // Renewed: it lives.
            Some(until) if until != held.until => {
                return Err(OpenError::Held {
                    by: held.by,
                    seconds: held.since.as_secs(),
                });
            }
            Some(_) => {}
        }
        let rest = REST.min(held.left);
        let _rested = timeout(rest, std::future::pending::<()>()).await;
        waited += rest;
    }
}

enum Tried {
    Taken(i64),
    Held(Held),
}

struct Held {
    by: String,
    until: i64,
    since: Duration,
    left: Duration,
}

const NOW: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

async fn try_once(client: &Client, holder: &Holder, waited: Duration) -> Result<Tried, Fault> {
    client.batch_execute("BEGIN").await?;
    let tried = judge(client, holder, waited).await;
    let end = match tried {
        Ok(Tried::Taken(_)) => "COMMIT",
        _ => "ROLLBACK",
    };
    client.batch_execute(end).await?;
    tried
}

async fn judge(client: &Client, holder: &Holder, waited: Duration) -> Result<Tried, Fault> {
    // Commits that are on their way hold it as well: they are through once this is.
    let row = client
        .query_one(
            "SELECT term, holder, held_by, held_since, held_until FROM holding WHERE id = 1 FOR UPDATE",
            &[],
        )
        .await?;
    let now: i64 = client.query_one(NOW, &[]).await?.try_get(0)?;
    let (term, who): (i64, Option<Vec<u8>>) = (row.try_get(0)?, row.try_get(1)?);
    let (since, until): (i64, i64) = (row.try_get(3)?, row.try_get(4)?);
    let lease = millis(LEASE);
    // Beyond a whole lease: the database's clock was set back. Who is alive puts that right at the next renewal; who has not
    // while we waited a whole lease is silent.
    let set_back = until > now + lease;
    let left = if set_back {
        LEASE.saturating_sub(waited)
    } else {
        Duration::from_millis(u64::try_from(until - now).unwrap_or_default())
    };
    if !left.is_zero() && who.is_some_and(|who| who != holder.id) {
        return Ok(Tried::Held(Held {
            by: row.try_get(2)?,
            until,
            since: Duration::from_millis(u64::try_from(now - since).unwrap_or_default()),
            left,
        }));
    }
    client
        .execute(
            "UPDATE holding SET term = $1, holder = $2, held_by = $3, held_since = $4, held_until = $5 WHERE id = 1",
            &[
                &(term + 1),
                &holder.id.as_slice(),
                &holder.label,
                &now,
                &(now + lease),
            ],
        )
        .await?;
    Ok(Tried::Taken(term + 1))
}

/// Runs as long as the store is open. A database that was away for longer than the lease is held on to, unless another took it
/// meanwhile: nobody wrote in between.
pub(crate) async fn keep(desk: Arc<Desk>) {
    let mut rest = RENEWAL;
    loop {
        let _rested = timeout(rest, std::future::pending::<()>()).await;
        rest = match renew(&desk).await {
            Ok(true) => RENEWAL,
            Ok(false) => {
                tracing::error!(
                    "another vestibule took this database over while this one could not reach it, or the database was put back \
                     to an earlier state: nothing more is written from here. One server at a time runs on a database"
                );
                desk.holding.lost.send_replace(true);
                return;
            }
            Err(fault) => {
                tracing::debug!(%fault, "the hold on the database could not be renewed yet");
                REST
            }
        };
    }
}

async fn renew(desk: &Desk) -> Result<bool, Fault> {
    let rows = desk
        .read(
            "UPDATE holding SET held_until = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $2 \
             WHERE id = 1 AND term = $1 RETURNING term",
            &[&desk.holding.term, &millis(LEASE)],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// Lets others have the database at once. What is under way must be through.
pub(crate) async fn give_back(client: &Client, holding: &Holding) -> Result<(), Fault> {
    client
        .execute(
            "UPDATE holding SET holder = NULL, held_until = 0 WHERE id = 1 AND term = $1",
            &[&holding.term],
        )
        .await?;
    Ok(())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
