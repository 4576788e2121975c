//! What there is once per installation.

use rusqlite::Connection;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::NewSession;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::NewUser;
use vestibule_store::{Answer, CompleteSetup, Installation, KeyCheck, OfferSetup, SetupTicket};

use crate::Sqlite;
use crate::fault::Fault;
use crate::sessions::insert_session;
use crate::transition::Transition;
use crate::users::{address_taken, has_administrator, insert_user};

impl Installation for Sqlite {
    fn check_key(&self, check: [u8; 32]) -> Answer<'_, KeyCheck> {
        Box::pin(async move {
            // Once adopted it never changes, so that a read settles it: a start need not wait for the fill.
            let adopted = self.read(read_key_check).await?;
            if let Some(adopted) = adopted {
                return Ok(compare(adopted, check));
            }
            self.transition(move |tx| {
                if let Some(adopted) = read_key_check(tx.conn())? {
                    return Ok(compare(adopted, check));
                }
                tx.execute_one(
                    "UPDATE installation SET key_check = ?1 WHERE id = 1",
                    [check],
                )?;
                Ok(KeyCheck::Adopted)
            })
            .await
        })
    }

    fn keep_seal_key(&self, sealed: Vec<u8>) -> Answer<'_, Vec<u8>> {
        Box::pin(async move {
            // Once kept it never changes.
            if let Some(kept) = self.read(read_seal_key).await? {
                return Ok(kept);
            }
            self.transition(move |tx| {
                if let Some(kept) = read_seal_key(tx.conn())? {
                    return Ok(kept);
                }
                tx.execute_one(
                    "UPDATE installation SET seal_key = ?1 WHERE id = 1",
                    [&sealed],
                )?;
                Ok(sealed)
            })
            .await
        })
    }

    fn clock_mark(&self) -> Answer<'_, UnixMillis> {
        self.read(|conn| {
            let mark = conn.query_row(
                "SELECT clock_mark FROM installation WHERE id = 1",
                [],
                |row| row.get(0),
            )?;
            Ok(UnixMillis(mark))
        })
    }

    fn raise_clock_mark(&self, mark: UnixMillis) -> Answer<'_, ()> {
        self.transition(move |tx| {
            tx.execute(
                "UPDATE installation SET clock_mark = ?1 WHERE id = 1 AND clock_mark < ?1",
                [mark.0],
            )?;
            Ok(())
        })
    }

    fn accept_clock(&self, mark: UnixMillis, act: Act) -> Answer<'_, ()> {
        self.transition(move |tx| {
            tx.execute_one(
                "UPDATE installation SET clock_mark = ?1 WHERE id = 1",
                [mark.0],
            )?;
            let event = Event::plain(EventKind::ClockAccepted);
            tx.audit(&act, &[event])
        })
    }

    fn offer_setup(&self, ticket: SetupTicket) -> Answer<'_, OfferSetup> {
        self.transition(move |tx| {
            if has_administrator(tx.conn())? {
                return Ok(OfferSetup::AlreadySetUp);
            }
            write_ticket(tx, Some(&ticket))?;
            Ok(OfferSetup::Offered)
        })
    }

    fn is_set_up(&self) -> Answer<'_, bool> {
        self.read(has_administrator)
    }

    fn setup_offered(&self, secret: HashedSecret, now: UnixMillis) -> Answer<'_, bool> {
        self.read(move |conn| is_offered(conn, &secret, now))
    }

    fn complete_setup(
        &self,
        secret: HashedSecret,
        user: NewUser,
        session: NewSession,
        act: Act,
    ) -> Answer<'_, CompleteSetup> {
        self.transition(move |tx| {
            // H04, ASVS 6.3.2: judged and burnt in one transaction, so that parallel tries make one administrator.
            if !is_offered(tx.conn(), &secret, act.at)? {
                return Ok(CompleteSetup::Gone);
            }
            if address_taken(tx, &user.email)? {
                return Ok(CompleteSetup::AddressTaken);
            }
            write_ticket(tx, None)?;
            let user = insert_user(tx, user, act.at)?;
            tx.audit(
                &act,
                &[
                    Event::user(EventKind::SetupCompleted, user.id),
                    Event::user(EventKind::UserCreated, user.id),
                ],
            )?;
            let session = insert_session(tx, session, &act)?;
            Ok(CompleteSetup::Completed {
                user: Box::new(user),
                session: Box::new(session),
            })
        })
    }
}

fn compare(adopted: [u8; 32], check: [u8; 32]) -> KeyCheck {
    if HashedSecret::from_bytes(adopted) == HashedSecret::from_bytes(check) {
        KeyCheck::Matches
    } else {
        KeyCheck::Mismatch
    }
}

fn read_key_check(conn: &Connection) -> Result<Option<[u8; 32]>, Fault> {
    let sql = "SELECT key_check FROM installation WHERE id = 1";
    Ok(conn.query_row(sql, [], |row| row.get(0))?)
}

fn read_seal_key(conn: &Connection) -> Result<Option<Vec<u8>>, Fault> {
    let sql = "SELECT seal_key FROM installation WHERE id = 1";
    Ok(conn.query_row(sql, [], |row| row.get(0))?)
}

/// Whether a link is good: the one offered last, not over yet, and nobody is administrator by another way.
fn is_offered(conn: &Connection, secret: &HashedSecret, now: UnixMillis) -> Result<bool, Fault> {
    let (offered, expires_at): (Option<[u8; 32]>, Option<i64>) = conn
        .prepare_cached("SELECT setup_secret, setup_expires_at FROM installation WHERE id = 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(offered), Some(expires_at)) = (offered, expires_at) else {
        return Ok(false);
    };
    // ASVS 11.2.4: the comparison is constant-time.
    Ok(HashedSecret::from_bytes(offered) == *secret
        && now < UnixMillis(expires_at)
        && !has_administrator(conn)?)
}

fn write_ticket(tx: &Transition<'_>, ticket: Option<&SetupTicket>) -> Result<(), Fault> {
    tx.execute_one(
        "UPDATE installation SET setup_secret = ?1, setup_expires_at = ?2 WHERE id = 1",
        (
            ticket.map(|ticket| ticket.secret.as_bytes()),
            ticket.map(|ticket| ticket.expires_at.0),
        ),
    )
}
