//! A user's addresses: one primary, each unique among all users'.

use vestibule_core::audit::Act;
use vestibule_core::email::EmailAddress;
use vestibule_core::id::UserId;
use vestibule_core::user::Address;

use crate::Answer;

/// Outcome of [`Addresses::remove_address`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveAddress {
    /// It is nobody's now.
    Removed,
    /// The primary one stays: make another one primary first.
    Primary,
    /// The settings file declares the account, and finds it by its address.
    Declared,
    /// Not one of this user's.
    Unknown,
}

/// Outcome of [`Addresses::make_primary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MakePrimary {
    /// The account is named by it now.
    Changed {
        /// The one until now.
        before: EmailAddress,
    },
    /// It was so already.
    Already,
    /// Only a verified one may be.
    Unverified,
    /// The one until now is not verified, so it would go, and the settings file finds the account by it.
    Declared,
    /// Not one of this user's.
    Unknown,
}

/// Transitions and reads about addresses. One is added by its ticket alone
/// ([`Tickets::confirm_address`](crate::Tickets::confirm_address)).
pub trait Addresses: Send + Sync {
    /// A user's, the primary one first, then by age.
    fn addresses(&self, user: UserId) -> Answer<'_, Vec<Address>>;

    /// Removes one. Recover tickets that went to it are gone. Audit: `address.removed`.
    fn remove_address(
        &self,
        user: UserId,
        email: EmailAddress,
        act: Act,
    ) -> Answer<'_, RemoveAddress>;

    /// Makes another one primary. An unverified one until now is dropped as a removed one is: nobody proved it. Audit:
    /// `address.primary_changed`. Publishes the user.
    fn make_primary(&self, user: UserId, email: EmailAddress, act: Act) -> Answer<'_, MakePrimary>;
}
