//! A letter of each kind, for the tests and the gallery.

use vestibule_core::email::EmailAddress;
use vestibule_core::errand::Whence;
use vestibule_core::letter::{Letter, Says, Unusual};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::Language;

/// 2026-11-20 14:00:00 UTC.
pub(super) const NOW: UnixMillis = UnixMillis(1_795_183_200_000);
pub(super) const TOKEN: &str = "vst_recover_b7Qm0pYx3vLk9sTz2cWf6nHd1gRj5aEuXo4iPqVbKyN";
pub(super) const FIREFOX: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

pub(super) fn whence() -> Whence {
    Whence {
        at: NOW,
        address: Some("203.0.113.7".into()),
        user_agent: Some(FIREFOX.into()),
    }
}

pub(super) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

pub(super) fn letter(language: &str, says: Says) -> Letter {
    Letter {
        to: address("alice@example.test"),
        language: Language::of(language),
        says,
    }
}

/// Name and content of each.
pub(super) fn all() -> Vec<(&'static str, Says)> {
    let token = || TOKEN.to_owned();
    let expires_at = UnixMillis(NOW.0 + 1_800_000);
    let work = || address("alice@work.example.test");
    vec![
        (
            "register",
            Says::FinishRegistration {
                token: token(),
                expires_at,
            },
        ),
        ("registered", Says::AlreadyRegistered),
        (
            "invitation",
            Says::Invitation {
                token: token(),
                expires_at,
            },
        ),
        (
            "address",
            Says::ConfirmAddress {
                token: token(),
                expires_at,
            },
        ),
        ("in-use", Says::AddressInUse),
        (
            "recover",
            Says::Recover {
                token: token(),
                expires_at,
                from: Some(whence()),
            },
        ),
        (
            "recover-offered",
            Says::Recover {
                token: token(),
                expires_at,
                from: None,
            },
        ),
        ("no-account", Says::NoAccount),
        (
            "login",
            Says::NewLogin {
                token: token(),
                from: whence(),
                because: vec![
                    Unusual::NewDevice,
                    Unusual::AfterFailures,
                    Unusual::LongSilence,
                ],
            },
        ),
        ("changed", Says::PasswordChanged { from: whence() }),
        ("reset", Says::PasswordReset { from: whence() }),
        ("disabled", Says::PasswordDisabled { from: whence() }),
        (
            "added",
            Says::AddressAdded {
                address: work(),
                from: whence(),
            },
        ),
        (
            "removed",
            Says::AddressRemoved {
                address: work(),
                from: whence(),
            },
        ),
        (
            "primary",
            Says::PrimaryChanged {
                before: address("alice@example.test"),
                after: work(),
                from: whence(),
            },
        ),
        ("deleted", Says::AccountDeleted { at: NOW }),
        ("test", Says::Test),
    ]
}
