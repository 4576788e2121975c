//! What redeeming a ticket does. H04, ASVS 15.4.2: judged and burnt in one transition, so that of many that try one wins.
//!
//! A glance at the ticket tells whose it is; the user is held, then the ticket, and only then it is judged.

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

use super::row::{HOLD_REGISTRATIONS, read_ticket};
use super::{glance, hold_ticket};
use crate::addresses::{find, insert_address, read_addresses, verify};
use crate::fault::Fault;
use crate::known_devices::{device_of, forget, forget_others, remember};
use crate::sessions::{count_live, end_session, insert_session};
use crate::throttles::tally;
use crate::transition::{Transition, values};
use crate::users::{address_taken, bind_version, insert_user, load_account};

pub(super) async fn register(
    tx: &mut Transition,
    secret: &HashedSecret,
    user: &NewUser,
    session: &NewSession,
    act: &Act,
) -> Result<Register, Fault> {
    let Some(Ticket { email, .. }) = glance(tx, secret).await? else {
        return Ok(Register::Gone);
    };
    // The login may be made over a session of somebody else's.
    tx.hold(&[], session.replaces.as_slice()).await?;
    let mut tickets = hold_registrations(tx, &email).await?;
    let Some(at) = tickets.iter().position(|ticket| ticket.secret == *secret) else {
        return Ok(Register::Gone);
    };
    let ticket = tickets.swap_remove(at);
    let Grant::Register { invited, .. } = ticket.grant else {
        return Ok(Register::Gone);
    };
    if !ticket.is_good(act.at) {
        return Ok(Register::Gone);
    }
    let invitation = if invited {
        None
    } else {
        invited_roles(tickets, act.at)
    };
    // Whoever has the ticket reads the mail of the address it went to, and of no other.
    let user = user.clone();
    let user = NewUser {
        disabled: false,
        email: ticket.email,
        email_verified: true,
        // Which of two good links its reader takes first makes no difference to what an operator meant them to have.
        roles: invitation.unwrap_or(user.roles),
        ..user
    };
    tx.write(
        "DELETE FROM tickets WHERE email = $1 AND purpose = 'register'",
        values![user.email.as_str().to_owned()],
    );
    if address_taken(tx, &user.email).await? {
        return Ok(Register::AddressTaken);
    }
    let user = insert_user(tx, user, act.at).await?;
    tx.audit(act, &[Event::user(EventKind::Registered, user.id)])?;
    let session = insert_session(tx, session, act).await?;
    Ok(Register::Registered {
        user: Box::new(user),
        session: Box::new(session),
    })
}

/// Every ticket that makes an account for an address, for nobody else to redeem until the end.
async fn hold_registrations(
    tx: &mut Transition,
    email: &EmailAddress,
) -> Result<Vec<Ticket>, Fault> {
    let rows = tx.query(HOLD_REGISTRATIONS, &[&email.as_str()]).await?;
    rows.iter().map(read_ticket).collect()
}

/// What the latest good invitation of an address gives, if there is one.
fn invited_roles(tickets: Vec<Ticket>, now: UnixMillis) -> Option<Vec<Role>> {
    let good = tickets.into_iter().filter(|ticket| ticket.is_good(now));
    let mut invitations: Vec<_> = good
        .filter_map(|ticket| match ticket.grant {
            Grant::Register {
                roles,
                invited: true,
                ..
            } => Some((ticket.created_at, *ticket.secret.as_bytes(), roles)),
            _ => None,
        })
        .collect();
    invitations.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    invitations.into_iter().next().map(|(_, _, roles)| roles)
}

