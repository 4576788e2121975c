//! App sessions: cookies on applications' own hosts, each under one session.
//!
//! What is kept in memory of one is small: its secret's hash, whose child it is, and where it is good. Everything else is its
//! session's, so that whatever ends the session, or whatever holds of it, needs no word here: the check looks at both.

pub(crate) mod handshake;

use std::sync::Arc;

use vestibule_core::app_session::{AppSession, AppSessionCookie};
use vestibule_core::id::{AppSessionId, ApplicationId, SessionId, UserId};
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::{Acr, Session};
use vestibule_core::time::UnixMillis;
use vestibule_store::StoreError;

use super::check::Check;
use super::index::Index;
use super::live::LiveSession;
use super::profile::Profile;
use crate::doorways::{Doorway, DoorwayNumber};
use crate::engine::Engine;

/// One app session in the index.
#[derive(Clone, Copy)]
pub(super) struct AppRecord {
    secret: HashedSecret,
    session: SessionId,
    doorway: DoorwayNumber,
    /// Its session's when this was opened: it dies when that gets another secret (ASVS 7.2.4).
    renewals: u32,
}

const _: () = assert!(
    size_of::<AppRecord>() <= 56,
    "as many of these as sessions, and more, are kept in memory"
);

impl AppRecord {
    /// Under which session.
    pub(super) const fn session(&self) -> SessionId {
        self.session
    }

    /// Whether it is good still, as a check would find. No idle clock moves.
    pub(super) fn is_live(&self, index: &Index, now: UnixMillis) -> bool {
        index.has_live_child(self.session, self.renewals, now)
    }

    /// At which application and origin.
    pub(super) const fn doorway(&self) -> DoorwayNumber {
        self.doorway
    }
}

/// An app session that was live when it was checked. It shows an application who is calling, and no more: what asks for a
/// session at the issuer does not take it.
#[derive(Debug, Clone)]
pub struct LiveAppSession {
    id: AppSessionId,
    application: ApplicationId,
    session: LiveSession,
}

impl LiveAppSession {
    /// Names it; not a secret.
    pub const fn id(&self) -> AppSessionId {
        self.id
    }

    /// For which application.
    pub const fn application(&self) -> ApplicationId {
        self.application
    }

    /// Under which session.
    pub const fn session_id(&self) -> SessionId {
        self.session.id()
    }

    /// Whose.
    pub fn user_id(&self) -> UserId {
        self.session.user_id()
    }

    /// Its user.
    pub const fn profile(&self) -> &Arc<Profile> {
        self.session.profile()
    }

    /// Its user, for whoever needs no more.
    pub fn into_profile(self) -> Arc<Profile> {
        self.session.into_profile()
    }

    /// How sure the login was.
    pub const fn acr(&self) -> Acr {
        self.session.acr()
    }

    /// When its session ends if it is not used again.
    pub const fn idle_expires_at(&self) -> UnixMillis {
        self.session.idle_expires_at()
    }

    /// When its session ends whatever happens.
    pub const fn expires_at(&self) -> UnixMillis {
        self.session.expires_at()
    }

    /// When its owner last proved who they are.
    pub const fn auth_time(&self) -> UnixMillis {
        self.session.auth_time()
    }

    pub(super) const fn session(&self) -> &LiveSession {
        &self.session
    }
}

/// An application that is signed in to through one of somebody's devices.
#[derive(Debug, Clone)]
pub struct SignedInTo {
    /// Through which device.
    pub session: SessionId,
    /// What people call the application.
    pub title: String,
}

impl Index {
    /// The check on every request to an application: two look-ups and one SHA-256.
    fn check_app(
        &self,
        cookie: &AppSessionCookie,
        doorway: &Doorway,
        now: UnixMillis,
    ) -> Check<LiveAppSession> {
        if !self.is_filled() {
            return Check::NotReady;
        }
        let live = || {
            let app_sessions = self.app_sessions.pin();
            let record = app_sessions.get(&cookie.id)?;
            // Good where it was made for alone. The secret in constant time, by the type (ASVS 11.2.4).
            if record.doorway != doorway.number() || cookie.hashed() != record.secret {
                return None;
            }
            Some(LiveAppSession {
                id: cookie.id,
                application: doorway.application().id,
                session: self.live_child(record.session, record.renewals, now)?,
            })
        };
        live().map_or(Check::Dead, Check::Live)
    }

