//! The index: every live session of this node, in memory, in front of the store.
//!
//! The store feeds it, after each commit and before each answer ([`Publish`]); on one machine it is complete once
//! filled, so that a miss is final and no request asks the store. Only a login's commit inserts; whatever else comes
//! updates what is there or removes it. Nothing on the way of a check takes a lock that a writer can hold.
//!
//! ```text
//!          SessionOpened                 check, touch
//!   (none) ─────────────▶ record ◀──────────────────────┐
//!                           │ └── SessionRenewed, spared ─┘
//!          Cutoff on it, a revocation enforced in memory, swept
//!                           ▼
//!                        (none), for good
//! ```

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::metrics::counter::Counter;

use vestibule_core::email::EmailAddress;
use vestibule_core::id::{AppSessionId, SessionId, UserId};
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::secret::{HashedSecret, SessionCookie};
use vestibule_core::session::Session;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::User;
use vestibule_store::{Change, Publish, TimedOut, Touch};

use super::app::AppRecord;
use super::by_id::ById;
use super::census::{Census, Standing};
use super::check::Check;
use super::live::LiveSession;
use super::profile::{Profile, UserEntry};
use super::record::Record;
use crate::doorways::Directory;

/// Live sessions by id, users by id, and the latest cutoff on everything.
pub struct Index {
    sessions: ById<SessionId, Record>,
    pub(super) app_sessions: ById<AppSessionId, AppRecord>,
    users: ById<UserId, Arc<UserEntry>>,
    census: Census,
    doorways: Directory,
    everything: AtomicU64,
    filled: AtomicBool,
    /// Two that are shut out at a time would each count on the other.
    shutting: Mutex<()>,
    ended: Counter,
    touched: Sender<Touch>,
    /// Read by the chores alone.
    untold: Mutex<Receiver<Touch>>,
}

impl Index {
    /// An empty index, to be handed to a backend, which fills it.
    pub fn new() -> Arc<Self> {
        let (touched, untold) = channel();
        Arc::new(Self {
            sessions: ById::default(),
            app_sessions: ById::default(),
            users: ById::default(),
            census: Census::default(),
            doorways: Directory::default(),
            everything: AtomicU64::new(0),
            filled: AtomicBool::new(false),
            shutting: Mutex::default(),
            ended: Counter::default(),
            touched,
            untold: Mutex::new(untold),
        })
    }

