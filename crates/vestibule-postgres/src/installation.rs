//! What there is once per installation.

use tokio_postgres::Row;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::NewSession;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::NewUser;
use vestibule_store::{Answer, CompleteSetup, Installation, KeyCheck, OfferSetup, SetupTicket};

use crate::Postgres;
use crate::fault::Fault;
use crate::sessions::insert_session;
use crate::transition::{Transition, bytes_opt, values};
use crate::users::{ADMINISTRATOR, address_taken, has_administrator, insert_user};

const KEY_CHECK: &str = "SELECT key_check FROM installation WHERE id = 1";
const SEAL_KEY: &str = "SELECT seal_key FROM installation WHERE id = 1";
const SETUP: &str = "SELECT setup_secret, setup_expires_at FROM installation WHERE id = 1";

impl Installation for Postgres {
    fn check_key(&self, check: [u8; 32]) -> Answer<'_, KeyCheck> {
        Box::pin(async move {
            // Once adopted it never changes, so that a read settles it: a start need not wait for the fill.
            let adopted = self
                .read(KEY_CHECK, &[], |rows| bytes_opt(only(&rows)?, 0))
                .await?;
            if let Some(adopted) = adopted {
                return Ok(compare(adopted, check));
            }
            self.transition("check_key", check, |tx, check| {
                Box::pin(async move {
                    tx.hold_installation().await?;
                    if let Some(adopted) = bytes_opt(only(&tx.query(KEY_CHECK, &[]).await?)?, 0)? {
                        return Ok(compare(adopted, *check));
                    }
                    tx.write(
                        "UPDATE installation SET key_check = $1 WHERE id = 1",
                        values![check.to_vec()],
                    );
                    Ok(KeyCheck::Adopted)
                })
            })
            .await
        })
    }

    fn keep_seal_key(&self, sealed: Vec<u8>) -> Answer<'_, Vec<u8>> {
        Box::pin(async move {
            // Once kept it never changes.
            let kept: Option<Vec<u8>> = self
                .read(SEAL_KEY, &[], |rows| Ok(only(&rows)?.try_get(0)?))
                .await?;
            if let Some(kept) = kept {
                return Ok(kept);
            }
            self.transition("keep_seal_key", sealed, |tx, sealed| {
                Box::pin(async move {
                    tx.hold_installation().await?;
                    let rows = tx.query(SEAL_KEY, &[]).await?;
                    if let Some(kept) = only(&rows)?.try_get(0)? {
                        return Ok(kept);
                    }
                    tx.write(
                        "UPDATE installation SET seal_key = $1 WHERE id = 1",
                        values![sealed.clone()],
                    );
                    Ok(sealed.clone())
                })
            })
            .await
        })
    }

    fn clock_mark(&self) -> Answer<'_, UnixMillis> {
        Box::pin(self.read(
            "SELECT clock_mark FROM installation WHERE id = 1",
            &[],
            |rows| Ok(UnixMillis(only(&rows)?.try_get(0)?)),
        ))
    }

    fn raise_clock_mark(&self, mark: UnixMillis) -> Answer<'_, ()> {
        self.transition("raise_clock_mark", mark, |tx, mark| {
            Box::pin(async move {
                tx.write(
                    "UPDATE installation SET clock_mark = $1 WHERE id = 1 AND clock_mark < $1",
                    values![mark.0],
                );
                Ok(())
            })
        })
    }

    fn accept_clock(&self, mark: UnixMillis, act: Act) -> Answer<'_, ()> {
        self.transition("accept_clock", (mark, act), |tx, (mark, act)| {
            Box::pin(async move {
                tx.write(
                    "UPDATE installation SET clock_mark = $1 WHERE id = 1",
                    values![mark.0],
                );
                tx.audit(act, &[Event::plain(EventKind::ClockAccepted)])
            })
        })
    }

    fn offer_setup(&self, ticket: SetupTicket) -> Answer<'_, OfferSetup> {
        self.transition("offer_setup", ticket, |tx, ticket| {
            Box::pin(async move {
                tx.hold_installation().await?;
                if has_administrator(tx).await? {
                    return Ok(OfferSetup::AlreadySetUp);
                }
                write_ticket(tx, Some(ticket));
                Ok(OfferSetup::Offered)
            })
        })
    }

    fn is_set_up(&self) -> Answer<'_, bool> {
        Box::pin(self.read(ADMINISTRATOR, &[], |rows| Ok(!rows.is_empty())))
    }

    fn setup_offered(&self, secret: HashedSecret, now: UnixMillis) -> Answer<'_, bool> {
        Box::pin(async move {
            let offered = self
                .read(SETUP, &[], |rows| is_good(only(&rows)?, &secret, now))
                .await?;
            Ok(offered && !self.is_set_up().await?)
        })
    }

    fn complete_setup(
        &self,
        secret: HashedSecret,
        user: NewUser,
        session: NewSession,
        act: Act,
    ) -> Answer<'_, CompleteSetup> {
        self.transition(
            "complete_setup",
            (secret, user, session, act),
            |tx, (secret, user, session, act)| {
                Box::pin(complete_setup(tx, secret, user, session, act))
            },
        )
    }
}

