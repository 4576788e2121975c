//! A device that its owner has signed in on before: a long-lived cookie that is never a credential (N15). It gives its owner
//! a budget of tries that no stranger can spend (C23), and tells a new login from a known one (ASVS 6.3.5).

use std::fmt;
use std::time::Duration;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::id::DeviceId;
use crate::secret::{HashedSecret, join, sha256, split};
use crate::time::UnixMillis;

/// How long a device is known after its last login: browsers keep a cookie for 400 days at most (RFC 6265bis §5.5).
pub const KNOWN_FOR: Duration = Duration::from_hours(400 * 24);

/// Most devices known of one user: those seen longest ago give way.
pub const MOST_KNOWN: usize = 100;

/// 256 random bits in the device's cookie.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PlainDeviceSecret([u8; 32]);

impl PlainDeviceSecret {
    /// Wraps 32 bytes fresh from the engine's entropy, or from a cookie.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What a store may keep.
    pub fn hashed(&self) -> HashedSecret {
        HashedSecret::from_bytes(sha256(&self.0))
    }
}

impl fmt::Debug for PlainDeviceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainDeviceSecret")
    }
}

/// The value of the device's cookie: its id and its secret, 64 characters of base64url.
#[derive(Clone)]
pub struct DeviceCookie {
    /// Which device.
    pub id: DeviceId,
    /// The proof.
    pub secret: PlainDeviceSecret,
}

impl DeviceCookie {
    /// Reads a cookie's value. One value has one spelling.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (id, secret) = split(value)?;
        Some(Self {
            id: DeviceId::from_bytes(id),
            secret: PlainDeviceSecret(secret),
        })
    }

    /// The value to set.
    pub fn encode(&self) -> String {
        join(self.id.as_bytes(), &self.secret.0)
    }

    /// What a store compares.
    pub fn proof(&self) -> DeviceProof {
        DeviceProof {
            id: self.id,
            secret: self.secret.hashed(),
        }
    }
}

impl fmt::Debug for DeviceCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceCookie({})", self.id)
    }
}

/// A device's cookie as a store knows it: presented by a browser, or to be remembered by a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceProof {
    /// Which device.
    pub id: DeviceId,
    /// The hash of its secret.
    pub secret: HashedSecret,
}

/// Whether a device last seen at `last_seen` is still known.
pub fn still_known(last_seen: UnixMillis, now: UnixMillis) -> bool {
    now.since(last_seen) < KNOWN_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_reads_back_and_shows_no_secret() {
        let cookie = DeviceCookie {
            id: DeviceId::new(UnixMillis(1), [3; 10]),
            secret: PlainDeviceSecret::new([9; 32]),
        };
        let read = DeviceCookie::parse(cookie.encode().as_bytes()).unwrap();
        assert_eq!(read.proof(), cookie.proof());
        assert!(DeviceCookie::parse(&cookie.encode().as_bytes()[1..]).is_none());
        assert_eq!(
            format!("{cookie:?}"),
            format!("DeviceCookie({})", cookie.id)
        );
    }

    #[test]
    fn a_device_is_forgotten_when_its_cookie_would_be() {
        let seen = UnixMillis(1_000);
        assert!(still_known(seen, UnixMillis(seen.0 + 1)));
        assert!(!still_known(seen, seen.plus(KNOWN_FOR)));
    }
}
