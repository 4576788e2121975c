//! Secrets are types: `Debug` prints the type's name, comparison is constant-time, memory is zeroed, and only a hash
//! reaches a store.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::id::SessionId;

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// 256 random bits that prove a session (ASVS 7.2.3, N09; C9). Lives in the browser's cookie and nowhere else.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PlainSessionSecret([u8; 32]);

impl PlainSessionSecret {
    /// Wraps 32 bytes fresh from the engine's entropy, or from a cookie.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What a store may keep.
    pub fn hashed(&self) -> HashedSecret {
        HashedSecret(sha256(&self.0))
    }
}

impl fmt::Debug for PlainSessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainSessionSecret")
    }
}

/// SHA-256 of a 256-bit secret (ASVS 6.5.2: a plain hash is enough above 112 bits).
#[derive(Clone, Copy)]
pub struct HashedSecret([u8; 32]);

impl HashedSecret {
    /// Reads what a store holds.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, for a store to bind.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for HashedSecret {
    /// ASVS 11.2.4: constant time.
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for HashedSecret {}

impl fmt::Debug for HashedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashedSecret")
    }
}

/// The value of the session cookie: the session's id and its secret, 64 characters of base64url.
#[derive(Clone)]
pub struct SessionCookie {
    /// Which session.
    pub id: SessionId,
    /// The proof.
    pub secret: PlainSessionSecret,
}

impl SessionCookie {
    /// Length of the encoded value.
    pub const LEN: usize = 64;

    /// Reads a cookie's value. One value has one spelling: no padding, no stray bits, no other length.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (id, secret) = split(value)?;
        Some(Self {
            id: SessionId::from_bytes(id),
            secret: PlainSessionSecret(secret),
        })
    }

    /// The value to set.
    pub fn encode(&self) -> String {
        join(self.id.as_bytes(), &self.secret.0)
    }
}

impl fmt::Debug for SessionCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionCookie({})", self.id)
    }
}

/// An id and a secret from their 64 characters of base64url: no padding, no stray bits, no other length.
pub(crate) fn split(value: &[u8]) -> Option<([u8; 16], [u8; 32])> {
    if value.len() != SessionCookie::LEN {
        return None;
    }
    let mut bytes = [0_u8; 48];
    let written = URL_SAFE_NO_PAD.decode_slice(value, &mut bytes).ok()?;
    if written != bytes.len() {
        return None;
    }
    let mut id = [0; 16];
    let mut secret = [0; 32];
    id.copy_from_slice(&bytes[..16]);
    secret.copy_from_slice(&bytes[16..]);
    bytes.zeroize();
    Some((id, secret))
}

/// What [`split`] reads.
pub(crate) fn join(id: &[u8; 16], secret: &[u8; 32]) -> String {
    let mut bytes = [0_u8; 48];
    bytes[..16].copy_from_slice(id);
    bytes[16..].copy_from_slice(secret);
    let value = URL_SAFE_NO_PAD.encode(bytes);
    bytes.zeroize();
    value
}

/// A secret that somebody brings back: a prefix that names its kind, and 256 random bits in base64url (C8, ASVS 11.5.1).
macro_rules! plain_secret {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl $name {
            const PREFIX: &'static str = $prefix;

            /// Wraps 32 bytes fresh from the engine's entropy.
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Reads what somebody brought. One secret has one spelling.
            pub fn parse(text: &str) -> Option<Self> {
                use base64::Engine as _;

                let mut bytes = [0; 32];
                let encoded = text.strip_prefix(Self::PREFIX)?;
                (encoded.len() == 43).then_some(())?;
                let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD
                    .decode_slice(encoded, &mut bytes)
                    .ok()?;
                (decoded == 32).then_some(Self(bytes))
            }

            /// What its owner is given.
            pub fn encode(&self) -> String {
                use base64::Engine as _;

                let encoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.0);
                format!("{}{encoded}", Self::PREFIX)
            }

            /// What a store may keep (R20).
            pub fn hashed(&self) -> $crate::secret::HashedSecret {
                $crate::secret::HashedSecret::from_bytes($crate::secret::sha256(&self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

pub(crate) use plain_secret;

plain_secret!(
    /// The one-time secret in the set-up link: `vst_setup_` and 256 random bits in base64url.
    PlainSetupSecret,
    "vst_setup_"
);
plain_secret!(
    /// What an application proves itself with: `vst_app_` and 256 random bits in base64url. Shown once, when it is made.
    PlainApplicationSecret,
    "vst_app_"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMillis;

    fn cookie() -> SessionCookie {
        SessionCookie {
            id: SessionId::new(UnixMillis(1_700_000_000_000), [1; 10]),
            secret: PlainSessionSecret::new([9; 32]),
        }
    }

    #[test]
    fn a_cookie_reads_back_and_has_one_spelling() {
        let cookie = cookie();
        let value = cookie.encode();
        assert_eq!(value.len(), SessionCookie::LEN);
        let read = SessionCookie::parse(value.as_bytes()).unwrap();
        assert_eq!(
            (read.id, read.secret.hashed()),
            (cookie.id, cookie.secret.hashed())
        );
        for wrong in [
            &value[1..],
            &format!("{value}="),
            &value.replace('A', "+"),
            "",
            &"é".repeat(32),
        ] {
            assert!(SessionCookie::parse(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }

    /// Holds: ASVS 16.2.5, ASVS 3.3.4
    #[test]
    fn asvs_16_2_5_debug_shows_no_secret() {
        let cookie = cookie();
        let shown = format!(
            "{cookie:?} {:?} {:?}",
            cookie.secret,
            cookie.secret.hashed()
        );
        assert_eq!(
            shown,
            format!(
                "SessionCookie({}) PlainSessionSecret HashedSecret",
                cookie.id
            )
        );
    }

    #[test]
    fn a_setup_token_reads_back() {
        let secret = PlainSetupSecret::new([3; 32]);
        assert_eq!(
            PlainSetupSecret::parse(&secret.encode()).unwrap().hashed(),
            secret.hashed()
        );
        assert!(PlainSetupSecret::parse("vst_setup_").is_none());
        assert!(PlainSetupSecret::parse(&secret.encode()[3..]).is_none());
    }

    /// Holds: ASVS 16.2.5
    #[test]
    fn asvs_16_2_5_an_applications_secret_reads_back_and_debug_does_not_show_it() {
        let secret = PlainApplicationSecret::new([3; 32]);
        let told = secret.encode();
        assert_eq!(
            PlainApplicationSecret::parse(&told).unwrap().hashed(),
            secret.hashed()
        );
        let setup = PlainSetupSecret::new([3; 32]).encode();
        for wrong in ["", "vst_app_", &told[1..], &format!("{told}A"), &setup] {
            assert!(PlainApplicationSecret::parse(wrong).is_none(), "{wrong}");
        }
        assert_eq!(format!("{secret:?}"), "PlainApplicationSecret");
    }
}
