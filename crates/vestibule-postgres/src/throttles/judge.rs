//! What a try is judged by and charged to, held.

use vestibule_core::email::EmailAddress;
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::known_device::DeviceProof;
use vestibule_core::throttle::{MOST_FAILURES, Rule, Scope, ThrottleKey};
use vestibule_store::{SignInRecord, Try};

use super::tally::{self, Tallies};
use crate::fault::Fault;
use crate::known_devices::is_known;
use crate::transition::{Transition, bytes};
use crate::users::record;

/// What a try is to be charged to.
pub(super) struct Charge {
    pub(super) scope: Scope,
    pub(super) key: ThrottleKey,
    pub(super) rule: Rule,
    pub(super) user: Option<UserId>,
}

/// What a try is judged by.
pub(super) struct Judged {
    pub(super) record: Option<SignInRecord>,
    /// The tally of the place it comes from, a stranger's other one, then the password's.
    pub(super) charges: Vec<Charge>,
    /// The network's and everybody's.
    pub(super) around: Vec<Charge>,
    pub(super) known_device: bool,
    /// All of them, held.
    pub(super) tallies: Tallies,
}

/// Nobody's id: what is read for an account is read for none just so (ASVS 6.3.8).
const NOBODY: UserId = UserId::from_bytes([0; 16]);

/// Whose account an address names; holds them.
const NAMED: &str = "SELECT u.id FROM addresses a JOIN users u ON u.id = a.user_id \
     WHERE a.email = $1 AND (a.verified OR a.email = u.email) FOR KEY SHARE OF u";

pub(super) async fn judge_login(
    tx: &mut Transition,
    attempt: &Try,
    email: Option<&EmailAddress>,
    identifier: &str,
    device: Option<&DeviceProof>,
) -> Result<Judged, Fault> {
    let Try {
        keyer, limits, now, ..
    } = attempt;
    let record = match email {
        Some(email) => read_named(tx, email).await?,
        None => None,
    };
    let user = record.as_ref().map(|record| record.user.id);
    let known = match device {
        Some(device) if is_known(tx, user.unwrap_or(NOBODY), device, *now).await? => {
            Some(device.id)
        }
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
        && device
            .rule
            .judge(tally::glance(tx, &device.key).await?, *now)
            .is_err()
    {
        own = None;
    }
    let password = user.map_or_else(
        || keyer.no_password(identifier),
        |user| keyer.password(user),
    );
    if let Some(own) = own {
        return judge_own(tx, attempt, record, own, charge_of_password(password, user)).await;
    }
    judge_stranger(
        tx,
        attempt,
        record,
        identifier,
        charge_of_password(password, user),
    )
    .await
}

/// The account with an address, which cannot be deleted until the end.
async fn read_named(
    tx: &mut Transition,
    email: &EmailAddress,
) -> Result<Option<SignInRecord>, Fault> {
    let named = tx.query_opt(NAMED, &[&email.as_str()]).await?;
    let record = tx.query_opt(record::BY_ADDRESS, &[&email.as_str()]).await?;
    let record = record.as_ref().map(record::read_record).transpose()?;
    let named = named.map(|row| bytes(&row, 0)).transpose()?;
    // It passed to another account between the two.
    if named.map(UserId::from_bytes) != record.as_ref().map(|record| record.user.id) {
        return Err(Fault::Overtaken);
    }
    Ok(record)
}

async fn judge_stranger(
    tx: &mut Transition,
    attempt: &Try,
    record: Option<SignInRecord>,
    identifier: &str,
    password: Charge,
) -> Result<Judged, Fault> {
    let Try {
        keyer, limits, now, ..
    } = attempt;
    let user = password.user;
    let account = keyer.account(identifier);
    let strangers = user.map_or_else(
        || keyer.no_strangers(identifier),
        |user| keyer.strangers(user),
    );
    let everyone = keyer.everyone();
    let keys = [
        (Scope::Account, account),
        (Scope::Account, strangers),
        (Scope::Password, password.key),
        (Scope::Everyone, everyone),
    ];
    let network = attempt.network.map(|network| (Scope::Network, network));
    let tallies = tally::hold(tx, keys.into_iter().chain(network)).await?;
    let alarm = tallies.of(&everyone).tally;
    let mut around = Vec::new();
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
    let of_account = |key, user| Charge {
        scope: Scope::Account,
        key,
        rule: limits.account(alarm, *now),
        user,
    };
    Ok(Judged {
        record,
        charges: vec![
            of_account(account, None),
            of_account(strangers, user),
            password,
        ],
        around,
        known_device: false,
        tallies,
    })
}

/// C23: the owner's budget on a known device is no stranger's to spend, and strangers' tries are not what it is judged by.
async fn judge_own(
    tx: &mut Transition,
    attempt: &Try,
    record: Option<SignInRecord>,
    own: Charge,
    password: Charge,
) -> Result<Judged, Fault> {
    let keys = [(own.scope, own.key), (password.scope, password.key)];
    let tallies = tally::hold(tx, keys).await?;
    // It had room a moment ago: whether this is a stranger's try is to be judged anew.
    if own
        .rule
        .judge(tallies.of(&own.key).tally, attempt.now)
        .is_err()
    {
        return Err(Fault::Overtaken);
    }
    Ok(Judged {
        record,
        charges: vec![own, password],
        around: Vec::new(),
        known_device: true,
        tallies,
    })
}

pub(super) async fn judge_reauthentication(
    tx: &mut Transition,
    attempt: &Try,
    session: SessionId,
    user: UserId,
) -> Result<Judged, Fault> {
    tx.share(&[user]).await?;
    let record = tx
        .query_opt(record::OF_USER, &[&&user.as_bytes()[..]])
        .await?;
    let record = record.as_ref().map(record::read_record).transpose()?;
    let owner = record.as_ref().map(|record| record.user.id);
    let session = Charge {
        scope: Scope::Session,
        key: attempt.keyer.session(session),
        rule: Rule::Growing(attempt.limits.device),
        user: owner,
    };
    let password = charge_of_password(attempt.keyer.password(user), owner);
    let keys = [(session.scope, session.key), (password.scope, password.key)];
    let tallies = tally::hold(tx, keys).await?;
    Ok(Judged {
        record,
        charges: vec![session, password],
        around: Vec::new(),
        known_device: false,
        tallies,
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
