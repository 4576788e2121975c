//! A ticket: a secret that goes out in a mail and does one thing once.
//!
//! ```text
//! offered ──▶ good ──redeemed──▶ gone          at most one of many that try (H04)
//!               ├──over its time──▶ gone
//!               └──too many wrong codes──▶ gone
//! ```

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::email::EmailAddress;
use crate::id::{ErrandId, SessionId, UserId};
use crate::secret::{HashedSecret, sha256};
use crate::time::{STEP, UnixMillis};
use crate::user::{CredentialVersion, DisplayName, Particulars, Role};

/// What a ticket does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Makes an account for the address it was sent to.
    Register,
    /// Confirms an address for an account that exists.
    Address,
    /// Sets a new password.
    Recover,
    /// Ends the login that the mail told of.
    EndLogin,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::Register, Self::Address, Self::Recover, Self::EndLogin];

    /// The code that stores hold.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Address => "address",
            Self::Recover => "recover",
            Self::EndLogin => "end_login",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Register => "vst_register_",
            Self::Address => "vst_address_",
            Self::Recover => "vst_recover_",
            Self::EndLogin => "vst_endlogin_",
        }
    }

    /// How long a ticket is good. C13: e-mail recovers within an hour and no later; N60 allows 24.
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::Recover => Duration::from_mins(30),
            Self::Register | Self::Address => Duration::from_hours(1),
            Self::EndLogin => Duration::from_hours(7 * 24),
        }
    }
}

/// How long an invitation is good: a register ticket that an operator offers (ASVS 6.4.1).
pub const INVITED_FOR: Duration = Duration::from_hours(7 * 24);

/// Wrong codes after which a ticket is gone (ASVS 6.6.3, N45; C8).
pub const MOST_WRONG_CODES: u32 = 5;

/// The secret in a mailed link: a prefix that names its purpose and 256 random bits in base64url (C8, ASVS 11.5.1).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PlainTicket {
    #[zeroize(skip)]
    purpose: Purpose,
    bytes: [u8; 32],
}

impl PlainTicket {
    /// Wraps 32 bytes fresh from the engine's entropy.
    pub const fn new(purpose: Purpose, bytes: [u8; 32]) -> Self {
        Self { purpose, bytes }
    }

    /// Reads a link's token, if it is one for `purpose`.
    pub fn parse(purpose: Purpose, text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let encoded = text.strip_prefix(purpose.prefix())?;
        (encoded.len() == 43).then_some(())?;
        (URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()? == 32)
            .then_some(Self { purpose, bytes })
    }

    /// The link's token.
    pub fn encode(&self) -> String {
        format!(
            "{}{}",
            self.purpose.prefix(),
            URL_SAFE_NO_PAD.encode(self.bytes)
        )
    }

    /// What a store may keep.
    pub fn hashed(&self) -> HashedSecret {
        HashedSecret::from_bytes(sha256(&self.bytes))
    }
}

impl fmt::Debug for PlainTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainTicket")
    }
}

/// What a ticket does, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// An account is made for the ticket's address.
    Register {
        /// What was given when it was asked for, or by the operator who invited.
        name: DisplayName,
        /// The same.
        particulars: Particulars,
        /// Of an invitation; none otherwise.
        roles: Vec<Role>,
        /// An operator offered it.
        invited: bool,
    },
    /// The ticket's address becomes one of this user's, or their own unverified one verified.
    Address {
        /// Whose.
        user: UserId,
    },
    /// A new password may be set.
    Recover {
        /// Whose.
        user: UserId,
        /// Gone when the password has been changed since.
        credential: CredentialVersion,
        /// The request it answers, from which the code on the asking page is derived. `None`: an operator offered it.
        asked: Option<ErrandId>,
    },
    /// This session may be ended.
    EndLogin {
        /// Whose.
        user: UserId,
        /// Which.
        session: SessionId,
    },
}

impl Grant {
    /// Its purpose.
    pub const fn purpose(&self) -> Purpose {
        match self {
            Self::Register { .. } => Purpose::Register,
            Self::Address { .. } => Purpose::Address,
            Self::Recover { .. } => Purpose::Recover,
            Self::EndLogin { .. } => Purpose::EndLogin,
        }
    }

    /// The user it concerns, if there is one yet.
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::Register { .. } => None,
            Self::Address { user } | Self::Recover { user, .. } | Self::EndLogin { user, .. } => {
                Some(*user)
            }
        }
    }
}

/// A ticket as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The hash of its secret, by which it is found.
    pub secret: HashedSecret,
    /// Where it was sent.
    pub email: EmailAddress,
    /// What it does.
    pub grant: Grant,
    /// SHA-256 of the pre-session of the browser that asked, where one did.
    pub browser: Option<HashedSecret>,
    /// Codes that did not fit, so far.
    pub wrong_codes: u32,
    /// When it was offered.
    pub created_at: UnixMillis,
    /// When it ends.
    pub expires_at: UnixMillis,
}

