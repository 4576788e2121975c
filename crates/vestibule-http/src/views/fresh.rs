//! 'Confirm it is you': asks for the password again before something that needs a fresh login, and carries the form that was
//! sent over, so that one step does both.

use std::borrow::Cow;
use std::time::Duration;

use super::{ConsoleAct, DeviceName, Frame, dates, page};
use crate::texts::{Msg, msg};

/// The page that asks for the password again. Rendered as the answer to the POST that was not fresh enough; its own form posts to
/// the same place, with the same fields and `password`.
#[derive(Clone, Debug)]
pub struct FreshPage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// Where to post to: the path of the form that was sent.
    pub action: String,
    /// The fields of the form that was sent, without its `csrf`.
    pub fields: Vec<(String, String)>,
    /// Where 'cancel' leads.
    pub cancel: String,
    /// What will happen.
    pub purpose: FreshFor,
    /// The login is fresh: no password is asked for, only whether it is meant.
    pub proven: bool,
    /// What went wrong with the last try.
    pub fault: Option<FreshFault>,
}

/// What the password is asked for.
#[derive(Clone, Debug)]
pub enum FreshFor {
    /// One device will be signed out.
    EndDevice {
        /// Which one.
        name: DeviceName,
    },
    /// This many other devices will be signed out.
    EndOthers {
        /// How many.
        count: usize,
    },
    /// This device and this many others will be signed out.
    EndAll {
        /// How many others.
        others: usize,
    },
    /// This address is mailed a link that adds it to the account.
    AddAddress {
        /// Which one.
        address: String,
    },
    /// This address will not be the account's any more.
    RemoveAddress {
        /// Which one.
        address: String,
    },
    /// This address will name the account.
    MakePrimary {
        /// Which one.
        address: String,
    },
    /// The account will be deleted.
    DeleteAccount {
        /// How many devices that signs out, this one too.
        devices: usize,
    },
    /// An administrator acts on others.
    Console(ConsoleAct),
    /// Only to go on to a page that needs it.
    Continue,
}

/// Why the last try did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreshFault {
    /// The password is wrong.
    Wrong,
    /// The server has no room to check a password just now; nothing was judged.
    Busy,
    /// There were too many tries; this one was not judged.
    Throttled {
        /// When it is worth trying again.
        wait: Duration,
    },
}

page!(FreshPage, "fresh.html");

impl FreshPage {
    fn title<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(if self.proven {
            msg("confirm-title")
        } else {
            msg("fresh-title")
        })
    }

    fn purpose_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        match &self.purpose {
            FreshFor::EndDevice { name } => frame.tongue.text_with(
                "fresh-end-device",
                &[("device", name.text(frame.tongue).into_owned().into())],
            ),
            FreshFor::EndOthers { count } => frame
                .tongue
                .text_with("fresh-end-others", &[("count", (*count).into())]),
            FreshFor::EndAll { others } => frame
                .tongue
                .text_with("fresh-end-all", &[("count", (*others).into())]),
            FreshFor::AddAddress { address } => addressed(frame, msg("fresh-add-address"), address),
            FreshFor::RemoveAddress { address } => {
                addressed(frame, msg("fresh-remove-address"), address)
            }
            FreshFor::MakePrimary { address } => {
                addressed(frame, msg("fresh-primary-address"), address)
            }
            FreshFor::DeleteAccount { devices } => frame
                .tongue
                .text_with("fresh-delete", &[("count", (*devices).into())]),
            FreshFor::Console(act) => act.purpose_text(frame),
            FreshFor::Continue => frame.t("fresh-continue"),
        }
    }

    fn submit_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        match &self.purpose {
            FreshFor::EndDevice { .. } => frame.t("devices-end"),
            FreshFor::EndOthers { count } => frame
                .tongue
                .text_with("devices-end-others", &[("count", (*count).into())]),
            FreshFor::EndAll { .. } => frame.t("devices-end-all"),
            FreshFor::AddAddress { .. } => frame.t("addresses-add-submit"),
            FreshFor::RemoveAddress { .. } => frame.t("addresses-remove"),
            FreshFor::MakePrimary { .. } => frame.t("addresses-make-primary"),
            FreshFor::DeleteAccount { .. } => frame.t("delete-submit"),
            FreshFor::Console(act) => act.submit_text(frame),
            FreshFor::Continue => frame.t("fresh-submit"),
        }
    }

    fn destroys(&self) -> bool {
        if let FreshFor::Console(act) = &self.purpose {
            return act.destroys();
        }
        !matches!(
            self.purpose,
            FreshFor::Continue | FreshFor::AddAddress { .. } | FreshFor::MakePrimary { .. }
        )
    }

    fn alert_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        match self.fault? {
            FreshFault::Wrong => None,
            FreshFault::Busy => Some(frame.t("login-fault-busy")),
            FreshFault::Throttled { wait } => {
                Some(dates::wait(frame.tongue, "security-fault-throttled", wait))
            }
        }
    }

    fn wrong_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.fault
            .filter(|fault| *fault == FreshFault::Wrong)
            .map(|_| frame.t("fresh-fault-wrong"))
    }
}

fn addressed<'a>(frame: &Frame<'a>, sentence: Msg, address: &str) -> Cow<'a, str> {
    frame
        .tongue
        .text_with(sentence, &[("address", address.into())])
}
