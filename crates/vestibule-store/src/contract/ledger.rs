//! A [`Publish`] that keeps what it was told, and what an index would hold of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use vestibule_core::app_session::AppSession;
use vestibule_core::application::Application;
use vestibule_core::id::{AppSessionId, ApplicationId, SessionId, UserId};
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::session::Session;
use vestibule_core::user::User;

use crate::{Change, Publish};

/// Keeps every change in the order it was published in.
///
/// It panics in no caller's thread: what breaks a rule of [`Publish`] is kept as a fault, and every look at the ledger
/// fails on it.
#[derive(Default)]
pub struct Ledger {
    inner: Mutex<Inner>,
    busy: AtomicBool,
    filled: Notify,
}

#[derive(Default)]
struct Inner {
    fill: Vec<Change>,
    changes: Vec<Change>,
    memory: Memory,
    last: Option<StoreNumber>,
    filled: Option<StoreNumber>,
    faults: Vec<String>,
}

/// What an index would hold: users, and the sessions that are open and stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// By id.
    pub users: BTreeMap<UserId, User>,
    /// By id; open, standing, perhaps run out.
    pub sessions: BTreeMap<SessionId, Session>,
    /// By id.
    pub applications: BTreeMap<ApplicationId, Application>,
    /// By id, also of sessions that are over: nobody looks at them without their session.
    pub app_sessions: BTreeMap<AppSessionId, AppSession>,
    /// The latest cutoff on everybody.
    pub everything: StoreNumber,
}

impl Ledger {
    /// What was published after the fill.
    pub fn changes(&self) -> Vec<Change> {
        self.sound().changes.clone()
    }

    /// What the fill was made of.
    pub fn fill(&self) -> Vec<Change> {
        self.sound().fill.clone()
    }

    /// What an index would hold now.
    pub fn memory(&self) -> Memory {
        self.sound().memory.clone()
    }

    /// Whether the published state has this session, open and standing.
    pub fn holds(&self, id: SessionId) -> bool {
        self.sound().memory.sessions.contains_key(&id)
    }

    /// Waits until the fill is whole.
    pub async fn wait_filled(&self) {
        loop {
            let told = self.filled.notified();
            if self.sound().filled.is_some() {
                return;
            }
            told.await;
        }
    }

    fn sound(&self) -> MutexGuard<'_, Inner> {
        let inner = self.lock();
        assert!(
            inner.faults.is_empty(),
            "publication broke its rules: {:?}",
            inner.faults
        );
        inner
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alone(&self, act: impl FnOnce(&mut Inner)) {
        let overlaps = self.busy.swap(true, Ordering::AcqRel);
        let mut inner = self.lock();
        if overlaps {
            inner.faults.push("two calls at a time".to_owned());
        }
        act(&mut inner);
        drop(inner);
        self.busy.store(false, Ordering::Release);
    }
}

impl Publish for Ledger {
    fn publish(&self, changes: &[Change]) {
        self.alone(|inner| {
            for change in changes {
                if let Err(fault) = inner.take(change) {
                    inner.faults.push(format!("{fault}: {change:?}"));
                }
            }
        });
    }

    fn filled(&self, everything: StoreNumber) {
        self.alone(|inner| {
            if inner.filled.replace(everything).is_some() {
                inner.faults.push("filled twice".to_owned());
            }
            inner.memory.everything = everything;
        });
        self.filled.notify_waiters();
    }
}

impl Inner {
    fn take(&mut self, change: &Change) -> Result<(), &'static str> {
        if self.filled.is_none() {
            self.fill.push(change.clone());
            if !matches!(
                change,
                Change::User(_)
                    | Change::SessionOpened(_)
                    | Change::Application(_)
                    | Change::AppSessionOpened { replaced: None, .. }
            ) {
                return Err("a fill adds, and nothing else");
            }
        } else {
            self.changes.push(change.clone());
        }
        match change {
            Change::Cutoff(cutoff) => {
                let follows = self.last.is_none_or(|last| cutoff.number == last.next());
                self.last = Some(cutoff.number);
                if !follows {
                    return Err("cutoffs come in the order of their numbers, without a gap");
                }
                self.memory.strike(*cutoff)
            }
            Change::UserReloaded { .. } => {
                // Numbers that went with a lost answer are in it.
                self.last = None;
                self.memory.take(change)
            }
            change => self.memory.take(change),
        }
    }
}

