//! `/account/activity`: what happened on the account, from the audit trail, for its owner (ASVS 6.3.5).

use axum::response::Response;
use http::StatusCode;
use vestibule_core::audit::{Actor, Attack, EventKind, RefusalReason, StoredEvent};
use vestibule_core::device::DeviceLabel;
use vestibule_core::id::ActId;
use vestibule_core::session::EndReason;
use vestibule_core::throttle::Scope;

use super::devices::{name, place};
use crate::browser::caller::{Caller, SignedIn};
use crate::browser::form::Query;
use crate::errors::{Code, Failure};
use crate::views::{Activity, ActivityPage, AddressChange, Happening};

/// Most events on a page.
const PAGE: usize = 50;
/// Most pages of the trail that are read for one page of it: some events are of no use to their owner.
const MOST_READS: usize = 4;

/// The list, newest first; with `before`, what came before that position.
pub async fn get(signed_in: SignedIn, Query(query): Query) -> Result<Response, Failure> {
    let before = match query.optional("before").map(str::parse::<u64>) {
        None => None,
        Some(Ok(position)) => Some(position),
        Some(Err(error)) => return Err(Failure::of(Code::BadRequest).because(error)),
    };
    let caller = &signed_in.caller;
    let mut page = ActivityPage {
        past: before.is_some(),
        ..ActivityPage::default()
    };
    let mut next = before;
    let mut known_by = None;
    for _ in 0..MOST_READS {
        let room = PAGE - page.events.len();
        let read = caller
            .context
            .engine
            .activity(&signed_in.session, next, room)
            .await
            .map_err(Failure::store)?;
        for event in &read.events {
            page.events.extend(told(event, &mut known_by, caller));
        }
        next = read.next;
        if next.is_none() || page.events.len() >= PAGE {
            break;
        }
    }
    page.older = next.map(|position| format!("/account/activity?before={position}"));
    signed_in.page(StatusCode::OK, &page)
}

/// Events newest first, in the words of the person that they are about.
pub(crate) fn in_words(events: &[StoredEvent], caller: &Caller) -> Vec<Activity> {
    let mut known_by = None;
    let told = events
        .iter()
        .filter_map(|event| told(event, &mut known_by, caller));
    told.collect()
}

/// The event as its owner sees it. What a login made known is part of the login; the newest comes first, so it stands before.
fn told(event: &StoredEvent, known_by: &mut Option<ActId>, caller: &Caller) -> Option<Activity> {
    let what = match event.event.kind {
        EventKind::DeviceKnown => {
            *known_by = Some(event.act);
            return None;
        }
        EventKind::LoginSucceeded => Happening::SignedIn {
            new_device: *known_by == Some(event.act),
        },
        kind => happening(kind, event)?,
    };
    Some(activity(event, what, caller))
}

fn activity(event: &StoredEvent, what: Happening, caller: &Caller) -> Activity {
    let personal = event.personal.as_ref();
    let agent = personal.and_then(|personal| personal.user_agent.as_deref());
    let address = personal.and_then(|personal| personal.address.clone());
    Activity {
        at: event.at.0,
        what,
        device: agent.map(|agent| name(DeviceLabel::read(Some(agent)))),
        place: place(
            address.as_deref().and_then(|address| address.parse().ok()),
            caller,
        ),
        address,
    }
}

