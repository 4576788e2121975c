//! `/account/activity`: what happened lately, in words.

use std::borrow::Cow;

use super::{
    DeviceName, Frame,
    dates::{self, When},
    page,
};
use crate::texts::Tongue;

/// The list of recent events, newest first.
#[derive(Clone, Debug, Default)]
pub struct ActivityPage {
    /// Newest first; may be empty.
    pub events: Vec<Activity>,
    /// Link to the page of older ones, if there are any.
    pub older: Option<String>,
}

/// One event.
#[derive(Clone, Debug)]
pub struct Activity {
    /// When it happened.
    pub at: i64,
    /// What happened.
    pub what: Happening,
    /// Where it was done from, if known.
    pub device: Option<DeviceName>,
    /// The network address it was done from, if known.
    pub address: Option<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The account was made.
    AccountCreated,
    /// A login.
    SignedIn,
    /// A wrong password, by whomever.
    SignInFailed,
    /// A logout on that device.
    SignedOut,
    /// A session ended by its time limits.
    Expired,
    /// A session gave way to a new one: there were as many as there may be.
    Displaced,
    /// One device was signed out from another.
    DeviceEnded,
    /// All others were signed out.
    OthersEnded {
        /// How many; `None` if nobody counted.
        count: Option<usize>,
    },
    /// An administrator ended sessions.
    EndedByAdministrator,
    /// The password was asked for again, and was right.
    Confirmed,
    /// The password was changed.
    PasswordChanged,
    /// An administrator disabled the account.
    Disabled,
    /// An administrator enabled the account.
    Enabled,
}

struct Row<'a> {
    what: Cow<'a, str>,
    warns: bool,
    when: When<'a>,
    device: Option<Cow<'a, str>>,
    address: Option<&'a str>,
}

page!(ActivityPage, "activity.html");

impl ActivityPage {
    fn rows<'a>(&'a self, frame: &Frame<'a>) -> Vec<Row<'a>> {
        self.events
            .iter()
            .map(|event| event.row(frame.tongue, frame.now))
            .collect()
    }
}

impl Activity {
    fn row<'a>(&'a self, tongue: Tongue<'a>, now: i64) -> Row<'a> {
        Row {
            what: self.what.text(tongue),
            warns: self.what == Happening::SignInFailed,
            when: dates::moment(tongue, self.at, now),
            device: self.device.as_ref().map(|name| name.text(tongue)),
            address: self.address.as_deref(),
        }
    }
}

impl Happening {
    fn text<'a>(&self, tongue: Tongue<'a>) -> Cow<'a, str> {
        match self {
            Self::AccountCreated => tongue.text("happening-created"),
            Self::SignedIn => tongue.text("happening-signed-in"),
            Self::SignInFailed => tongue.text("happening-failed"),
            Self::SignedOut => tongue.text("happening-signed-out"),
            Self::Expired => tongue.text("happening-expired"),
            Self::Displaced => tongue.text("happening-displaced"),
            Self::DeviceEnded => tongue.text("happening-device-ended"),
            Self::OthersEnded { count: None } => tongue.text("happening-all-others-ended"),
            Self::OthersEnded { count: Some(count) } => {
                tongue.text_with("happening-others-ended", &[("count", (*count).into())])
            }
            Self::EndedByAdministrator => tongue.text("happening-ended-by-administrator"),
            Self::Confirmed => tongue.text("happening-confirmed"),
            Self::PasswordChanged => tongue.text("happening-password-changed"),
            Self::Disabled => tongue.text("happening-disabled"),
            Self::Enabled => tongue.text("happening-enabled"),
        }
    }
}
