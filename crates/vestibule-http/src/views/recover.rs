//! `/recover`: a new password through a mailed link, and the end of a login that a mail told of.

use std::borrow::Cow;
use std::time::Duration;

use super::{AddressFault, Frame, PasswordFault, dates, page};

/// The form that asks for a link.
#[derive(Clone, Debug, Default)]
pub struct RecoverPage {
    /// The token of the form before login.
    pub csrf: String,
    /// What was typed as address.
    pub identifier: String,
    /// What is wrong with it.
    pub identifier_fault: Option<AddressFault>,
    /// Too many mails were asked for: how long to wait.
    pub wait: Option<Duration>,
}

/// 'Look into your mail': the same for every address, but for the code (ASVS 6.3.8).
#[derive(Clone, Debug)]
pub struct RecoverAskedPage {
    /// The address, as it was understood.
    pub address: String,
    /// What the link asks for in another browser, in two groups.
    pub code: String,
}

/// The page behind the mailed link: sets the new password.
#[derive(Clone, Debug, Default)]
pub struct FinishRecoverPage {
    /// The token of the form before login.
    pub csrf: String,
    /// The link's.
    pub token: String,
    /// Where the link was sent.
    pub address: String,
    /// Another browser asked: its code is wanted.
    pub asks_code: bool,
    /// What is wrong with the code.
    pub code_fault: Option<CodeFault>,
    /// What is wrong with the password.
    pub password_fault: Option<PasswordFault>,
    /// The server had no room to work on the password; nothing was decided.
    pub busy: bool,
}

/// What is wrong with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFault {
    /// Nothing was entered.
    Missing,
    /// It does not fit.
    Wrong,
}

/// The password is set, in a browser where somebody else is signed in.
#[derive(Clone, Debug)]
pub struct RecoveredPage {
    /// Whose link it was.
    pub address: String,
}

/// Ends the login that a mail told of, when its button is pressed.
#[derive(Clone, Debug)]
pub struct EndLoginPage {
    /// The token of the form before login.
    pub csrf: String,
    /// The link's.
    pub token: String,
}

/// That login is over.
#[derive(Clone, Debug)]
pub struct LoginEndedPage {
    /// It was over before the button was pressed.
    pub already: bool,
}

page!(RecoverPage, "recover.html");
page!(RecoverAskedPage, "recover_asked.html");
page!(FinishRecoverPage, "recover_finish.html");
page!(RecoveredPage, "recover_done.html");
page!(EndLoginPage, "end_login.html");
page!(LoginEndedPage, "end_login_done.html");

impl RecoverPage {
    fn identifier_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.identifier_fault.map(|fault| frame.t(fault.message()))
    }

    fn wait_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.wait
            .map(|wait| dates::wait(frame.tongue, "mail-fault-throttled", wait))
    }
}

impl FinishRecoverPage {
    fn faulty(&self) -> bool {
        self.code_fault.is_some() || self.password_fault.is_some() || self.busy
    }

    fn code_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.code_fault.map(|fault| match fault {
            CodeFault::Missing => frame.t("code-fault-missing"),
            CodeFault::Wrong => frame.t("code-fault-wrong"),
        })
    }

    fn password_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.password_fault.map(|fault| fault.text(frame.tongue))
    }
}

impl LoginEndedPage {
    fn what<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        if self.already {
            frame.t("end-login-already")
        } else {
            frame.t("end-login-done-what")
        }
    }
}
