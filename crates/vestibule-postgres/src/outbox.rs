//! The outbox: errands that are done after the answer.

use std::time::Duration;

use vestibule_core::audit::{Act, Event};
use vestibule_core::errand::{DueErrand, Errand, LONGEST_BACK_OFF};
use vestibule_core::id::{ErrandId, UserId};
use vestibule_core::throttle::{Rule, Scope, ThrottleKey};
use vestibule_core::ticket::Ticket;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Answer, FinishErrand, Outbox, OwnDevice, PostErrand};

use crate::Postgres;
use crate::addresses::find;
use crate::fault::Fault;
use crate::known_devices::is_known;
use crate::throttles::tally::{self, Stored};
use crate::tickets::insert_ticket;
use crate::transition::{Transition, bind_limit, bytes, bytes_opt, values};

/// Nobody's id.
const NOBODY: UserId = UserId::from_bytes([0; 16]);

/// An errand that a visitor asks for, and what it costs them.
struct Post {
    errand: Errand,
    charges: Vec<(ThrottleKey, Rule)>,
    own: Option<OwnDevice>,
    events: Vec<Event>,
    act: Act,
}

/// An errand that was done, and what follows from it.
struct Finish {
    id: ErrandId,
    ticket: Option<Ticket>,
    events: Vec<Event>,
    act: Act,
}

impl Outbox for Postgres {
    fn post_errand(
        &self,
        errand: Errand,
        charges: Vec<(ThrottleKey, Rule)>,
        own: Option<OwnDevice>,
        events: Vec<Event>,
        act: Act,
    ) -> Answer<'_, PostErrand> {
        let post = Post {
            errand,
            charges,
            own,
            events,
            act,
        };
        self.transition("post_errand", post, |tx, post| {
            Box::pin(post_errand(tx, post))
        })
    }

    fn take_errands(
        &self,
        now: UnixMillis,
        lease: Duration,
        limit: usize,
    ) -> Answer<'_, Vec<DueErrand>> {
        let input = (now, lease, limit);
        self.transition("take_errands", input, |tx, (now, lease, limit)| {
            Box::pin(take_errands(tx, *now, *lease, *limit))
        })
    }

    fn finish_errand(
        &self,
        id: ErrandId,
        ticket: Option<Ticket>,
        events: Vec<Event>,
        act: Act,
    ) -> Answer<'_, FinishErrand> {
        let finish = Finish {
            id,
            ticket,
            events,
            act,
        };
        self.transition("finish_errand", finish, |tx, finish| {
            Box::pin(finish_errand(tx, finish))
        })
    }

    fn put_off_errand(&self, id: ErrandId, due_at: UnixMillis) -> Answer<'_, ()> {
        self.transition("put_off_errand", (id, due_at), |tx, (id, due_at)| {
            Box::pin(async move {
                tx.write(
                    "UPDATE errands SET due_at = $2 WHERE id = $1",
                    values![id.as_bytes().to_vec(), due_at.0],
                );
                Ok(())
            })
        })
    }

    fn waiting_errands(&self) -> Answer<'_, u64> {
        Box::pin(self.read("SELECT count(*) FROM errands", &[], |rows| {
            let waiting: i64 = match rows.first() {
                Some(row) => row.try_get(0)?,
                None => 0,
            };
            u64::try_from(waiting).map_err(|_| Fault::unreadable("a count is negative"))
        }))
    }
}

/// Whether the device is known to the account of that address. ASVS 6.3.8: an unknown address is asked about just so.
async fn is_own(tx: &mut Transition, own: &OwnDevice, now: UnixMillis) -> Result<bool, Fault> {
    let found = find(tx, &own.email)
        .await?
        .filter(|found| found.verified || found.primary);
    let user = found.map_or(NOBODY, |found| found.user);
    is_known(tx, user, &own.device, now).await
}

async fn post_errand(tx: &mut Transition, post: &Post) -> Result<PostErrand, Fault> {
    let Post {
        errand,
        charges,
        own,
        events,
        act,
    } = post;
    tx.share(&concerned(errand.user, act)).await?;
    let charges = match own {
        Some(own) if is_own(tx, own, act.at).await? => &own.charges,
        _ => charges,
    };
    let keys = charges.iter().map(|(key, _)| (Scope::Mail, *key));
    let mut tallies = tally::hold(tx, keys).await?;
    let mut after = Vec::with_capacity(charges.len());
    for (key, rule) in charges {
        match rule.charge(tallies.of(key).tally, act.at) {
            Ok(tally) => after.push((key, rule, Stored { tally, user: None })),
            Err(throttled) => return Ok(PostErrand::Throttled(throttled)),
        }
    }
    for (key, rule, stored) in after {
        tallies.put(key, rule, stored, act.at);
    }
    tallies.write(tx).await?;
    insert_errand(tx, errand)?;
    tx.audit(act, events)?;
    Ok(PostErrand::Posted)
}

