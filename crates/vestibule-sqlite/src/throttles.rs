//! Tries that are counted, exactly and durably.

pub(crate) mod tally;

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::UserId;
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
    /// The tally of the place it comes from, then the password's.
    charges: [Charge; 2],
    network: Option<ThrottleKey>,
    everyone: Option<ThrottleKey>,
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
        Whose::User(user) => judge_reauthentication(tx, attempt, *user)?,
    };
    if let Some(network) = &judged.network {
        let rule = Rule::Refilling(attempt.limits.network);
        if let Err(throttled) = rule.judge(tally::read(tx, network)?.tally, attempt.now) {
            return Ok(BeginTry::Throttled {
                scope: Scope::Network,
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
    let everyone = keyer.everyone();
    let alarm = tally::read(tx, &everyone)?.tally;
    // C23: the owner's budget on a known device is no stranger's to spend.
    let place = match (known, user) {
        (Some(device), Some(user)) => Charge {
            scope: Scope::Device,
            key: keyer.device(device, user),
            rule: Rule::Growing(limits.device),
            user: Some(user),
        },
        _ => Charge {
            scope: Scope::Account,
            key: keyer.account(identifier),
            rule: limits.account(alarm, *now),
            user: None,
        },
    };
    let password = user.map_or_else(
        || keyer.no_password(identifier),
        |user| keyer.password(user),
    );
    Ok(Judged {
        record,
        charges: [place, charge_of_password(password, user)],
        network: attempt.network.filter(|_| known.is_none()),
        everyone: known.is_none().then_some(everyone),
        known_device: known.is_some(),
    })
}

fn judge_reauthentication(
    tx: &Transition<'_>,
    attempt: &Try,
    user: UserId,
) -> Result<Judged, Fault> {
    let record = record::of_user(tx.conn(), user)?;
    let owner = record.as_ref().map(|record| record.user.id);
    let session = Charge {
        scope: Scope::Session,
        key: attempt.keyer.session(user),
        rule: Rule::Growing(attempt.limits.device),
        user: owner,
    };
    Ok(Judged {
        record,
        charges: [
            session,
            charge_of_password(attempt.keyer.password(user), owner),
        ],
        network: None,
        everyone: None,
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
    let mut charged = Vec::with_capacity(2);
    let mut password_disabled = false;
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
            Err(throttled) => return Ok(BeginTry::Throttled { scope, throttled }),
        }
    }
    Ok(BeginTry::Begun {
        record: record.map(Box::new),
        tried: Tried {
            charged,
            network: judged.network,
            everyone: judged.everyone,
            limits: attempt.limits,
        },
        known_device: judged.known_device,
        password_disabled,
    })
}

fn fail_try(
    tx: &Transition<'_>,
    tried: &Tried,
    mut events: Vec<Event>,
    act: &Act,
) -> Result<Failed, Fault> {
    // Without a charge to it, the password was disabled before.
    let mut failed = Failed {
        failures: MOST_FAILURES,
        ..Failed::default()
    };
    for charged in &tried.charged {
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
        } else if closed {
            failed.closed.push(charged.scope);
        }
    }
    let around = [
        (Scope::Network, tried.network),
        (Scope::Everyone, tried.everyone),
    ];
    for (scope, key) in around {
        let Some(key) = key else { continue };
        let rule = tried.rule(scope);
        let stored = tally::read(tx, &key)?;
        let tally = rule.forced(stored.tally, act.at);
        tally::write(tx, scope, &key, &rule, Stored { tally, ..stored }, act.at)?;
        if closes(rule, stored.tally, tally, act.at) {
            failed.closed.push(scope);
        }
        if scope == Scope::Everyone {
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
    for charged in &tried.charged {
        let stored = tally::read(tx, &charged.key)?;
        let tally = charged.taken_back(stored.tally);
        if tally != stored.tally {
            // Not before it was charged, and that is all that is known of when this is.
            let at = charged.after.free_at;
            let rule = tried.rule(charged.scope);
            let stored = Stored { tally, ..stored };
            tally::write(tx, charged.scope, &charged.key, &rule, stored, at)?;
        }
    }
    Ok(())
}

/// N42: a try that succeeded, in the transition of the session it is for.
pub(crate) fn succeed(
    tx: &Transition<'_>,
    tried: Option<&Tried>,
    now: UnixMillis,
) -> Result<(), Fault> {
    let Some(tried) = tried else { return Ok(()) };
    for charged in &tried.charged {
        let stored = tally::read(tx, &charged.key)?;
        let tally = charged.succeeded(stored.tally);
        let rule = tried.rule(charged.scope);
        let stored = Stored { tally, ..stored };
        tally::write(tx, charged.scope, &charged.key, &rule, stored, now)?;
    }
    Ok(())
}

fn drop_idle(tx: &Transition<'_>, before: UnixMillis, limit: usize) -> Result<usize, Fault> {
    tx.execute(DROP_IDLE, (before.0, bind_limit(limit)))
}

/// Those that say nothing any more, the longest first.
pub(crate) const DROP_IDLE: &str = "DELETE FROM tallies WHERE key IN ( \
     SELECT key FROM tallies WHERE idle_at < ?1 ORDER BY idle_at LIMIT ?2)";
