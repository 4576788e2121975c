//! The whole store once more, in memory and of core's rules alone: what every backend is held against, step by step.
//!
//! It has no SQL, no threads and no failure; a transition is a function of what it holds.

use std::collections::BTreeMap;

use vestibule_core::audit::{Act, Event, EventKind, Personal, StoredEvent};
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::password::HashedPassword;
use vestibule_core::session::{
    EndReason, LoginRefused, NewSession, Renewal, Session, may_open, timed_out,
};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, NewUser, User, UserStatus};

use super::ledger::Memory;
use super::snapshot::Snapshot;
use crate::{
    Change, ChangePassword, CreateUser, EndOthers, EndSession, OpenSession, PasswordChange,
    RehashPassword, RenewSession, SetStatus, TimedOut, Touch,
};

/// What is stored, and what the last transition published.
#[derive(Debug, Default)]
pub struct Model {
    accounts: BTreeMap<UserId, Account>,
    rows: BTreeMap<SessionId, Row>,
    everything: StoreNumber,
    number: StoreNumber,
    trail: Vec<StoredEvent>,
    published: Vec<Change>,
}

#[derive(Debug)]
struct Account {
    user: User,
    hash: HashedPassword,
    version: CredentialVersion,
}

#[derive(Debug)]
struct Row {
    session: Session,
    ended_at: Option<UnixMillis>,
}

