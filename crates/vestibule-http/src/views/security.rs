//! `/account/security`: change the password.

use std::borrow::Cow;
use std::time::Duration;

use super::{Frame, PasswordFault, dates, page};
use crate::texts::msg;

/// The page of what proves who one is.
#[derive(Clone, Debug, Default)]
pub struct SecurityPage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// How many other devices are signed in, and will be signed out by a change.
    pub others: usize,
    /// What is wrong with the current password.
    pub current_fault: Option<CurrentPasswordFault>,
    /// What is wrong with the new password.
    pub new_fault: Option<PasswordFault>,
    /// The password was just changed, which ended this many other devices.
    pub changed: Option<usize>,
}

/// What is wrong with the current password (ASVS 6.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurrentPasswordFault {
    /// Nothing was entered.
    Missing,
    /// It is another one.
    Wrong,
    /// The server has no room to check a password just now; nothing was judged.
    Busy,
    /// There were too many tries; this one was not judged.
    Throttled {
        /// When it is worth trying again.
        wait: Duration,
    },
}

page!(SecurityPage, "security.html");

impl SecurityPage {
    fn others_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame
            .tongue
            .text_with("security-others", &[("count", self.others.into())])
    }

    fn changed_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.changed.map(|count| {
            frame
                .tongue
                .text_with("security-changed", &[("count", count.into())])
        })
    }

    fn current_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        let message = match self.current_fault? {
            CurrentPasswordFault::Missing => msg("password-fault-missing"),
            CurrentPasswordFault::Wrong => msg("fresh-fault-wrong"),
            CurrentPasswordFault::Busy | CurrentPasswordFault::Throttled { .. } => return None,
        };
        Some(frame.t(message))
    }

    fn new_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.new_fault.map(|fault| fault.text(frame.tongue))
    }

    /// What the top of the page says of a try that changed nothing. What is wrong with a field stands at the field.
    fn alert_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.faulty().then(|| match self.current_fault {
            Some(CurrentPasswordFault::Busy) => frame.t("login-fault-busy"),
            Some(CurrentPasswordFault::Throttled { wait }) => {
                dates::wait(frame.tongue, "security-fault-throttled", wait)
            }
            _ => frame.t("security-unchanged"),
        })
    }

    fn faulty(&self) -> bool {
        self.current_fault.is_some() || self.new_fault.is_some()
    }
}
