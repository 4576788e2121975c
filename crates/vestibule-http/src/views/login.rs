//! `/login`: sign in with address and password.

use std::borrow::Cow;
use std::time::Duration;

use super::{Frame, dates, page};
use crate::texts::{Msg, msg};

/// The sign-in page.
#[derive(Clone, Debug, Default)]
pub struct LoginPage {
    /// The token of the form before login.
    pub csrf: String,
    /// What was typed as address, to be shown again; empty at first.
    pub identifier: String,
    /// Whether 'keep me signed in' was ticked.
    pub remember: bool,
    /// The checked local path to go on to; carried along in the form.
    pub next: Option<String>,
    /// Shown as 'to continue to …': the path, or the name of what the person came for. Left out for our own pages.
    pub continue_to: Option<String>,
    /// What went wrong with the last try.
    pub fault: Option<LoginFault>,
    /// Why the person is here, if there is something to say. Not shown beside a fault.
    pub notice: Option<LoginNotice>,
    /// A forgotten password can be set anew by mail.
    pub recovers: bool,
    /// A stranger may ask for an account.
    pub registers: bool,
}

/// Why the last try did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginFault {
    /// Unknown, wrong, disabled: one text for all, so that nobody learns which accounts exist.
    Mismatch,
    /// The server has no room to check a password just now; nothing was judged.
    Busy,
    /// There were too many tries; this one was not judged.
    Throttled {
        /// When it is worth trying again.
        wait: Duration,
    },
    /// The form was too old or not from this browser; nothing was judged.
    Stale,
}

/// Why the person meets this page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginNotice {
    /// They have just signed out.
    SignedOut,
    /// Their session ended, by time or by somebody's hand.
    SessionEnded,
    /// They have just set a new password through a mailed link.
    PasswordSet,
}

page!(LoginPage, "login.html");

impl LoginPage {
    fn fault_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.fault.map(|fault| fault.text(frame))
    }

    fn notice_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.notice
            .filter(|_| self.fault.is_none())
            .map(|notice| frame.t(notice.message()))
    }

    fn continue_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        let place = self.continue_to.as_deref()?;
        Some(
            frame
                .tongue
                .text_with("login-continue", &[("place", place.into())]),
        )
    }

    fn mismatch(&self) -> bool {
        self.fault == Some(LoginFault::Mismatch)
    }
}

impl LoginFault {
    fn text<'a>(self, frame: &Frame<'a>) -> Cow<'a, str> {
        match self {
            Self::Mismatch => frame.t("login-fault-mismatch"),
            Self::Busy => frame.t("login-fault-busy"),
            Self::Throttled { wait } => dates::wait(frame.tongue, "login-fault-throttled", wait),
            Self::Stale => frame.t("login-fault-stale"),
        }
    }
}

impl LoginNotice {
    fn message(self) -> Msg {
        match self {
            Self::SignedOut => msg("login-notice-signed-out"),
            Self::SessionEnded => msg("login-notice-ended"),
            Self::PasswordSet => msg("login-notice-password-set"),
        }
    }
}