impl Model {
    /// What the transitions since the last call published.
    pub fn take_published(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.published)
    }

    /// [`crate::Users::create_user`].
    pub fn create_user(&mut self, new: NewUser, act: &Act) -> CreateUser {
        if self
            .accounts
            .values()
            .any(|account| account.user.email == new.email)
        {
            return CreateUser::AddressTaken;
        }
        let mut roles = new.roles;
        roles.sort();
        roles.dedup();
        let user = User {
            id: new.id,
            email: new.email,
            email_verified: new.email_verified,
            name: new.name,
            roles,
            status: UserStatus::Active,
            created_at: act.at,
            cutoff: StoreNumber(0),
        };
        let account = Account {
            user: user.clone(),
            hash: new.password.expect("everybody here has one"),
            version: CredentialVersion(1),
        };
        self.accounts.insert(user.id, account);
        self.audit(act, Event::user(EventKind::UserCreated, user.id));
        self.published.push(Change::User(Box::new(user.clone())));
        CreateUser::Created(Box::new(user))
    }

    /// [`crate::Users::disable_user`], [`crate::Users::enable_user`].
    pub fn set_status(&mut self, id: UserId, status: UserStatus, act: &Act) -> SetStatus {
        let ended = self.count_live(id, None, act.at);
        let Some(account) = self.accounts.get_mut(&id) else {
            return SetStatus::Unknown;
        };
        if account.user.status == status {
            return SetStatus::Already;
        }
        account.user.status = status;
        if status == UserStatus::Active {
            let user = Box::new(account.user.clone());
            self.published.push(Change::User(user.clone()));
            self.audit(act, Event::user(EventKind::UserEnabled, id));
            return SetStatus::Set { user, ended: 0 };
        }
        let cutoff = self.cut(Node::User(id, None));
        let user = Box::new(self.accounts[&id].user.clone());
        self.published
            .extend([Change::User(user.clone()), Change::Cutoff(cutoff)]);
        self.audit(act, Event::user(EventKind::UserDisabled, id));
        let ended_all = EventKind::UserSessionsEnded(EndReason::UserDisabled);
        self.audit(act, Event::user(ended_all, id));
        SetStatus::Set { user, ended }
    }

    /// [`crate::Users::change_password`].
    pub fn change_password(&mut self, change: &PasswordChange, act: &Act) -> ChangePassword {
        let (user, renewal) = (change.user, &change.renewal);
        match self.may_open(user, renewal.credential) {
            Some(Err(LoginRefused::Disabled)) => return ChangePassword::Disabled,
            Some(Err(LoginRefused::CredentialChanged)) => return ChangePassword::CredentialChanged,
            Some(Ok(())) if self.is_presented(user, renewal, act.at) => {}
            _ => return ChangePassword::SessionEnded,
        }
        let ended = self.count_live(user, Some(renewal.id), act.at);
        if let Some(account) = self.accounts.get_mut(&user) {
            account.hash = change.hash.clone();
            account.version.0 += 1;
        }
        let renewed = self.write_renewed(renewal);
        let cutoff = self.cut(Node::User(user, Some(renewal.id)));
        let renewed = Box::new(Session {
            rev: cutoff.number,
            ..renewed
        });
        self.published
            .extend([Change::SessionRenewed(renewed), Change::Cutoff(cutoff)]);
        let ended_others = EventKind::UserSessionsEnded(EndReason::PasswordChanged);
        for kind in [EventKind::PasswordChanged, ended_others] {
            self.audit(act, Event::session(kind, user, renewal.id));
        }
        ChangePassword::Changed { ended }
    }

    /// [`crate::Users::rehash_password`].
    pub fn rehash_password(
        &mut self,
        user: UserId,
        version: CredentialVersion,
        hash: HashedPassword,
        act: &Act,
    ) -> RehashPassword {
        match self.accounts.get_mut(&user) {
            Some(account) if account.version == version => account.hash = hash,
            _ => return RehashPassword::CredentialChanged,
        }
        self.audit(act, Event::user(EventKind::PasswordRehashed, user));
        RehashPassword::Rehashed
    }

    /// [`crate::Sessions::open_session`].
    pub fn open_session(&mut self, new: NewSession, act: &Act) -> OpenSession {
        match self.may_open(new.user, new.credential) {
            None => return OpenSession::Unknown,
            Some(Err(LoginRefused::Disabled)) => return OpenSession::Disabled,
            Some(Err(LoginRefused::CredentialChanged)) => return OpenSession::CredentialChanged,
            Some(Ok(())) => {}
        }
        self.audit(
            act,
            Event::session(EventKind::LoginSucceeded, new.user, new.id),
        );
        if let Some(over) = new.replaces {
            self.end(over, EndReason::Replaced, act);
        }
        let session = Session::open(new, self.number);
        let row = Row {
            session: session.clone(),
            ended_at: None,
        };
        assert!(self.rows.insert(session.id, row).is_none(), "ids are fresh");
        let session = Box::new(session);
        self.published.push(Change::SessionOpened(session.clone()));
        OpenSession::Opened(session)
    }

    /// [`crate::Sessions::renew_session`].
    pub fn renew_session(&mut self, renewal: &Renewal, act: &Act) -> RenewSession {
        let Some(user) = self.rows.get(&renewal.id).map(|row| row.session.user) else {
            return RenewSession::Ended;
        };
        match self.may_open(user, renewal.credential) {
            Some(Err(LoginRefused::Disabled)) => return RenewSession::Disabled,
            Some(Err(LoginRefused::CredentialChanged)) => return RenewSession::CredentialChanged,
            Some(Ok(())) if self.is_presented(user, renewal, act.at) => {}
            _ => return RenewSession::Ended,
        }
        let renewed = Box::new(self.write_renewed(renewal));
        self.published.push(Change::SessionRenewed(renewed.clone()));
        self.audit(
            act,
            Event::session(EventKind::Reauthenticated, user, renewal.id),
        );
        RenewSession::Renewed(renewed)
    }

    /// [`crate::Sessions::end_session`].
    pub fn end_session(
        &mut self,
        id: SessionId,
        owner: Option<UserId>,
        reason: EndReason,
        act: &Act,
    ) -> EndSession {
        let foreign = owner.is_some_and(|owner| {
            self.rows
                .get(&id)
                .is_none_or(|row| row.session.user != owner)
        });
        if !foreign && self.end(id, reason, act) {
            EndSession::Ended
        } else {
            EndSession::NotLive
        }
    }

    /// [`crate::Sessions::end_other_sessions`].
    pub fn end_other_sessions(&mut self, spared: SessionId, act: &Act) -> EndOthers {
        let Some(user) = self
            .rows
            .get(&spared)
            .filter(|row| self.is_live(row, act.at))
        else {
            return EndOthers::NotLive;
        };
        let user = user.session.user;
        let ended = self.count_live(user, Some(spared), act.at);
        let cutoff = self.cut(Node::User(user, Some(spared)));
        self.published.push(Change::Cutoff(cutoff));
        let kind = EventKind::UserSessionsEnded(EndReason::OthersEnded);
        self.audit(act, Event::session(kind, user, spared));
        EndOthers::Ended { ended }
    }

    /// [`crate::Sessions::end_user_sessions`].
    pub fn end_user_sessions(&mut self, user: UserId, reason: EndReason, act: &Act) -> u64 {
        let ended = self.count_live(user, None, act.at);
        let cutoff = self.cut(Node::User(user, None));
        self.published.push(Change::Cutoff(cutoff));
        self.audit(act, Event::user(EventKind::UserSessionsEnded(reason), user));
        ended
    }

    /// [`crate::Sessions::end_all_sessions`].
    pub fn end_all_sessions(&mut self, act: &Act) -> u64 {
        let ended = self
            .rows
            .values()
            .filter(|row| self.is_live(row, act.at))
            .count() as u64;
        let cutoff = self.cut(Node::Everything);
        self.published.push(Change::Cutoff(cutoff));
        let kind = EventKind::AllSessionsEnded;
        self.audit(
            act,
            Event {
                kind,
                user: None,
                session: None,
            },
        );
        ended
    }

    /// [`crate::Sessions::touch_sessions`].
    pub fn touch_sessions(&mut self, touches: &[Touch]) {
        for touch in touches {
            if let Some(row) = self
                .rows
                .get_mut(&touch.id)
                .filter(|row| row.ended_at.is_none())
            {
                row.session.last_seen = row.session.last_seen.max(touch.seen);
            }
        }
    }

    /// [`crate::Sessions::end_timed_out_sessions`].
    pub fn end_timed_out_sessions(&mut self, judged: &[TimedOut], act: &Act) -> Vec<SessionId> {
        let mut ended = Vec::new();
        for judged in judged {
            let later = |row: &Row| row.session.last_seen > judged.seen;
            if !self.rows.get(&judged.id).is_some_and(later)
                && self.end(judged.id, judged.reason, act)
            {
                ended.push(judged.id);
            }
        }
        ended
    }

    /// [`crate::Sessions::drop_dead_sessions`], without a limit.
    pub fn drop_dead_sessions(&mut self, before: UnixMillis) -> usize {
        let (accounts, everything, rows) = (&self.accounts, self.everything, self.rows.len());
        self.rows.retain(|_, Row { session, ended_at }| {
            let struck = !session.stands(accounts[&session.user].user.cutoff, everything);
            let dropped =
                ended_at.is_some_and(|at| at < before) || struck && session.expires_at < before;
            !dropped
        });
        rows - self.rows.len()
    }

    /// What an index would hold.
    pub fn memory(&self) -> Memory {
        let users = self
            .accounts
            .iter()
            .map(|(id, account)| (*id, account.user.clone()));
        let standing = self.rows.iter().filter(|(_, row)| self.is_open(row));
        Memory {
            users: users.collect(),
            sessions: standing
                .map(|(id, row)| (*id, row.session.clone()))
                .collect(),
            everything: self.everything,
        }
    }

    /// What [`Snapshot::take`] would see; the trail is never sealed here.
    pub fn snapshot(&self) -> Snapshot {
        let Memory {
            users, sessions, ..
        } = self.memory();
        let passwords = self
            .accounts
            .iter()
            .map(|(id, account)| (*id, (account.hash.as_phc().to_owned(), account.version.0)));
        Snapshot {
            users,
            passwords: passwords.collect(),
            sessions,
            events: self.trail.clone(),
            seals: Vec::new(),
            mark: UnixMillis(0),
        }
    }

    /// The ids of a user's live sessions, newest first.
    pub fn live(&self, user: UserId, now: UnixMillis) -> Vec<SessionId> {
        let own = self
            .rows
            .values()
            .rev()
            .filter(|row| row.session.user == user);
        own.filter(|row| self.is_live(row, now))
            .map(|row| row.session.id)
            .collect()
    }

    fn may_open(
        &self,
        user: UserId,
        presented: CredentialVersion,
    ) -> Option<Result<(), LoginRefused>> {
        let account = self.accounts.get(&user)?;
        Some(may_open(account.user.status, account.version, presented))
    }

    fn is_open(&self, row: &Row) -> bool {
        let user = &self.accounts[&row.session.user].user;
        row.ended_at.is_none() && row.session.stands(user.cutoff, self.everything)
    }

    fn is_live(&self, row: &Row, now: UnixMillis) -> bool {
        let Session {
            last_seen,
            idle,
            expires_at,
            ..
        } = row.session;
        self.is_open(row) && timed_out(last_seen, idle, expires_at, now).is_none()
    }

    fn is_presented(&self, user: UserId, renewal: &Renewal, now: UnixMillis) -> bool {
        self.rows.get(&renewal.id).is_some_and(|row| {
            row.session.user == user
                && row.session.secret == renewal.presented
                && self.is_live(row, now)
        })
    }

    fn count_live(&self, user: UserId, but: Option<SessionId>, now: UnixMillis) -> u64 {
        self.live(user, now)
            .iter()
            .filter(|id| Some(**id) != but)
            .count() as u64
    }

    fn write_renewed(&mut self, renewal: &Renewal) -> Session {
        let row = self.rows.get_mut(&renewal.id).expect("judged before");
        row.session = row.session.clone().renewed(renewal);
        row.session.clone()
    }

    fn end(&mut self, id: SessionId, reason: EndReason, act: &Act) -> bool {
        let Some(user) = self
            .rows
            .get(&id)
            .filter(|row| self.is_open(row))
            .map(|row| row.session.user)
        else {
            return false;
        };
        let cutoff = self.cut(Node::Session(id));
        if let Some(row) = self.rows.get_mut(&id) {
            row.ended_at = Some(act.at);
        }
        self.published.push(Change::Cutoff(cutoff));
        self.audit(
            act,
            Event::session(EventKind::SessionEnded(reason), user, id),
        );
        true
    }

    fn cut(&mut self, node: Node) -> Cutoff {
        self.number = self.number.next();
        let number = self.number;
        match node {
            Node::Everything => self.everything = number,
            Node::User(user, spared) => {
                if let Some(account) = self.accounts.get_mut(&user) {
                    account.user.cutoff = number;
                }
                if let Some(row) = spared.and_then(|id| self.rows.get_mut(&id)) {
                    row.session.rev = number;
                }
            }
            Node::Session(_) => {}
        }
        Cutoff { number, node }
    }

    fn audit(&mut self, act: &Act, event: Event) {
        self.trail.push(StoredEvent {
            position: self.trail.len() as u64 + 1,
            act: act.id,
            at: act.at,
            actor: act.actor,
            event,
            personal_digest: act.personal.as_ref().map(Personal::digest),
            personal: act.personal.clone(),
        });
    }
}