    /// Its session and its application were published before. A session that is not there any more has no children, and nothing
    /// is good where its application is not reached any more.
    pub(super) fn open_app(&self, app_session: &AppSession, replaced: Option<AppSessionId>) {
        let app_sessions = self.app_sessions.pin();
        if let Some(replaced) = replaced {
            app_sessions.remove(&replaced);
        }
        let (Some(renewals), Some(doorway)) = (
            self.renewals(app_session.session),
            self.doorways()
                .number(app_session.application, &app_session.origin),
        ) else {
            return;
        };
        let record = AppRecord {
            secret: app_session.secret,
            session: app_session.session,
            doorway,
            renewals,
        };
        app_sessions.insert(app_session.id, record);
    }

    /// Whether what is stored is good still: its secret's session was not renewed since, and its door is open.
    fn has_app(&self, stored: &AppSession) -> bool {
        let app_sessions = self.app_sessions.pin();
        let number = self.doorways().number(stored.application, &stored.origin);
        app_sessions.get(&stored.id).is_some_and(|record| {
            number == Some(record.doorway) && self.renewals(record.session) == Some(record.renewals)
        })
    }

    /// Of what is under these sessions, only what is told stays. Nothing is added: of one whose answer was lost nobody has the
    /// cookie.
    pub(super) fn reload_apps(&self, sessions: &[Session], told: &[AppSession]) {
        let app_sessions = self.app_sessions.pin();
        app_sessions.retain(|id, record| {
            let theirs = sessions.iter().any(|session| session.id == record.session);
            !theirs || told.iter().any(|app_session| app_session.id == *id)
        });
        // What is told came after every renewal that is in what was told, whichever was heard of first.
        for app_session in told {
            let Some(renewals) = self.renewals(app_session.session) else {
                continue;
            };
            app_sessions.update(app_session.id, |record| AppRecord {
                renewals,
                ..*record
            });
        }
    }

    /// Forgets those whose session, its secret, or whose place is gone; none that is opened meanwhile.
    pub(super) fn sweep_apps(&self) {
        let open = self.doorways().open_doors();
        let app_sessions = self.app_sessions.pin();
        app_sessions.retain(|_, record| {
            !open.closed(record.doorway) && self.renewals(record.session) == Some(record.renewals)
        });
    }

    /// How many app sessions are in memory.
    pub fn app_sessions(&self) -> usize {
        self.app_sessions.len()
    }

    /// Under which session this cookie is, or was until a moment ago.
    fn parent(&self, cookie: &AppSessionCookie) -> Option<SessionId> {
        let app_sessions = self.app_sessions.pin();
        let record = app_sessions.get(&cookie.id)?;
        (cookie.hashed() == record.secret).then_some(record.session)
    }
}

impl Engine {
    /// Judges a cookie of an application's own host, in memory alone. Moves its session's idle clock.
    pub fn check_app(
        &self,
        cookie: &AppSessionCookie,
        doorway: &Doorway,
        now: UnixMillis,
    ) -> Check<LiveAppSession> {
        self.index().check_app(cookie, doorway, now)
    }

    /// Whether the login above this cookie is over in memory but its end is not stored yet.
    pub fn owes_end_above(&self, cookie: &AppSessionCookie) -> bool {
        let parent = self.index().parent(cookie);
        parent.is_some_and(|session| self.owes_end(session))
    }

    /// Whether an application has a live app session under this session, which is live itself. Moves no clock.
    pub async fn is_signed_in_to(
        &self,
        session: SessionId,
        application: ApplicationId,
    ) -> Result<bool, StoreError> {
        let Some(user) = self.index().owner(session) else {
            return Ok(false);
        };
        let stored = self.store().app_sessions_of(user).await?;
        let mut own = stored
            .into_iter()
            .filter(|app| app.session == session && app.application == application);
        Ok(self.is_live(session) && own.any(|app| self.index().has_app(&app)))
    }

    /// Whether a session is live, as memory knows. Moves no clock.
    pub fn is_live(&self, session: SessionId) -> bool {
        self.index().last_seen(session, self.now()).is_some()
    }

    /// What the session's user is signed in to, through each of their devices.
    pub async fn signed_in_to(&self, session: &LiveSession) -> Result<Vec<SignedInTo>, StoreError> {
        let stored = self.store().app_sessions_of(session.user_id()).await?;
        let doorways = self.doorways();
        let named = stored.into_iter().filter_map(|app_session| {
            let doorway = doorways.reached_at(&app_session.origin)?;
            let application = doorway.application();
            (application.id == app_session.application).then(|| SignedInTo {
                session: app_session.session,
                title: application.spec.title().to_owned(),
            })
        });
        Ok(named.collect())
    }
}

#[cfg(test)]
mod tests;
