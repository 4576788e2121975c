//! `/account/activity`: what happened lately, in words.

use std::borrow::Cow;

use vestibule_core::place::Place;

use super::{
    DeviceName, Frame,
    dates::{self, When},
    page, places,
};
use crate::texts::{Arg, Msg, Tongue, msg};

/// A page of the list of events, newest first.
#[derive(Clone, Debug, Default)]
pub struct ActivityPage {
    /// Newest first; may be empty.
    pub events: Vec<Activity>,
    /// Link to the page of older ones, if there are any.
    pub older: Option<String>,
    /// There are newer ones than these.
    pub past: bool,
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
    /// Where that is, as exactly as it is known.
    pub place: Place,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The account was made.
    AccountCreated,
    /// A login.
    SignedIn {
        /// Nobody had signed in to the account on that device.
        new_device: bool,
    },
    /// A login with a wrong password, by whomever.
    SignInFailed,
    /// A login that could not be, right or wrong: the account or its password is disabled, or the password had just changed.
    SignInRefused,
    /// A logout on that device.
    SignedOut,
    /// A session ended by its time limits.
    Expired,
    /// A session gave way to a new one: there were as many as there may be.
    Displaced,
    /// One device was signed out from another.
    DeviceEnded,
    /// One was signed out by the link in the mail that told of it.
    EndedByMail,
    /// All others were signed out.
    OthersEnded {
        /// How many; `None` if nobody counted.
        count: Option<usize>,
    },
    /// All were signed out.
    EverywhereEnded,
    /// An administrator ended sessions.
    EndedByAdministrator,
    /// The password was asked for again, and was right.
    Confirmed,
    /// It was asked for again, and was wrong.
    ConfirmationFailed,
    /// The password was changed.
    PasswordChanged,
    /// It was set anew through a mailed link.
    PasswordReset,
    /// It is disabled: too many wrong ones in a row (N40).
    PasswordDisabled,
    /// An administrator disabled the account.
    Disabled,
    /// An administrator enabled the account.
    Enabled,
    /// Name, language or details were changed.
    ProfileChanged,
    /// Something was done with an address.
    Address {
        /// What.
        change: AddressChange,
        /// Which one; `None` where that is erased.
        email: Option<String>,
    },
    /// A link to set a new password was asked for.
    RecoveryAsked,
    /// One went out.
    RecoverySent,
    /// An administrator sent one.
    RecoveryOffered,
    /// A wrong code was typed behind one.
    CodeRefused,
    /// A mail to the person could not be delivered.
    MailGivenUp,
    /// Too many wrong passwords: further ones wait.
    Slowed,
    /// Too many mails: further ones wait.
    MailSlowed,
    /// The password is being guessed.
    Attacked,
}

/// What was done with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressChange {
    /// A link that confirms it was asked for.
    Asked,
    /// It became the account's.
    Added,
    /// It was proved.
    Verified,
    /// It is the account's no more.
    Removed,
    /// It names the account.
    Primary,
}

pub(super) struct Row<'a> {
    pub(super) what: Cow<'a, str>,
    pub(super) warns: bool,
    pub(super) when: When<'a>,
    pub(super) device: Option<Cow<'a, str>>,
    pub(super) address: Option<&'a str>,
    pub(super) place: Option<Cow<'a, str>>,
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
    pub(super) fn row<'a>(&'a self, tongue: Tongue<'a>, now: i64) -> Row<'a> {
        Row {
            what: self.what.text(tongue),
            warns: self.what.warns(),
            when: dates::moment(tongue, self.at, now),
            device: self.device.as_ref().map(|name| name.text(tongue)),
            address: self.address.as_deref(),
            place: places::words(tongue, &self.place),
        }
    }
}

impl Happening {
    /// Whether the owner should look twice.
    const fn warns(&self) -> bool {
        matches!(
            self,
            Self::SignInFailed
                | Self::SignInRefused
                | Self::ConfirmationFailed
                | Self::CodeRefused
                | Self::PasswordDisabled
                | Self::MailGivenUp
                | Self::Slowed
                | Self::MailSlowed
                | Self::Attacked
        )
    }

    fn text<'a>(&self, tongue: Tongue<'a>) -> Cow<'a, str> {
        match self {
            Self::OthersEnded { count: Some(count) } => {
                tongue.text_with("happening-others-ended", &[("count", (*count).into())])
            }
            Self::Address { change, email } => {
                let address = email.as_deref().map_or_else(
                    || Arg::Phrase(tongue.text("happening-some-address")),
                    Arg::from,
                );
                tongue.text_with(change.message(), &[("address", address)])
            }
            plain => tongue.text(plain.message()),
        }
    }

    /// The text of one that has no variables.
    const fn message(&self) -> Msg {
        match self {
            Self::AccountCreated => msg("happening-created"),
            Self::SignedIn { new_device: false } => msg("happening-signed-in"),
            Self::SignedIn { new_device: true } => msg("happening-signed-in-new"),
            Self::SignInFailed => msg("happening-failed"),
            Self::SignInRefused => msg("happening-refused"),
            Self::SignedOut => msg("happening-signed-out"),
            Self::Expired => msg("happening-expired"),
            Self::Displaced => msg("happening-displaced"),
            Self::DeviceEnded => msg("happening-device-ended"),
            Self::EndedByMail => msg("happening-ended-by-mail"),
            Self::OthersEnded { .. } => msg("happening-all-others-ended"),
            Self::EverywhereEnded => msg("happening-everywhere-ended"),
            Self::EndedByAdministrator => msg("happening-ended-by-administrator"),
            Self::Confirmed => msg("happening-confirmed"),
            Self::ConfirmationFailed => msg("happening-confirmation-failed"),
            Self::PasswordChanged => msg("happening-password-changed"),
            Self::PasswordReset => msg("happening-password-reset"),
            Self::PasswordDisabled => msg("happening-password-disabled"),
            Self::Disabled => msg("happening-disabled"),
            Self::Enabled => msg("happening-enabled"),
            Self::ProfileChanged => msg("happening-profile-changed"),
            Self::Address { change, .. } => change.message(),
            Self::RecoveryAsked => msg("happening-recovery-asked"),
            Self::RecoverySent => msg("happening-recovery-sent"),
            Self::RecoveryOffered => msg("happening-recovery-offered"),
            Self::CodeRefused => msg("happening-code-refused"),
            Self::MailGivenUp => msg("happening-mail-given-up"),
            Self::Slowed => msg("happening-slowed"),
            Self::MailSlowed => msg("happening-mail-slowed"),
            Self::Attacked => msg("happening-attacked"),
        }
    }
}

impl AddressChange {
    const fn message(self) -> Msg {
        match self {
            Self::Asked => msg("happening-address-asked"),
            Self::Added => msg("happening-address-added"),
            Self::Verified => msg("happening-address-verified"),
            Self::Removed => msg("happening-address-removed"),
            Self::Primary => msg("happening-primary-changed"),
        }
    }
}