/// Whom a transition about errands concerns: who is not deleted while it goes on.
fn concerned(user: Option<UserId>, act: &Act) -> Vec<UserId> {
    let told = act.told.iter().filter_map(|errand| errand.user);
    user.into_iter().chain(told).collect()
}

async fn finish_errand(tx: &mut Transition, finish: &Finish) -> Result<FinishErrand, Fault> {
    let Finish {
        id,
        ticket,
        events,
        act,
    } = finish;
    let user = ticket.as_ref().and_then(|ticket| ticket.grant.user());
    tx.share(&concerned(user, act)).await?;
    let done = tx
        .query(
            "DELETE FROM errands WHERE id = $1 RETURNING id",
            &[&&id.as_bytes()[..]],
        )
        .await?;
    if done.is_empty() {
        return Ok(FinishErrand::Gone);
    }
    if let Some(ticket) = ticket {
        insert_ticket(tx, ticket)?;
    }
    tx.audit(act, events)?;
    Ok(FinishErrand::Finished)
}

/// Writes an errand, once: an act may tell of itself in more than one step. None for somebody who has gone meanwhile.
#[expect(clippy::unnecessary_wraps, reason = "as every step of an audited act")]
pub(crate) fn insert_errand(tx: &mut Transition, errand: &Errand) -> Result<(), Fault> {
    tx.share_later(errand.user);
    tx.write(
        "INSERT INTO errands (id, user_id, sealed, request, due_at, expires_at) \
         SELECT $1, $2, $3, $4, $5, $6 \
         WHERE $2::bytea IS NULL OR EXISTS (SELECT 1 FROM users WHERE id = $2) \
         ON CONFLICT (id) DO NOTHING",
        values![
            errand.id.as_bytes().to_vec(),
            errand.user.map(|user| user.as_bytes().to_vec()),
            errand.sealed.clone(),
            errand.request,
            errand.due_at.0,
            errand.expires_at.0,
        ],
    );
    Ok(())
}

macro_rules! errands {
    ($due:literal) => {
        concat!(
            "SELECT id, user_id, sealed, attempts, expires_at FROM errands \
             WHERE request = $1 AND due_at ",
            $due,
            " $2 ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED"
        )
    };
}

/// Those that are due, oldest first; what another takes just now is not.
pub(crate) const DUE: &str = errands!("<=");
/// Those that a clock far ahead put off: nothing that is put off lies so far ahead.
pub(crate) const AHEAD: &str = errands!(">");

async fn take_errands(
    tx: &mut Transition,
    now: UnixMillis,
    lease: Duration,
    limit: usize,
) -> Result<Vec<DueErrand>, Fault> {
    let ahead = now.plus(LONGEST_BACK_OFF).plus(lease);
    let mut taken: Vec<DueErrand> = Vec::new();
    for (sql, request, at) in [
        (DUE, true, now),
        (AHEAD, true, ahead),
        (DUE, false, now),
        (AHEAD, false, ahead),
    ] {
        let room = limit.saturating_sub(taken.len());
        if room == 0 {
            break;
        }
        for row in tx.query(sql, &[&request, &at.0, &bind_limit(room)]).await? {
            taken.push(DueErrand {
                id: ErrandId::from_bytes(bytes(&row, 0)?),
                user: bytes_opt(&row, 1)?.map(UserId::from_bytes),
                sealed: row.try_get(2)?,
                attempts: u32::try_from(row.try_get::<_, i64>(3)?)
                    .map_err(|_| Fault::unreadable("a count of attempts is none"))?,
                expires_at: UnixMillis(row.try_get(4)?),
            });
        }
    }
    if !taken.is_empty() {
        let ids: Vec<Vec<u8>> = taken
            .iter()
            .map(|errand| errand.id.as_bytes().to_vec())
            .collect();
        tx.write(
            "UPDATE errands SET due_at = $2, attempts = attempts + 1 WHERE id = ANY($1)",
            values![ids, now.plus(lease).0],
        );
    }
    Ok(taken)
}
