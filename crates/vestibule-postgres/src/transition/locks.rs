//! What a transition holds until its end: the order is users, their sessions, other rows, the installation last.

use std::collections::BTreeSet;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use vestibule_core::id::{SessionId, UserId};

use super::{Ask, NUMBERS, Numbers, Transition, bytes, values};
use crate::fault::Fault;
use crate::publication::Doubt;
use crate::reload::{reload, reload_applications};

impl Transition {
    /// Holds the rows of these users and of the owners of these sessions until the end, in the order of their ids, with the rows
    /// of the sessions. To be called first: what is read after it stands still.
    pub(crate) async fn hold(
        &mut self,
        users: &[UserId],
        sessions: &[SessionId],
    ) -> Result<(), Fault> {
        let [] = self.hold_and_ask(users, sessions, []).await?;
        Ok(())
    }

    /// The same, and asks in the same round trip for what stands still then.
    pub(crate) async fn hold_and_ask<const N: usize>(
        &mut self,
        users: &[UserId],
        sessions: &[SessionId],
        asks: [Ask<'_>; N],
    ) -> Result<[Vec<Row>; N], Fault> {
        let users: Vec<&[u8]> = users.iter().map(|id| &id.as_bytes()[..]).collect();
        let sessions: Vec<&[u8]> = sessions.iter().map(|id| &id.as_bytes()[..]).collect();
        let params: [&(dyn ToSql + Sync); 2] = [&users, &sessions];
        let mut all = vec![
            Ask {
                sql: HOLD_USERS,
                params: &params,
            },
            Ask {
                sql: HOLD_SESSIONS,
                params: &params[1..],
            },
            Ask {
                sql: NUMBERS,
                params: &[],
            },
        ];
        all.extend(asks);
        let kept = std::mem::take(&mut self.kept);
        let mut results = self.send(&kept, &all, false).await?.into_iter();
        let mut rows = || results.next().unwrap_or(Ok(Vec::new()));
        let (held, _, numbers) = (rows()?, rows()?, rows()?);
        let mut answers = [const { Vec::new() }; N];
        for answer in &mut answers {
            *answer = rows()?;
        }
        self.judge(Numbers::of(&numbers)?.everything);
        for row in &held {
            let user = UserId::from_bytes(bytes(row, 0)?);
            if self.held.insert(user) && self.sequencer.is_doubtful(Doubt::User(user)) {
                self.read_again(user).await?;
            }
        }
        Ok(answers)
    }

    /// Reads a user who is in doubt, before this transition changes anything of theirs: a commit whose answer was lost.
    pub(crate) async fn read_again(&mut self, user: UserId) -> Result<(), Fault> {
        let told = reload(self, user).await?;
        self.reread.push((Doubt::User(user), told));
        Ok(())
    }

    /// A user that this transition makes: nobody else can hold them yet.
    pub(crate) fn hold_new(&mut self, user: UserId) {
        self.held.insert(user);
    }

    /// Keeps these users from being deleted until the end, and nothing else: for what is written about somebody whom this
    /// transition does not change. To be called first, as [`Transition::hold`].
    pub(crate) async fn share(&mut self, users: &[UserId]) -> Result<(), Fault> {
        let users: Vec<&[u8]> = users.iter().map(|id| &id.as_bytes()[..]).collect();
        if !users.is_empty() {
            self.query(SHARE_USERS, &[&users]).await?;
        }
        Ok(())
    }

    /// The same, kept back with what is written about them: the statement after it sees whether they are there.
    pub(crate) fn share_later(&mut self, user: Option<UserId>) {
        if let Some(user) = user.filter(|user| !self.held.contains(user)) {
            self.write(SHARE_USERS, values![vec![user.as_bytes().to_vec()]]);
        }
    }

    /// Holds the installation's row: what only one may do at a time, and the order of what belongs to no user.
    pub(crate) async fn hold_installation(&mut self) -> Result<(), Fault> {
        self.query(HOLD_INSTALLATION, &[]).await?;
        if !std::mem::replace(&mut self.house, true) && self.sequencer.is_doubtful(Doubt::House) {
            let told = reload_applications(self).await?;
            self.reread.push((Doubt::House, told));
        }
        Ok(())
    }

    /// Holds the numbers without taking one.
    pub(crate) async fn hold_numbers(&mut self) -> Result<(), Fault> {
        self.query(HOLD_INSTALLATION, &[]).await?;
        self.cut = true;
        Ok(())
    }

    /// What must not be in doubt any more before its caller is told.
    pub(crate) fn doubts(&self) -> Vec<Doubt> {
        let users = self.held.iter().map(|user| Doubt::User(*user));
        users.chain(self.house.then_some(Doubt::House)).collect()
    }

    /// Whose rows are held.
    pub(crate) const fn held(&self) -> &BTreeSet<UserId> {
        &self.held
    }
}

const HOLD_INSTALLATION: &str = "SELECT id FROM installation WHERE id = 1 FOR NO KEY UPDATE";

const HOLD_USERS: &str = "SELECT u.id FROM users u WHERE u.id IN ( \
         SELECT unnest($1::bytea[]) \
         UNION SELECT s.user_id FROM sessions s WHERE s.id = ANY($2)) \
     ORDER BY u.id FOR NO KEY UPDATE OF u";

const HOLD_SESSIONS: &str =
    "SELECT s.id FROM sessions s WHERE s.id = ANY($1) ORDER BY s.id FOR NO KEY UPDATE OF s";

pub(super) const SHARE_USERS: &str =
    "SELECT id FROM users WHERE id = ANY($1) ORDER BY id FOR KEY SHARE";
