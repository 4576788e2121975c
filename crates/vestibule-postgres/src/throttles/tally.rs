//! Tallies' rows, held while a transition judges by them.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use vestibule_core::id::UserId;
use vestibule_core::throttle::{Rule, Scope, Tally, ThrottleKey};
use vestibule_core::time::UnixMillis;

use crate::fault::Fault;
use crate::transition::{Ask, Transition, bytes, bytes_opt, values};

/// A tally as stored.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stored {
    pub(crate) tally: Tally,
    /// Whose it is, if it is one of a user's own.
    pub(crate) user: Option<UserId>,
}

/// The tallies that a transition judges by and changes. Whoever has them is alone with them until the end.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    rows: BTreeMap<ThrottleKey, Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    scope: Scope,
    stored: Stored,
    /// There is a row, and this transition holds it.
    is_row: bool,
    /// What it became, if it is to be written.
    changed: Option<Changed>,
}

#[derive(Debug, Clone, Copy)]
struct Changed {
    /// From when on it may be dropped; never, if none.
    idle_at: Option<UnixMillis>,
}

/// Some tallies, held in the order of their keys, so that no two transitions wait for each other.
pub(crate) const HOLD: &str = "SELECT key, count, free_at, epoch, user_id FROM tallies \
     WHERE key = ANY($1) ORDER BY key FOR UPDATE";

/// A tally by its key.
pub(crate) const BY_KEY: &str =
    "SELECT key, count, free_at, epoch, user_id FROM tallies WHERE key = $1";

/// A tally as it stands, without holding it: what is judged by it is to be judged again.
pub(crate) async fn glance(tx: &mut Transition, key: &ThrottleKey) -> Result<Tally, Fault> {
    match tx.query_opt(BY_KEY, &[&&key.as_bytes()[..]]).await? {
        Some(row) => Ok(read(&row)?.1.tally),
        None => Ok(Tally::default()),
    }
}

/// Holds what is stored under these keys; a fresh tally where nothing is.
pub(crate) async fn hold(
    tx: &mut Transition,
    keys: impl IntoIterator<Item = (Scope, ThrottleKey)>,
) -> Result<Tallies, Fault> {
    let mut tallies = Tallies::default();
    for (scope, key) in keys {
        let fresh = Entry {
            scope,
            stored: Stored::default(),
            is_row: false,
            changed: None,
        };
        tallies.rows.insert(key, fresh);
    }
    // Everybody's comes last and is held for the shortest time: each stranger's try waits for it.
    let (last, first): (Vec<_>, Vec<_>) = tallies
        .rows
        .iter()
        .partition(|(_, entry)| entry.scope == Scope::Everyone);
    let bound = |part: Vec<(&ThrottleKey, &Entry)>| -> Vec<Vec<u8>> {
        let keys = part.into_iter().map(|(key, _)| key.as_bytes().to_vec());
        keys.collect()
    };
    let (first, last) = (bound(first), bound(last));
    let [first, last] = tx
        .ask([
            Ask {
                sql: HOLD,
                params: &[&first],
            },
            Ask {
                sql: HOLD,
                params: &[&last],
            },
        ])
        .await?;
    for row in first.iter().chain(&last) {
        let (key, stored) = read(row)?;
        if let Some(entry) = tallies.rows.get_mut(&key) {
            entry.stored = stored;
            entry.is_row = true;
        }
    }
    Ok(tallies)
}

impl Tallies {
    /// What is stored, or became of it in this transition.
    pub(crate) fn of(&self, key: &ThrottleKey) -> Stored {
        self.rows
            .get(key)
            .map(|entry| entry.stored)
            .unwrap_or_default()
    }

    /// What a tally became; its first charge makes it.
    pub(crate) fn put(&mut self, key: &ThrottleKey, rule: &Rule, stored: Stored, now: UnixMillis) {
        let Some(entry) = self.rows.get_mut(key) else {
            return;
        };
        let user = if entry.is_row {
            entry.stored.user
        } else {
            stored.user
        };
        // N40: wrong passwords in a row are counted for as long as there is the password.
        let counts_for_ever =
            entry.scope == Scope::Password && user.is_some() && stored.tally.count > 0;
        let idle_at = (!counts_for_ever).then(|| rule.idle_from(stored.tally, now));
        entry.stored = Stored { user, ..stored };
        entry.changed = Some(Changed { idle_at });
    }

    /// Starts a tally again, if there is one.
    fn restart(&mut self, key: &ThrottleKey, now: UnixMillis) {
        if let Some(entry) = self.rows.get_mut(key)
            && entry.is_row
        {
            entry.stored.tally = entry.stored.tally.restarted();
            entry.changed = Some(Changed { idle_at: Some(now) });
        }
    }