impl Ticket {
    /// Whether somebody may begin to redeem it, as far as time and wrong codes go.
    pub fn is_good(&self, now: UnixMillis) -> bool {
        self.lasts(now) && self.wrong_codes < MOST_WRONG_CODES
    }

    /// Whether the one who began may end it. A code counts as wrong before it is compared, so that the last one, if it was
    /// right, has been counted as well.
    pub fn may_be_redeemed(&self, now: UnixMillis) -> bool {
        self.lasts(now) && self.wrong_codes <= MOST_WRONG_CODES
    }

    /// One that a wild clock made ahead of its time is over once the clock is right, as a session is (N01).
    fn lasts(&self, now: UnixMillis) -> bool {
        now < self.expires_at && self.created_at <= now.plus(STEP)
    }

    /// Whether it is opened in the browser that asked, or was never bound to one.
    pub fn fits_browser(&self, browser: Option<HashedSecret>) -> bool {
        self.browser.is_none() || self.browser == browser
    }
}

/// The code that the asking page shows, to be typed where the mail is opened in another browser: 8 digits, five tries
/// (ASVS 6.5.4: 20 bits or more).
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// From a keyed hash of the request's id.
    pub fn from_mac(mac: &[u8; 32]) -> Self {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&mac[..8]);
        // 2^64 over 10^8: the bias is nothing.
        Self(format!("{:08}", u64::from_be_bytes(bytes) % 100_000_000))
    }

    /// As shown: two groups of four.
    pub fn shown(&self) -> String {
        format!("{} {}", &self.0[..4], &self.0[4..])
    }

    /// Whether a person typed it, in whatever groups. ASVS 11.2.4: constant time.
    pub fn fits(&self, typed: &str) -> bool {
        let digits: String = typed.chars().filter(char::is_ascii_digit).take(9).collect();
        aws_lc_rs::constant_time::verify_slices_are_equal(digits.as_bytes(), self.0.as_bytes())
            .is_ok()
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_serves_its_purpose_alone() {
        for purpose in Purpose::ALL {
            let ticket = PlainTicket::new(purpose, [7; 32]);
            for other in Purpose::ALL {
                let read = PlainTicket::parse(other, &ticket.encode());
                assert_eq!(read.is_some(), other == purpose);
            }
            assert_eq!(format!("{ticket:?}"), "PlainTicket");
        }
    }

    /// Holds: ASVS 6.6.3, N45
    #[test]
    fn asvs_6_6_3_a_ticket_ends_by_time_and_by_wrong_codes() {
        let mut ticket = Ticket {
            secret: HashedSecret::from_bytes([1; 32]),
            email: EmailAddress::parse("alice@example.test").unwrap(),
            grant: Grant::Address {
                user: UserId::new(UnixMillis(1), [1; 10]),
            },
            browser: Some(HashedSecret::from_bytes([2; 32])),
            wrong_codes: MOST_WRONG_CODES - 1,
            created_at: UnixMillis(0),
            expires_at: UnixMillis(10),
        };
        assert!(ticket.is_good(UnixMillis(9)) && !ticket.is_good(UnixMillis(10)));
        assert!(ticket.fits_browser(ticket.browser) && !ticket.fits_browser(None));
        ticket.wrong_codes += 1;
        assert!(!ticket.is_good(UnixMillis(9)));
        assert!(ticket.may_be_redeemed(UnixMillis(9)) && !ticket.may_be_redeemed(UnixMillis(10)));
        ticket.browser = None;
        assert!(ticket.fits_browser(None));
    }

    /// Holds: N01
    #[test]
    fn n01_a_ticket_from_a_clock_ahead_is_over_once_the_clock_is_right() {
        let ahead = UnixMillis(10_000_000);
        let mut ticket = Ticket {
            secret: HashedSecret::from_bytes([1; 32]),
            email: EmailAddress::parse("alice@example.test").unwrap(),
            grant: Grant::Address {
                user: UserId::new(UnixMillis(1), [1; 10]),
            },
            browser: None,
            wrong_codes: 0,
            created_at: ahead,
            expires_at: ahead.plus(INVITED_FOR),
        };
        assert!(
            ticket.is_good(UnixMillis(ahead.0 - 60_000)),
            "clocks tick apart"
        );
        ticket.created_at = ahead.plus(Duration::from_millis(1));
        let right = UnixMillis(ahead.0 - 60_000);
        assert!(!ticket.is_good(right) && !ticket.may_be_redeemed(right));
        assert!(ticket.is_good(ahead) && ticket.may_be_redeemed(ahead));
    }

    /// Holds: ASVS 6.5.4
    #[test]
    fn asvs_6_5_4_a_code_has_eight_digits_and_forgives_blanks() {
        let code = RecoveryCode::from_mac(&[0xa7; 32]);
        let shown = code.shown();
        assert_eq!(shown.len(), 9);
        assert!(code.fits(&shown) && code.fits(&shown.replace(' ', "")));
        assert!(!code.fits("") && !code.fits(&shown[..8]) && !code.fits(&format!("{shown}1")));
    }
}
