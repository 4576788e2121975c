//! A refresh token's text, and how its successor is kept without being known.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::id::FamilyId;
use crate::secret::{HashedSecret, sha256};

/// How many refreshes lie between a family's first token and this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Generation(pub u32);

impl Generation {
    /// The one after. It saturates: one a second, it takes a century.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The key that vouches for refresh tokens: a token it does not vouch for was never ours, and nobody needs to be asked about it.
///
/// It is made from 32 random bytes of its own, which a store keeps sealed under the master key ([`MasterKey::seal`]). Were it
/// derived from the master key, a new one would sign every device out; so it is only sealed anew.
///
/// [`MasterKey::seal`]: crate::keys::MasterKey::seal
#[derive(Clone)]
pub struct RefreshKey(Key);

impl fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshKey")
    }
}

impl RefreshKey {
    /// Wraps 32 bytes, fresh from the engine's entropy when it was first made.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(Key::new(HMAC_SHA256, bytes))
    }

    /// Makes a token from 32 bytes fresh from the engine's entropy.
    pub fn mint(
        &self,
        family: FamilyId,
        generation: Generation,
        secret: [u8; 32],
    ) -> PlainRefreshToken {
        let mac = self.mac(family, generation, &secret);
        PlainRefreshToken {
            family,
            generation,
            secret,
            mac,
        }
    }

    /// Reads what a client sent. `None`: it is none of ours. Whoever knows a family's id and forges a token for it has
    /// changed nothing (R29). One token has one spelling.
    pub fn read(&self, text: &str) -> Option<PlainRefreshToken> {
        let encoded = text.strip_prefix(PREFIX)?;
        (encoded.len() == ENCODED).then_some(())?;
        let mut bytes = Zeroizing::new([0; BYTES]);
        (URL_SAFE_NO_PAD.decode_slice(encoded, &mut *bytes).ok()? == BYTES).then_some(())?;
        let (family, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, rest) = rest.split_first_chunk::<4>()?;
        let (secret, mac) = rest.split_first_chunk::<32>()?;
        let token = self.mint(
            FamilyId::from_bytes(*family),
            Generation(u32::from_be_bytes(*generation)),
            *secret,
        );
        // ASVS 11.2.4: constant time.
        verify_slices_are_equal(&token.mac, mac).ok()?;
        Some(token)
    }

    fn mac(&self, family: FamilyId, generation: Generation, secret: &[u8; 32]) -> [u8; 32] {
        mac(&self.0, b"refresh token", family, generation, secret)
    }
}

const PREFIX: &str = "vst_refresh_";
const BYTES: usize = 16 + 4 + 32 + 32;
const ENCODED: usize = BYTES / 3 * 4;

/// A refresh token that is ours: only [`RefreshKey`] makes one. `vst_refresh_` and 112 characters of base64url: the family's id,
/// the generation, 256 random bits, and the key's word for the three.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PlainRefreshToken {
    #[zeroize(skip)]
    family: FamilyId,
    #[zeroize(skip)]
    generation: Generation,
    secret: [u8; 32],
    mac: [u8; 32],
}

impl PlainRefreshToken {
    /// By which the family is found.
    pub const fn family(&self) -> FamilyId {
        self.family
    }

    /// Which of the family's tokens it is.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// What a store may keep (R20).
    pub fn hashed(&self) -> HashedSecret {
        HashedSecret::from_bytes(sha256(&self.secret))
    }

    /// What the client is given.
    pub fn encode(&self) -> String {
        let mut bytes = Zeroizing::new([0; BYTES]);
        bytes[..16].copy_from_slice(self.family.as_bytes());
        bytes[16..20].copy_from_slice(&self.generation.0.to_be_bytes());
        bytes[20..52].copy_from_slice(&self.secret);
        bytes[52..].copy_from_slice(&self.mac);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(*bytes))
    }

    /// Prepares the next generation: the token to answer with if it comes to that, and what a store keeps of it. `secret` and
    /// `nonce` are fresh from the engine's entropy.
    pub fn succeeded_by(
        &self,
        key: &RefreshKey,
        secret: [u8; 32],
        nonce: [u8; NONCE_LEN],
    ) -> Result<(Self, Successor), SuccessorError> {
        let next = key.mint(self.family, self.generation.next(), secret);
        let mut body = Zeroizing::new(secret);
        let tag = self
            .aead()?
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), self.aad(), &mut *body)
            .map_err(|Unspecified| SuccessorError)?;
        let mut sealed = [0; SealedSuccessor::LEN];
        sealed[..NONCE_LEN].copy_from_slice(&nonce);
        sealed[NONCE_LEN..NONCE_LEN + 32].copy_from_slice(&*body);
        sealed[NONCE_LEN + 32..].copy_from_slice(tag.as_ref());
        let successor = Successor {
            of: self.hashed(),
            hash: next.hashed(),
            sealed: SealedSuccessor(sealed),
        };
        Ok((next, successor))
    }

    /// The token that was issued for this one before.
    pub fn open(&self, key: &RefreshKey, sealed: &SealedSuccessor) -> Result<Self, SuccessorError> {
        let (nonce, body) = sealed.0.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SuccessorError)?;
        let mut body = Zeroizing::new(body.to_vec());
        let opened = self
            .aead()?
            .open_in_place(nonce, self.aad(), &mut body)
            .map_err(|Unspecified| SuccessorError)?;
        let secret = <[u8; 32]>::try_from(&*opened).map_err(|_| SuccessorError)?;
        Ok(key.mint(self.family, self.generation.next(), secret))
    }

    /// A key that only who holds this token can make: not even who has the store and the master key.
    fn aead(&self) -> Result<LessSafeKey, SuccessorError> {
        let secret = Key::new(HMAC_SHA256, &self.secret);
        let key = Zeroizing::new(mac(
            &secret,
            b"vestibule/refresh-successor/v1",
            self.family,
            self.generation,
            &[],
        ));
        UnboundKey::new(&AES_256_GCM, &*key)
            .map(LessSafeKey::new)
            .map_err(|Unspecified| SuccessorError)
    }

    fn aad(&self) -> Aad<[u8; 16]> {
        Aad::from(*self.family.as_bytes())
    }
}

impl fmt::Debug for PlainRefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainRefreshToken({})", self.family)
    }
}

fn mac(
    key: &Key,
    label: &[u8],
    family: FamilyId,
    generation: Generation,
    secret: &[u8],
) -> [u8; 32] {
    let generation = generation.0.to_be_bytes();
    let message = Zeroizing::new([label, family.as_bytes(), &generation, secret].concat());
    let mut mac = [0; 32];
    mac.copy_from_slice(sign(key, &message).as_ref());
    mac
}

/// What a store keeps of a token that may be issued for the one presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// For which token it was prepared.
    pub(super) of: HashedSecret,
    pub(super) hash: HashedSecret,
    pub(super) sealed: SealedSuccessor,
}

/// A token's secret under a key that its predecessor alone can make (AES-256-GCM; ASVS 11.3.3, C19): nonce, body and tag.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSuccessor([u8; Self::LEN]);

impl SealedSuccessor {
    /// How many bytes it has.
    pub const LEN: usize = NONCE_LEN + 32 + 16;

    /// Reads what a store holds.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a store to bind.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for SealedSuccessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSuccessor")
    }
}

/// What was sealed does not open: it was sealed under another token, or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed refresh token does not open under the token presented")]
pub struct SuccessorError;
