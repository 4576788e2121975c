//! App sessions: cookies on applications' own hosts, made by the handshake; never without a session above them.

use std::cmp::Reverse;

use rusqlite::{Connection, OptionalExtension as _, Row};

use vestibule_core::app_session::{AppSession, Handshake, Redeemed};
use vestibule_core::application::Application;
use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::{AppSessionId, ApplicationId, SessionId, UserId};
use vestibule_core::local_path::LocalPath;
use vestibule_core::secret::HashedSecret;
use vestibule_core::time::UnixMillis;
use vestibule_store::{
    Answer, AppSessions, Change, OPEN_CODES, OfferHandshake, RedeemHandshake, Redemption,
    lost_origins,
};

use crate::Sqlite;
use crate::applications::read_origin;
use crate::audit::bind_limit;
use crate::fault::Fault;
use crate::session_data;
use crate::sessions::load;
use crate::sessions::row::Loaded;
use crate::transition::Transition;

/// Those under one open session.
const UNDER_SESSION: &str = "SELECT a.id, a.session_id, a.application_id, a.origin, a.secret, a.opened_at \
                             FROM sessions s JOIN app_sessions a ON a.session_id = s.id \
                             WHERE s.id = ?1 AND s.ended_at IS NULL";

impl AppSessions for Sqlite {
    fn offer_handshake(&self, handshake: Handshake) -> Answer<'_, OfferHandshake> {
        self.transition(move |tx| offer(tx, &handshake))
    }

    fn redeem_handshake(&self, redemption: Redemption, act: Act) -> Answer<'_, RedeemHandshake> {
        Box::pin(async move {
            let code = redemption.code;
            // Anybody may bring anything: what is no code costs a read and waits for no writer.
            if self.read(move |conn| find(conn, &code)).await?.is_none() {
                return Ok(RedeemHandshake::Gone);
            }
            self.transition(move |tx| redeem(tx, &redemption, &act))
                .await
        })
    }

    fn app_sessions_of(&self, user: UserId) -> Answer<'_, Vec<AppSession>> {
        self.read(move |conn| {
            let mut found = conn.prepare_cached(concat!(
                "SELECT a.id, a.session_id, a.application_id, a.origin, a.secret, a.opened_at \
                 FROM sessions s JOIN app_sessions a ON a.session_id = s.id ",
                "WHERE s.user_id = ?1 AND s.ended_at IS NULL ORDER BY a.id DESC"
            ))?;
            let mut rows = found.query([user.as_bytes()])?;
            let mut read = Vec::new();
            while let Some(row) = rows.next()? {
                read.push(read_app_session(row)?);
            }
            Ok(read)
        })
    }

    fn app_sessions_under(&self, mut sessions: Vec<SessionId>) -> Answer<'_, Vec<AppSession>> {
        sessions.sort_unstable();
        sessions.dedup();
        self.read(move |conn| {
            let mut found = conn.prepare_cached(UNDER_SESSION)?;
            let mut read = Vec::new();
            for session in sessions {
                let mut rows = found.query([session.as_bytes()])?;
                while let Some(row) = rows.next()? {
                    read.push(read_app_session(row)?);
                }
            }
            read.sort_unstable_by_key(|app_session| Reverse(app_session.id));
            Ok(read)
        })
    }

    fn drop_stale_app_sessions(&self, now: UnixMillis, limit: usize) -> Answer<'_, usize> {
        Box::pin(self.chunks(limit, move |tx, chunk| {
            let limit = bind_limit(chunk);
            let mut dropped = tx.execute(DROP_EXPIRED, (now.0, limit))?;
            for orphans in [DROP_ORPHANS, session_data::DROP_ORPHANS] {
                let rest = bind_limit(chunk.saturating_sub(dropped));
                dropped += tx.execute(orphans, [rest])?;
            }
            Ok(dropped)
        }))
    }
}

/// Codes that are over, the oldest first.
pub(crate) const DROP_EXPIRED: &str = "DELETE FROM handshakes WHERE code IN ( \
     SELECT code FROM handshakes WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)";

