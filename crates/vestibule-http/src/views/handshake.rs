//! What a person sees of the handshake, on the issuer's host and on applications'. Most never see any of it.

use std::borrow::Cow;

use super::{Frame, page};
use crate::texts::{Msg, msg};

/// Leads on from sign-in to the application, at once, with a link for a browser that does not.
#[derive(Clone, Debug)]
pub struct GoOnPage {
    /// What people call the application.
    pub title: String,
    /// The way to the application's host. No code is in it.
    pub back: String,
}

/// Asks, on an application's host, whether to sign out everywhere.
#[derive(Clone, Debug)]
pub struct AppLogoutPage {
    /// A token of the app session, newly masked.
    pub csrf: String,
    /// Who is signed in.
    pub address: String,
    /// What people call the application.
    pub title: String,
}

/// Says, on an application's host, that nobody is signed in: after signing out, on this device; else, at this application.
#[derive(Clone, Debug)]
pub struct AppSignedOutPage {
    /// What people call the application.
    pub title: String,
    /// The whole login is known to be over. Else the page leads on to where it may not be.
    pub done: bool,
}

/// Says that a form was not passed on.
#[derive(Clone, Debug)]
pub struct NotSentPage {
    /// The checked local path of the page that the form was on.
    pub next: String,
}

page!(GoOnPage, "go_on.html");
page!(AppLogoutPage, "app_logout.html");
page!(AppSignedOutPage, "app_signed_out.html");
page!(NotSentPage, "not_sent.html");

impl GoOnPage {
    fn text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        to(frame, msg("go-on-to"), &self.title)
    }
}

impl AppSignedOutPage {
    fn heading<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        if self.done {
            frame.t("signed-out-title")
        } else {
            to(frame, msg("app-signed-out-title"), &self.title)
        }
    }

    fn text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        to(frame, msg("app-back"), &self.title)
    }
}

impl AppLogoutPage {
    fn text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        to(frame, msg("app-back"), &self.title)
    }
}

fn to<'a>(frame: &Frame<'a>, id: Msg, title: &str) -> Cow<'a, str> {
    frame.tongue.text_with(id, &[("place", title.into())])
}
