//! Tries that are counted, exactly and durably.

mod judge;
pub(crate) mod tally;

use vestibule_core::audit::{Act, Actor, Event, EventKind};
use vestibule_core::id::UserId;
use vestibule_core::throttle::{Charged, MOST_FAILURES, Rule, Scope, Tally, ThrottleKey, Tried};
use vestibule_core::time::UnixMillis;
use vestibule_store::{Answer, BeginTry, Failed, Throttles, Try, Whose};

use crate::Postgres;
use crate::fault::Fault;
use crate::throttles::judge::{Charge, Judged, judge_login, judge_reauthentication};
use crate::throttles::tally::{Stored, Tallies};
use crate::transition::{Transition, bind_limit};

impl Throttles for Postgres {
    fn begin_try(&self, attempt: Try) -> Answer<'_, BeginTry> {
        self.transition("begin_try", attempt, |tx, attempt| {
            Box::pin(begin_try(tx, attempt))
        })
    }

    fn fail_try(&self, tried: Tried, events: Vec<Event>, act: Act) -> Answer<'_, Failed> {
        self.transition(
            "fail_try",
            (tried, events, act),
            |tx, (tried, events, act)| Box::pin(fail_try(tx, tried, events.clone(), act)),
        )
    }

    fn take_back_try(&self, tried: Tried) -> Answer<'_, ()> {
        self.transition("take_back_try", tried, |tx, tried| {
            Box::pin(take_back_try(tx, tried))
        })
    }

    fn drop_idle_tallies(&self, before: UnixMillis, limit: usize) -> Answer<'_, usize> {
        Box::pin(
            self.chunks("drop_idle_tallies", limit, before, |tx, (before, chunk)| {
                Box::pin(drop_idle(tx, *before, *chunk))
            }),
        )
    }
}

async fn begin_try(tx: &mut Transition, attempt: &Try) -> Result<BeginTry, Fault> {
    let judged = match &attempt.whose {
        Whose::Address {
            email,
            identifier,
            device,
        } => judge_login(tx, attempt, email.as_ref(), identifier, device.as_ref()).await?,
        Whose::Session { session, user } => {
            judge_reauthentication(tx, attempt, *session, *user).await?
        }
    };
    for around in &judged.around {
        let stored = judged.tallies.of(&around.key);
        // C23: everybody's failures refuse nobody. They leave strangers fewer tries.
        if around.scope == Scope::Network
            && let Err(throttled) = around.rule.judge(stored.tally, attempt.now)
        {
            return Ok(BeginTry::Throttled {
                scope: around.scope,
                throttled,
            });
        }
    }
    charge(tx, judged, attempt).await
}

async fn charge(tx: &mut Transition, judged: Judged, attempt: &Try) -> Result<BeginTry, Fault> {
    let Judged {
        mut record,
        charges,
        around: to_come,
        known_device,
        mut tallies,
    } = judged;
    let mut charged = Vec::with_capacity(3);
    let (mut password_disabled, mut unheard) = (false, false);
    for Charge {
        scope,
        key,
        rule,
        user,
    } in charges
    {
        let before = tallies.of(&key).tally;
        if let (Scope::Password, Some(record)) = (scope, &mut record) {
            record.failures = before.count;
        }
        match rule.charge(before, attempt.now) {
            Ok(_) if scope == Scope::Password && unheard => {}
            Ok(after) => {
                let stored = Stored { tally: after, user };
                tallies.put(&key, &rule, stored, attempt.now);
                charged.push(Charged {
                    scope,
                    key,
                    before,
                    after,
                });
            }
            // N40: whatever is presented is refused, and costs what a try costs.
            Err(_) if scope == Scope::Password => password_disabled = true,
            // The address's tally comes first, and had room.
            Err(_) if scope == Scope::Account && !charged.is_empty() => unheard = true,
            Err(throttled) => return Ok(BeginTry::Throttled { scope, throttled }),
        }
    }
    let mut around = Vec::with_capacity(to_come.len());
    for charge in to_come {
        let stored = tallies.of(&charge.key);
        let after = charge.rule.forced(stored.tally, attempt.now);
        let charged = Charged {
            scope: charge.scope,
            key: charge.key,
            before: stored.tally,
            after,
        };
        settle(&mut tallies, &charged, &charge.rule, after, attempt.now);
        around.push(charged);
    }
    tallies.write(tx).await?;
    Ok(BeginTry::Begun {
        record: record.map(Box::new),
        tried: Tried {
            charged,
            around,
            limits: attempt.limits,
        },
        known_device,
        password_disabled,
        unheard,
    })
}

