//! A tally's row.

use rusqlite::OptionalExtension as _;

use vestibule_core::id::UserId;
use vestibule_core::throttle::{Rule, Scope, Tally, ThrottleKey};
use vestibule_core::time::UnixMillis;

use crate::fault::Fault;
use crate::transition::Transition;

/// A tally as stored.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stored {
    pub(crate) tally: Tally,
    /// Whose it is, if it is one of a user's own.
    pub(crate) user: Option<UserId>,
}

/// A tally by its key.
pub(crate) const BY_KEY: &str = "SELECT count, free_at, epoch, user_id FROM tallies WHERE key = ?1";

/// What is stored; a fresh one where nothing is.
pub(crate) fn read(tx: &Transition<'_>, key: &ThrottleKey) -> Result<Stored, Fault> {
    let stored = tx
        .prepare(BY_KEY)?
        .query_row([key.as_bytes()], |row| {
            Ok(Stored {
                tally: Tally {
                    count: row.get(0)?,
                    free_at: UnixMillis(row.get(1)?),
                    epoch: row.get(2)?,
                },
                user: row.get::<_, Option<[u8; 16]>>(3)?.map(UserId::from_bytes),
            })
        })
        .optional()?;
    Ok(stored.unwrap_or_default())
}

/// Writes what a tally became; its first charge makes it.
pub(crate) fn write(
    tx: &Transition<'_>,
    scope: Scope,
    key: &ThrottleKey,
    rule: &Rule,
    stored: Stored,
    now: UnixMillis,
) -> Result<(), Fault> {
    let Stored { tally, user } = stored;
    // N40: wrong passwords in a row are counted for as long as there is the password.
    let counts_for_ever = scope == Scope::Password && user.is_some() && tally.count > 0;
    let idle_at = (!counts_for_ever).then(|| rule.idle_from(tally, now));
    tx.execute(
        "INSERT INTO tallies (key, scope, count, free_at, epoch, idle_at, user_id) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT (key) DO UPDATE SET count = ?3, free_at = ?4, epoch = ?5, idle_at = ?6",
        (
            key.as_bytes(),
            scope.code(),
            tally.count,
            tally.free_at.0,
            tally.epoch,
            idle_at.map(|at| at.0),
            user.as_ref().map(UserId::as_bytes),
        ),
    )?;
    Ok(())
}

/// Starts a tally again, if there is one.
pub(crate) fn restart(
    tx: &Transition<'_>,
    key: &ThrottleKey,
    now: UnixMillis,
) -> Result<(), Fault> {
    let restarted = read(tx, key)?.tally.restarted();
    tx.execute(
        "UPDATE tallies SET count = ?2, free_at = ?3, epoch = ?4, idle_at = ?5 WHERE key = ?1",
        (
            key.as_bytes(),
            restarted.count,
            restarted.free_at.0,
            restarted.epoch,
            now.0,
        ),
    )?;
    Ok(())
}

/// A user's own tallies.
pub(crate) const OF_USER: &str = "SELECT key FROM tallies WHERE user_id = ?1";

/// Starts every tally of a user again.
pub(crate) fn restart_of(tx: &Transition<'_>, user: UserId, now: UnixMillis) -> Result<(), Fault> {
    let keys = tx
        .prepare(OF_USER)?
        .query_map([user.as_bytes()], |row| row.get(0))?
        .collect::<Result<Vec<[u8; 16]>, _>>()?;
    for key in keys {
        restart(tx, &ThrottleKey::from_bytes(key), now)?;
    }
    Ok(())
}
