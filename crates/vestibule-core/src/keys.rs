//! The master key and what is made from it.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::app_session::ChallengeKey;
use crate::csrf::CsrfKey;
use crate::id::ErrandId;
use crate::secret::sha256;
use crate::throttle::Keyer;
use crate::ticket::RecoveryCode;

/// 256 bits from which every other key of an installation is derived or under which it is sealed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

/// A sealed secret does not open: another master key, or bytes that were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed key does not open under this master key")]
pub struct SealError;

struct Len32;

impl KeyType for Len32 {
    fn len(&self) -> usize {
        32
    }
}

impl MasterKey {
    /// Wraps 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to write the key's own file once.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Says which master key a data directory belongs to, and nothing about the key.
    pub fn check_value(&self) -> Result<[u8; 32], SealError> {
        self.derive(b"vestibule/check/v1").map(|key| *key)
    }

    /// The key of anti-forgery tokens.
    pub fn csrf(&self) -> Result<CsrfKey, SealError> {
        self.derive(b"vestibule/csrf/v1")
            .map(|key| CsrfKey::new(&key))
    }

    /// The key of what a handshake's browser is vouched for by.
    pub fn challenges(&self) -> Result<ChallengeKey, SealError> {
        self.derive(b"vestibule/handshake-challenge/v1")
            .map(|key| ChallengeKey::new(&key))
    }

    /// Names the tallies of throttling.
    pub fn throttle(&self) -> Result<Keyer, SealError> {
        self.derive(b"vestibule/throttle/v1")
            .map(|key| Keyer::new(&key))
    }

    /// Derives the codes that asking pages show.
    pub fn recovery_codes(&self) -> Result<RecoveryCodes, SealError> {
        self.derive(b"vestibule/recovery-code/v1")
            .map(|key| RecoveryCodes(Key::new(HMAC_SHA256, &*key)))
    }

    /// Seals `plain` under this key for one purpose; `nonce` is 12 fresh random bytes (ASVS 11.3.3, 11.3.4).
    pub fn seal(
        &self,
        purpose: &[u8],
        nonce: [u8; NONCE_LEN],
        plain: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let mut sealed = plain.to_vec();
        self.aead()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose),
                &mut sealed,
            )
            .map_err(|Unspecified| SealError)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what [`MasterKey::seal`] sealed for the same purpose.
    pub fn open(&self, purpose: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|Unspecified| SealError)?;
        let mut body = Zeroizing::new(body.to_vec());
        let len = self
            .aead()?
            .open_in_place(nonce, Aad::from(purpose), &mut body)
            .map_err(|Unspecified| SealError)?
            .len();
        body.truncate(len);
        Ok(body)
    }

    fn aead(&self) -> Result<LessSafeKey, SealError> {
        let key = self.derive(b"vestibule/seal/v1")?;
        UnboundKey::new(&AES_256_GCM, &*key)
            .map(LessSafeKey::new)
            .map_err(|Unspecified| SealError)
    }

    fn derive(&self, label: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealError> {
        let extracted: Prk = Salt::new(HKDF_SHA256, b"vestibule").extract(&self.0);
        let mut key = Zeroizing::new([0; 32]);
        extracted
            .expand(&[label], Len32)
            .and_then(|okm| okm.fill(&mut *key))
            .map_err(|Unspecified| SealError)?;
        Ok(key)
    }
}

/// The key from which the codes of recovery requests are derived, so that none is stored.
#[derive(Clone)]
pub struct RecoveryCodes(Key);

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodes")
    }
}

impl RecoveryCodes {
    /// The code of one request.
    pub fn code(&self, asked: ErrandId) -> RecoveryCode {
        let mut mac = [0; 32];
        mac.copy_from_slice(sign(&self.0, asked.as_bytes()).as_ref());
        RecoveryCode::from_mac(&mac)
    }
}

/// The key that signs the audit trail's seals, Ed25519 (RFC 8032). Made at first start, kept sealed.
pub struct SealKey(Ed25519KeyPair);

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey")
    }
}

impl SealKey {
    /// The purpose its seed is sealed for.
    pub const PURPOSE: &'static [u8] = b"vestibule/audit-seal-key/v1";

    /// Makes the key from 32 random bytes.
    pub fn from_seed(seed: &[u8]) -> Result<Self, SealError> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map(Self)
            .map_err(|_| SealError)
    }

    /// The half that verifies.
    pub fn public(&self) -> PublicSealKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicSealKey(bytes)
    }

    /// Signs one message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.0.sign(message).as_ref());
        bytes
    }
}

/// The half of a [`SealKey`] that verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicSealKey([u8; 32]);

impl PublicSealKey {
    /// Reads what a store holds.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A short name of the key: the first 8 bytes of its SHA-256.
    pub fn id(&self) -> [u8; 8] {
        let mut id = [0; 8];
        id.copy_from_slice(&sha256(&self.0)[..8]);
        id
    }

    /// Whether `signature` is this key's over `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(message, signature)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds: ASVS 11.3.3
    #[test]
    fn asvs_11_3_3_a_sealed_secret_opens_under_its_key_and_purpose_alone() {
        let (key, other) = (MasterKey::new([1; 32]), MasterKey::new([2; 32]));
        let sealed = key.seal(b"a", [9; 12], b"seed").unwrap();
        assert_eq!(key.open(b"a", &sealed).unwrap().as_slice(), b"seed");
        assert!(other.open(b"a", &sealed).is_err());
        assert!(key.open(b"b", &sealed).is_err());
        let mut changed = sealed.clone();
        changed[14] ^= 1;
        assert!(key.open(b"a", &changed).is_err());
        assert!(key.open(b"a", &sealed[..5]).is_err());
        assert_ne!(key.check_value().unwrap(), other.check_value().unwrap());
    }

    #[test]
    fn a_seal_key_signs_what_its_public_half_verifies() {
        let key = SealKey::from_seed(&[7; 32]).unwrap();
        let signature = key.sign(b"head");
        assert!(key.public().verifies(b"head", &signature));
        assert!(!key.public().verifies(b"other", &signature));
        assert!(SealKey::from_seed(&[7; 31]).is_err());
    }
}
