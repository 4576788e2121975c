//! Tickets: single-use secrets that go out in mails.

mod redeem;
mod row;

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

use crate::Postgres;
use crate::fault::Fault;
use crate::transition::{Transition, bind_limit, values};

pub(crate) use row::insert_ticket;

impl Tickets for Postgres {
    fn ticket(&self, secret: HashedSecret, now: UnixMillis) -> Answer<'_, Option<Ticket>> {
        Box::pin(async move {
            let ticket = self
                .read(row::BY_SECRET, &[&&secret.as_bytes()[..]], |rows| {
                    rows.first().map(row::read_ticket).transpose()
                })
                .await?;
            Ok(ticket.filter(|ticket| ticket.is_good(now)))
        })
    }

    fn offer_ticket(&self, ticket: Ticket, act: Act) -> Answer<'_, ()> {
        self.transition("offer_ticket", (ticket, act), |tx, (ticket, act)| {
            Box::pin(offer_ticket(tx, ticket, act))
        })
    }

    fn try_code(&self, secret: HashedSecret, now: UnixMillis) -> Answer<'_, TryCode> {
        self.transition("try_code", (secret, now), |tx, (secret, now)| {
            Box::pin(try_code(tx, secret, *now))
        })
    }

    fn register(
        &self,
        secret: HashedSecret,
        user: NewUser,
        session: NewSession,
        act: Act,
    ) -> Answer<'_, Register> {
        let input = (secret, user, session, act);
        self.transition("register", input, |tx, (secret, user, session, act)| {
            Box::pin(redeem::register(tx, secret, user, session, act))
        })
    }

    fn recover(&self, recovery: Recovery, keyer: Keyer, act: Act) -> Answer<'_, Recover> {
        let input = (recovery, keyer, act);
        self.transition("recover", input, |tx, (recovery, keyer, act)| {
            Box::pin(redeem::recover(tx, recovery, keyer, act))
        })
    }

    fn end_login(&self, secret: HashedSecret, act: Act) -> Answer<'_, EndLogin> {
        self.transition("end_login", (secret, act), |tx, (secret, act)| {
            Box::pin(redeem::end_login(tx, secret, act))
        })
    }

    fn confirm_address(
        &self,
        secret: HashedSecret,
        user: UserId,
        act: Act,
    ) -> Answer<'_, ConfirmAddress> {
        let input = (secret, user, act);
        self.transition("confirm_address", input, |tx, (secret, user, act)| {
            Box::pin(redeem::confirm_address(tx, secret, *user, act))
        })
    }

    fn drop_spent_tickets(&self, before: UnixMillis, limit: usize) -> Answer<'_, usize> {
        let chunks = self.chunks(
            "drop_spent_tickets",
            limit,
            before,
            |tx, (before, chunk)| Box::pin(drop_spent(tx, *before, *chunk)),
        );
        Box::pin(chunks)
    }
}

/// Those that are over, the oldest first; what is used just now is left for another time.
pub(crate) const DROP_SPENT: &str = "DELETE FROM tickets WHERE secret = ANY(ARRAY( \
     SELECT secret FROM tickets WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 \
     FOR UPDATE SKIP LOCKED)) RETURNING secret";

async fn drop_spent(tx: &mut Transition, before: UnixMillis, limit: usize) -> Result<usize, Fault> {
    let dropped = tx
        .query(DROP_SPENT, &[&before.0, &bind_limit(limit)])
        .await?;
    Ok(dropped.len())
}

/// A ticket as it stands, to know whom to hold: what is judged by it is judged once it is held.
async fn glance(tx: &mut Transition, secret: &HashedSecret) -> Result<Option<Ticket>, Fault> {
    let row = tx
        .query_opt(row::BY_SECRET, &[&&secret.as_bytes()[..]])
        .await?;
    row.as_ref().map(row::read_ticket).transpose()
}

/// A ticket that nobody else uses until the end. H04: of many that hold it one after the other, one finds it.
async fn hold_ticket(tx: &mut Transition, secret: &HashedSecret) -> Result<Option<Ticket>, Fault> {
    let row = tx.query_opt(row::HOLD, &[&&secret.as_bytes()[..]]).await?;
    row.as_ref().map(row::read_ticket).transpose()
}

async fn offer_ticket(tx: &mut Transition, ticket: &Ticket, act: &Act) -> Result<(), Fault> {
    let told = act.told.iter().filter_map(|errand| errand.user);
    let concerned: Vec<UserId> = ticket.grant.user().into_iter().chain(told).collect();
    tx.share(&concerned).await?;
    insert_ticket(tx, ticket)?;
    let event = match &ticket.grant {
        Grant::Register { .. } => Some(Event::plain(EventKind::UserInvited)),
        Grant::Recover { user, .. } => Some(Event::user(EventKind::RecoveryOffered, *user)),
        Grant::Address { .. } | Grant::EndLogin { .. } => None,
    };
    let events: Vec<Event> = event.into_iter().collect();
    tx.audit(act, &events)
}

async fn try_code(
    tx: &mut Transition,
    secret: &HashedSecret,
    now: UnixMillis,
) -> Result<TryCode, Fault> {
    let held = hold_ticket(tx, secret).await?;
    let Some(ticket) = held.filter(|ticket| ticket.is_good(now)) else {
        return Ok(TryCode::Gone);
    };
    // N45, ASVS 6.6.3: counted before it is compared, so that parallel tries cannot pass the limit together.
    tx.write(
        "UPDATE tickets SET wrong_codes = $2 WHERE secret = $1",
        values![
            ticket.secret.as_bytes().to_vec(),
            i64::from(ticket.wrong_codes + 1)
        ],
    );
    Ok(TryCode::Counted)
}
