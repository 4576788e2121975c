//! Where logins came from, in words, if the operator has a list of networks.

use std::net::IpAddr;

use vestibule_core::place::{Located, Place};

/// A list of networks and where they are. Asked while a page or a letter is written: it answers from memory, and no
/// address leaves the machine.
pub trait Places: Send + Sync {
    /// Where the list has this address, with names in the language (`de`, `en`) or else in English. `None` is unknown.
    fn locate(&self, address: IpAddr, language: &str) -> Option<Located>;

    /// The place of an address, as exactly as it is known.
    fn place(&self, address: Option<IpAddr>, language: &str) -> Place {
        Place::of(address).located(|address| self.locate(address, language))
    }
}

/// No list: the address itself is all there is.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPlaces;

impl Places for NoPlaces {
    fn locate(&self, _address: IpAddr, _language: &str) -> Option<Located> {
        None
    }
}
