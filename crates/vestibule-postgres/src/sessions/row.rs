//! A session's row, and when it is live: the rule in core's words and in SQL's.

use std::time::Duration;

use tokio_postgres::Row;

use vestibule_core::id::{SessionId, UserId};
use vestibule_core::lineage::StoreNumber;
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::{Acr, Amr, Device, Session};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, UserStatus};

use crate::fault::Fault;
use crate::transition::{Ask, Transition, bytes, read_number};

macro_rules! session_columns {
    () => {
        "s.id, s.user_id, s.secret, s.rev, s.created_at, s.auth_time, s.last_seen, s.idle, \
         s.expires_at, s.remembered, s.acr, s.amr, s.user_agent, s.address"
    };
}

/// What is open and not past its limits at `$1`, of `sessions s`, their `users u` and the `installation i`.
macro_rules! within_limits {
    () => {
        "s.ended_at IS NULL AND s.rev >= u.cutoff AND s.rev >= i.everything_cutoff \
         AND NOT u.disabled AND s.expires_at > $1 AND s.last_seen + s.idle > $1"
    };
}

/// [`Loaded::is_live`] for sets of the same. The 60000 is core's `time::STEP`.
macro_rules! live {
    () => {
        concat!(
            $crate::sessions::row::within_limits!(),
            " AND s.auth_time <= $1 + 60000"
        )
    };
}

/// Sessions within their limits at `$1`, with their owner's address.
macro_rules! listed_sessions {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            $crate::sessions::row::session_columns!(),
            ", u.email FROM sessions s JOIN users u ON u.id = s.user_id CROSS JOIN installation i \
             WHERE i.id = 1 AND ",
            $crate::sessions::row::within_limits!(),
            " ",
            $rest
        )
    };
}

pub(crate) use {listed_sessions, live, session_columns, within_limits};

/// What [`read_session`] reads, of `sessions s`.
pub(crate) const SESSION_COLUMNS: &str = session_columns!();

/// A session with what decides whether it lives.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) session: Session,
    pub(crate) ended: bool,
    pub(crate) status: UserStatus,
    pub(crate) version: CredentialVersion,
    pub(crate) user_cutoff: StoreNumber,
    pub(crate) everything: StoreNumber,
}

impl Loaded {
    /// Open, standing, its user not disabled: nothing but a clock can be against it. Whether an end can be written asks
    /// no more than this: last-seen is written behind, so the stored idle clock may have run out while the session is
    /// alive in memory, and that must not keep anybody from ending it.
    pub(crate) fn is_open(&self) -> bool {
        !self.ended
            && self.status == UserStatus::Active
            && self.session.stands(self.user_cutoff, self.everything)
    }

    /// Live, as `vestibule_store::Sessions` says.
    pub(crate) fn is_live(&self, now: UnixMillis) -> bool {
        self.is_open() && self.session.timed_out(now).is_none()
    }
}

/// Loads sessions for a transition to judge, which holds them (`$1`: their ids).
pub(crate) const LOAD: &str = concat!(
    "SELECT ",
    session_columns!(),
    ", s.ended_at IS NOT NULL, u.disabled, u.credential_version, u.cutoff, i.everything_cutoff \
     FROM sessions s JOIN users u ON u.id = s.user_id CROSS JOIN installation i \
     WHERE i.id = 1 AND s.id = ANY($1)"
);

/// Holds one session, with its owner, and loads it.
pub(crate) async fn hold_session(
    tx: &mut Transition,
    id: SessionId,
) -> Result<Option<Loaded>, Fault> {
    let ids = [&id.as_bytes()[..]];
    let [rows] = tx
        .hold_and_ask(
            &[],
            &[id],
            [Ask {
                sql: LOAD,
                params: &[&&ids[..]],
            }],
        )
        .await?;
    rows.first().map(read_loaded).transpose()
}

/// Loads one session, held already.
pub(crate) async fn load(tx: &mut Transition, id: SessionId) -> Result<Option<Loaded>, Fault> {
    let ids = [&id.as_bytes()[..]];
    let rows = tx.query(LOAD, &[&&ids[..]]).await?;
    rows.first().map(read_loaded).transpose()
}

/// A row of [`LOAD`].
pub(crate) fn read_loaded(row: &Row) -> Result<Loaded, Fault> {
    let version: i64 = row.try_get(16)?;
    Ok(Loaded {
        session: read_session(row)?,
        ended: row.try_get(14)?,
        status: if row.try_get(15)? {
            UserStatus::Disabled
        } else {
            UserStatus::Active
        },
        version: CredentialVersion(
            u64::try_from(version)
                .map_err(|_| Fault::unreadable("a credential's version is negative"))?,
        ),
        user_cutoff: read_number(row.try_get(17)?)?,
        everything: read_number(row.try_get(18)?)?,
    })
}

/// A row of [`SESSION_COLUMNS`].
pub(crate) fn read_session(row: &Row) -> Result<Session, Fault> {
    let idle: i64 = row.try_get(7)?;
    let address: Option<&str> = row.try_get(13)?;
    let amr: i64 = row.try_get(11)?;
    Ok(Session {
        id: SessionId::from_bytes(bytes(row, 0)?),
        user: UserId::from_bytes(bytes(row, 1)?),
        secret: HashedSecret::from_bytes(bytes(row, 2)?),
        rev: read_number(row.try_get(3)?)?,
        created_at: UnixMillis(row.try_get(4)?),
        auth_time: UnixMillis(row.try_get(5)?),
        last_seen: UnixMillis(row.try_get(6)?),
        idle: Duration::from_millis(
            u64::try_from(idle).map_err(|_| Fault::unreadable("an idle life is negative"))?,
        ),
        expires_at: UnixMillis(row.try_get(8)?),
        remembered: row.try_get(9)?,
        acr: Acr::parse(row.try_get(10)?)
            .ok_or_else(|| Fault::unreadable("an acr is not one of ours"))?,
        amr: Amr::from_bits(
            amr.try_into()
                .map_err(|_| Fault::unreadable("an amr is not one of ours"))?,
        ),
        device: Device {
            user_agent: row.try_get(12)?,
            address: address
                .map(|address| {
                    address
                        .parse()
                        .map_err(|_| Fault::unreadable("a network address is none"))
                })
                .transpose()?,
        },
    })
}

/// A duration as the row keeps it, in milliseconds.
pub(crate) fn bind_duration(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
