//! What checks and headers need of a user: once per user, however many sessions there are.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use bytes::Bytes;

use vestibule_core::email::EmailAddress;
use vestibule_core::id::UserId;
use vestibule_core::lineage::StoreNumber;
use vestibule_core::user::{DisplayName, Role, User, UserStatus};

/// A user, as requests see them.
#[derive(Debug)]
pub struct Profile {
    /// Stable, never reassigned.
    pub id: UserId,
    /// Unique among users.
    pub email: EmailAddress,
    /// Proved by mail, or declared by an operator.
    pub email_verified: bool,
    /// May be empty.
    pub name: DisplayName,
    /// In alphabetical order.
    pub roles: Vec<Role>,
    /// The same, ready for headers.
    pub identity: Identity,
}

/// What an application behind the proxy is told of a user: header values made once per user and shared from there.
#[derive(Debug)]
pub struct Identity {
    /// The id.
    pub user: Bytes,
    /// The address, empty unless verified.
    pub email: Bytes,
    /// The name, percent-encoded UTF-8 (RFC 3986 §2.1).
    pub name: Bytes,
    /// The roles, comma-separated.
    pub groups: Bytes,
}

impl Profile {
    /// Prepares what the store holds of a user.
    pub fn of(user: &User) -> Self {
        Self {
            id: user.id,
            email: user.email.clone(),
            email_verified: user.email_verified,
            name: user.name.clone(),
            roles: user.roles.clone(),
            identity: Identity::of(user),
        }
    }
}

impl Identity {
    fn of(user: &User) -> Self {
        // One allocation for all four.
        let mut text = user.id.to_string();
        let user_end = text.len();
        if user.email_verified {
            // An internationalised local part is not ASCII, and a header's value must be.
            percent_encode(user.email.as_str(), &mut text, |byte| {
                byte.is_ascii_graphic()
            });
        }
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
        let all = Bytes::from(text);
        Self {
            user: all.slice(..user_end),
            email: all.slice(user_end..email_end),
            name: all.slice(email_end..name_end),
            groups: all.slice(name_end..),
        }
    }
}

fn percent_encode(text: &str, out: &mut String, plain: impl Fn(u8) -> bool) {
    for byte in text.bytes() {
        if byte != b'%' && plain(byte) {
            out.push(char::from(byte));
        } else {
            // Unwritable only if memory were out: `String` never refuses.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// A user in the index.
pub(super) struct UserEntry {
    profile: ArcSwap<Profile>,
    cutoff: AtomicU64,
    disabled: AtomicBool,
    held: AtomicBool,
}

impl UserEntry {
    pub(super) fn new(user: &User) -> Self {
        Self {
            profile: ArcSwap::from_pointee(Profile::of(user)),
            cutoff: AtomicU64::new(user.cutoff.0),
            disabled: AtomicBool::new(user.status == UserStatus::Disabled),
            held: AtomicBool::new(false),
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

    pub(super) fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    pub(super) fn hold(&self, held: bool) {
        self.held.store(held, Ordering::Release);
    }

    pub(super) fn profile(&self) -> Arc<Profile> {
        self.profile.load_full()
    }

    pub(super) fn has_email(&self, email: &EmailAddress) -> bool {
        self.profile.load().email == *email
    }

    pub(super) fn id(&self) -> UserId {
        self.profile.load().id
    }
}
