//! Tickets: single-use secrets that go out in mails.

mod redeem;
mod row;

use rusqlite::Connection;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::UserId;
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::NewSession;
use vestibule_core::throttle::Keyer;
use vestibule_core::ticket::{Grant, Ticket};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::NewUser;
use vestibule_store::{
    Answer, ConfirmAddress, EndLogin, Recover, Recovery, Register, Tickets, TryCode,
};

use crate::Sqlite;
use crate::audit::bind_limit;
use crate::fault::Fault;
use crate::transition::Transition;

#[cfg(test)]
pub(crate) use row::BY_SECRET;
pub(crate) use row::insert_ticket;

impl Tickets for Sqlite {
    fn ticket(&self, secret: HashedSecret, now: UnixMillis) -> Answer<'_, Option<Ticket>> {
        self.read(move |conn| good_ticket(conn, &secret, now))
    }

    fn offer_ticket(&self, ticket: Ticket, act: Act) -> Answer<'_, ()> {
        self.transition(move |tx| offer_ticket(tx, &ticket, &act))
    }

    fn try_code(&self, secret: HashedSecret, now: UnixMillis) -> Answer<'_, TryCode> {
        self.transition(move |tx| try_code(tx, &secret, now))
    }

    fn register(
        &self,
        secret: HashedSecret,
        user: NewUser,
        session: NewSession,
        act: Act,
    ) -> Answer<'_, Register> {
        self.transition(move |tx| redeem::register(tx, &secret, user, session, &act))
    }

    fn recover(&self, recovery: Recovery, keyer: Keyer, act: Act) -> Answer<'_, Recover> {
        self.transition(move |tx| redeem::recover(tx, &recovery, &keyer, &act))
    }

    fn end_login(&self, secret: HashedSecret, act: Act) -> Answer<'_, EndLogin> {
        self.transition(move |tx| redeem::end_login(tx, &secret, &act))
    }

    fn confirm_address(
        &self,
        secret: HashedSecret,
        user: UserId,
        act: Act,
    ) -> Answer<'_, ConfirmAddress> {
        self.transition(move |tx| redeem::confirm_address(tx, &secret, user, &act))
    }

    fn drop_spent_tickets(&self, before: UnixMillis, limit: usize) -> Answer<'_, usize> {
        Box::pin(self.chunks(limit, move |tx, chunk| {
            tx.execute(DROP_SPENT, (before.0, bind_limit(chunk)))
        }))
    }
}

/// Those that are over, the oldest first.
pub(crate) const DROP_SPENT: &str = "DELETE FROM tickets WHERE secret IN ( \
     SELECT secret FROM tickets WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)";

/// A ticket that somebody may begin to redeem at `now`.
fn good_ticket(
    conn: &Connection,
    secret: &HashedSecret,
    now: UnixMillis,
) -> Result<Option<Ticket>, Fault> {
    Ok(find_ticket(conn, secret)?.filter(|ticket| ticket.is_good(now)))
}

fn find_ticket(conn: &Connection, secret: &HashedSecret) -> Result<Option<Ticket>, Fault> {
    let mut ticket = conn.prepare_cached(row::BY_SECRET)?;
    let mut rows = ticket.query([secret.as_bytes()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(row::read_ticket(row)?))
}

fn offer_ticket(tx: &Transition<'_>, ticket: &Ticket, act: &Act) -> Result<(), Fault> {
    insert_ticket(tx, ticket)?;
    let event = match &ticket.grant {
        Grant::Register { .. } => Some(Event::plain(EventKind::UserInvited)),
        Grant::Recover { user, .. } => Some(Event::user(EventKind::RecoveryOffered, *user)),
        Grant::Address { .. } | Grant::EndLogin { .. } => None,
    };
    let events: Vec<Event> = event.into_iter().collect();
    tx.audit(act, &events)
}

fn try_code(tx: &Transition<'_>, secret: &HashedSecret, now: UnixMillis) -> Result<TryCode, Fault> {
    let Some(ticket) = good_ticket(tx.conn(), secret, now)? else {
        return Ok(TryCode::Gone);
    };
    // N45, ASVS 6.6.3: counted before it is compared, so that parallel tries cannot pass the limit together.
    tx.execute_one(
        "UPDATE tickets SET wrong_codes = ?2 WHERE secret = ?1",
        (ticket.secret.as_bytes(), ticket.wrong_codes + 1),
    )?;
    Ok(TryCode::Counted)
}
