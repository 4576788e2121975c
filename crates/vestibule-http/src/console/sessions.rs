//! `/console/sessions`: everybody's live sessions, newest first, looked for among however many.

use axum::response::Response;
use vestibule_core::device::DeviceLabel;
use vestibule_core::email::EmailAddress;
use vestibule_core::filter::{self, SessionFilter};
use vestibule_core::id::{SessionId, UserId};
use vestibule_core::session::Session;
use vestibule_engine::Reach;

use super::{Administrator, Browse};
use crate::browser::form::{Fields, Query};
use crate::errors::{Code, Failure};
use crate::pages::account::devices::{name, place};
use crate::views::{Reached, SessionOwner, SessionRow, SessionsPage};

pub mod end;
pub mod end_all;
pub mod end_user;
pub mod one;

const PATH: &str = "/console/sessions";
const TEXT: &str = "text";
/// How many stand on a page: with all it loads it stays under 50 KB.
const PAGE: usize = 25;

/// A part of the list.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    let mut browse = Browse::new(PATH, &query);
    let text = browse.text(TEXT)?;
    let remembered = browse.word("remembered", yes_or_no)?;
    let user = browse.word("user", |id| id.parse::<UserId>().ok())?;
    let before = browse.before(|id| id.parse::<SessionId>().ok())?;
    let filter = SessionFilter {
        text: filter::parse_text(&text)
            .map_err(|error| Failure::of(Code::BadRequest).because(error))?,
        user,
        remembered,
    };
    let engine = &by.context().engine;
    let found = engine.sessions(filter, before, PAGE, by.now()).await;
    let found = found.map_err(Failure::store)?;
    let sessions: Vec<_> = found
        .sessions
        .iter()
        .map(|stored| row(&by, &stored.session, &stored.email))
        .collect();
    by.page(&SessionsPage {
        text,
        of: user.map(|user| owner(user, sessions.first())),
        remembered,
        live: engine.live().sessions,
        paging: browse.paging(found.next.map(|id| id.to_string())),
        ended: by.told(&query, "ended"),
        sessions,
    })
}

fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// By the address, where a session tells it.
fn owner(user: UserId, first: Option<&SessionRow>) -> SessionOwner {
    first.map_or_else(
        || SessionOwner {
            id: user.to_string(),
            email: user.to_string(),
        },
        |session| session.owner.clone(),
    )
}

fn row(by: &Administrator, session: &Session, email: &EmailAddress) -> SessionRow {
    let label = DeviceLabel::read(session.device.user_agent.as_deref());
    SessionRow {
        id: session.id.to_string(),
        owner: SessionOwner {
            id: session.user.to_string(),
            email: email.as_str().to_owned(),
        },
        name: name(label),
        current: session.id == by.0.session.id(),
        signed_in_at: session.created_at.0,
        active_at: session.last_seen.0,
        remembered: session.remembered,
        address: session.device.address.map(|address| address.to_string()),
        place: place(session.device.address, &by.0.caller),
    }
}

/// The sessions that a list's boxes name.
fn picked(fields: &Fields) -> Result<Vec<SessionId>, Failure> {
    let ids = fields.ticked("session-").map(str::parse::<SessionId>);
    ids.collect::<Result<_, _>>()
        .map_err(|error| Failure::of(Code::BadRequest).because(error))
}

impl From<Reach> for Reached {
    fn from(reach: Reach) -> Self {
        Self {
            devices: reach.devices,
            sign_ins: reach.app_sessions,
            applications: reach.applications,
        }
    }
}
