//! Ends: one session's own, and the cutoffs that strike many without touching their rows.

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::id::{DeviceId, SessionId, UserId};
use vestibule_core::lineage::{Cutoff, Node};
use vestibule_core::session::EndReason;
use vestibule_core::time::UnixMillis;
use vestibule_store::{Change, EndOthers, EndSession};

use super::row::{Loaded, hold_session, live};
use crate::Postgres;
use crate::fault::Fault;
use crate::known_devices::{device_of, forget, forget_others};
use crate::transition::{Transition, bind_limit, bind_number, values};

/// Most rows that one read counts.
const COUNTED: usize = 100_000;

pub(crate) async fn end_session(
    tx: &mut Transition,
    id: SessionId,
    owner: Option<UserId>,
    reason: EndReason,
    act: &Act,
) -> Result<EndSession, Fault> {
    let found = hold_session(tx, id)
        .await?
        // ASVS 8.2.2: another's session is as good as none.
        .filter(|found| owner.is_none_or(|owner| found.session.user == owner))
        .filter(Loaded::is_open);
    let Some(found) = found else {
        return Ok(EndSession::NotLive);
    };
    let user = found.session.user;
    if forgets_device(reason)
        && let Some(device) = device_of(tx, user, id).await?
        && (reason == EndReason::EndedByOperator
            || !is_in_use(tx, user, device, id, act.at).await?)
    {
        forget(tx, user, device);
    }
    let cutoff = end_row(tx, id, reason, act.at).await?;
    let event = Event::session(EventKind::SessionEnded(reason), user, id);
    tx.audit(act, &[event])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(EndSession::Ended)
}

/// C23: whoever was put out has no budget of tries of their own any more; who signs out, or runs out, has. The reasons of the
/// many are here for ends that were owed.
const fn forgets_device(reason: EndReason) -> bool {
    matches!(
        reason,
        EndReason::EndedByOwner
            | EndReason::OthersEnded
            | EndReason::EverywhereEnded
            | EndReason::EndedByOperator
    )
}

/// Another live session of the user's on one device: perhaps the very one they sit at, with an old login of it still open.
const IN_USE: &str = concat!(
    "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id CROSS JOIN installation i \
     WHERE i.id = 1 AND s.user_id = $2 AND s.device_id = $3 AND s.id <> $4 AND ",
    live!()
);

async fn is_in_use(
    tx: &mut Transition,
    user: UserId,
    device: DeviceId,
    but: SessionId,
    now: UnixMillis,
) -> Result<bool, Fault> {
    let (user, device, but) = (
        &user.as_bytes()[..],
        &device.as_bytes()[..],
        &but.as_bytes()[..],
    );
    let found = tx
        .query_opt(IN_USE, &[&now.0, &user, &device, &but])
        .await?;
    Ok(found.is_some())
}

/// The final cutoff on an open session, which is held.
pub(super) async fn end_row(
    tx: &mut Transition,
    id: SessionId,
    reason: EndReason,
    at: UnixMillis,
) -> Result<Cutoff, Fault> {
    let cutoff = tx.cut(Node::Session(id)).await?;
    tx.write(
        "UPDATE sessions SET ended_at = $2, end_reason = $3, ended_number = $4 \
         WHERE id = $1 AND ended_at IS NULL",
        values![
            id.as_bytes().to_vec(),
            at.0,
            reason.code(),
            bind_number(cutoff.number)?,
        ],
    );
    Ok(cutoff)
}

pub(super) async fn end_other_sessions(
    tx: &mut Transition,
    spared: SessionId,
    act: &Act,
) -> Result<EndOthers, Fault> {
    let Some(found) = hold_session(tx, spared)
        .await?
        .filter(|found| found.is_live(act.at))
    else {
        return Ok(EndOthers::NotLive);
    };
    let user = found.session.user;
    let ended = count_live(tx, user, Some(spared), act.at).await?;
    let own = device_of(tx, user, spared).await?;
    forget_others(tx, user, own);
    let cutoff = tx.cut(Node::User(user, Some(spared))).await?;
    let kind = EventKind::UserSessionsEnded(EndReason::OthersEnded);
    tx.audit(act, &[Event::session(kind, user, spared)])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(EndOthers::Ended { ended })
}

