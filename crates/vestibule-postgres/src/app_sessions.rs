//! App sessions: cookies on applications' own hosts, made by the handshake; never without a session above them.

use tokio_postgres::Row;

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

use crate::Postgres;
use crate::applications::read_origin;
use crate::fault::Fault;
use crate::session_data;
use crate::sessions::row::hold_session;
use crate::sessions::{Loaded, load};
use crate::transition::{Transition, bind_limit, bytes, values};

macro_rules! app_sessions {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.session_id, a.application_id, a.origin, a.secret, a.opened_at ",
            $rest
        )
    };
}

/// What the fill publishes.
pub(crate) const ALL: &str = app_sessions!("FROM app_sessions a ORDER BY a.id");

/// Those under a user's open sessions, newest first.
pub(crate) const OF_USER: &str = app_sessions!(
    "FROM sessions s JOIN app_sessions a ON a.session_id = s.id \
     WHERE s.user_id = $1 AND s.ended_at IS NULL ORDER BY a.id DESC"
);

/// Those under these sessions, as far as they are open, newest first.
pub(crate) const UNDER_SESSIONS: &str = app_sessions!(
    "FROM sessions s JOIN app_sessions a ON a.session_id = s.id \
     WHERE s.id = ANY($1) AND s.ended_at IS NULL ORDER BY a.id DESC"
);

impl AppSessions for Postgres {
    fn offer_handshake(&self, handshake: Handshake) -> Answer<'_, OfferHandshake> {
        self.transition("offer_handshake", handshake, |tx, handshake| {
            Box::pin(offer(tx, handshake))
        })
    }

    fn redeem_handshake(&self, redemption: Redemption, act: Act) -> Answer<'_, RedeemHandshake> {
        Box::pin(async move {
            // Anybody may bring anything: what is no code costs a read and holds nothing.
            let code = &redemption.code.as_bytes()[..];
            let known = self
                .read(CODE, &[&code], |rows| Ok(!rows.is_empty()))
                .await?;
            if !known {
                return Ok(RedeemHandshake::Gone);
            }
            self.transition(
                "redeem_handshake",
                (redemption, act),
                |tx, (redemption, act)| Box::pin(redeem(tx, redemption, act)),
            )
            .await
        })
    }

    fn app_sessions_of(&self, user: UserId) -> Answer<'_, Vec<AppSession>> {
        Box::pin(async move {
            self.read(OF_USER, &[&&user.as_bytes()[..]], |rows| {
                rows.iter().map(read_app_session).collect()
            })
            .await
        })
    }

    fn app_sessions_under(&self, sessions: Vec<SessionId>) -> Answer<'_, Vec<AppSession>> {
        Box::pin(async move {
            let ids: Vec<_> = sessions.iter().map(|id| &id.as_bytes()[..]).collect();
            self.read(UNDER_SESSIONS, &[&ids], |rows| {
                rows.iter().map(read_app_session).collect()
            })
            .await
        })
    }

    fn drop_stale_app_sessions(&self, now: UnixMillis, limit: usize) -> Answer<'_, usize> {
        Box::pin(
            self.chunks("drop_stale_app_sessions", limit, now, |tx, (now, chunk)| {
                Box::pin(async move {
                    let limit = bind_limit(*chunk);
                    let mut dropped = tx.query(DROP_EXPIRED, &[&now.0, &limit]).await?.len();
                    for orphans in [DROP_ORPHANS, session_data::DROP_ORPHANS] {
                        let rest = bind_limit(chunk.saturating_sub(dropped));
                        dropped += tx.query(orphans, &[&rest]).await?.len();
                    }
                    Ok(dropped)
                })
            }),
        )
    }
}

/// Whose code this is.
const CODE: &str = "SELECT session_id FROM handshakes WHERE code = $1";

/// Codes that are over, the oldest first.
const DROP_EXPIRED: &str = "DELETE FROM handshakes WHERE code IN ( \
     SELECT code FROM handshakes WHERE expires_at < $1 ORDER BY expires_at LIMIT $2) \
     RETURNING code";