/// The event in its owner's words. What only tells of the machine, or says again what another event of the same act says, is
/// left out.
fn happening(kind: EventKind, event: &StoredEvent) -> Option<Happening> {
    let address = |change| {
        let email = event.personal.as_ref().and_then(|own| own.email.clone());
        Some(Happening::Address { change, email })
    };
    Some(match kind {
        EventKind::UserCreated | EventKind::Registered => Happening::AccountCreated,
        EventKind::UserDisabled => Happening::Disabled,
        EventKind::UserEnabled => Happening::Enabled,
        EventKind::LoginRefused(RefusalReason::WrongPassword) => Happening::SignInFailed,
        EventKind::LoginRefused(_) => Happening::SignInRefused,
        EventKind::Reauthenticated => Happening::Confirmed,
        EventKind::ReauthenticationRefused(_) => Happening::ConfirmationFailed,
        EventKind::PasswordChanged => Happening::PasswordChanged,
        EventKind::PasswordReset => Happening::PasswordReset,
        EventKind::PasswordDisabled => Happening::PasswordDisabled,
        EventKind::SessionEnded(reason) | EventKind::UserSessionsEnded(reason) => {
            return ending(reason);
        }
        EventKind::AllSessionsEnded => Happening::EndedByAdministrator,
        EventKind::ProfileChanged => Happening::ProfileChanged,
        EventKind::AddressAsked => return address(AddressChange::Asked),
        EventKind::AddressAdded => return address(AddressChange::Added),
        EventKind::AddressVerified => return address(AddressChange::Verified),
        EventKind::AddressRemoved => return address(AddressChange::Removed),
        EventKind::PrimaryChanged => return address(AddressChange::Primary),
        EventKind::RecoveryAsked => Happening::RecoveryAsked,
        EventKind::RecoveryOffered if matches!(event.actor, Actor::Operator(_)) => {
            Happening::RecoveryOffered
        }
        EventKind::RecoveryOffered => Happening::RecoverySent,
        EventKind::CodeRefused => Happening::CodeRefused,
        EventKind::MailGivenUp => Happening::MailGivenUp,
        EventKind::ThrottleClosed(Scope::Mail) => Happening::MailSlowed,
        EventKind::ThrottleClosed(Scope::Account | Scope::Device | Scope::Session) => {
            Happening::Slowed
        }
        EventKind::AttackRecognised(Attack::Guessing) => Happening::Attacked,
        // Of the whole server, of nobody's account, or told with the event that it belongs to.
        EventKind::ThrottleClosed(Scope::Network | Scope::Everyone | Scope::Password)
        | EventKind::AttackRecognised(Attack::Spraying | Attack::Stuffing)
        | EventKind::LoginSucceeded
        | EventKind::DeviceKnown
        | EventKind::SetupCompleted
        | EventKind::PasswordRehashed
        | EventKind::ClockAccepted
        | EventKind::RegistrationAsked
        | EventKind::UserInvited
        | EventKind::UserDeleted
        // Of the installation, or of an application and nobody's account.
        | EventKind::ApplicationAdded
        | EventKind::ApplicationChanged
        | EventKind::ApplicationRemoved
        | EventKind::ApplicationSecretRotated
        | EventKind::AppSessionOpened
        | EventKind::HandshakeRefused
        | EventKind::RoleAdded
        | EventKind::RoleChanged
        | EventKind::RoleRemoved
        | EventKind::RolesChanged
        | EventKind::BackupTaken
        | EventKind::UsersExported
        | EventKind::TrailExported
        | EventKind::Restored
        | EventKind::Migrated => return None,
    })
}

const fn ending(reason: EndReason) -> Option<Happening> {
    Some(match reason {
        EndReason::SignedOut => Happening::SignedOut,
        EndReason::EndedByOwner => Happening::DeviceEnded,
        EndReason::EndedByMail => Happening::EndedByMail,
        EndReason::OthersEnded => Happening::OthersEnded { count: None },
        EndReason::EverywhereEnded => Happening::EverywhereEnded,
        EndReason::EndedByOperator => Happening::EndedByAdministrator,
        EndReason::Idle | EndReason::Expired => Happening::Expired,
        EndReason::Displaced => Happening::Displaced,
        // The change that ended them has its own line.
        EndReason::Replaced
        | EndReason::PasswordChanged
        | EndReason::PasswordReset
        | EndReason::UserDisabled
        | EndReason::UserDeleted => return None,
    })
}