impl Memory {
    fn take(&mut self, change: &Change) -> Result<(), &'static str> {
        match change {
            Change::User(user) => {
                self.users.insert(user.id, (**user).clone());
                Ok(())
            }
            Change::SessionOpened(session) => {
                if !self.users.contains_key(&session.user) {
                    return Err("a session's user is known before it");
                }
                match self.sessions.insert(session.id, (**session).clone()) {
                    None => Ok(()),
                    Some(_) => Err("a session is opened once"),
                }
            }
            Change::SessionRenewed(session) => match self.sessions.get_mut(&session.id) {
                Some(known) => {
                    *known = (**session).clone();
                    self.app_sessions
                        .retain(|_, known| known.session != session.id);
                    Ok(())
                }
                None => Err("a renewal never adds a session"),
            },
            Change::UserDeleted(id) => {
                if self.sessions.values().any(|session| session.user == *id) {
                    return Err("a cutoff goes before a deletion");
                }
                match self.users.remove(id) {
                    Some(_) => Ok(()),
                    None => Err("a user is deleted once"),
                }
            }
            Change::Application(application) => {
                self.app_sessions.retain(|_, known| {
                    known.application != application.id
                        || application.spec.origins.contains(&known.origin)
                });
                self.applications
                    .insert(application.id, (**application).clone());
                Ok(())
            }
            Change::ApplicationRemoved(id) => match self.applications.remove(id) {
                Some(_) => Ok(()),
                None => Err("an application is removed once"),
            },
            Change::ApplicationsReloaded(applications) => {
                let applications = applications.iter();
                self.applications = applications
                    .map(|application| (application.id, application.clone()))
                    .collect();
                Ok(())
            }
            Change::AppSessionOpened {
                app_session,
                replaced,
            } => {
                if let Some(replaced) = replaced
                    && self.app_sessions.remove(replaced).is_none()
                {
                    return Err("an app session is replaced once");
                }
                match self
                    .app_sessions
                    .insert(app_session.id, (**app_session).clone())
                {
                    None => Ok(()),
                    Some(_) => Err("an app session is opened once"),
                }
            }
            Change::UserReloaded {
                id,
                user,
                sessions,
                app_sessions,
            } => {
                self.users.remove(id);
                let theirs = self.sessions.values().filter(|known| known.user == *id);
                let theirs: Vec<_> = theirs.map(|known| known.id).collect();
                for id in theirs {
                    self.sessions.remove(&id);
                    self.app_sessions.retain(|_, known| known.session != id);
                }
                self.users
                    .extend(user.iter().map(|user| (user.id, (**user).clone())));
                for session in sessions {
                    self.sessions.insert(session.id, session.clone());
                }
                for app_session in app_sessions {
                    self.app_sessions
                        .insert(app_session.id, app_session.clone());
                }
                Ok(())
            }
            Change::Cutoff(cutoff) => self.strike(*cutoff),
        }
    }

    fn strike(&mut self, cutoff: Cutoff) -> Result<(), &'static str> {
        let Cutoff { number, node } = cutoff;
        match node {
            Node::Everything => {
                self.everything = number;
                self.sessions.retain(|_, session| session.rev >= number);
            }
            Node::User(id, spared) => {
                let Some(user) = self.users.get_mut(&id) else {
                    return Err("a cutoff on an unknown user");
                };
                user.cutoff = number;
                if let Some(spared) = spared {
                    let Some(session) = self.sessions.get_mut(&spared) else {
                        return Err("a cutoff spares a live session");
                    };
                    session.rev = number;
                }
                self.sessions
                    .retain(|_, session| session.user != id || session.rev >= number);
            }
            Node::Session(id) => {
                if self.sessions.remove(&id).is_none() {
                    return Err("a session ends once");
                }
            }
        }
        Ok(())
    }
}
