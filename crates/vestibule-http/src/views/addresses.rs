//! `/account/addresses`: the addresses a person's account has, and the page behind the link that confirms another one.

use std::borrow::Cow;
use std::time::Duration;

use super::{
    AddressFault, Frame,
    dates::{self, When},
    page,
};
use crate::texts::{Tongue, msg};

/// The list of addresses, and the form that asks for another one.
#[derive(Clone, Debug, Default)]
pub struct AddressesPage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// The primary one first.
    pub addresses: Vec<AddressEntry>,
    /// What was typed as another one.
    pub typed: String,
    /// What is wrong with it.
    pub fault: Option<NewAddressFault>,
    /// What was just done, or why nothing was.
    pub notice: Option<AddressesNotice>,
    /// Whether there is room for another one, and how many there may be.
    pub room: AddressRoom,
}

/// One address.
#[derive(Clone, Debug)]
pub struct AddressEntry {
    /// The address; what the forms send as `address`.
    pub email: String,
    /// Names the account.
    pub primary: bool,
    /// Proved by mail, or declared by an operator.
    pub verified: bool,
    /// Since when it is the account's.
    pub added_at: i64,
}

/// Whether another address can be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressRoom {
    /// It can.
    #[default]
    Room,
    /// There are this many, and no more may be.
    Full {
        /// How many there may be.
        most: usize,
    },
    /// The server sends no mail, and so nothing can be proved.
    NoMail,
}

/// What is wrong with another address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewAddressFault {
    /// It is none.
    Address(AddressFault),
    /// It is in this account already.
    Own,
}

/// What was just done, or why nothing was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressesNotice {
    /// A link is on its way to this address. The same whether or not another account has it (ASVS 6.3.8).
    Asked {
        /// Where to.
        address: String,
    },
    /// The link was used: an address more, or one proved.
    Confirmed,
    /// One is gone.
    Removed,
    /// Another one is primary.
    Primary,
    /// What was asked for was so already, or concerns no address of this account.
    Nothing,
    /// An unproved address cannot become primary, nor can a primary one go.
    Refused,
    /// The account is managed by the settings file, which finds it by its address.
    Declared,
    /// Too many mails were asked for.
    Throttled {
        /// When it is worth trying again.
        wait: Duration,
    },
}

struct Row<'a> {
    email: &'a str,
    primary: bool,
    verified: bool,
    added: When<'a>,
    primary_label: Cow<'a, str>,
    remove_label: Cow<'a, str>,
    prove_label: Cow<'a, str>,
}

page!(AddressesPage, "addresses.html");

impl AddressesPage {
    fn rows<'a>(&'a self, frame: &Frame<'a>) -> Vec<Row<'a>> {
        let row = |entry: &'a AddressEntry| entry.row(frame.tongue, frame.now);
        self.addresses.iter().map(row).collect()
    }

    fn notice_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.notice.as_ref().map(|notice| notice.text(frame.tongue))
    }

    /// Whether the notice tells of something that did not happen.
    fn warns(&self) -> bool {
        matches!(
            self.notice,
            Some(
                AddressesNotice::Throttled { .. }
                    | AddressesNotice::Refused
                    | AddressesNotice::Declared
            )
        )
    }

    fn fault_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.fault.map(|fault| match fault {
            NewAddressFault::Address(fault) => frame.t(fault.message()),
            NewAddressFault::Own => frame.t("addresses-fault-own"),
        })
    }

    /// Why no other address can be asked for, if so.
    fn full_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        match self.room {
            AddressRoom::Room => None,
            AddressRoom::Full { most } => Some(
                frame
                    .tongue
                    .text_with("addresses-full", &[("most", most.into())]),
            ),
            AddressRoom::NoMail => Some(frame.t("addresses-no-mail")),
        }
    }

    fn mails(&self) -> bool {
        self.room != AddressRoom::NoMail
    }
}

impl AddressEntry {
    fn row<'a>(&'a self, tongue: Tongue<'a>, now: i64) -> Row<'a> {
        let address = || [("address", self.email.as_str().into())];
        Row {
            email: &self.email,
            primary: self.primary,
            verified: self.verified,
            added: dates::day(tongue, "addresses-since", self.added_at, now),
            primary_label: tongue.text_with("addresses-primary-label", &address()),
            remove_label: tongue.text_with("addresses-remove-label", &address()),
            prove_label: tongue.text_with("addresses-prove-label", &address()),
        }
    }
}

impl AddressesNotice {
    fn text<'a>(&self, tongue: Tongue<'a>) -> Cow<'a, str> {
        match self {
            Self::Asked { address } => {
                tongue.text_with("addresses-asked", &[("address", address.as_str().into())])
            }
            Self::Confirmed => tongue.text("addresses-confirmed"),
            Self::Removed => tongue.text("addresses-removed"),
            Self::Primary => tongue.text("addresses-primary-changed"),
            Self::Nothing => tongue.text("addresses-nothing"),
            Self::Declared => tongue.text("addresses-declared"),
            Self::Refused => tongue.text("addresses-refused"),
            Self::Throttled { wait } => dates::wait(tongue, "mail-fault-throttled", *wait),
        }
    }
}

/// The page behind the link in the mail: asks, since opening a link changes nothing (ASVS 3.5.3).
#[derive(Clone, Debug)]
pub struct ConfirmAddressPage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// What there is to confirm.
    pub link: AddressLink,
}

/// A link that confirms an address.
#[derive(Clone, Debug)]
pub enum AddressLink {
    /// It is good.
    Good {
        /// The link's token.
        token: String,
        /// Where it was sent.
        address: String,
    },
    /// It was used, is too old, is another account's, or never was: no difference (ASVS 8.2.2).
    Gone,
    /// Another account has the address by now.
    Taken,
    /// The account has as many addresses as there may be.
    Full {
        /// How many there may be.
        most: usize,
    },
}

page!(ConfirmAddressPage, "address_confirm.html");

impl ConfirmAddressPage {
    fn title<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(match self.link {
            AddressLink::Good { .. } => msg("address-confirm-title"),
            AddressLink::Gone => msg("error-link"),
            AddressLink::Taken => msg("address-confirm-taken-title"),
            AddressLink::Full { .. } => msg("address-confirm-full-title"),
        })
    }

    /// Why there is nothing to confirm.
    fn why<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        match self.link {
            AddressLink::Good { .. } => None,
            AddressLink::Gone => Some(frame.t("address-confirm-gone")),
            AddressLink::Taken => Some(frame.t("address-confirm-taken")),
            AddressLink::Full { most } => Some(
                frame
                    .tongue
                    .text_with("addresses-full", &[("most", most.into())]),
            ),
        }
    }
}
