//! The outbox: errands that are done after the answer.

use std::time::Duration;

use vestibule_core::audit::{Act, Event};
use vestibule_core::errand::{DueErrand, Errand, LONGEST_BACK_OFF};
use vestibule_core::id::{ErrandId, UserId};
use vestibule_core::throttle::{Rule, Scope, ThrottleKey};
use vestibule_core::ticket::Ticket;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Answer, FinishErrand, Outbox, OwnDevice, PostErrand};

use crate::Sqlite;
use crate::addresses::find;
use crate::audit::bind_limit;
use crate::fault::Fault;
use crate::known_devices::is_known;
use crate::throttles::tally::{self, Stored};
use crate::tickets::insert_ticket;
use crate::transition::Transition;

/// Nobody's id.
const NOBODY: UserId = UserId::from_bytes([0; 16]);

impl Outbox for Sqlite {
    fn post_errand(
        &self,
        errand: Errand,
        charges: Vec<(ThrottleKey, Rule)>,
        own: Option<OwnDevice>,
        events: Vec<Event>,
        act: Act,
    ) -> Answer<'_, PostErrand> {
        self.transition(move |tx| {
            let charges = match own {
                Some(own) if is_own(tx, &own, act.at)? => own.charges,
                _ => charges,
            };
            post_errand(tx, &errand, &charges, &events, &act)
        })
    }

    fn take_errands(
        &self,
        now: UnixMillis,
        lease: Duration,
        limit: usize,
    ) -> Answer<'_, Vec<DueErrand>> {
        self.transition(move |tx| take_errands(tx, now, lease, limit))
    }

    fn finish_errand(
        &self,
        id: ErrandId,
        ticket: Option<Ticket>,
        events: Vec<Event>,
        act: Act,
    ) -> Answer<'_, FinishErrand> {
        self.transition(move |tx| {
            if tx.execute("DELETE FROM errands WHERE id = ?1", [id.as_bytes()])? == 0 {
                return Ok(FinishErrand::Gone);
            }
            if let Some(ticket) = &ticket {
                insert_ticket(tx, ticket)?;
            }
            tx.audit(&act, &events)?;
            Ok(FinishErrand::Finished)
        })
    }

    fn put_off_errand(&self, id: ErrandId, due_at: UnixMillis) -> Answer<'_, ()> {
        self.transition(move |tx| {
            tx.execute(
                "UPDATE errands SET due_at = ?2 WHERE id = ?1",
                (id.as_bytes(), due_at.0),
            )?;
            Ok(())
        })
    }

    fn waiting_errands(&self) -> Answer<'_, u64> {
        self.read(|conn| {
            let waiting: i64 = conn
                .prepare_cached("SELECT count(*) FROM errands")?
                .query_row([], |row| row.get(0))?;
            u64::try_from(waiting).map_err(|_| Fault::unreadable("a count is negative"))
        })
    }
}

/// Whether the device is known to the account of that address. ASVS 6.3.8: an unknown address is asked about just so.
fn is_own(tx: &Transition<'_>, own: &OwnDevice, now: UnixMillis) -> Result<bool, Fault> {
    let found = find(tx, &own.email)?.filter(|found| found.verified || found.primary);
    let user = found.map_or(NOBODY, |found| found.user);
    is_known(tx, user, &own.device, now)
}

fn post_errand(
    tx: &Transition<'_>,
    errand: &Errand,
    charges: &[(ThrottleKey, Rule)],
    events: &[Event],
    act: &Act,
) -> Result<PostErrand, Fault> {
    let mut written = Vec::with_capacity(charges.len());
    for (key, rule) in charges {
        match rule.charge(tally::read(tx, key)?.tally, act.at) {
            Ok(tally) => written.push((key, rule, Stored { tally, user: None })),
            Err(throttled) => return Ok(PostErrand::Throttled(throttled)),
        }
    }
    for (key, rule, stored) in written {
        tally::write(tx, Scope::Mail, key, rule, stored, act.at)?;
    }
    insert_errand(tx, errand)?;
    tx.audit(act, events)?;
    Ok(PostErrand::Posted)
}

/// Writes an errand, once: an act may tell of itself in more than one step. None for somebody who has gone meanwhile.
pub(crate) fn insert_errand(tx: &Transition<'_>, errand: &Errand) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO errands (id, user_id, sealed, request, due_at, expires_at) \
         SELECT ?1, ?2, ?3, ?4, ?5, ?6 \
         WHERE ?2 IS NULL OR EXISTS (SELECT 1 FROM users WHERE id = ?2) \
         ON CONFLICT (id) DO NOTHING",
        (
            errand.id.as_bytes(),
            errand.user.as_ref().map(UserId::as_bytes),
            &errand.sealed,
            errand.request,
            errand.due_at.0,
            errand.expires_at.0,
        ),
    )?;
    Ok(())
}

macro_rules! errands {
    ($due:literal) => {
        concat!(
            "SELECT id, user_id, sealed, attempts, expires_at FROM errands \
             WHERE request = ?1 AND due_at ",
            $due,
            " ?2 ORDER BY due_at, id LIMIT ?3"
        )
    };
}

/// Those that are due, oldest first.
pub(crate) const DUE: &str = errands!("<=");
/// Those that a clock far ahead put off: nothing that is put off lies so far ahead.
pub(crate) const AHEAD: &str = errands!(">");

fn take_errands(
    tx: &Transition<'_>,
    now: UnixMillis,
    lease: Duration,
    limit: usize,
) -> Result<Vec<DueErrand>, Fault> {
    let ahead = now.plus(LONGEST_BACK_OFF).plus(lease);
    let mut taken = Vec::new();
    for (sql, request, at) in [
        (DUE, true, now),
        (AHEAD, true, ahead),
        (DUE, false, now),
        (AHEAD, false, ahead),
    ] {
        let room = limit - taken.len();
        if room == 0 {
            break;
        }
        let mut due = tx.prepare(sql)?;
        let mut rows = due.query((request, at.0, bind_limit(room)))?;
        while let Some(row) = rows.next()? {
            taken.push(DueErrand {
                id: ErrandId::from_bytes(row.get(0)?),
                user: row.get::<_, Option<[u8; 16]>>(1)?.map(UserId::from_bytes),
                sealed: row.get(2)?,
                attempts: row.get(3)?,
                expires_at: UnixMillis(row.get(4)?),
            });
        }
    }
    for errand in &taken {
        tx.execute_one(
            "UPDATE errands SET due_at = ?2, attempts = attempts + 1 WHERE id = ?1",
            (errand.id.as_bytes(), now.plus(lease).0),
        )?;
    }
    Ok(taken)
}
