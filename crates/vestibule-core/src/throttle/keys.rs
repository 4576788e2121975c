//! What names a tally.

use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

use crate::id::{DeviceId, SessionId, UserId};

/// What a tally is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// An address, from devices that are not known to its account.
    Account,
    /// A known device of an account.
    Device,
    /// The re-authentications of a session.
    Session,
    /// A password: wrong ones in a row.
    Password,
    /// A network.
    Network,
    /// Everybody, from devices that are not known.
    Everyone,
    /// Mails that a visitor asks for.
    Mail,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 7] = [
        Self::Account,
        Self::Device,
        Self::Session,
        Self::Password,
        Self::Network,
        Self::Everyone,
        Self::Mail,
    ];

    /// The code that stores, logs and metrics hold.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Device => "device",
            Self::Session => "session",
            Self::Password => "password",
            Self::Network => "network",
            Self::Everyone => "everyone",
            Self::Mail => "mail",
        }
    }
}

/// Names a tally. A keyed hash, so that a stolen store tells neither who was tried nor from where.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThrottleKey([u8; 16]);

impl ThrottleKey {
    /// Reads the 16 bytes a store holds.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes, for a store to bind.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for ThrottleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThrottleKey")
    }
}

/// Makes [`ThrottleKey`]s, under a key derived from the master key.
#[derive(Clone)]
pub struct Keyer(Key);

impl fmt::Debug for Keyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyer")
    }
}

impl Keyer {
    /// Wraps 32 derived bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(Key::new(HMAC_SHA256, bytes))
    }

    /// An address as typed (normalised where it is one): known or not makes no difference.
    pub fn account(&self, identifier: &str) -> ThrottleKey {
        self.key(Scope::Account, &[identifier.as_bytes()])
    }

    /// Those who try a user's password from devices that are not known, whatever address they name.
    pub fn strangers(&self, user: UserId) -> ThrottleKey {
        self.key(Scope::Account, &[b"strangers", user.as_bytes()])
    }

    /// The same for an address without an account: so that the same is written for it.
    pub fn no_strangers(&self, identifier: &str) -> ThrottleKey {
        self.key(Scope::Account, &[b"none", identifier.as_bytes()])
    }

    /// A known device of a user.
    pub fn device(&self, device: DeviceId, user: UserId) -> ThrottleKey {
        self.key(Scope::Device, &[device.as_bytes(), user.as_bytes()])
    }

    /// A session's re-authentications.
    pub fn session(&self, session: SessionId) -> ThrottleKey {
        self.key(Scope::Session, &[session.as_bytes()])
    }

    /// A user's password.
    pub fn password(&self, user: UserId) -> ThrottleKey {
        self.key(Scope::Password, &[user.as_bytes()])
    }

    /// The password that an unknown address does not have: so that the same is written for it.
    pub fn no_password(&self, identifier: &str) -> ThrottleKey {
        self.key(Scope::Password, &[b"none", identifier.as_bytes()])
    }

    /// A network: one IPv4 address, or the /64 that one household or machine has of IPv6.
    pub fn network(&self, address: IpAddr) -> ThrottleKey {
        self.key(Scope::Network, &[&network(address)])
    }

    /// The network of those whose address is not known.
    pub fn nowhere(&self) -> ThrottleKey {
        self.key(Scope::Network, &[])
    }

    /// Everybody.
    pub fn everyone(&self) -> ThrottleKey {
        self.key(Scope::Everyone, &[])
    }

    /// Mails to one address, asked for from one network.
    pub fn mail(&self, to: &str, from: Option<IpAddr>) -> ThrottleKey {
        let from = from.map(network).unwrap_or_default();
        self.key(Scope::Mail, &[b"to", to.as_bytes(), &from])
    }

    /// Mails to one address, whoever asks.
    pub fn mail_to(&self, to: &str) -> ThrottleKey {
        self.key(Scope::Mail, &[b"all", to.as_bytes()])
    }

    /// Mails asked for from one network.
    pub fn mail_from(&self, from: Option<IpAddr>) -> ThrottleKey {
        self.key(
            Scope::Mail,
            &[b"from", &from.map(network).unwrap_or_default()],
        )
    }

    fn key(&self, scope: Scope, parts: &[&[u8]]) -> ThrottleKey {
        let mut message = Vec::with_capacity(96);
        message.extend_from_slice(scope.code().as_bytes());
        for part in parts {
            // Length-prefixed, so that no two lists of parts have the same bytes.
            message.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            message.extend_from_slice(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&sign(&self.0, &message).as_ref()[..16]);
        ThrottleKey(bytes)
    }
}

fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}
