//! Tries that are counted, exactly and durably.

pub(crate) mod tally;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::known_device::DeviceProof;
use vestibule_core::throttle::{Charged, MOST_FAILURES, Rule, Scope, Tally, ThrottleKey, Tried};
use vestibule_core::time::UnixMillis;
use vestibule_store::{Answer, BeginTry, Failed, SignInRecord, Throttles, Try, Whose};

use crate::Sqlite;
use crate::addresses::read_addresses;
use crate::audit::bind_limit;
use crate::fault::Fault;
use crate::known_devices::is_known;
use crate::throttles::tally::Stored;
use crate::transition::Transition;
use crate::users::record;

impl Throttles for Sqlite {
    fn begin_try(&self, attempt: Try) -> Answer<'_, BeginTry> {
        self.transition(move |tx| begin_try(tx, &attempt))
    }

    fn fail_try(&self, tried: Tried, events: Vec<Event>, act: Act) -> Answer<'_, Failed> {
        self.transition(move |tx| fail_try(tx, &tried, events, &act))
    }

    fn take_back_try(&self, tried: Tried) -> Answer<'_, ()> {
        self.transition(move |tx| take_back_try(tx, &tried))
    }

    fn drop_idle_tallies(&self, before: UnixMillis, limit: usize) -> Answer<'_, usize> {
        Box::pin(self.chunks(limit, move |tx, chunk| drop_idle(tx, before, chunk)))
    }
}

/// What a try is to be charged to.
struct Charge {
    scope: Scope,
    key: ThrottleKey,
    rule: Rule,
    user: Option<UserId>,
}

/// What a try is judged by.
struct Judged {
    record: Option<SignInRecord>,
    /// The tally of the place it comes from, a stranger's other one, then the password's.
    charges: Vec<Charge>,
    /// The network's and everybody's.
    around: Vec<Charge>,
    known_device: bool,
}

/// Nobody's id: what is read for an account is read for none just so (ASVS 6.3.8).
const NOBODY: UserId = UserId::from_bytes([0; 16]);

