//! Secrets that clients bring back: a prefix that names the kind, and 256 random bits in base64url (C8, ASVS 11.5.1).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::secret::{HashedSecret, sha256};

macro_rules! plain {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl $name {
            const PREFIX: &'static str = $prefix;

            /// Wraps 32 bytes fresh from the engine's entropy.
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Reads what a client sent. One secret has one spelling.
            pub fn parse(text: &str) -> Option<Self> {
                let mut bytes = [0; 32];
                let encoded = text.strip_prefix(Self::PREFIX)?;
                (encoded.len() == 43).then_some(())?;
                (URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()? == 32).then_some(Self(bytes))
            }

            /// What the client is given.
            pub fn encode(&self) -> String {
                format!("{}{}", Self::PREFIX, URL_SAFE_NO_PAD.encode(self.0))
            }

            /// What a store may keep (R20).
            pub fn hashed(&self) -> HashedSecret {
                HashedSecret::from_bytes(sha256(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

plain!(
    /// An authorization code: `vst_code_` and 256 random bits.
    PlainAuthorizationCode,
    "vst_code_"
);
plain!(
    /// A device code (RFC 8628 §3.2): `vst_device_` and 256 random bits.
    PlainDeviceCode,
    "vst_device_"
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: ASVS 16.2.5
    #[test]
    fn asvs_16_2_5_a_code_reads_back_serves_its_kind_alone_and_debug_does_not_show_it() {
        let code = PlainAuthorizationCode::new([7; 32]);
        let told = code.encode();
        let read = PlainAuthorizationCode::parse(&told).unwrap();
        assert_eq!(read.hashed(), code.hashed());
        assert_ne!(code.hashed().as_bytes(), &[7; 32]);
        let device = PlainDeviceCode::new([7; 32]).encode();
        for wrong in ["", "vst_code_", &told[1..], &format!("{told}A"), &device] {
            assert!(PlainAuthorizationCode::parse(wrong).is_none(), "{wrong}");
        }
        assert!(PlainDeviceCode::parse(&told).is_none());
        assert_eq!(format!("{code:?}"), "PlainAuthorizationCode");
    }
}