/// What is left of applications that were removed. Goes from one application to the next by the index, however many app
/// sessions each has.
const DROP_ORPHANS: &str = "DELETE FROM app_sessions WHERE id IN ( \
     WITH RECURSIVE held (id) AS ( \
         (SELECT application_id FROM app_sessions ORDER BY application_id LIMIT 1) \
         UNION ALL \
         SELECT (SELECT application_id FROM app_sessions WHERE application_id > held.id \
                 ORDER BY application_id LIMIT 1) \
         FROM held WHERE held.id IS NOT NULL) \
     SELECT s.id FROM held JOIN app_sessions s ON s.application_id = held.id \
     WHERE NOT EXISTS (SELECT 1 FROM applications a WHERE a.id = held.id) LIMIT $1) \
     RETURNING id";

/// Ends every app session under a session that has a new secret: whoever had the old one may have them (ASVS 7.2.4). The next
/// page view makes another. The session is held.
pub(crate) fn drop_under(tx: &mut Transition, session: SessionId) {
    for sql in [
        "DELETE FROM app_sessions WHERE session_id = $1",
        "DELETE FROM handshakes WHERE session_id = $1",
    ] {
        tx.write(sql, values![session.as_bytes().to_vec()]);
    }
}

/// Ends every app session at the origins that an application has no more, for good: it may get one of them again. Its rows of
/// origins are gone before: whoever redeems a code holds one, so that what they open is seen here.
pub(crate) fn drop_at_lost(tx: &mut Transition, was: &Application, now: &Application) {
    let lost: Vec<String> = lost_origins(was, now)
        .map(|origin| origin.as_str().to_owned())
        .collect();
    if !lost.is_empty() {
        tx.write(
            "DELETE FROM app_sessions WHERE application_id = $1 AND origin = ANY($2)",
            values![now.id.as_bytes().to_vec(), lost],
        );
    }
}

async fn offer(tx: &mut Transition, handshake: &Handshake) -> Result<OfferHandshake, Fault> {
    let open = hold_session(tx, handshake.session)
        .await?
        .is_some_and(|found| found.is_open());
    if !open {
        return Ok(OfferHandshake::NotLive);
    }
    if !is_reached_at(tx, handshake).await? {
        return Ok(OfferHandshake::NoSuchOrigin);
    }
    // The session is held: no other code comes between.
    tx.write(
        "DELETE FROM handshakes WHERE code IN ( \
             SELECT code FROM handshakes WHERE session_id = $1 ORDER BY expires_at DESC OFFSET $2)",
        values![
            handshake.session.as_bytes().to_vec(),
            bind_limit(OPEN_CODES.saturating_sub(1)),
        ],
    );
    tx.write(
        "INSERT INTO handshakes \
         (code, session_id, application_id, origin, browser, next, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![
            handshake.code.as_bytes().to_vec(),
            handshake.session.as_bytes().to_vec(),
            handshake.application.as_bytes().to_vec(),
            handshake.origin.as_str().to_owned(),
            handshake.browser.as_bytes().to_vec(),
            handshake.next.as_str().to_owned(),
            handshake.expires_at.0,
        ],
    );
    Ok(OfferHandshake::Offered)
}

/// Whether the application is still there, at this origin: it stays so until the commit.
async fn is_reached_at(tx: &mut Transition, handshake: &Handshake) -> Result<bool, Fault> {
    let found = tx
        .query_opt(
            "SELECT authority FROM application_origins \
             WHERE authority = $1 AND application_id = $2 AND origin = $3 FOR KEY SHARE",
            &[
                &handshake.origin.authority(),
                &&handshake.application.as_bytes()[..],
                &handshake.origin.as_str(),
            ],
        )
        .await?;
    Ok(found.is_some())
}

