//! `/register`: a stranger asks for an account, and makes it through the link in the mail.

use std::borrow::Cow;
use std::time::Duration;

use super::details::{Details, Fault};
use super::{AddressFault, Frame, PasswordFault, dates, page};

/// The form that asks for an account.
#[derive(Clone, Debug, Default)]
pub struct RegisterPage {
    /// The token of the form before login.
    pub csrf: String,
    /// What was typed as address.
    pub identifier: String,
    /// What is wrong with it.
    pub identifier_fault: Option<AddressFault>,
    /// Name, fields, terms.
    pub details: Details,
    /// Too many mails were asked for: how long to wait.
    pub wait: Option<Duration>,
}

/// 'Look into your mail': the same for every address (ASVS 6.3.8).
#[derive(Clone, Debug)]
pub struct RegisterAskedPage {
    /// The address, as it was understood.
    pub address: String,
}

/// The page behind the mailed link: makes the account.
#[derive(Clone, Debug, Default)]
pub struct FinishRegisterPage {
    /// The token of the form before login.
    pub csrf: String,
    /// The link's.
    pub token: String,
    /// Where the link was sent.
    pub address: String,
    /// An operator invited: nothing was asked for yet.
    pub invited: bool,
    /// Name, fields, terms.
    pub details: Details,
    /// What is wrong with the password.
    pub password_fault: Option<PasswordFault>,
    /// The server had no room to work on the password; nothing was decided.
    pub busy: bool,
}

page!(RegisterPage, "register.html");
page!(RegisterAskedPage, "register_asked.html");
page!(FinishRegisterPage, "register_finish.html");

impl RegisterPage {
    fn faults<'a>(&'a self, frame: &Frame<'a>) -> Vec<Fault<'a>> {
        let address = self.identifier_fault.map(|_| Fault {
            field: "identifier".into(),
            label: frame.t("field-address"),
        });
        address
            .into_iter()
            .chain(self.details.faults(frame))
            .collect()
    }

    fn identifier_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.identifier_fault.map(|fault| frame.t(fault.message()))
    }

    fn wait_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.wait
            .map(|wait| dates::wait(frame.tongue, "mail-fault-throttled", wait))
    }
}

impl FinishRegisterPage {
    fn faults<'a>(&'a self, frame: &Frame<'a>) -> Vec<Fault<'a>> {
        let password = self.password_fault.map(|_| Fault {
            field: "password".into(),
            label: frame.t("field-password"),
        });
        let mut faults = self.details.faults(frame);
        faults.extend(password);
        faults
    }

    fn password_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.password_fault.map(|fault| fault.text(frame.tongue))
    }
}
