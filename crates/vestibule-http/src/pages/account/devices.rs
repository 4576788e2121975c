//! `/account`: every place the person is signed in (ASVS 7.5.2).

use std::cmp::Reverse;
use std::net::IpAddr;

use axum::response::Response;
use http::StatusCode;
use vestibule_core::device::{DeviceKind as Kind, DeviceLabel};
use vestibule_core::place::Place;
use vestibule_core::session::Session;
use vestibule_engine::SignedInTo;

use crate::browser::caller::{Caller, SignedIn};
use crate::browser::form::Query;
use crate::errors::Failure;
use crate::views::{Device, DeviceKind, DeviceName, DevicesNotice, DevicesPage, Proof};

pub mod end;
pub mod end_all;
pub mod end_others;

/// The list, the device that asks first.
pub async fn get(signed_in: SignedIn, Query(query): Query) -> Result<Response, Failure> {
    let mut sessions = sessions(&signed_in).await?;
    let applications = applications(&signed_in).await?;
    sessions.sort_by_key(|session| Reverse(session.id == signed_in.session.id()));
    let ended = query
        .optional("ended")
        .filter(|_| signed_in.caller.led_by_own_page());
    let page = DevicesPage {
        csrf: signed_in.token()?,
        devices: sessions
            .iter()
            .map(|session| Device {
                applications: through(session, &applications),
                ..device(session, &signed_in)
            })
            .collect(),
        notice: ended
            .and_then(|count| count.parse().ok())
            .map(|count| DevicesNotice::Ended { count }),
    };
    signed_in.page(StatusCode::OK, &page)
}

/// The person's live sessions, newest first.
async fn sessions(signed_in: &SignedIn) -> Result<Vec<Session>, Failure> {
    let caller = &signed_in.caller;
    let sessions = caller
        .context
        .engine
        .devices(&signed_in.session, caller.visit.now)
        .await;
    sessions.map_err(Failure::store)
}

/// What the person is signed in to, by the device it was opened through.
async fn applications(signed_in: &SignedIn) -> Result<Vec<SignedInTo>, Failure> {
    let engine = &signed_in.caller.context.engine;
    let applications = engine.signed_in_to(&signed_in.session).await;
    applications.map_err(Failure::store)
}

/// An application may be reached at several origins, and is named once.
fn through(session: &Session, applications: &[SignedInTo]) -> Vec<String> {
    let mut titles: Vec<_> = applications
        .iter()
        .filter(|application| application.session == session.id)
        .map(|application| application.title.clone())
        .collect();
    titles.sort();
    titles.dedup();
    titles
}

fn device(session: &Session, signed_in: &SignedIn) -> Device {
    let label = DeviceLabel::read(session.device.user_agent.as_deref());
    Device {
        id: session.id.to_string(),
        kind: match label.kind {
            Kind::Computer => DeviceKind::Desktop,
            Kind::Phone => DeviceKind::Phone,
            Kind::Unknown => DeviceKind::Other,
        },
        current: session.id == signed_in.session.id(),
        signed_in_at: session.created_at.0,
        active_at: session.last_seen.0,
        ends_at: session
            .last_seen
            .plus(session.idle)
            .min(session.expires_at)
            .0,
        remembered: session.remembered,
        proven: session
            .amr
            .has_password()
            .then_some(Proof::Password)
            .into_iter()
            .collect(),
        address: session.device.address.map(|address| address.to_string()),
        place: place(session.device.address, &signed_in.caller),
        applications: Vec::new(),
        name: name(label),
    }
}

/// What a device is called, from its `User-Agent`.
pub(crate) fn name(label: DeviceLabel) -> DeviceName {
    DeviceName {
        browser: label.browser,
        system: label.system,
    }
}

/// Where an address is, as exactly as it is known, in the caller's language.
pub(crate) fn place(address: Option<IpAddr>, caller: &Caller) -> Place {
    caller.context.places.as_ref().map_or_else(
        || Place::of(address),
        |places| places.place(address, caller.visit.language.as_str()),
    )
}