async fn redeem(
    tx: &mut Transition,
    redemption: &Redemption,
    act: &Act,
) -> Result<RedeemHandshake, Fault> {
    let code = &redemption.code.as_bytes()[..];
    let row = tx.query_opt(CODE, &[&code]).await?;
    let Some(row) = row else {
        return Ok(RedeemHandshake::Gone);
    };
    tx.hold(&[], &[SessionId::from_bytes(bytes(&row, 0)?)])
        .await?;
    // H04, R23: burnt before it is judged, and by one.
    let burnt = tx
        .query_opt(
            "DELETE FROM handshakes WHERE code = $1 \
             RETURNING session_id, application_id, origin, browser, next, expires_at",
            &[&code],
        )
        .await?;
    let Some(handshake) = burnt
        .map(|row| read_handshake(&row, redemption.code))
        .transpose()?
    else {
        return Ok(RedeemHandshake::Gone);
    };
    let found = load(tx, handshake.session).await?.filter(Loaded::is_open);
    let Some(session) = found.map(|found| found.session) else {
        return Ok(RedeemHandshake::Gone);
    };
    let told = |kind| Event::session(kind, session.user, session.id).at(handshake.application);
    match handshake.redeem(&redemption.origin, redemption.browser, act.at) {
        Redeemed::Gone => return Ok(RedeemHandshake::Gone),
        Redeemed::OtherBrowser => {
            // ASVS 16.3.3
            tx.record(act, &[told(EventKind::HandshakeRefused)]);
            return Ok(RedeemHandshake::OtherBrowser);
        }
        Redeemed::Good => {}
    }
    if !is_reached_at(tx, &handshake).await? {
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
    let replaced = insert(tx, &app_session).await?;
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

/// Inserts it in place of the one that was there; answers which. Its session is held.
async fn insert(
    tx: &mut Transition,
    app_session: &AppSession,
) -> Result<Option<AppSessionId>, Fault> {
    let replaced = tx
        .query_opt(
            "DELETE FROM app_sessions \
             WHERE session_id = $1 AND application_id = $2 AND origin = $3 RETURNING id",
            &[
                &&app_session.session.as_bytes()[..],
                &&app_session.application.as_bytes()[..],
                &app_session.origin.as_str(),
            ],
        )
        .await?;
    tx.write(
        "INSERT INTO app_sessions (id, session_id, application_id, origin, secret, opened_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        values![
            app_session.id.as_bytes().to_vec(),
            app_session.session.as_bytes().to_vec(),
            app_session.application.as_bytes().to_vec(),
            app_session.origin.as_str().to_owned(),
            app_session.secret.as_bytes().to_vec(),
            app_session.opened_at.0,
        ],
    );
    replaced
        .map(|row| Ok(AppSessionId::from_bytes(bytes(&row, 0)?)))
        .transpose()
}

fn read_handshake(row: &Row, code: HashedSecret) -> Result<Handshake, Fault> {
    Ok(Handshake {
        code,
        session: SessionId::from_bytes(bytes(row, 0)?),
        application: ApplicationId::from_bytes(bytes(row, 1)?),
        origin: read_origin(row.try_get(2)?)?,
        browser: HashedSecret::from_bytes(bytes(row, 3)?),
        next: LocalPath::parse(row.try_get(4)?)
            .ok_or_else(|| Fault::unreadable("a stored path leads away"))?,
        expires_at: UnixMillis(row.try_get(5)?),
    })
}

/// A row of [`ALL`].
pub(crate) fn read_app_session(row: &Row) -> Result<AppSession, Fault> {
    Ok(AppSession {
        id: AppSessionId::from_bytes(bytes(row, 0)?),
        session: SessionId::from_bytes(bytes(row, 1)?),
        application: ApplicationId::from_bytes(bytes(row, 2)?),
        origin: read_origin(row.try_get(3)?)?,
        secret: HashedSecret::from_bytes(bytes(row, 4)?),
        opened_at: UnixMillis(row.try_get(5)?),
    })
}
