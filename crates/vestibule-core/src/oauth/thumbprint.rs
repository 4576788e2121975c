//! The thumbprint of a client's key (RFC 7638), by which codes and tokens are bound to it (RFC 9449).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// SHA-256 of a public key in its canonical JWK form: `jkt`. Not a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint([u8; 32]);

/// Not a thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a thumbprint is 43 characters of base64url")]
pub struct ParseThumbprintError;

impl Thumbprint {
    /// Reads what a store holds, or what was computed from a proof's key.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, for a store to bind.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Thumbprint {
    type Err = ParseThumbprintError;

    /// One thumbprint has one spelling: no padding, no stray bits.
    fn from_str(text: &str) -> Result<Self, ParseThumbprintError> {
        decode_32(text).map(Self).ok_or(ParseThumbprintError)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

/// 32 bytes from their 43 characters of base64url.
pub(super) fn decode_32(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    (text.len() == 43).then_some(())?;
    (URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()? == 32).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_reads_back_and_has_one_spelling() {
        let jkt = Thumbprint::from_bytes([3; 32]);
        let text = jkt.to_string();
        assert_eq!(text.parse(), Ok(jkt));
        for wrong in [
            "",
            &text[1..],
            &format!("{text}="),
            &format!("{}+", &text[1..]),
        ] {
            assert_eq!(
                wrong.parse::<Thumbprint>(),
                Err(ParseThumbprintError),
                "{wrong}"
            );
        }
    }
}