pub(super) async fn end_user_sessions(
    tx: &mut Transition,
    user: UserId,
    acting: Option<SessionId>,
    reason: EndReason,
    act: &Act,
) -> Result<u64, Fault> {
    tx.hold(&[user], &[]).await?;
    if !tx.held().contains(&user) {
        return Ok(0);
    }
    let ended = count_live(tx, user, None, act.at).await?;
    let own = match acting {
        Some(acting) => device_of(tx, user, acting).await?,
        None => None,
    };
    forget_others(tx, user, own);
    let cutoff = tx.cut(Node::User(user, None)).await?;
    let kind = EventKind::UserSessionsEnded(reason);
    tx.audit(act, &[Event::user(kind, user)])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(ended)
}

/// What a cutoff on everything struck is counted by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Struck {
    /// The cutoff's number.
    number: i64,
    /// The latest cutoff on everything before it.
    before: i64,
    at: UnixMillis,
}

/// One cutoff, committed and published at once however many sessions there are: counting them comes after.
pub(super) async fn end_all_sessions(tx: &mut Transition, act: &Act) -> Result<Struck, Fault> {
    let before = bind_number(tx.numbers().await?.everything)?;
    let cutoff = tx.cut(Node::Everything).await?;
    tx.audit(act, &[Event::plain(EventKind::AllSessionsEnded)])?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(Struck {
        number: bind_number(cutoff.number)?,
        before,
        at: act.at,
    })
}

/// Of the sessions after `$4` (at most `$5` of them), how many were live until they were struck, and the last of them. What
/// ended or was cut since is judged by the number it took.
const COUNT_STRUCK: &str = "SELECT count(*) FILTER (WHERE (s.ended_at IS NULL OR s.ended_number > $1) \
         AND s.rev < $1 AND s.rev >= $2 \
         AND (u.cutoff > $1 OR (s.rev >= u.cutoff AND NOT u.disabled)) \
         AND s.expires_at > $3 AND s.last_seen + s.idle > $3 AND s.auth_time <= $3 + 60000), \
     (SELECT id FROM (SELECT id FROM sessions WHERE id > $4 ORDER BY id LIMIT $5) chunk \
         ORDER BY id DESC LIMIT 1) \
     FROM (SELECT * FROM sessions WHERE id > $4 ORDER BY id LIMIT $5) s \
     JOIN users u ON u.id = s.user_id";

impl Postgres {
    /// How many sessions were live until they were struck.
    pub(super) async fn count_all_struck(&self, struck: Struck) -> u64 {
        let (mut ended, mut after) = (0, Some(Vec::<u8>::new()));
        while let Some(from) = after {
            let Struck { number, before, at } = struck;
            let limit = bind_limit(COUNTED);
            let counted = self
                .read(
                    COUNT_STRUCK,
                    &[&number, &before, &at.0, &from, &limit],
                    |rows| {
                        let row = rows
                            .first()
                            .ok_or_else(|| Fault::unreadable("a count is none"))?;
                        Ok((read_count(row.try_get(0)?)?, row.try_get(1)?))
                    },
                )
                .await;
            let (live, last) = counted.unwrap_or_else(|error| {
                // It is done and stays done: an error would say that nothing happened.
                tracing::warn!(%error, "the sessions that were ended could not all be counted");
                (0, None)
            });
            ended += live;
            after = last;
        }
        ended
    }
}

/// How many sessions of a user are live, perhaps but one.
pub(crate) async fn count_live(
    tx: &mut Transition,
    user: UserId,
    except: Option<SessionId>,
    now: UnixMillis,
) -> Result<u64, Fault> {
    let user = &user.as_bytes()[..];
    let except = except.as_ref().map(|id| &id.as_bytes()[..]);
    let row = tx
        .query_opt(
            concat!(
                "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id \
                 CROSS JOIN installation i \
                 WHERE i.id = 1 AND s.user_id = $2 AND s.id IS DISTINCT FROM $3 AND ",
                live!()
            ),
            &[&now.0, &user, &except],
        )
        .await?
        .ok_or_else(|| Fault::unreadable("a count is none"))?;
    read_count(row.try_get(0)?)
}

fn read_count(count: i64) -> Result<u64, Fault> {
    u64::try_from(count).map_err(|_| Fault::unreadable("a count is negative"))
}
