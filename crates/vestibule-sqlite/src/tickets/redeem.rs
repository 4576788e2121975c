//! What redeeming a ticket does. H04, ASVS 15.4.2: judged and burnt in one transition, so that of many that try one wins.

use vestibule_core::audit::{Act, Event, EventKind};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::UserId;
use vestibule_core::lineage::Node;
use vestibule_core::secret::HashedSecret;
use vestibule_core::session::{EndReason, NewSession, may_open};
use vestibule_core::throttle::Keyer;
use vestibule_core::ticket::{Grant, Ticket};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, MOST_ADDRESSES, NewUser, Role};
use vestibule_store::{Change, ConfirmAddress, EndLogin, EndSession, Recover, Recovery, Register};

use super::row::{INVITATIONS, read_ticket};
use super::{find_ticket, good_ticket};
use crate::addresses::{find, insert_address, read_addresses, verify};
use crate::fault::Fault;
use crate::known_devices::{device_of, forget, forget_others, remember};
use crate::sessions::{count_live, end_session, insert_session};
use crate::throttles::tally;
use crate::transition::Transition;
use crate::users::{address_taken, bind_version, insert_user, load_account};

pub(super) fn register(
    tx: &mut Transition<'_>,
    secret: &HashedSecret,
    user: NewUser,
    session: NewSession,
    act: &Act,
) -> Result<Register, Fault> {
    let Some(ticket) = good_ticket(tx.conn(), secret, act.at)? else {
        return Ok(Register::Gone);
    };
    let Grant::Register { invited, .. } = ticket.grant else {
        return Ok(Register::Gone);
    };
    let invitation = if invited {
        None
    } else {
        invited_roles(tx, &ticket.email, act.at)?
    };
    // Whoever has the ticket reads the mail of the address it went to, and of no other.
    let user = NewUser {
        disabled: false,
        email: ticket.email,
        email_verified: true,
        // Which of two good links its reader takes first makes no difference to what an operator meant them to have.
        roles: invitation.unwrap_or(user.roles),
        ..user
    };
    tx.execute(
        "DELETE FROM tickets WHERE email = ?1 AND purpose = 'register'",
        [user.email.as_str()],
    )?;
    if address_taken(tx, &user.email)? {
        return Ok(Register::AddressTaken);
    }
    let user = insert_user(tx, user, act.at)?;
    tx.audit(act, &[Event::user(EventKind::Registered, user.id)])?;
    let session = insert_session(tx, session, act)?;
    Ok(Register::Registered {
        user: Box::new(user),
        session: Box::new(session),
    })
}

/// What the latest good invitation of an address gives, if there is one.
fn invited_roles(
    tx: &Transition<'_>,
    email: &EmailAddress,
    now: UnixMillis,
) -> Result<Option<Vec<Role>>, Fault> {
    let mut invitations = tx.prepare(INVITATIONS)?;
    let mut rows = invitations.query([email.as_str()])?;
    while let Some(row) = rows.next()? {
        let ticket = read_ticket(row)?;
        if let Grant::Register { roles, .. } = &ticket.grant
            && ticket.is_good(now)
        {
            return Ok(Some(roles.clone()));
        }
    }
    Ok(None)
}

