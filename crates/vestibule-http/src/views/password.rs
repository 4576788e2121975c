//! What may be wrong with a new password. Shared by set-up and change.

use std::borrow::Cow;

use crate::texts::{Arg, Msg, Tongue, msg};

/// The shortest password, in code points (N20, N22).
pub(super) const SHORTEST: usize = 15;
/// The longest password, in code points (N21).
pub(super) const LONGEST: usize = 256;

/// Why a new password was not taken. The reason and what to do are shown (N28).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordFault {
    /// Nothing was entered.
    Missing,
    /// It has only this many characters.
    TooShort {
        /// Code points after NFC.
        length: usize,
    },
    /// More than 256 characters.
    TooLong,
    /// It is on the list of common or breached passwords.
    Common,
    /// It is an address or the name of its owner.
    Guessable,
    /// It is the name of this service, or another word that the operator named (ASVS 6.2.11).
    SiteWord,
    /// It is the one in use.
    Unchanged,
}

impl PasswordFault {
    pub(super) fn text(self, tongue: Tongue<'_>) -> Cow<'_, str> {
        let (message, args) = self.said();
        tongue.text_with(message, &args)
    }

    /// The message, and what goes into it.
    pub(crate) fn said(self) -> (Msg, Vec<(&'static str, Arg<'static>)>) {
        match self {
            Self::Missing => (msg("password-fault-missing"), Vec::new()),
            Self::TooShort { length } => (
                msg("password-fault-short"),
                vec![("length", length.into()), ("shortest", SHORTEST.into())],
            ),
            Self::TooLong => (
                msg("password-fault-long"),
                vec![("longest", LONGEST.into())],
            ),
            Self::Common => (msg("password-fault-common"), Vec::new()),
            Self::Guessable => (msg("password-fault-guessable"), Vec::new()),
            Self::SiteWord => (msg("password-fault-site-word"), Vec::new()),
            Self::Unchanged => (msg("password-fault-unchanged"), Vec::new()),
        }
    }
}