/// What is left of applications that were removed. Goes from one application to the next by the index, however many app
/// sessions each has.
pub(crate) const DROP_ORPHANS: &str = "DELETE FROM app_sessions WHERE id IN ( \
     WITH RECURSIVE held (id) AS ( \
         SELECT (SELECT application_id FROM app_sessions ORDER BY application_id LIMIT 1) \
         UNION ALL \
         SELECT (SELECT application_id FROM app_sessions WHERE application_id > held.id \
                 ORDER BY application_id LIMIT 1) \
         FROM held WHERE held.id IS NOT NULL) \
     SELECT s.id FROM held JOIN app_sessions s ON s.application_id = held.id \
     WHERE held.id NOT IN (SELECT id FROM applications) LIMIT ?1)";

/// Codes of one session beyond so many, the oldest.
pub(crate) const DROP_SURPLUS: &str = "DELETE FROM handshakes WHERE code IN ( \
     SELECT code FROM handshakes WHERE session_id = ?1 \
     ORDER BY expires_at DESC LIMIT -1 OFFSET ?2)";

/// What is under a session, and what is on its way there.
pub(crate) const DROP_UNDER: [&str; 2] = [
    "DELETE FROM app_sessions WHERE session_id = ?1",
    "DELETE FROM handshakes WHERE session_id = ?1",
];

/// What is at an application's origin that it lost.
pub(crate) const DROP_AT: &str =
    "DELETE FROM app_sessions WHERE application_id = ?1 AND origin = ?2";

/// What the fill publishes.
pub(crate) const ALL: &str = "SELECT id, session_id, application_id, origin, secret, opened_at FROM app_sessions ORDER BY id";

/// Ends every app session under a session that has a new secret: whoever had the old one may have them (ASVS 7.2.4). The next
/// page view makes another.
pub(crate) fn drop_under(tx: &Transition<'_>, session: SessionId) -> Result<(), Fault> {
    for sql in DROP_UNDER {
        tx.execute(sql, [session.as_bytes()])?;
    }
    Ok(())
}

/// Ends every app session at the origins that an application has no more, for good: it may get one of them again.
pub(crate) fn drop_at_lost(
    tx: &Transition<'_>,
    was: &Application,
    now: &Application,
) -> Result<(), Fault> {
    for origin in lost_origins(was, now) {
        tx.execute(DROP_AT, (now.id.as_bytes(), origin.as_str()))?;
    }
    Ok(())
}

fn offer(tx: &Transition<'_>, handshake: &Handshake) -> Result<OfferHandshake, Fault> {
    let open = load(tx, handshake.session)?.is_some_and(|found| found.is_open());
    if !open {
        return Ok(OfferHandshake::NotLive);
    }
    if !is_reached_at(tx, handshake)? {
        return Ok(OfferHandshake::NoSuchOrigin);
    }
    tx.execute(
        DROP_SURPLUS,
        (
            handshake.session.as_bytes(),
            bind_limit(OPEN_CODES.saturating_sub(1)),
        ),
    )?;
    tx.execute_one(
        "INSERT INTO handshakes \
         (code, session_id, application_id, origin, browser, next, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            handshake.code.as_bytes(),
            handshake.session.as_bytes(),
            handshake.application.as_bytes(),
            handshake.origin.as_str(),
            handshake.browser.as_bytes(),
            handshake.next.as_str(),
            handshake.expires_at.0,
        ),
    )?;
    Ok(OfferHandshake::Offered)
}

/// Whether the application is still there, at this origin.
fn is_reached_at(tx: &Transition<'_>, handshake: &Handshake) -> Result<bool, Fault> {
    Ok(tx
        .prepare(
            "SELECT 1 FROM application_origins \
             WHERE authority = ?1 AND application_id = ?2 AND origin = ?3",
        )?
        .exists((
            handshake.origin.authority(),
            handshake.application.as_bytes(),
            handshake.origin.as_str(),
        ))?)
}

