//! What a transition works with: its part of the batch's transaction, and what it will tell when that commits.

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Params};

use vestibule_core::audit::{Act, Actor, Event, Personal};
use vestibule_core::id::{ApplicationId, SessionId, UserId};
use vestibule_core::lineage::{Cutoff, Node, StoreNumber};
use vestibule_store::Change;

use crate::fault::Fault;
use crate::outbox::insert_errand;

/// One transition inside its savepoint.
pub(crate) struct Transition<'a> {
    conn: &'a Connection,
    changes: &'a mut Vec<Change>,
}

impl<'a> Transition<'a> {
    pub(crate) fn new(conn: &'a Connection, changes: &'a mut Vec<Change>) -> Self {
        Self { conn, changes }
    }

    pub(crate) fn conn(&self) -> &'a Connection {
        self.conn
    }

    /// A statement with its text compiled once. ASVS 1.2.4: every value is bound, no statement is put together from one.
    pub(crate) fn prepare(&self, sql: &str) -> Result<CachedStatement<'a>, Fault> {
        Ok(self.conn.prepare_cached(sql)?)
    }

    /// Runs a statement that answers nothing; answers how many rows it changed.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, Fault> {
        Ok(self.prepare(sql)?.execute(params)?)
    }

    /// Runs a statement that touches the one row it names.
    pub(crate) fn execute_one(&self, sql: &str, params: impl Params) -> Result<(), Fault> {
        match self.execute(sql, params)? {
            1 => Ok(()),
            _ => Err(Fault::Refused("a row that was there is gone")),
        }
    }

    /// To be published after the commit, in this order.
    pub(crate) fn publish(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// The store's number and the latest cutoff on everybody.
    pub(crate) fn numbers(&self) -> Result<Numbers, Fault> {
        Numbers::read(self.conn)
    }

    /// Takes the next number for a cutoff on `node`, and writes what a cutoff on a user or on everything leaves behind.
    /// Nothing else takes a number.
    pub(crate) fn cut(&self, node: Node) -> Result<Cutoff, Fault> {
        let number = self.numbers()?.number.next();
        let bound = bind_number(number)?;
        self.execute_one("UPDATE installation SET number = ?1 WHERE id = 1", [bound])?;
        match node {
            Node::Everything => self.execute_one(
                "UPDATE installation SET everything_cutoff = ?1 WHERE id = 1",
                [bound],
            )?,
            Node::User(user, spared) => {
                self.execute_one(
                    "UPDATE users SET cutoff = ?2 WHERE id = ?1",
                    (user.as_bytes(), bound),
                )?;
                if let Some(spared) = spared {
                    self.execute_one(
                        "UPDATE sessions SET rev = ?2 WHERE id = ?1 AND ended_at IS NULL",
                        (spared.as_bytes(), bound),
                    )?;
                }
            }
            // The session's own row says it, with when and why.
            Node::Session(_) => {}
        }
        Ok(Cutoff { number, node })
    }

    /// Writes an act's events, its personal data once, and what is to be done once it has happened. H04: they commit with
    /// what they tell of, or not at all. Every transition that did what it was asked calls it.
    pub(crate) fn audit(&self, act: &Act, events: &[Event]) -> Result<(), Fault> {
        for errand in &act.told {
            insert_errand(self, errand)?;
        }
        self.record(act, events)
    }

    /// Writes an act's events and its personal data, of a transition that may not have done what the act would tell.
    pub(crate) fn record(&self, act: &Act, events: &[Event]) -> Result<(), Fault> {
        if events.is_empty() {
            return Ok(());
        }
        let digest = act.personal.as_ref().map(Personal::digest);
        if let Some(personal) = &act.personal {
            self.execute(
                "INSERT INTO audit_personal (act_id, salt, email, address, user_agent) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (act_id) DO NOTHING",
                (
                    act.id.as_bytes(),
                    personal.salt,
                    &personal.email,
                    &personal.address,
                    &personal.user_agent,
                ),
            )?;
        }
        let actor = act.actor.code();
        let mut insert = self.prepare(
            "INSERT INTO audit_events \
             (act_id, at, actor, kind, reason, user_id, session_id, personal_digest, application_id) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for event in events {
            insert.execute((
                act.id.as_bytes(),
                act.at.0,
                &actor,
                event.kind.code(),
                event.kind.reason(),
                event.user.as_ref().map(UserId::as_bytes),
                event.session.as_ref().map(SessionId::as_bytes),
                digest,
                event.application.as_ref().map(ApplicationId::as_bytes),
            ))?;
        }
        if act.personal.is_some() {
            self.erase_if_deleted(act, events)?;
        }
        Ok(())
    }

    /// Whoever an act concerns may be deleted: its personal data is erased too, also where it comes after that.
    fn erase_if_deleted(&self, act: &Act, events: &[Event]) -> Result<(), Fault> {
        let mut users: Vec<UserId> = events.iter().filter_map(|event| event.user).collect();
        if let Actor::User(user) = act.actor {
            users.push(user);
        }
        users.sort_unstable();
        users.dedup();
        let mut erase = self.prepare(
            "UPDATE deleted_users SET erase_after = 0 WHERE user_id = ?1 AND erase_after IS NULL",
        )?;
        for user in users {
            erase.execute([user.as_bytes()])?;
        }
        Ok(())
    }
}

/// Where the store stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    /// The number of the latest cutoff.
    pub(crate) number: StoreNumber,
    /// The latest cutoff on everybody.
    pub(crate) everything: StoreNumber,
}

impl Numbers {
    pub(crate) fn read(conn: &Connection) -> Result<Self, Fault> {
        let row: Option<(i64, i64)> = conn
            .prepare_cached("SELECT number, everything_cutoff FROM installation WHERE id = 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (number, everything) =
            row.ok_or_else(|| Fault::unreadable("the installation's row is missing"))?;
        Ok(Self {
            number: read_number(number)?,
            everything: read_number(everything)?,
        })
    }
}

pub(crate) fn read_number(value: i64) -> Result<StoreNumber, Fault> {
    u64::try_from(value)
        .map(StoreNumber)
        .map_err(|_| Fault::unreadable("a store number is negative"))
}

pub(crate) fn bind_number(number: StoreNumber) -> Result<i64, Fault> {
    i64::try_from(number.0).map_err(|_| Fault::Refused("the store's numbers are used up"))
}
