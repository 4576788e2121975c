//! Tries of passwords, and the devices they come from.

use std::time::Duration;

use vestibule_core::audit::{Event, EventKind, RefusalReason};
use vestibule_core::id::{DeviceId, SessionId, UserId};
use vestibule_core::known_device::DeviceProof;
use vestibule_core::session::{NewSession, Session};
use vestibule_core::throttle::{Charged, Growing, Keyer, Limits, Refilling, Scope, Tally, Tried};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::User;

use super::{NOON, email};
use crate::contract::harness::Home;
use crate::{BeginTry, Failed, SignInRecord, Try, Whose};

/// Free tries without end, so that only the tally a case is about can close.
pub const ROOMY: Limits = Limits {
    account: ROOMY_GROWING,
    device: ROOMY_GROWING,
    network: Refilling {
        burst: 100_000,
        refill: Duration::from_secs(1),
    },
    alarm: Refilling {
        burst: 100_000,
        refill: Duration::from_secs(1),
    },
    free_under_alarm: 1,
};

const ROOMY_GROWING: Growing = Growing {
    free: 100_000,
    first: Duration::from_secs(30),
    longest: Duration::from_hours(4),
};

/// What [`BeginTry::Begun`] holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Begun {
    pub record: Option<Box<SignInRecord>>,
    pub tried: Tried,
    pub known_device: bool,
    pub password_disabled: bool,
    pub unheard: bool,
}

impl Begun {
    /// What was charged to the first tally of this kind: an address's comes before its account's.
    pub fn charged(&self, scope: Scope) -> Charged {
        let mut all = self.tried.charged.iter();
        let charged = all.find(|one| one.scope == scope);
        *charged.unwrap_or_else(|| panic!("one of {scope:?}: {self:?}"))
    }

    /// What was charged, in the order of the scopes' codes.
    pub fn scopes(&self) -> Vec<&'static str> {
        let mut scopes: Vec<_> = self.tried.charged.iter().map(|c| c.scope.code()).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }
}

impl Home {
    /// The key of every tally.
    pub fn keyer(&self) -> Keyer {
        Keyer::new(&[5; 32])
    }

    /// A device's cookie, fresh.
    pub fn device(&self) -> DeviceProof {
        DeviceProof {
            id: DeviceId::new(NOON, self.bytes()),
            secret: self.secret(),
        }
    }

    /// A login as what was typed, from a browser without a device's cookie, somewhere on the network `192.0.2.9`.
    pub fn stranger_typing(&self, identifier: &str, limits: Limits, now: UnixMillis) -> Try {
        let keyer = self.keyer();
        Try {
            whose: Whose::Address {
                email: vestibule_core::email::EmailAddress::parse(identifier).ok(),
                identifier: identifier.to_owned(),
                device: None,
            },
            network: Some(keyer.network("192.0.2.9".parse().expect("an address"))),
            keyer,
            limits,
            now,
        }
    }

    /// The same, with an address at the invented domain.
    pub fn stranger(&self, name: &str, limits: Limits, now: UnixMillis) -> Try {
        self.stranger_typing(email(name).as_str(), limits, now)
    }

    /// A login from a browser with a device's cookie.
    pub fn from_device(
        &self,
        name: &str,
        device: DeviceProof,
        limits: Limits,
        now: UnixMillis,
    ) -> Try {
        Try {
            whose: Whose::Address {
                email: Some(email(name)),
                identifier: email(name).as_str().to_owned(),
                device: Some(device),
            },
            ..self.stranger(name, limits, now)
        }
    }

    /// A re-authentication, on a session of the user's that tries of a password know by its id alone.
    pub fn reauthentication(&self, user: &User, limits: Limits, now: UnixMillis) -> Try {
        Try {
            whose: Whose::Session {
                session: session_of(user.id),
                user: user.id,
            },
            ..self.stranger("nobody", limits, now)
        }
    }

    /// Begins a try that is not throttled.
    pub async fn begun(&self, attempt: Try) -> Begun {
        match self
            .store
            .begin_try(attempt)
            .await
            .expect("the store works")
        {
            BeginTry::Begun {
                record,
                tried,
                known_device,
                password_disabled,
                unheard,
            } => Begun {
                record,
                tried,
                known_device,
                password_disabled,
                unheard,
            },
            BeginTry::Throttled { scope, throttled } => {
                panic!("throttled by {scope:?}: {throttled:?}")
            }
        }
    }

    /// Which tally refuses a try, and until when.
    pub async fn throttled(&self, attempt: Try) -> (Scope, Option<UnixMillis>) {
        match self
            .store
            .begin_try(attempt)
            .await
            .expect("the store works")
        {
            BeginTry::Throttled { scope, throttled } => (scope, throttled.until),
            begun @ BeginTry::Begun { .. } => panic!("{begun:?}"),
        }
    }

    /// Settles a try that failed.
    pub async fn failed(&self, begun: &Begun, now: UnixMillis) -> Failed {
        let user = begun.record.as_ref().map(|record| record.user.id);
        let settled = self
            .store
            .fail_try(begun.tried.clone(), vec![refused(user)], self.act(now))
            .await;
        settled.expect("the store works")
    }

    /// A wrong password, from beginning to end.
    pub async fn wrong(&self, attempt: Try) -> Failed {
        let now = attempt.now;
        let begun = self.begun(attempt).await;
        self.failed(&begun, now).await
    }

    /// So many wrong passwords in a row.
    pub async fn wrong_times(&self, times: usize, attempt: &Try) {
        for _ in 0..times {
            self.wrong(attempt.clone()).await;
        }
    }

    /// The right password on a user's first credential.
    pub async fn right(&self, user: &User, attempt: Try) -> Session {
        let login = self.login(user, attempt.now);
        let begun = self.begun(attempt).await;
        let tried = Some(begun.tried);
        self.open(NewSession { tried, ..login }).await
    }

    /// Signs a user in on a device, to be known from now on.
    pub async fn knows(&self, user: &User, device: DeviceProof, at: UnixMillis) -> Session {
        let login = self.login(user, at);
        let known = Some(device);
        self.open(NewSession { known, ..login }).await
    }

    /// Whether a device is known to the account of an address; nothing is left charged.
    pub async fn is_known(&self, name: &str, device: DeviceProof, now: UnixMillis) -> bool {
        let begun = self.begun(self.from_device(name, device, ROOMY, now)).await;
        let known = begun.known_device;
        self.take_back(begun.tried).await;
        known
    }

    /// What a tally counts by now: a try is charged to it and taken back.
    pub async fn tally(&self, scope: Scope, attempt: Try) -> Tally {
        let begun = self.begun(attempt).await;
        let before = begun.charged(scope).before;
        self.take_back(begun.tried).await;
        before
    }

    /// Takes a charge back.
    pub async fn take_back(&self, tried: Tried) {
        let taken = self.store.take_back_try(tried).await;
        taken.expect("the store works");
    }
}

/// The id of the session of [`Home::reauthentication`].
pub const fn session_of(user: UserId) -> SessionId {
    SessionId::from_bytes(*user.as_bytes())
}

/// A login that was refused for its password.
pub fn refused(user: Option<UserId>) -> Event {
    Event {
        kind: EventKind::LoginRefused(match user {
            Some(_) => RefusalReason::WrongPassword,
            None => RefusalReason::UnknownUser,
        }),
        user,
        session: None,
        application: None,
    }
}