async fn fail_try(
    tx: &mut Transition,
    tried: &Tried,
    mut events: Vec<Event>,
    act: &Act,
) -> Result<Failed, Fault> {
    // Whom it is about, and whom it may tell, cannot be deleted until the end.
    let mut about: Vec<UserId> = events.iter().filter_map(|event| event.user).collect();
    about.extend(act.told.iter().filter_map(|errand| errand.user));
    if let Actor::User(user) = act.actor {
        about.push(user);
    }
    tx.share(&about).await?;
    let mut tallies = tally::hold(tx, keys(tried)).await?;
    // Without a charge to it, the password was disabled before, or nobody listened.
    let mut failed = Failed {
        failures: MOST_FAILURES,
        ..Failed::default()
    };
    for charged in tried.charged.iter().chain(&tried.around) {
        let rule = tried.rule(charged.scope);
        let stored = tallies.of(&charged.key);
        let tally = charged.failed(stored.tally, rule, act.at);
        // What this very charge closed: of many that fail together, one tells.
        let (before, after) = if stored.tally.epoch == charged.after.epoch {
            (charged.before, charged.after)
        } else {
            let failed = Stored { tally, ..stored };
            tallies.put(&charged.key, &rule, failed, act.at);
            (stored.tally, tally)
        };
        let closed = closes(rule, before, after, act.at) && rule.judge(tally, act.at).is_err();
        if charged.scope == Scope::Password {
            failed.failures = tally.count;
            failed.disabled = closed;
        } else if closed && !failed.closed.contains(&charged.scope) {
            failed.closed.push(charged.scope);
        }
        if charged.scope == Scope::Everyone {
            failed.alarmed = tried.limits.alarmed(tally, act.at);
        }
    }
    tallies.write(tx).await?;
    let mut told: Vec<EventKind> = failed
        .closed
        .iter()
        .map(|scope| EventKind::ThrottleClosed(*scope))
        .collect();
    if failed.disabled {
        told.push(EventKind::PasswordDisabled);
    }
    let user = events.first().and_then(|event| event.user);
    events.extend(told.into_iter().map(|kind| Event {
        kind,
        user,
        session: None,
        application: None,
    }));
    if failed.disabled {
        tx.audit(act, &events)?;
    } else {
        tx.record(act, &events);
    }
    Ok(failed)
}

/// Whether one charge closed a tally.
fn closes(rule: Rule, before: Tally, after: Tally, now: UnixMillis) -> bool {
    rule.judge(before, now).is_ok() && rule.judge(after, now).is_err()
}

/// What a try was charged to.
fn keys(tried: &Tried) -> impl Iterator<Item = (Scope, ThrottleKey)> {
    let all = tried.charged.iter().chain(&tried.around);
    all.map(|charged| (charged.scope, charged.key))
}

async fn take_back_try(tx: &mut Transition, tried: &Tried) -> Result<(), Fault> {
    let mut tallies = tally::hold(tx, keys(tried)).await?;
    for charged in tried.charged.iter().chain(&tried.around) {
        // Not before it was charged, and that is all that is known of when this is.
        take_back(&mut tallies, tried, charged, charged.after.free_at);
    }
    tallies.write(tx).await
}

fn take_back(tallies: &mut Tallies, tried: &Tried, charged: &Charged, now: UnixMillis) {
    let rule = tried.rule(charged.scope);
    let present = tallies.of(&charged.key).tally;
    let tally = charged.taken_back(present, rule);
    if tally != present {
        settle(tallies, charged, &rule, tally, now);
    }
}

/// N42: a try that succeeded, in the transition of the session it is for.
pub(crate) async fn succeed(
    tx: &mut Transition,
    tried: Option<&Tried>,
    now: UnixMillis,
) -> Result<(), Fault> {
    let Some(tried) = tried else { return Ok(()) };
    let mut tallies = tally::hold(tx, keys(tried)).await?;
    for charged in &tried.charged {
        let present = tallies.of(&charged.key).tally;
        let rule = tried.rule(charged.scope);
        settle(
            &mut tallies,
            charged,
            &rule,
            charged.succeeded(present),
            now,
        );
    }
    for charged in &tried.around {
        take_back(&mut tallies, tried, charged, now);
    }
    tallies.write(tx).await
}

/// What a tally became.
fn settle(tallies: &mut Tallies, charged: &Charged, rule: &Rule, tally: Tally, now: UnixMillis) {
    let user = tallies.of(&charged.key).user;
    tallies.put(&charged.key, rule, Stored { tally, user }, now);
}

async fn drop_idle(tx: &mut Transition, before: UnixMillis, limit: usize) -> Result<usize, Fault> {
    let dropped = tx
        .query(DROP_IDLE, &[&before.0, &bind_limit(limit)])
        .await?;
    Ok(dropped.len())
}

/// Those that say nothing any more, the longest first; what is charged just now is not one.
pub(crate) const DROP_IDLE: &str = "DELETE FROM tallies WHERE idle_at < $1 AND key = ANY(ARRAY( \
     SELECT key FROM tallies WHERE idle_at < $1 ORDER BY idle_at LIMIT $2 FOR UPDATE SKIP LOCKED)) \
     RETURNING key";
