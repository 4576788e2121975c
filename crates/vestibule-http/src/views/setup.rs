//! `/setup`: the one-time link makes the administrator. A used or expired link is an [`super::ErrorPage`].

use std::borrow::Cow;

use super::{Frame, PasswordFault, page};
use crate::texts::{Msg, msg};

/// The set-up page.
#[derive(Clone, Debug, Default)]
pub struct SetupPage {
    /// The token of the form before login.
    pub csrf: String,
    /// The token of the one-time link.
    pub token: String,
    /// What was typed as address.
    pub identifier: String,
    /// What was typed as name.
    pub name: String,
    /// What is wrong with the address.
    pub identifier_fault: Option<AddressFault>,
    /// What is wrong with the name.
    pub name_fault: Option<NameFault>,
    /// What is wrong with the password.
    pub password_fault: Option<PasswordFault>,
    /// The server had no room to work on the password; nothing was decided.
    pub busy: bool,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFault {
    /// Nothing was entered.
    Missing,
    /// It is no e-mail address.
    Malformed,
    /// Another account has it. Only whoever holds the set-up link is told.
    Taken,
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFault {
    /// There is none.
    Missing,
    /// It is too long.
    TooLong,
    /// It has characters that no name has: line breaks, control characters.
    Malformed,
}

/// A field that the summary at the top links to; what is wrong stands at the field.
struct Fault<'a> {
    field: &'static str,
    label: Cow<'a, str>,
}

page!(SetupPage, "setup.html");

impl SetupPage {
    fn faults<'a>(&self, frame: &Frame<'a>) -> Vec<Fault<'a>> {
        let fields = [
            (
                "identifier",
                "field-address",
                self.identifier_fault.is_some(),
            ),
            ("name", "field-name", self.name_fault.is_some()),
            ("password", "field-password", self.password_fault.is_some()),
        ];
        let faulty = fields.into_iter().filter(|(_, _, faulty)| *faulty);
        faulty
            .map(|(field, label, _)| Fault {
                field,
                label: frame.t(label),
            })
            .collect()
    }

    fn identifier_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.identifier_fault.map(|fault| frame.t(fault.message()))
    }

    fn name_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.name_fault.map(|fault| frame.t(fault.message()))
    }

    fn password_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.password_fault.map(|fault| fault.text(frame.tongue))
    }
}

impl AddressFault {
    pub(super) fn message(self) -> Msg {
        match self {
            Self::Missing => msg("address-fault-missing"),
            Self::Malformed => msg("address-fault-malformed"),
            Self::Taken => msg("address-fault-taken"),
        }
    }
}

impl NameFault {
    pub(super) fn message(self) -> Msg {
        match self {
            Self::Missing => msg("name-fault-missing"),
            Self::TooLong => msg("name-fault-long"),
            Self::Malformed => msg("name-fault-malformed"),
        }
    }
}
