//! The words of each letter.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use vestibule_core::device::DeviceLabel;
use vestibule_core::email::EmailAddress;
use vestibule_core::errand::Whence;
use vestibule_core::letter::{Says, Unusual};
use vestibule_core::time::UnixMillis;
use vestibule_engine::{NoPlaces, Places};

use super::{Block, Link};
use crate::site::Issuer;
use crate::texts::{Arg, Msg, Tongue, msg};
use crate::views::{DeviceName, dates, places};

/// What a token in a query may show as itself (RFC 3986 §2.3).
const TOKEN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// What every letter is written with.
pub(super) struct Words<'a> {
    pub(super) tongue: Tongue<'a>,
    pub(super) issuer: &'a Issuer,
    pub(super) brand: &'a str,
    pub(super) places: Option<&'a dyn Places>,
    /// The reader's address.
    pub(super) to: &'a EmailAddress,
}

impl Words<'_> {
    /// The subject and the headline.
    pub(super) fn title(&self, says: &Says) -> String {
        let id = match says {
            Says::FinishRegistration { .. } => msg("letter-register-title"),
            Says::AlreadyRegistered => msg("letter-registered-title"),
            Says::Invitation { .. } => msg("letter-invitation-title"),
            Says::ConfirmAddress { .. } => msg("letter-address-title"),
            Says::AddressInUse => msg("letter-in-use-title"),
            Says::Recover { .. } => msg("letter-recover-title"),
            Says::NoAccount => msg("letter-no-account-title"),
            Says::NewLogin { .. } => msg("letter-login-title"),
            Says::PasswordChanged { .. } => msg("letter-changed-title"),
            Says::PasswordReset { .. } => msg("letter-reset-title"),
            Says::PasswordDisabled { .. } => msg("letter-disabled-title"),
            Says::AddressAdded { .. } => msg("letter-added-title"),
            Says::AddressRemoved { .. } => msg("letter-removed-title"),
            Says::PrimaryChanged { .. } => msg("letter-primary-title"),
            Says::AccountDeleted { .. } => msg("letter-deleted-title"),
            Says::Test => msg("letter-test-title"),
        };
        self.tongue.text(id).into_owned()
    }

    /// Why the reader gets it.
    pub(super) fn why(&self, says: &Says) -> String {
        let id = match says {
            Says::FinishRegistration { .. } | Says::ConfirmAddress { .. } | Says::NoAccount => {
                msg("letter-why-entered")
            }
            Says::Invitation { .. } | Says::Test => msg("letter-why-administrator"),
            says if self.is_former(says) => msg("letter-why-former"),
            _ => msg("letter-why-account"),
        };
        let site = self.issuer.host().into();
        self.tongue.text_with(id, &[("site", site)]).into_owned()
    }

    /// The reader's address is no account's any more, or no longer this one's: it recovers nothing.
    fn is_former(&self, says: &Says) -> bool {
        match says {
            Says::AccountDeleted { .. } => true,
            Says::AddressRemoved { address, .. } => address == self.to,
            _ => false,
        }
    }

    /// Everything between headline and footer.
    pub(super) fn blocks(&self, says: &Says) -> Vec<Block> {
        match says {
            Says::FinishRegistration { token, expires_at } => vec![
                self.say("letter-register-what"),
                self.button("letter-register-go", &token_path("/register/finish", token)),
                self.until(*expires_at),
                self.say("letter-register-strange"),
            ],
            Says::AlreadyRegistered => vec![
                self.say("letter-registered-what"),
                self.button("letter-registered-go", "/login"),
                self.say("letter-registered-forgot"),
                self.link("letter-recover", "/recover"),
                self.say("letter-registered-strange"),
            ],
            Says::Invitation { token, expires_at } => vec![
                self.say("letter-invitation-what"),
                self.button("letter-register-go", &token_path("/register/finish", token)),
                self.until(*expires_at),
                self.say("letter-invitation-strange"),
            ],
            Says::ConfirmAddress { token, expires_at } => vec![
                self.say("letter-address-what"),
                self.button(
                    "letter-address-go",
                    &token_path("/account/addresses/confirm", token),
                ),
                self.until(*expires_at),
                self.say("letter-address-strange"),
            ],
            Says::AddressInUse => {
                vec![self.say("letter-in-use-what"), self.say("letter-in-use-do")]
            }
            Says::Recover {
                token,
                expires_at,
                from,
            } => self.recover(token, *expires_at, from.as_ref()),
            Says::NoAccount => vec![
                self.say("letter-no-account-what"),
                self.say("letter-no-account-strange"),
            ],
            Says::NewLogin {
                token,
                from,
                because,
            } => self.new_login(token, from, because),
            Says::AccountDeleted { at } => {
                let when = dates::in_full(self.tongue, at.0);
                vec![
                    self.say_with("letter-deleted-what", &[("when", Arg::Phrase(when))]),
                    self.turn_to_the_operator(),
                ]
            }
            Says::Test => vec![self.say("letter-test-what")],
            told => self.told(told),
        }
    }

    fn recover(&self, token: &str, expires_at: UnixMillis, from: Option<&Whence>) -> Vec<Block> {
        let mut blocks = match from {
            Some(from) => vec![self.say("letter-recover-what"), self.facts(from)],
            None => vec![self.say("letter-recover-offered")],
        };
        blocks.push(self.button("letter-recover", &token_path("/recover/finish", token)));
        blocks.push(self.until(expires_at));
        if from.is_some() {
            blocks.push(self.say("letter-recover-code"));
        }
        blocks.push(self.say("letter-recover-then"));
        if from.is_some() {
            blocks.push(self.say("letter-recover-unasked"));
        }
        blocks
    }

    fn new_login(&self, token: &str, from: &Whence, because: &[Unusual]) -> Vec<Block> {
        let mut blocks = vec![self.say("letter-login-what"), self.facts(from)];
        for unusual in because {
            blocks.push(self.say(match unusual {
                Unusual::NewDevice => msg("letter-login-new-device"),
                Unusual::AfterFailures => msg("letter-login-after-failures"),
                Unusual::LongSilence => msg("letter-login-long-silence"),
            }));
        }
        blocks.extend([
            self.say("letter-login-yours"),
            self.say("letter-login-strange"),
            self.button("letter-login-go", &token_path("/recover/end-login", token)),
            self.link("letter-recover", "/recover"),
        ]);
        blocks
    }

    /// What was done to the account: a sentence, from where, and what to do about it (ASVS 6.3.7, N62).
    fn told(&self, says: &Says) -> Vec<Block> {
        let address = |address: &EmailAddress| Arg::from(address.as_str().to_owned());
        let (what, from) = match says {
            Says::PasswordChanged { from } => (self.say("letter-changed-what"), from),
            Says::PasswordReset { from } => (self.say("letter-reset-what"), from),
            Says::PasswordDisabled { from } => (self.say("letter-disabled-what"), from),
            Says::AddressAdded { address: of, from } => (
                self.say_with("letter-added-what", &[("address", address(of))]),
                from,
            ),
            Says::AddressRemoved { address: of, from } => (
                self.say_with("letter-removed-what", &[("address", address(of))]),
                from,
            ),
            Says::PrimaryChanged {
                before,
                after,
                from,
            } => (
                self.say_with(
                    "letter-primary-what",
                    &[("before", address(before)), ("after", address(after))],
                ),
                from,
            ),
            _ => return Vec::new(),
        };
        let mut blocks = vec![what];
        if self.is_former(says) {
            blocks.extend([self.facts(from), self.turn_to_the_operator()]);
            return blocks;
        }
        match says {
            Says::PasswordDisabled { .. } => {
                blocks.push(self.say("letter-disabled-last"));
                blocks.push(self.facts(from));
            }
            Says::PasswordReset { .. } => {
                blocks.push(self.facts(from));
                blocks.push(self.say("letter-reset-strange"));
            }
            _ => {
                blocks.push(self.facts(from));
                blocks.push(self.say("letter-recover-strange"));
            }
        }
        blocks.push(self.button("letter-recover", "/recover"));
        blocks
    }

    fn turn_to_the_operator(&self) -> Block {
        let site = self.issuer.host().into();
        self.say_with("letter-deleted-strange", &[("site", site)])
    }

    fn say(&self, id: impl Into<Msg>) -> Block {
        self.say_with(id, &[])
    }

    fn say_with(&self, id: impl Into<Msg>, args: &[(&'static str, Arg<'_>)]) -> Block {
        let brand = ("brand", Arg::Phrase(Cow::Borrowed(self.brand)));
        let args: Vec<_> = args.iter().cloned().chain([brand]).collect();
        Block::Say(self.tongue.text_with(id, &args).into_owned())
    }

    fn until(&self, at: UnixMillis) -> Block {
        let when = dates::in_full(self.tongue, at.0);
        self.say_with("letter-until", &[("when", Arg::Phrase(when))])
    }

    fn button(&self, label: &'static str, path: &str) -> Block {
        Block::Button(self.to(label, path))
    }

    fn link(&self, label: &'static str, path: &str) -> Block {
        Block::Link(self.to(label, path))
    }

    fn to(&self, label: &'static str, path: &str) -> Link {
        Link {
            label: self.tongue.text(label).into_owned(),
            // H01: the configured issuer, and nothing that came with a request.
            url: format!("{}{path}", self.issuer.origin()),
        }
    }

    fn facts(&self, from: &Whence) -> Block {
        let label = DeviceLabel::read(from.user_agent.as_deref());
        let device = DeviceName {
            browser: label.browser,
            system: label.system,
        };
        let mut facts = vec![
            (
                msg("letter-fact-when"),
                dates::in_full(self.tongue, from.at.0).into_owned(),
            ),
            (
                msg("letter-fact-device"),
                device.text(self.tongue).into_owned(),
            ),
        ];
        let address = from.address.as_deref().and_then(|text| text.parse().ok());
        let known = self.places.unwrap_or(&NoPlaces);
        let place = known.place(address, self.tongue.lang());
        if let Some(place) = places::words(self.tongue, &place) {
            facts.push((msg("letter-fact-place"), place.into_owned()));
        }
        if let Some(address) = address {
            facts.push((msg("letter-fact-address"), address.to_string()));
        }
        let named = facts
            .into_iter()
            .map(|(name, fact)| (self.tongue.text(name).into_owned(), fact));
        Block::Facts(named.collect())
    }
}

fn token_path(path: &str, token: &str) -> String {
    format!("{path}?token={}", utf8_percent_encode(token, TOKEN))
}
