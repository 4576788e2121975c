//! A letter: what a mail says, before it has words. The words are the views', in the reader's language.

use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;
use crate::errand::Whence;
use crate::time::UnixMillis;
use crate::user::Language;

/// A mail to one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// To whom.
    pub to: EmailAddress,
    /// In which language.
    pub language: Language,
    /// What it says.
    pub says: Says,
}

/// What a letter says. `token` is a link's secret, in the clear: a letter is kept sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// Choose a password and the account exists: `/register/finish?token=`.
    FinishRegistration {
        /// The link's.
        token: String,
        /// When it ends.
        expires_at: UnixMillis,
    },
    /// Somebody wanted an account for this address, which has one.
    AlreadyRegistered,
    /// An operator invites: `/register/finish?token=`.
    Invitation {
        /// The link's.
        token: String,
        /// When it ends.
        expires_at: UnixMillis,
    },
    /// Is this address yours? `/account/addresses/confirm?token=`.
    ConfirmAddress {
        /// The link's.
        token: String,
        /// When it ends.
        expires_at: UnixMillis,
    },
    /// Somebody wanted to add this address to another account.
    AddressInUse,
    /// Set a new password: `/recover/finish?token=`.
    Recover {
        /// The link's.
        token: String,
        /// When it ends.
        expires_at: UnixMillis,
        /// Who asked. Nothing where an operator did.
        from: Option<Whence>,
    },
    /// Somebody wanted to recover an account of this address, which has none.
    NoAccount,
    /// A login that is new to the user: `/recover/end-login?token=` ends it (ASVS 6.3.5).
    NewLogin {
        /// The link's.
        token: String,
        /// From where.
        from: Whence,
        /// Why it is told.
        because: Vec<Unusual>,
    },
    /// The password was changed (ASVS 6.3.7, N62).
    PasswordChanged {
        /// From where.
        from: Whence,
    },
    /// The password was set anew through a mailed link (N62).
    PasswordReset {
        /// From where.
        from: Whence,
    },
    /// Too many wrong passwords: the password is disabled until it is set anew (N40, C23).
    PasswordDisabled {
        /// From where the last one came.
        from: Whence,
    },
    /// An address was added to the account.
    AddressAdded {
        /// Which.
        address: EmailAddress,
        /// From where.
        from: Whence,
    },
    /// An address was removed from the account.
    AddressRemoved {
        /// Which.
        address: EmailAddress,
        /// From where.
        from: Whence,
    },
    /// Another address is the primary one now.
    PrimaryChanged {
        /// The one until now.
        before: EmailAddress,
        /// The one from now on.
        after: EmailAddress,
        /// From where.
        from: Whence,
    },
    /// The account was deleted.
    AccountDeleted {
        /// When.
        at: UnixMillis,
    },
    /// An operator tries whether mail arrives.
    Test,
}

/// What is unusual about a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unusual {
    /// Never signed in on this device before.
    NewDevice,
    /// It followed several wrong passwords.
    AfterFailures,
    /// Nobody had signed in for a long time.
    LongSilence,
}
