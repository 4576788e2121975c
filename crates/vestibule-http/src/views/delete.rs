//! `/account/delete`: an account ends.

use std::borrow::Cow;

use super::{Frame, page};

/// Says what will happen, in numbers, and asks.
#[derive(Clone, Debug, Default)]
pub struct DeletePage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// How many devices are signed in, this one too.
    pub devices: usize,
    /// How many addresses the account has.
    pub addresses: usize,
    /// A last mail goes to each of them.
    pub mails: bool,
    /// It was refused: nobody else administers the server.
    pub only_administrator: bool,
    /// It was refused: the settings file declares the account.
    pub declared: bool,
}

/// 'Your account is deleted': for a browser that nobody is signed in with any more.
#[derive(Clone, Copy, Debug)]
pub struct DeletedPage {
    /// How many devices that signed out.
    pub ended: u64,
    /// A last mail goes to each address.
    pub mails: bool,
}

page!(DeletePage, "delete.html");
page!(DeletedPage, "deleted.html");

impl DeletePage {
    fn devices_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame
            .tongue
            .text_with("delete-devices", &[("count", self.devices.into())])
    }

    fn addresses_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame
            .tongue
            .text_with("delete-addresses", &[("count", self.addresses.into())])
    }
}

impl DeletedPage {
    fn ended_text<'a>(self, frame: &Frame<'a>) -> Cow<'a, str> {
        let count = i64::try_from(self.ended).unwrap_or(i64::MAX);
        frame
            .tongue
            .text_with("deleted-what", &[("count", count.into())])
    }
}