async fn complete_setup(
    tx: &mut Transition,
    secret: &HashedSecret,
    user: &NewUser,
    session: &NewSession,
    act: &Act,
) -> Result<CompleteSetup, Fault> {
    tx.hold(&[], session.replaces.as_slice()).await?;
    // H04, ASVS 6.3.2: judged and burnt under one lock, so that parallel tries make one administrator.
    tx.hold_installation().await?;
    let offered = is_good(only(&tx.query(SETUP, &[]).await?)?, secret, act.at)?;
    if !offered || has_administrator(tx).await? {
        return Ok(CompleteSetup::Gone);
    }
    if address_taken(tx, &user.email).await? {
        return Ok(CompleteSetup::AddressTaken);
    }
    write_ticket(tx, None);
    let user = insert_user(tx, user.clone(), act.at).await?;
    tx.audit(
        act,
        &[
            Event::user(EventKind::SetupCompleted, user.id),
            Event::user(EventKind::UserCreated, user.id),
        ],
    )?;
    let session = insert_session(tx, session, act).await?;
    Ok(CompleteSetup::Completed {
        user: Box::new(user),
        session: Box::new(session),
    })
}

fn compare(adopted: [u8; 32], check: [u8; 32]) -> KeyCheck {
    if HashedSecret::from_bytes(adopted) == HashedSecret::from_bytes(check) {
        KeyCheck::Matches
    } else {
        KeyCheck::Mismatch
    }
}

fn only(rows: &[Row]) -> Result<&Row, Fault> {
    rows.first()
        .ok_or_else(|| Fault::unreadable("the installation's row is missing"))
}

/// Whether a link is the one offered last, and not over yet.
fn is_good(row: &Row, secret: &HashedSecret, now: UnixMillis) -> Result<bool, Fault> {
    let offered = bytes_opt(row, 0)?;
    let expires_at: Option<i64> = row.try_get(1)?;
    let (Some(offered), Some(expires_at)) = (offered, expires_at) else {
        return Ok(false);
    };
    // ASVS 11.2.4: the comparison is constant-time.
    Ok(HashedSecret::from_bytes(offered) == *secret && now < UnixMillis(expires_at))
}

fn write_ticket(tx: &mut Transition, ticket: Option<&SetupTicket>) {
    tx.write(
        "UPDATE installation SET setup_secret = $1, setup_expires_at = $2 WHERE id = 1",
        values![
            ticket.map(|ticket| ticket.secret.as_bytes().to_vec()),
            ticket.map(|ticket| ticket.expires_at.0),
        ],
    );
}