    /// How many sessions are in memory.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there is no session in memory.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    pub(super) fn known_users(&self) -> usize {
        self.users.len()
    }

    pub(super) const fn census(&self) -> &Census {
        &self.census
    }

    /// What there is to say of a session in memory, live or not.
    pub(super) fn record<T>(&self, id: SessionId, say: impl FnOnce(&Record) -> T) -> Option<T> {
        self.sessions.pin().get(&id).map(say)
    }

    /// Counts the sessions that left memory, each once, however it ended.
    pub(crate) fn ended(&self) -> Counter {
        self.ended.clone()
    }

    pub(crate) fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Acquire)
    }

    fn everything(&self) -> StoreNumber {
        StoreNumber(self.everything.load(Ordering::Acquire))
    }

    /// The check on every request: one look-up, one SHA-256 (ASVS 7.2.1, 7.2.2).
    pub(super) fn check(&self, cookie: &SessionCookie, now: UnixMillis) -> Check {
        if !self.is_filled() {
            return Check::NotReady;
        }
        match self.live(cookie.id, cookie.secret.hashed(), now) {
            Some(session) => Check::Live(session),
            None => Check::Dead,
        }
    }

    /// The same, for what a page asks for by itself: the idle clock stays.
    pub(super) fn look(&self, cookie: &SessionCookie, now: UnixMillis) -> Check {
        if !self.is_filled() {
            return Check::NotReady;
        }
        match self.still(cookie.id, cookie.secret.hashed(), now) {
            Some(session) => Check::Live(session),
            None => Check::Dead,
        }
    }

    /// The session, if it is live under this secret; moves its idle clock.
    pub(crate) fn live(
        &self,
        id: SessionId,
        presented: HashedSecret,
        now: UnixMillis,
    ) -> Option<LiveSession> {
        let sessions = self.sessions.pin();
        let record = sessions.get(&id)?;
        // Constant time, by the type (ASVS 11.2.4).
        if presented != record.secret {
            return None;
        }
        self.used(id, record, now)
    }

    /// The session, if it is live under this secret still; its idle clock stays.
    pub(super) fn still(
        &self,
        id: SessionId,
        presented: HashedSecret,
        now: UnixMillis,
    ) -> Option<LiveSession> {
        let sessions = self.sessions.pin();
        let record = sessions.get(&id)?;
        let live = presented == record.secret && self.is_live(record, now);
        live.then(|| LiveSession::of(id, record))
    }

    /// The session, if it is live and was renewed so often, for a child of it whose own secret was checked; moves its idle clock.
    pub(super) fn live_child(
        &self,
        id: SessionId,
        renewals: u32,
        now: UnixMillis,
    ) -> Option<LiveSession> {
        let sessions = self.sessions.pin();
        let record = sessions.get(&id)?;
        if record.renewals != renewals {
            return None;
        }
        self.used(id, record, now)
    }

    fn used(&self, id: SessionId, record: &Record, now: UnixMillis) -> Option<LiveSession> {
        if !self.is_live(record, now) {
            return None;
        }
        if record.touch(now) {
            // Refused only when the index itself is gone.
            let _ = self.touched.send(Touch { id, seen: now });
        }
        Some(LiveSession::of(id, record))
    }

    /// How often a session in memory, live or not, was renewed.
    pub(super) fn renewals(&self, id: SessionId) -> Option<u32> {
        self.record(id, |record| record.renewals)
    }

    /// Where applications are reached.
    pub(crate) const fn doorways(&self) -> &Directory {
        &self.doorways
    }

    fn is_live(&self, record: &Record, now: UnixMillis) -> bool {
        record.stands(self.everything())
            && !record.user.is_shut_out()
            && record.timed_out(now).is_none()
    }

    /// Whether the session is live and was renewed so often. Its idle clock stays.
    pub(super) fn has_live_child(&self, id: SessionId, renewals: u32, now: UnixMillis) -> bool {
        let sessions = self.sessions.pin();
        let record = sessions.get(&id);
        record.is_some_and(|record| record.renewals == renewals && self.is_live(record, now))
    }

    /// When a live session was last seen; `None` when it is not live.
    pub(crate) fn last_seen(&self, id: SessionId, now: UnixMillis) -> Option<UnixMillis> {
        let sessions = self.sessions.pin();
        let record = sessions.get(&id)?;
        self.is_live(record, now).then(|| record.last_seen())
    }

    /// The use to write before a transition on this session, if the store would otherwise take it for run out.
    pub(super) fn unwritten(&self, id: SessionId, now: UnixMillis) -> Option<Touch> {
        let sessions = self.sessions.pin();
        let record = sessions.get(&id)?;
        let behind = self.is_live(record, now) && record.timed_out_as_written(now);
        behind.then(|| Touch {
            id,
            seen: record.last_seen(),
        })
    }

    /// Every use that is newer than what is written.
    pub(super) fn all_unwritten(&self, limit: usize) -> Vec<Touch> {
        let sessions = self.sessions.pin();
        let newer = sessions.iter().filter_map(|(id, record)| {
            let seen = record.last_seen();
            (seen > record.written()).then_some(Touch { id: *id, seen })
        });
        newer.take(limit).collect()
    }

    /// Takes the uses that wait to be written.
    pub(super) fn take_touched(&self) -> Vec<Touch> {
        let untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.try_iter().collect()
    }

    /// The latest use known of a session that is still in memory.
    pub(super) fn latest(&self, touch: Touch) -> Touch {
        let sessions = self.sessions.pin();
        let seen = sessions
            .get(&touch.id)
            .map_or(touch.seen, |record| record.last_seen().max(touch.seen));
        Touch { seen, ..touch }
    }

    /// These uses are durable.
    pub(super) fn written(&self, touches: &[Touch]) {
        let sessions = self.sessions.pin();
        for touch in touches {
            if let Some(record) = sessions.get(&touch.id) {
                record.set_written(touch.seen);
            }
        }
    }

    /// Drops what no cutoff leaves alive, and answers up to `limit` sessions that have run out, for the store to judge.
    pub(super) fn sweep(&self, now: UnixMillis, limit: usize) -> Vec<TimedOut> {
        let everything = self.everything();
        let sessions = self.sessions.pin();
        let mut over = Vec::new();
        for (id, record) in &sessions {
            if !record.stands(everything) {
                // Judged again at the removal: a renewal may have come between.
                let removed = sessions.remove_if(id, |_, record| !record.stands(everything));
                self.count_ended(removed.ok().flatten());
            } else if let Some((reason, seen)) = record.timed_out(now)
                && over.len() < limit
            {
                over.push(TimedOut {
                    id: *id,
                    seen,
                    reason,
                });
            }
        }
        self.sweep_apps();
        over
    }

    /// Whether there is such a session (of this owner) to be ended.
    pub(crate) fn may_end(&self, id: SessionId, owner: Option<UserId>) -> bool {
        let sessions = self.sessions.pin();
        sessions
            .get(&id)
            .is_some_and(|record| owner.is_none_or(|owner| record.user.id() == owner))
    }

    /// Ends a session in memory, whoever owns it.
    pub(crate) fn remove(&self, id: SessionId) {
        self.count_ended(self.sessions.pin().remove(&id));
    }

    /// Ends a session in memory, if it is this user's (ASVS 8.2.2).
    pub(crate) fn remove_of(&self, id: SessionId, owner: UserId) {
        let sessions = self.sessions.pin();
        let removed = sessions.remove_if(&id, |_, record| record.user.id() == owner);
        self.count_ended(removed.ok().flatten());
    }

    /// Ends a user's sessions in memory, but the spared one. Answers which.
    pub(super) fn remove_user(&self, user: UserId, spared: Option<SessionId>) -> Vec<SessionId> {
        let sessions = self.sessions.pin();
        let Some(entry) = self.user(user) else {
            return Vec::new();
        };
        let theirs = sessions.iter().filter_map(|(id, record)| {
            let theirs = Arc::ptr_eq(&record.user, &entry) && Some(*id) != spared;
            theirs.then_some(*id)
        });
        let ids: Vec<_> = theirs.collect();
        for id in &ids {
            self.count_ended(sessions.remove(id));
        }
        ids
    }

    /// Ends every session in memory. Answers which.
    pub(super) fn remove_all(&self) -> Vec<SessionId> {
        let sessions = self.sessions.pin();
        let ids: Vec<_> = sessions.keys().copied().collect();
        for id in &ids {
            self.count_ended(sessions.remove(id));
        }
        ids
    }

    fn count_ended(&self, removed: Option<impl Copy>) {
        if removed.is_some() {
            self.ended.inc();
        }
    }

    /// Shuts a user out in memory, while that cannot be stored, or lets them in again.
    pub(crate) fn hold(&self, user: UserId, held: bool) {
        if let Some(entry) = self.user(user) {
            entry.hold(held);
        }
    }

    /// Shuts a user out in memory, while that cannot be stored, unless nobody else administers. Answers whether it did. Walks
    /// over all users where they administer.
    pub(crate) fn shut_out(&self, user: UserId) -> bool {
        let _one = self.shutting.lock().unwrap_or_else(PoisonError::into_inner);
        let users = self.users.pin();
        let Some(entry) = users.get(&user) else {
            return true;
        };
        let mut others = users.iter().filter(|(id, _)| **id != user);
        if entry.administers() && !others.any(|(_, other)| other.administers()) {
            return false;
        }
        entry.hold(true);
        true
    }

    /// Whether a user is shut out in memory alone.
    pub(crate) fn is_held(&self, user: UserId) -> bool {
        self.user(user).is_some_and(|entry| entry.is_held())
    }

    /// Finds a user while the store cannot be asked. Walks over all: for an operator's command alone.
    pub(crate) fn find_user(&self, email: &EmailAddress) -> Option<UserId> {
        let users = self.users.pin();
        users
            .iter()
            .find(|(_, entry)| entry.has_email(email))
            .map(|(id, _)| *id)
    }

    /// A user's profile.
    pub fn profile(&self, user: UserId) -> Option<Arc<Profile>> {
        self.user(user).map(|entry| entry.profile())
    }

    fn user(&self, user: UserId) -> Option<Arc<UserEntry>> {
        self.users.pin().get(&user).cloned()
    }

    fn put_user(&self, user: &User) {
        let users = self.users.pin();
        if let Some(entry) = users.get(&user.id) {
            entry.update(user);
            self.census.count(entry, Standing::of(user));
            return;
        }
        let entry = Arc::new(UserEntry::new(user));
        self.census.count(&entry, Standing::of(user));
        if let Some(other) = users.insert(user.id, entry) {
            self.census.count(other, Standing::NONE);
        }
    }

    fn forget_user(&self, id: UserId) {
        if let Some(entry) = self.users.pin().remove(&id) {
            self.census.count(entry, Standing::NONE);
        }
    }

    fn open(&self, session: &Session) {
        let Some(user) = self.user(session.user) else {
            // Refused rather than guessed: a session without its user cannot be judged.
            tracing::error!(session.id = %session.id, "a session was published before its user; it is not live");
            return;
        };
        let record = Record::of(session, user);
        self.sessions.pin().insert(session.id, record);
    }

    fn renew(&self, session: &Session) {
        // Only what is there: nothing brings an ended session back. What was under it is dead by that, and swept.
        self.sessions
            .pin()
            .update(session.id, |record| record.renewed(session));
    }

    /// What is stored of one user, in place of what was known. Walks over all: after a commit whose outcome nobody knew.
    fn reload(&self, id: UserId, user: Option<&User>, sessions: &[Session]) {
        if let Some(entry) = self.user(id) {
            let pinned = self.sessions.pin();
            let gone = pinned.iter().filter(|(known, record)| {
                Arc::ptr_eq(&record.user, &entry)
                    && !sessions.iter().any(|session| session.id == **known)
            });
            for known in gone.map(|(known, _)| *known).collect::<Vec<_>>() {
                self.remove(known);
            }
        }
        // Only what is there: of a login whose answer was lost nobody has the cookie, and an end that could not be stored is
        // enforced in memory. Before the user's cutoff: at no moment is one that it spared struck.
        for session in sessions {
            self.renew(session);
        }
        match user {
            Some(user) => self.put_user(user),
            None => self.forget_user(id),
        }
    }

    fn cut(&self, cutoff: Cutoff) {
        match cutoff.node {
            Node::Everything => {
                self.everything.fetch_max(cutoff.number.0, Ordering::AcqRel);
            }
            Node::User(user, spared) => {
                let sessions = self.sessions.pin();
                // First the spared one's rev, then the cutoff: at no moment is the spared one struck.
                if let Some(record) = spared.and_then(|id| sessions.get(&id)) {
                    record.raise_rev(cutoff.number);
                }
                if let Some(entry) = self.user(user) {
                    entry.raise_cutoff(cutoff.number);
                }
            }
            Node::Session(id) => self.remove(id),
        }
    }
}

impl Publish for Index {
    fn publish(&self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::User(user) => self.put_user(user),
                Change::SessionOpened(session) => self.open(session),
                Change::SessionRenewed(session) => self.renew(session),
                Change::Cutoff(cutoff) => self.cut(*cutoff),
                Change::Application(application) => self.doorways.put(application),
                Change::ApplicationRemoved(id) => self.doorways.remove(*id),
                Change::ApplicationsReloaded(applications) => self.doorways.reload(applications),
                Change::AppSessionOpened {
                    app_session,
                    replaced,
                } => self.open_app(app_session, *replaced),
                Change::UserReloaded {
                    id,
                    user,
                    sessions,
                    app_sessions,
                } => {
                    self.reload(*id, user.as_deref(), sessions);
                    self.reload_apps(sessions, app_sessions);
                }
                // Their sessions were struck by the cutoff that came before, and are swept.
                Change::UserDeleted(user) => self.forget_user(*user),
            }
        }
    }

    fn filled(&self, everything: StoreNumber) {
        self.everything.fetch_max(everything.0, Ordering::AcqRel);
        self.filled.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
