//! What may be wrong with a new password. Shared by set-up and change.

use std::borrow::Cow;

use crate::texts::Tongue;

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
        match self {
            Self::Missing => tongue.text("password-fault-missing"),
            Self::TooShort { length } => tongue.text_with(
                "password-fault-short",
                &[("length", length.into()), ("shortest", SHORTEST.into())],
            ),
            Self::TooLong => {
                tongue.text_with("password-fault-long", &[("longest", LONGEST.into())])
            }
            Self::Common => tongue.text("password-fault-common"),
            Self::Guessable => tongue.text("password-fault-guessable"),
            Self::SiteWord => tongue.text("password-fault-site-word"),
            Self::Unchanged => tongue.text("password-fault-unchanged"),
        }
    }
}