pub(super) fn recover(
    tx: &mut Transition<'_>,
    recovery: &Recovery,
    keyer: &Keyer,
    act: &Act,
) -> Result<Recover, Fault> {
    let ticket = find_ticket(tx.conn(), &recovery.secret)?;
    let Some(ticket) = ticket.filter(|ticket| ticket.may_be_redeemed(act.at)) else {
        return Ok(Recover::Gone);
    };
    let Grant::Recover {
        user, credential, ..
    } = ticket.grant
    else {
        return Ok(Recover::Gone);
    };
    let (Some(account), Some(sent_to)) = (load_account(tx, user)?, find(tx, &ticket.email)?) else {
        return Ok(Recover::Gone);
    };
    let refused = may_open(account.user.status, account.version, credential).is_err();
    if refused || sent_to.user != user {
        return Ok(Recover::Gone);
    }
    let mut events = vec![
        Event::user(EventKind::PasswordReset, user),
        Event::user(EventKind::UserSessionsEnded(EndReason::PasswordReset), user),
    ];
    let mut user = account.user;
    let ended = count_live(tx, user.id, None, act.at)?;
    tx.execute_one(
        "UPDATE users SET password = ?2, credential_version = ?3 WHERE id = ?1",
        (
            user.id.as_bytes(),
            recovery.hash.as_phc(),
            bind_version(CredentialVersion(account.version.0 + 1))?,
        ),
    )?;
    // ASVS 7.4.3: whoever was in is out.
    let cutoff = tx.cut(Node::User(user.id, None))?;
    user.cutoff = cutoff.number;
    tx.execute(
        "DELETE FROM tickets WHERE user_id = ?1 AND purpose IN ('recover', 'end_login')",
        [user.id.as_bytes()],
    )?;
    start_tallies_again(tx, user.id, keyer, act)?;
    if !sent_to.verified {
        verify(tx, &ticket.email, sent_to)?;
        events.push(Event::user(EventKind::AddressVerified, user.id));
        if sent_to.primary {
            user.email_verified = true;
            tx.publish(Change::User(Box::new(user.clone())));
        }
    }
    forget_others(tx, user.id, Some(recovery.known.id))?;
    if remember(tx, user.id, &recovery.known, act.at)? {
        events.push(Event::user(EventKind::DeviceKnown, user.id));
    }
    tx.audit(act, &events)?;
    tx.publish(Change::Cutoff(cutoff));
    Ok(Recover::Recovered {
        user: Box::new(user),
        ended,
    })
}

/// N40, C23: the owner who proved themselves is not kept waiting for what strangers tried.
fn start_tallies_again(
    tx: &Transition<'_>,
    user: UserId,
    keyer: &Keyer,
    act: &Act,
) -> Result<(), Fault> {
    tally::restart_of(tx, user, act.at)?;
    for address in read_addresses(tx.conn(), user)? {
        tally::restart(tx, &keyer.account(address.email.as_str()), act.at)?;
    }
    Ok(())
}

pub(super) fn end_login(
    tx: &mut Transition<'_>,
    secret: &HashedSecret,
    act: &Act,
) -> Result<EndLogin, Fault> {
    let Some(ticket) = good_ticket(tx.conn(), secret, act.at)? else {
        return Ok(EndLogin::Gone);
    };
    let Grant::EndLogin { user, session } = ticket.grant else {
        return Ok(EndLogin::Gone);
    };
    burn(tx, &ticket)?;
    // C23: also where the login is over, its device has no budget of its own any more.
    if let Some(device) = device_of(tx, user, session)? {
        forget(tx, user, device)?;
    }
    match end_session(tx, session, Some(user), EndReason::EndedByMail, act)? {
        EndSession::Ended => Ok(EndLogin::Ended { user, session }),
        EndSession::NotLive => Ok(EndLogin::NotLive),
    }
}

pub(super) fn confirm_address(
    tx: &mut Transition<'_>,
    secret: &HashedSecret,
    user: UserId,
    act: &Act,
) -> Result<ConfirmAddress, Fault> {
    let Some(ticket) = good_ticket(tx.conn(), secret, act.at)? else {
        return Ok(ConfirmAddress::Gone);
    };
    // ASVS 8.2.2: another's ticket is as good as none.
    if ticket.grant != (Grant::Address { user }) {
        return Ok(ConfirmAddress::Gone);
    }
    let event = match find(tx, &ticket.email)? {
        Some(found) if found.user != user => {
            burn(tx, &ticket)?;
            return Ok(ConfirmAddress::Taken);
        }
        Some(found) if found.verified => None,
        Some(found) => {
            verify(tx, &ticket.email, found)?;
            if found.primary
                && let Some(account) = load_account(tx, user)?
            {
                tx.publish(Change::User(Box::new(account.user)));
            }
            Some(EventKind::AddressVerified)
        }
        None => {
            if read_addresses(tx.conn(), user)?.len() >= MOST_ADDRESSES {
                return Ok(ConfirmAddress::TooMany);
            }
            insert_address(tx, user, &ticket.email, true, act.at)?;
            Some(EventKind::AddressAdded)
        }
    };
    burn(tx, &ticket)?;
    let events: Vec<Event> = event
        .map(|kind| Event::user(kind, user))
        .into_iter()
        .collect();
    tx.audit(act, &events)?;
    Ok(ConfirmAddress::Confirmed(ticket.email))
}

fn burn(tx: &Transition<'_>, ticket: &Ticket) -> Result<(), Fault> {
    tx.execute_one(
        "DELETE FROM tickets WHERE secret = ?1",
        [ticket.secret.as_bytes()],
    )
}