fn begin_try(tx: &Transition<'_>, attempt: &Try) -> Result<BeginTry, Fault> {
    let judged = match &attempt.whose {
        Whose::Address {
            email,
            identifier,
            device,
        } => judge_login(tx, attempt, email.as_ref(), identifier, device.as_ref())?,
        Whose::Session { session, user } => judge_reauthentication(tx, attempt, *session, *user)?,
    };
    for around in &judged.around {
        let stored = tally::read(tx, &around.key)?;
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
    charge(tx, judged, attempt)
}

fn judge_login(
    tx: &Transition<'_>,
    attempt: &Try,
    email: Option<&EmailAddress>,
    identifier: &str,
    device: Option<&DeviceProof>,
) -> Result<Judged, Fault> {
    let Try {
        keyer, limits, now, ..
    } = attempt;
    let record = match email {
        Some(email) => record::by_address(tx.conn(), email)?,
        None => None,
    };
    let user = record.as_ref().map(|record| record.user.id);
    if user.is_none() {
        // ASVS 6.3.8: as for an account.
        read_addresses(tx.conn(), NOBODY)?;
    }
    let known = match device {
        Some(device) if is_known(tx, user.unwrap_or(NOBODY), device, *now)? => Some(device.id),
        _ => None,
    };
    let mut own = known.zip(user).map(|(device, user)| Charge {
        scope: Scope::Device,
        key: keyer.device(device, user),
        rule: Rule::Growing(limits.device),
        user: Some(user),
    });
    // Whoever has a copy of a device's cookie and spends its tries leaves its owner those of any stranger.
    if let Some(device) = &own
        && let Err(_) = device.rule.judge(tally::read(tx, &device.key)?.tally, *now)
    {
        own = None;
    }
    let everyone = keyer.everyone();
    let alarm = tally::read(tx, &everyone)?.tally;
    let known_device = own.is_some();
    // C23: the owner's budget on a known device is no stranger's to spend.
    let place = own.unwrap_or_else(|| Charge {
        scope: Scope::Account,
        key: keyer.account(identifier),
        rule: limits.account(alarm, *now),
        user: None,
    });
    let mut around = Vec::new();
    if !known_device {
        around.extend(attempt.network.map(|network| Charge {
            scope: Scope::Network,
            key: network,
            rule: Rule::Refilling(limits.network),
            user: None,
        }));
        around.push(Charge {
            scope: Scope::Everyone,
            key: everyone,
            rule: Rule::Refilling(limits.alarm),
            user: None,
        });
    }
    let password = user.map_or_else(
        || keyer.no_password(identifier),
        |user| keyer.password(user),
    );
    let mut charges = vec![place];
    if !known_device {
        charges.push(Charge {
            scope: Scope::Account,
            key: user.map_or_else(
                || keyer.no_strangers(identifier),
                |user| keyer.strangers(user),
            ),
            rule: limits.account(alarm, *now),
            user,
        });
    }
    charges.push(charge_of_password(password, user));
    Ok(Judged {
        record,
        charges,
        around,
        known_device,
    })
}

fn judge_reauthentication(
    tx: &Transition<'_>,
    attempt: &Try,
    session: SessionId,
    user: UserId,
) -> Result<Judged, Fault> {
    let record = record::of_user(tx.conn(), user)?;
    let owner = record.as_ref().map(|record| record.user.id);
    let session = Charge {
        scope: Scope::Session,
        key: attempt.keyer.session(session),
        rule: Rule::Growing(attempt.limits.device),
        user: owner,
    };
    Ok(Judged {
        record,
        charges: vec![
            session,
            charge_of_password(attempt.keyer.password(user), owner),
        ],
        around: Vec::new(),
        known_device: false,
    })
}

const fn charge_of_password(key: ThrottleKey, user: Option<UserId>) -> Charge {
    Charge {
        scope: Scope::Password,
        key,
        rule: Rule::Most(MOST_FAILURES),
        user,
    }
}

fn charge(tx: &Transition<'_>, judged: Judged, attempt: &Try) -> Result<BeginTry, Fault> {
    let mut record = judged.record;
    let mut charged = Vec::with_capacity(3);
    let (mut password_disabled, mut unheard) = (false, false);
    for Charge {
        scope,
        key,
        rule,
        user,
    } in judged.charges
    {
        let before = tally::read(tx, &key)?.tally;
        if let (Scope::Password, Some(record)) = (scope, &mut record) {
            record.failures = before.count;
        }
        match rule.charge(before, attempt.now) {
            Ok(_) if scope == Scope::Password && unheard => {}
            Ok(after) => {
                let stored = Stored { tally: after, user };
                tally::write(tx, scope, &key, &rule, stored, attempt.now)?;
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
    let mut around = Vec::with_capacity(judged.around.len());
    for charge in judged.around {
        let stored = tally::read(tx, &charge.key)?;
        let after = charge.rule.forced(stored.tally, attempt.now);
        let charged = Charged {
            scope: charge.scope,
            key: charge.key,
            before: stored.tally,
            after,
        };
        settle(tx, &charged, &charge.rule, after, attempt.now)?;
        around.push(charged);
    }
    Ok(BeginTry::Begun {
        record: record.map(Box::new),
        tried: Tried {
            charged,
            around,
            limits: attempt.limits,
        },
        known_device: judged.known_device,
        password_disabled,
        unheard,
    })
}

fn fail_try(
    tx: &Transition<'_>,
    tried: &Tried,
    mut events: Vec<Event>,
    act: &Act,
) -> Result<Failed, Fault> {
    // Without a charge to it, the password was disabled before, or nobody listened.
    let mut failed = Failed {
        failures: MOST_FAILURES,
        ..Failed::default()
    };
    for charged in tried.charged.iter().chain(&tried.around) {
        let rule = tried.rule(charged.scope);
        let stored = tally::read(tx, &charged.key)?;
        let tally = charged.failed(stored.tally, rule, act.at);
        // What this very charge closed: of many that fail together, one tells.
        let (before, after) = if stored.tally.epoch == charged.after.epoch {
            (charged.before, charged.after)
        } else {
            let failed = Stored { tally, ..stored };
            tally::write(tx, charged.scope, &charged.key, &rule, failed, act.at)?;
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
        tx.record(act, &events)?;
    }
    Ok(failed)
}

/// Whether one charge closed a tally.
fn closes(rule: Rule, before: Tally, after: Tally, now: UnixMillis) -> bool {
    rule.judge(before, now).is_ok() && rule.judge(after, now).is_err()
}

fn take_back_try(tx: &Transition<'_>, tried: &Tried) -> Result<(), Fault> {
    for charged in tried.charged.iter().chain(&tried.around) {
        // Not before it was charged, and that is all that is known of when this is.
        take_back(tx, tried, charged, charged.after.free_at)?;
    }
    Ok(())
}

fn take_back(
    tx: &Transition<'_>,
    tried: &Tried,
    charged: &Charged,
    now: UnixMillis,
) -> Result<(), Fault> {
    let rule = tried.rule(charged.scope);
    let present = tally::read(tx, &charged.key)?.tally;
    let tally = charged.taken_back(present, rule);
    if tally == present {
        return Ok(());
    }
    settle(tx, charged, &rule, tally, now)
}

/// N42: a try that succeeded, in the transition of the session it is for.
pub(crate) fn succeed(
    tx: &Transition<'_>,
    tried: Option<&Tried>,
    now: UnixMillis,
) -> Result<(), Fault> {
    let Some(tried) = tried else { return Ok(()) };
    for charged in &tried.charged {
        let present = tally::read(tx, &charged.key)?.tally;
        let rule = tried.rule(charged.scope);
        settle(tx, charged, &rule, charged.succeeded(present), now)?;
    }
    for charged in &tried.around {
        take_back(tx, tried, charged, now)?;
    }
    Ok(())
}

/// Writes what a tally became.
fn settle(
    tx: &Transition<'_>,
    charged: &Charged,
    rule: &Rule,
    tally: Tally,
    now: UnixMillis,
) -> Result<(), Fault> {
    let user = tally::read(tx, &charged.key)?.user;
    let stored = Stored { tally, user };
    tally::write(tx, charged.scope, &charged.key, rule, stored, now)
}

fn drop_idle(tx: &Transition<'_>, before: UnixMillis, limit: usize) -> Result<usize, Fault> {
    tx.execute(DROP_IDLE, (before.0, bind_limit(limit)))
}

/// Those that say nothing any more, the longest first.
pub(crate) const DROP_IDLE: &str = "DELETE FROM tallies WHERE key IN ( \
     SELECT key FROM tallies WHERE idle_at < ?1 ORDER BY idle_at LIMIT ?2)";
