//! The signature algorithms there are. No HMAC and no `none`: nothing here could run them.

use std::fmt;

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519 under the older name `EdDSA`.
    EdDsa,
    /// Ed25519 under its own name (RFC 9864).
    Ed25519,
    /// RSA-PSS with SHA-256.
    Ps256,
    /// RSA PKCS#1 v1.5 with SHA-256, for those who know nothing else.
    Rs256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
        Self::Ed25519,
        Self::Ps256,
        Self::Rs256,
    ];

    /// As `alg` has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of that name, byte for byte (RFC 7515 §4.1.1: `alg` is case-sensitive).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
