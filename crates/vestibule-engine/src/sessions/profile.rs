//! What checks and headers need of a user: once per user, however many sessions there are.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use arc_swap::ArcSwap;

use vestibule_core::email::EmailAddress;
use vestibule_core::id::UserId;
use vestibule_core::lineage::StoreNumber;
use vestibule_core::user::{DisplayName, Role, User, UserStatus};

use super::census::Standing;

/// A user, as requests see them: one text, made ready for headers, from which all else is read. A user costs little
/// memory, and what no header carries is wanted seldom.
#[derive(Debug)]
pub struct Profile {
    id: UserId,
    /// The address and the name (both percent-encoded), the roles (comma-separated): one after the other.
    text: Text,
    email_end: u16,
    name_end: u16,
    email_verified: bool,
}

/// What an application behind the proxy is told of a user, ready for headers.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// The id.
    pub user: UserId,
    /// The address, empty unless verified.
    pub email: &'a [u8],
    /// The name, percent-encoded UTF-8 (RFC 3986 §2.1).
    pub name: &'a [u8],
    /// The roles, comma-separated.
    pub groups: &'a [u8],
}

/// As many bytes as the profile's allocation has room for.
const SHORT: usize = 62;

/// Most people's lies in place: an allocation of its own costs more than a text so short.
#[derive(Debug)]
enum Text {
    Short(u8, [u8; SHORT]),
    Long(Box<[u8]>),
}

impl Text {
    fn of(text: String) -> Self {
        let mut short = [0; SHORT];
        match (u8::try_from(text.len()), short.get_mut(..text.len())) {
            (Ok(len), Some(place)) => {
                place.copy_from_slice(text.as_bytes());
                Self::Short(len, short)
            }
            // Without spare room, which would be kept.
            _ => Self::Long(text.into_boxed_str().into_boxed_bytes()),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short(len, text) => text.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(text) => text,
        }
    }
}

impl Profile {
    /// Prepares what the store holds of a user.
    pub fn of(user: &User) -> Self {
        let mut text = String::with_capacity(user.email.as_str().len() + SHORT);
        // An internationalised local part is not ASCII, and a header's value must be.
        percent_encode(user.email.as_str(), &mut text, |byte| {
            byte.is_ascii_graphic()
        });
        let email_end = text.len();
        percent_encode(user.name.as_str(), &mut text, |byte| {
            byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
        });
        let name_end = text.len();
        for role in &user.roles {
            if text.len() > name_end {
                text.push(',');
            }
            text.push_str(role.as_str());
        }
        Self {
            id: user.id,
            text: Text::of(text),
            email_end: end(email_end),
            name_end: end(name_end),
            email_verified: user.email_verified,
        }
    }

    /// Stable, never reassigned.
    pub const fn id(&self) -> UserId {
        self.id
    }

    /// Unique among users.
    pub fn email(&self) -> EmailAddress {
        EmailAddress::from_stored(percent_decode(self.part(self.email_range())))
    }

    /// Proved by mail, or declared by an operator.
    pub const fn email_verified(&self) -> bool {
        self.email_verified
    }

    /// May be empty.
    pub fn name(&self) -> DisplayName {
        DisplayName::from_stored(percent_decode(self.part(self.name_range())))
    }

    /// Their names, in alphabetical order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let roles = str::from_utf8(self.part(self.groups_range())).unwrap_or_default();
        roles.split(',').filter(|role| !role.is_empty())
    }

    /// Ready for headers; nothing is copied.
    pub fn identity(&self) -> Identity<'_> {
        let email = if self.email_verified {
            self.part(self.email_range())
        } else {
            &[]
        };
        Identity {
            user: self.id,
            email,
            name: self.part(self.name_range()),
            groups: self.part(self.groups_range()),
        }
    }

    fn part(&self, range: Range<usize>) -> &[u8] {
        self.text.as_bytes().get(range).unwrap_or_default()
    }

    fn email_range(&self) -> Range<usize> {
        0..self.email_end.into()
    }

    fn name_range(&self) -> Range<usize> {
        self.email_end.into()..self.name_end.into()
    }

    fn groups_range(&self) -> Range<usize> {
        self.name_end.into()..self.text.as_bytes().len()
    }
}

/// An address has at most 254 bytes and a name 800, percent-encoded at most three times that.
fn end(end: usize) -> u16 {
    u16::try_from(end).unwrap_or(u16::MAX)
}

fn percent_encode(text: &str, out: &mut String, plain: impl Fn(u8) -> bool) {
    for byte in text.bytes() {
        if byte != b'%' && plain(byte) {
            out.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 0xf)]);
            out.extend(['%', digit(byte >> 4), digit(byte)]);
        }
    }
}

/// Of what [`percent_encode`] wrote.
fn percent_decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.first_chunk::<2>().filter(|_| *byte == b'%');
        let hex = hex.and_then(|hex| str::from_utf8(hex).ok());
        let decoded = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(decoded.unwrap_or(*byte));
        rest = if decoded.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A user in the index.
pub(super) struct UserEntry {
    profile: ArcSwap<Profile>,
    cutoff: AtomicU64,
    disabled: AtomicBool,
    held: AtomicBool,
    /// What the census has counted of them.
    standing: AtomicU8,
}

impl UserEntry {
    pub(super) fn new(user: &User) -> Self {
        Self {
            profile: ArcSwap::from_pointee(Profile::of(user)),
            cutoff: AtomicU64::new(user.cutoff.0),
            disabled: AtomicBool::new(user.status == UserStatus::Disabled),
            held: AtomicBool::new(false),
            standing: AtomicU8::new(Standing::NONE.bits()),
        }
    }

    /// Takes what was committed. A cutoff never goes back.
    pub(super) fn update(&self, user: &User) {
        self.raise_cutoff(user.cutoff);
        let disabled = user.status == UserStatus::Disabled;
        self.disabled.store(disabled, Ordering::Release);
        self.profile.store(Arc::new(Profile::of(user)));
    }

    pub(super) fn raise_cutoff(&self, number: StoreNumber) {
        self.cutoff.fetch_max(number.0, Ordering::AcqRel);
    }

    pub(super) fn cutoff(&self) -> StoreNumber {
        StoreNumber(self.cutoff.load(Ordering::Acquire))
    }

    /// Disabled, by the store or (while that could not be stored) in memory alone.
    pub(super) fn is_shut_out(&self) -> bool {
        self.disabled.load(Ordering::Acquire) || self.is_held()
    }

    /// Whether they hold the role that administers, and are not shut out.
    pub(super) fn administers(&self) -> bool {
        !self.is_shut_out() && self.profile.load().roles().any(|role| role == Role::ADMIN)
    }

    pub(super) fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    pub(super) fn hold(&self, held: bool) {
        self.held.store(held, Ordering::Release);
    }

    /// Stands so from now on. Answers as what they stood before.
    pub(super) fn stand(&self, now: Standing) -> Standing {
        Standing::from_bits(self.standing.swap(now.bits(), Ordering::AcqRel))
    }

    pub(super) fn profile(&self) -> Arc<Profile> {
        self.profile.load_full()
    }

    pub(super) fn has_email(&self, email: &EmailAddress) -> bool {
        self.profile.load().email() == *email
    }

    pub(super) fn id(&self) -> UserId {
        self.profile.load().id()
    }
}

#[cfg(test)]
mod tests;