    /// Writes what changed.
    pub(crate) async fn write(self, tx: &mut Transition) -> Result<(), Fault> {
        let (rows, new): (Vec<_>, Vec<_>) = self
            .rows
            .into_iter()
            .filter_map(|(key, entry)| entry.changed.map(|changed| (key, entry, changed)))
            .partition(|(_, entry, _)| entry.is_row);
        if !new.is_empty() {
            insert(tx, &Columns::of(&new)).await?;
        }
        if !rows.is_empty() {
            let Columns {
                keys,
                counts,
                free_at,
                epochs,
                idle_at,
                ..
            } = Columns::of(&rows);
            tx.write(UPDATE, values![keys, counts, free_at, epochs, idle_at]);
        }
        Ok(())
    }
}

const UPDATE: &str = "UPDATE tallies t \
     SET count = n.count, free_at = n.free_at, epoch = n.epoch, idle_at = n.idle_at \
     FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) \
         AS n (key, count, free_at, epoch, idle_at) \
     WHERE t.key = n.key";

const INSERT: &str = "INSERT INTO tallies (key, scope, count, free_at, epoch, idle_at, user_id) \
     SELECT key, scope, count, free_at, epoch, idle_at, user_id \
     FROM unnest($1::bytea[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], \
             $7::bytea[]) \
         AS n (key, scope, count, free_at, epoch, idle_at, user_id) \
     ORDER BY key \
     ON CONFLICT (key) DO NOTHING RETURNING key";

async fn insert(tx: &mut Transition, columns: &Columns) -> Result<(), Fault> {
    let made = tx
        .query(
            INSERT,
            &[
                &columns.keys,
                &columns.scopes,
                &columns.counts,
                &columns.free_at,
                &columns.epochs,
                &columns.idle_at,
                &columns.users,
            ],
        )
        .await?;
    // N45: another one's first charge was faster, and this one is judged after it.
    if made.len() != columns.keys.len() {
        return Err(Fault::Overtaken);
    }
    Ok(())
}

/// Tallies, column by column.
#[derive(Default)]
struct Columns {
    keys: Vec<Vec<u8>>,
    scopes: Vec<&'static str>,
    counts: Vec<i64>,
    free_at: Vec<i64>,
    epochs: Vec<i64>,
    idle_at: Vec<Option<i64>>,
    users: Vec<Option<Vec<u8>>>,
}

impl Columns {
    fn of(entries: &[(ThrottleKey, Entry, Changed)]) -> Self {
        let mut columns = Self::default();
        for (key, Entry { scope, stored, .. }, Changed { idle_at }) in entries {
            let Stored { tally, user } = stored;
            columns.keys.push(key.as_bytes().to_vec());
            columns.scopes.push(scope.code());
            columns.counts.push(i64::from(tally.count));
            columns.free_at.push(tally.free_at.0);
            columns.epochs.push(i64::from(tally.epoch));
            columns.idle_at.push(idle_at.map(|at| at.0));
            columns
                .users
                .push(user.as_ref().map(|user| user.as_bytes().to_vec()));
        }
        columns
    }
}

fn read(row: &Row) -> Result<(ThrottleKey, Stored), Fault> {
    let small = |column| -> Result<u32, Fault> {
        u32::try_from(row.try_get::<_, i64>(column)?)
            .map_err(|_| Fault::unreadable("a tally's count is none"))
    };
    let stored = Stored {
        tally: Tally {
            count: small(1)?,
            free_at: UnixMillis(row.try_get(2)?),
            epoch: small(3)?,
        },
        user: bytes_opt(row, 4)?.map(UserId::from_bytes),
    };
    Ok((ThrottleKey::from_bytes(bytes(row, 0)?), stored))
}

/// A user's own tallies.
pub(crate) const OF_USER: &str = "SELECT key FROM tallies WHERE user_id = $1";

/// Starts every tally of a user again, and these besides.
pub(crate) async fn restart_of(
    tx: &mut Transition,
    user: UserId,
    besides: Vec<ThrottleKey>,
    now: UnixMillis,
) -> Result<(), Fault> {
    let mut keys = besides;
    for row in tx.query(OF_USER, &[&&user.as_bytes()[..]]).await? {
        keys.push(ThrottleKey::from_bytes(bytes(&row, 0)?));
    }
    // What they are of says nothing where none is made.
    let keys: Vec<_> = keys.into_iter().map(|key| (Scope::Account, key)).collect();
    let mut tallies = hold(tx, keys.iter().copied()).await?;
    for (_, key) in &keys {
        tallies.restart(key, now);
    }
    tallies.write(tx).await
}
