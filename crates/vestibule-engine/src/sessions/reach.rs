//! What hangs on a session, and what an ending would end: told before it is done.

use std::collections::{BTreeSet, HashSet};

use vestibule_core::app_session::AppSession;
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{ApplicationId, SessionId, UserId};
use vestibule_core::origin::Origin;
use vestibule_core::session::Session;
use vestibule_core::time::UnixMillis;
use vestibule_store::StoreError;

use super::app::AppRecord;
use super::census::count;
use super::index::Index;
use crate::doorways::Doorways;
use crate::engine::Engine;

/// What an ending would end. What signs in or out meanwhile is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// Sessions; people call them devices.
    pub devices: u64,
    /// Applications that are signed in to through them.
    pub applications: u64,
    /// Cookies on those applications' hosts.
    pub app_sessions: u64,
}

/// A live session, with what hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDetail {
    /// As it is stored, but last seen as memory knows.
    pub session: Session,
    /// Its owner's.
    pub email: EmailAddress,
    /// What is signed in to through it, newest first.
    pub applications: Vec<ReachedApplication>,
}

/// An application that is signed in to through a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachedApplication {
    /// Which.
    pub id: ApplicationId,
    /// What people call it.
    pub title: String,
    /// On which of its origins.
    pub origin: Origin,
    /// Since when.
    pub opened_at: UnixMillis,
}

impl Index {
    /// Whose session this is, live or not, while it is in memory.
    pub(crate) fn owner(&self, id: SessionId) -> Option<UserId> {
        self.record(id, |record| record.user.id())
    }

    /// What an end of everything would end. Walks over all app sessions.
    fn reach(&self) -> Reach {
        let app_sessions = self.app_sessions.pin();
        let doors: HashSet<_> = app_sessions.values().map(AppRecord::doorway).collect();
        let applications = self.doorways().read().behind(&doors);
        Reach {
            devices: count(self.len()),
            applications: count(applications),
            app_sessions: count(self.app_sessions()),
        }
    }

    /// What the removal of an application would end: nobody's session. Walks over all app sessions.
    fn reach_of_application(&self, id: ApplicationId, now: UnixMillis) -> Reach {
        let doors = self.doorways().read().doors_of(id);
        let app_sessions = self.app_sessions.pin();
        let there = app_sessions
            .values()
            .filter(|record| doors.contains(&record.doorway()) && record.is_live(self, now))
            .map(AppRecord::session);
        // At one door a session has one app session: only where there are more is it to be remembered who was counted.
        let (mut found, mut seen) = (0, HashSet::new());
        for session in there {
            found += 1;
            if doors.len() > 1 {
                seen.insert(session);
            }
        }
        Reach {
            devices: if doors.len() > 1 {
                count(seen.len())
            } else {
                found
            },
            applications: 1,
            app_sessions: found,
        }
    }
}

impl Engine {
    /// A live session in full, for an operator. `None`: it is not live (any more).
    pub async fn session(&self, id: SessionId) -> Result<Option<SessionDetail>, StoreError> {
        let Some(user) = self.index().owner(id) else {
            return Ok(None);
        };
        let Some(session) = self.live_session(id, self.now()).await? else {
            return Ok(None);
        };
        let Some(profile) = self.index().profile(user) else {
            return Ok(None);
        };
        let doorways = self.doorways();
        let apps = self.store().app_sessions_under(vec![id]).await?;
        let apps = apps.into_iter();
        let applications = apps.filter_map(|app| reached(&doorways, app)).collect();
        Ok(Some(SessionDetail {
            session,
            email: profile.email(),
            applications,
        }))
    }

    /// What the end of all of a user's sessions would end.
    pub async fn reach_of_user(&self, user: UserId) -> Result<Reach, StoreError> {
        let live = self.live_sessions_of(user, self.now()).await?;
        let live: HashSet<SessionId> = live.into_iter().map(|session| session.id).collect();
        let apps = self.store().app_sessions_of(user).await?;
        Ok(self.reach_of(&live, apps))
    }

    /// What the end of one session would end: nothing, when it is not live (any more).
    pub async fn reach_of_session(&self, id: SessionId) -> Result<Reach, StoreError> {
        let (reach, _) = self.reach_of_sessions(&[id]).await?;
        Ok(reach)
    }

    /// What the end of these sessions would end, and at which applications; those that are not live (any more) count for
    /// nothing.
    pub async fn reach_of_sessions(
        &self,
        ids: &[SessionId],
    ) -> Result<(Reach, BTreeSet<ApplicationId>), StoreError> {
        let now = self.now();
        let is_live = |id: &SessionId| self.index().last_seen(*id, now).is_some();
        let live: HashSet<SessionId> = ids.iter().copied().filter(is_live).collect();
        if live.is_empty() {
            return Ok((Reach::default(), BTreeSet::new()));
        }
        let under = live.iter().copied().collect();
        let apps = self.store().app_sessions_under(under).await?;
        Ok(self.reach_at(&live, apps))
    }

    /// What the end of everybody's sessions would end, from memory.
    pub async fn reach_of_all(&self) -> Reach {
        self.walk(Index::reach).await
    }

    /// Who is signed in at an application, from memory: in how many browsers, and with how many cookies of its own.
    pub async fn reach_of_application(&self, id: ApplicationId) -> Reach {
        let now = self.now();
        self.walk(move |index| index.reach_of_application(id, now))
            .await
    }

    fn reach_of(&self, live: &HashSet<SessionId>, apps: Vec<AppSession>) -> Reach {
        self.reach_at(live, apps).0
    }

    fn reach_at(
        &self,
        live: &HashSet<SessionId>,
        apps: Vec<AppSession>,
    ) -> (Reach, BTreeSet<ApplicationId>) {
        let doorways = self.doorways();
        let apps = apps.into_iter().filter(|app| live.contains(&app.session));
        let apps: Vec<_> = apps.filter_map(|app| reached(&doorways, app)).collect();
        let applications: BTreeSet<_> = apps.iter().map(|app| app.id).collect();
        let reach = Reach {
            devices: count(live.len()),
            applications: count(applications.len()),
            app_sessions: count(apps.len()),
        };
        (reach, applications)
    }
}

/// `None`: the application is not reached there any more, and nothing is good there.
fn reached(doorways: &Doorways, app: AppSession) -> Option<ReachedApplication> {
    let doorway = doorways.reached_at(&app.origin)?;
    let application = doorway.application();
    (application.id == app.application).then(|| ReachedApplication {
        id: application.id,
        title: application.spec.title().to_owned(),
        origin: app.origin,
        opened_at: app.opened_at,
    })
}
