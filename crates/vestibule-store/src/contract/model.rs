//! The whole store once more, in memory and of core's rules alone: what every backend is held against, step by step.
//!
//! It has no SQL, no threads and no failure; a transition is a function of what it holds.

mod sessions;
mod users;

use std::collections::BTreeMap;

use vestibule_core::audit::{Act, Event, EventKind, Personal, StoredEvent};
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_core::password::HashedPassword;
use vestibule_core::session::{EndReason, LoginRefused, Renewal, Session, may_open};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{Address, CredentialVersion, Particulars, User};

use super::ledger::Memory;
use super::snapshot::Snapshot;
use crate::Change;

/// What is stored, and what the last transition published.
#[derive(Debug, Default)]
pub struct Model {
    accounts: BTreeMap<UserId, Account>,
    rows: BTreeMap<SessionId, Row>,
    last_logins: BTreeMap<UserId, UnixMillis>,
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
    particulars: Particulars,
}

impl Account {
    fn address(&self) -> Address {
        Address {
            email: self.user.email.clone(),
            verified: self.user.email_verified,
            primary: true,
            added_at: self.user.created_at,
        }
    }
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
            // The model knows none.
            ..Memory::default()
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
        let accounts = self.accounts.iter();
        let addresses = accounts
            .clone()
            .map(|(id, account)| (*id, vec![account.address()]));
        let particulars = accounts.map(|(id, account)| (*id, account.particulars.clone()));
        Snapshot {
            applications: BTreeMap::new(),
            app_sessions: BTreeMap::new(),
            kept: BTreeMap::new(),
            users,
            passwords: passwords.collect(),
            addresses: addresses.collect(),
            particulars: particulars.collect(),
            last_logins: self.last_logins.clone(),
            errands: 0,
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
        self.is_open(row) && row.session.timed_out(now).is_none()
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
