//! `/console/sessions`: everybody's live sessions, and one of them.

use std::borrow::Cow;

use vestibule_core::place::Place;

use super::Paging;
use super::numbers::counted;
use crate::texts::{Tongue, msg};
use crate::views::dates::{self, When};
use crate::views::{DeviceName, Frame, page, places};

/// Live sessions, newest first.
#[derive(Clone, Debug, Default)]
pub struct SessionsPage {
    /// What is looked for: in addresses, networks and browsers.
    pub text: String,
    /// Whose, by their address.
    pub of: Option<SessionOwner>,
    /// Whether those are shown that outlive the browser, or those that do not.
    pub remembered: Option<bool>,
    /// In the order to show.
    pub sessions: Vec<SessionRow>,
    /// Live sessions in all.
    pub live: u64,
    /// The rest of the list.
    pub paging: Paging,
    /// What was just done: this many were ended.
    pub ended: Option<u64>,
}

/// Whose sessions they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOwner {
    /// The user's id.
    pub id: String,
    /// Their address.
    pub email: String,
}

/// One live session.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Its public id.
    pub id: String,
    /// Whose.
    pub owner: SessionOwner,
    /// The device.
    pub name: DeviceName,
    /// The one that looks at this page.
    pub current: bool,
    /// When it began.
    pub signed_in_at: i64,
    /// When it was last used.
    pub active_at: i64,
    /// Whether it outlives the browser.
    pub remembered: bool,
    /// The network address, if it is known.
    pub address: Option<String>,
    /// Where that is.
    pub place: Place,
}

/// One live session, with what hangs on it.
#[derive(Clone, Debug)]
pub struct SessionPage {
    /// As in the list.
    pub session: SessionRow,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// How sure the login was (`acr`).
    pub acr: &'static str,
    /// When the person last proved who they are.
    pub proven_at: i64,
    /// Whether that was by password.
    pub by_password: bool,
    /// When it ends if nobody uses it.
    pub idle_ends_at: i64,
    /// When it ends whatever happens.
    pub ends_at: i64,
    /// What is signed in to through it.
    pub applications: Vec<OpenedThrough>,
}

/// An application that is signed in to through a session.
#[derive(Clone, Debug)]
pub struct OpenedThrough {
    /// What people call it.
    pub title: String,
    /// The place.
    pub origin: String,
    /// Since when.
    pub opened_at: i64,
}

/// A session in words.
struct Row<'a> {
    name: Cow<'a, str>,
    pick: Cow<'a, str>,
    place: Option<Cow<'a, str>>,
    signed_in: When<'a>,
    active: When<'a>,
}

page!(SessionsPage, "console/sessions.html");
page!(SessionPage, "console/session.html");

impl SessionsPage {
    fn narrowed(&self) -> bool {
        !self.text.is_empty() || self.of.is_some() || self.remembered.is_some()
    }

    fn live_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        counted(frame.tongue, msg("sessions-live"), self.live)
    }

    fn ended_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        let ended = self.ended?;
        Some(counted(frame.tongue, msg("sessions-ended"), ended))
    }

    fn of_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        let of = self.of.as_ref()?;
        let who = [("who", of.email.as_str().into())];
        Some(frame.tongue.text_with("sessions-of", &who))
    }

    fn end_of_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        let email = self.of.as_ref().map_or("", |of| of.email.as_str());
        let who = [("who", email.into())];
        frame.tongue.text_with("sessions-end-of", &who)
    }
}

impl SessionRow {
    fn row<'a>(&'a self, frame: &Frame<'a>) -> Row<'a> {
        let tongue = frame.tongue;
        let name = self.name.text(tongue);
        Row {
            pick: tongue.text_with(
                "sessions-pick",
                &[
                    ("device", name.clone().into_owned().into()),
                    ("who", self.owner.email.as_str().into()),
                ],
            ),
            name,
            place: places::words(tongue, &self.place),
            signed_in: dates::day(tongue, "devices-signed-in", self.signed_in_at, frame.now),
            active: active(tongue, self.active_at, frame.now),
        }
    }
}

fn moment<'a>(frame: &Frame<'a>, at: i64) -> When<'a> {
    dates::moment(frame.tongue, at, frame.now)
}

fn active(tongue: Tongue<'_>, at: i64, now: i64) -> When<'_> {
    dates::ago(tongue, "devices-active", at, now)
}

impl OpenedThrough {
    fn at<'a>(&self, frame: &Frame<'a>) -> When<'a> {
        moment(frame, self.opened_at)
    }
}

impl SessionPage {
    fn row<'a>(&'a self, frame: &Frame<'a>) -> Row<'a> {
        self.session.row(frame)
    }

    fn proven<'a>(&self, frame: &Frame<'a>) -> When<'a> {
        moment(frame, self.proven_at)
    }

    fn signed_in<'a>(&self, frame: &Frame<'a>) -> When<'a> {
        moment(frame, self.session.signed_in_at)
    }

    fn active<'a>(&self, frame: &Frame<'a>) -> When<'a> {
        moment(frame, self.session.active_at)
    }

    fn idle_ends<'a>(&self, frame: &Frame<'a>) -> When<'a> {
        moment(frame, self.idle_ends_at)
    }

    fn ends<'a>(&self, frame: &Frame<'a>) -> When<'a> {
        moment(frame, self.ends_at)
    }
}
