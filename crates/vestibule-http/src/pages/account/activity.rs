//! `/account/activity`: what happened lately on the account, from the audit trail.

use axum::response::Response;
use http::StatusCode;
use vestibule_core::audit::{EventKind, StoredEvent};
use vestibule_core::device::DeviceLabel;
use vestibule_core::session::EndReason;

use super::devices::name;
use crate::browser::caller::SignedIn;
use crate::errors::Failure;
use crate::views::{Activity, ActivityPage, Happening};

/// Most events on the page.
const LATEST: usize = 50;

/// The list, newest first.
pub async fn get(signed_in: SignedIn) -> Result<Response, Failure> {
    let engine = &signed_in.caller.context.engine;
    let events = engine
        .activity(&signed_in.session, None, LATEST)
        .await
        .map_err(Failure::store)?;
    let page = ActivityPage {
        events: events.events.iter().filter_map(activity).collect(),
        older: None,
    };
    signed_in.page(StatusCode::OK, &page)
}

fn activity(event: &StoredEvent) -> Option<Activity> {
    let what = happening(event.event.kind)?;
    let personal = event.personal.as_ref();
    let agent = personal.and_then(|personal| personal.user_agent.as_deref());
    Some(Activity {
        at: event.at.0,
        what,
        device: agent.map(|agent| name(DeviceLabel::read(Some(agent)))),
        address: personal.and_then(|personal| personal.address.clone()),
    })
}

/// The event in its owner's words. What only tells of the machine, or says again what another event of the same act says, is
/// left out.
const fn happening(kind: EventKind) -> Option<Happening> {
    Some(match kind {
        EventKind::UserCreated => Happening::AccountCreated,
        EventKind::UserDisabled => Happening::Disabled,
        EventKind::UserEnabled => Happening::Enabled,
        EventKind::LoginSucceeded => Happening::SignedIn,
        EventKind::LoginRefused(_) | EventKind::ReauthenticationRefused(_) => {
            Happening::SignInFailed
        }
        EventKind::Reauthenticated => Happening::Confirmed,
        EventKind::PasswordChanged => Happening::PasswordChanged,
        EventKind::SessionEnded(reason) | EventKind::UserSessionsEnded(reason) => match reason {
            EndReason::SignedOut => Happening::SignedOut,
            EndReason::EndedByOwner | EndReason::EndedByMail => Happening::DeviceEnded,
            EndReason::OthersEnded | EndReason::EverywhereEnded => {
                Happening::OthersEnded { count: None }
            }
            EndReason::EndedByOperator => Happening::EndedByAdministrator,
            EndReason::Idle | EndReason::Expired => Happening::Expired,
            EndReason::Displaced => Happening::Displaced,
            EndReason::Replaced
            | EndReason::PasswordChanged
            | EndReason::PasswordReset
            | EndReason::UserDisabled
            | EndReason::UserDeleted => {
                return None;
            }
        },
        EventKind::AllSessionsEnded => Happening::EndedByAdministrator,
        _ => return None,
    })
}