fn redeem(
    tx: &mut Transition<'_>,
    redemption: &Redemption,
    act: &Act,
) -> Result<RedeemHandshake, Fault> {
    let Some(handshake) = find(tx.conn(), &redemption.code)? else {
        return Ok(RedeemHandshake::Gone);
    };
    // H04, R23: burnt before it is judged.
    tx.execute_one(
        "DELETE FROM handshakes WHERE code = ?1",
        [redemption.code.as_bytes()],
    )?;
    let found = load(tx, handshake.session)?.filter(Loaded::is_open);
    let Some(session) = found.map(|found| found.session) else {
        return Ok(RedeemHandshake::Gone);
    };
    let told = |kind| Event::session(kind, session.user, session.id).at(handshake.application);
    match handshake.redeem(&redemption.origin, redemption.browser, act.at) {
        Redeemed::Gone => return Ok(RedeemHandshake::Gone),
        Redeemed::OtherBrowser => {
            // ASVS 16.3.3
            tx.record(act, &[told(EventKind::HandshakeRefused)])?;
            return Ok(RedeemHandshake::OtherBrowser);
        }
        Redeemed::Good => {}
    }
    if !is_reached_at(tx, &handshake)? {
        return Ok(RedeemHandshake::Gone);
    }
    let app_session = AppSession {
        id: redemption.id,
        session: session.id,
        application: handshake.application,
        origin: handshake.origin.clone(),
        secret: redemption.secret,
        opened_at: act.at,
    };
    let replaced = insert(tx, &app_session)?;
    tx.audit(act, &[told(EventKind::AppSessionOpened)])?;
    tx.publish(Change::AppSessionOpened {
        app_session: Box::new(app_session.clone()),
        replaced,
    });
    Ok(RedeemHandshake::Opened {
        app_session: Box::new(app_session),
        next: handshake.next,
    })
}

/// Inserts it in place of the one that was there; answers which.
fn insert(tx: &Transition<'_>, app_session: &AppSession) -> Result<Option<AppSessionId>, Fault> {
    let place = (
        app_session.session.as_bytes(),
        app_session.application.as_bytes(),
        app_session.origin.as_str(),
    );
    let replaced: Option<[u8; 16]> = tx
        .prepare(
            "DELETE FROM app_sessions \
             WHERE session_id = ?1 AND application_id = ?2 AND origin = ?3 RETURNING id",
        )?
        .query_row(place, |row| row.get(0))
        .optional()?;
    tx.execute_one(
        "INSERT INTO app_sessions (id, session_id, application_id, origin, secret, opened_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            app_session.id.as_bytes(),
            app_session.session.as_bytes(),
            app_session.application.as_bytes(),
            app_session.origin.as_str(),
            app_session.secret.as_bytes(),
            app_session.opened_at.0,
        ),
    )?;
    Ok(replaced.map(AppSessionId::from_bytes))
}

fn find(conn: &Connection, code: &HashedSecret) -> Result<Option<Handshake>, Fault> {
    let mut handshake = conn.prepare_cached(
        "SELECT session_id, application_id, origin, browser, next, expires_at FROM handshakes \
         WHERE code = ?1",
    )?;
    let mut rows = handshake.query([code.as_bytes()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let (origin, next): (String, String) = (row.get(2)?, row.get(4)?);
    Ok(Some(Handshake {
        code: *code,
        session: SessionId::from_bytes(row.get(0)?),
        application: ApplicationId::from_bytes(row.get(1)?),
        origin: read_origin(&origin)?,
        browser: HashedSecret::from_bytes(row.get(3)?),
        next: LocalPath::parse(&next)
            .ok_or_else(|| Fault::unreadable("a stored path leads away"))?,
        expires_at: UnixMillis(row.get(5)?),
    }))
}

/// A row of [`ALL`].
pub(crate) fn read_app_session(row: &Row<'_>) -> Result<AppSession, Fault> {
    let origin = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(AppSession {
        id: AppSessionId::from_bytes(row.get(0)?),
        session: SessionId::from_bytes(row.get(1)?),
        application: ApplicationId::from_bytes(row.get(2)?),
        origin: read_origin(origin)?,
        secret: HashedSecret::from_bytes(row.get(4)?),
        opened_at: UnixMillis(row.get(5)?),
    })
}