pub(super) async fn recover(
    tx: &mut Transition,
    recovery: &Recovery,
    keyer: &Keyer,
    act: &Act,
) -> Result<Recover, Fault> {
    let glanced = glance(tx, &recovery.secret).await?;
    let Some(Grant::Recover { user, .. }) = glanced.map(|ticket| ticket.grant) else {
        return Ok(Recover::Gone);
    };
    tx.hold(&[user], &[]).await?;
    let ticket = hold_ticket(tx, &recovery.secret).await?;
    let Some(ticket) = ticket.filter(|ticket| ticket.may_be_redeemed(act.at)) else {
        return Ok(Recover::Gone);
    };
    let Grant::Recover { credential, .. } = ticket.grant else {
        return Ok(Recover::Gone);
    };
    let (Some(account), Some(sent_to)) = (
        load_account(tx, user).await?,
        find(tx, &ticket.email).await?,
    ) else {
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
    let ended = count_live(tx, user.id, None, act.at).await?;
    tx.write(
        "UPDATE users SET password = $2, credential_version = $3 WHERE id = $1",
        values![
            user.id.as_bytes().to_vec(),
            recovery.hash.as_phc().to_owned(),
            bind_version(CredentialVersion(account.version.0 + 1))?,
        ],
    );
    tx.write(
        "DELETE FROM tickets WHERE user_id = $1 AND purpose IN ('recover', 'end_login')",
        values![user.id.as_bytes().to_vec()],
    );
    start_tallies_again(tx, user.id, keyer, act).await?;
    let mut verified = None;
    if !sent_to.verified {
        verify(tx, &ticket.email, sent_to);
        events.push(Event::user(EventKind::AddressVerified, user.id));
        if sent_to.primary {
            user.email_verified = true;
            verified = Some(());
        }
    }
    forget_others(tx, user.id, Some(recovery.known.id));
    if remember(tx, user.id, &recovery.known, act.at).await? {
        events.push(Event::user(EventKind::DeviceKnown, user.id));
    }
    tx.audit(act, &events)?;
    // ASVS 7.4.3: whoever was in is out. Last, since every other cutoff waits for this one.
    let cutoff = tx.cut(Node::User(user.id, None)).await?;
    user.cutoff = cutoff.number;
    if verified.is_some() {
        tx.publish(Change::User(Box::new(user.clone())));
    }
    tx.publish(Change::Cutoff(cutoff));
    Ok(Recover::Recovered {
        user: Box::new(user),
        ended,
    })
}

/// N40, C23: the owner who proved themselves is not kept waiting for what strangers tried.
async fn start_tallies_again(
    tx: &mut Transition,
    user: UserId,
    keyer: &Keyer,
    act: &Act,
) -> Result<(), Fault> {
    let addresses = read_addresses(tx, user).await?;
    let of_addresses = addresses
        .iter()
        .map(|address| keyer.account(address.email.as_str()))
        .collect();
    tally::restart_of(tx, user, of_addresses, act.at).await
}

pub(super) async fn end_login(
    tx: &mut Transition,
    secret: &HashedSecret,
    act: &Act,
) -> Result<EndLogin, Fault> {
    let glanced = glance(tx, secret).await?;
    let Some(Grant::EndLogin { user, session }) = glanced.map(|ticket| ticket.grant) else {
        return Ok(EndLogin::Gone);
    };
    tx.hold(&[user], &[session]).await?;
    let held = hold_ticket(tx, secret).await?;
    let Some(ticket) = held.filter(|ticket| ticket.is_good(act.at)) else {
        return Ok(EndLogin::Gone);
    };
    burn(tx, &ticket);
    // C23: also where the login is over, its device has no budget of its own any more.
    if let Some(device) = device_of(tx, user, session).await? {
        forget(tx, user, device);
    }
    match end_session(tx, session, Some(user), EndReason::EndedByMail, act).await? {
        EndSession::Ended => Ok(EndLogin::Ended { user, session }),
        EndSession::NotLive => Ok(EndLogin::NotLive),
    }
}

pub(super) async fn confirm_address(
    tx: &mut Transition,
    secret: &HashedSecret,
    user: UserId,
    act: &Act,
) -> Result<ConfirmAddress, Fault> {
    tx.hold(&[user], &[]).await?;
    let held = hold_ticket(tx, secret).await?;
    let Some(ticket) = held.filter(|ticket| ticket.is_good(act.at)) else {
        return Ok(ConfirmAddress::Gone);
    };
    // ASVS 8.2.2: another's ticket is as good as none.
    if ticket.grant != (Grant::Address { user }) {
        return Ok(ConfirmAddress::Gone);
    }
    let event = match find(tx, &ticket.email).await? {
        Some(found) if found.user != user => {
            burn(tx, &ticket);
            return Ok(ConfirmAddress::Taken);
        }
        Some(found) if found.verified => None,
        Some(found) => {
            verify(tx, &ticket.email, found);
            if found.primary
                && let Some(account) = load_account(tx, user).await?
            {
                tx.publish(Change::User(Box::new(account.user)));
            }
            Some(EventKind::AddressVerified)
        }
        None => {
            if read_addresses(tx, user).await?.len() >= MOST_ADDRESSES {
                return Ok(ConfirmAddress::TooMany);
            }
            insert_address(tx, user, &ticket.email, true, act.at);
            Some(EventKind::AddressAdded)
        }
    };
    burn(tx, &ticket);
    let events: Vec<Event> = event
        .map(|kind| Event::user(kind, user))
        .into_iter()
        .collect();
    tx.audit(act, &events)?;
    Ok(ConfirmAddress::Confirmed(ticket.email))
}

fn burn(tx: &mut Transition, ticket: &Ticket) {
    tx.write(
        "DELETE FROM tickets WHERE secret = $1",
        values![ticket.secret.as_bytes().to_vec()],
    );
}
