//! Randomness, as it comes in.

use zeroize::Zeroize as _;

use vestibule_core::id::{ActId, DeviceId, SessionId, UserId};
use vestibule_core::known_device::{DeviceCookie, PlainDeviceSecret};
use vestibule_core::secret::PlainSessionSecret;
use vestibule_core::time::UnixMillis;
use vestibule_store::StoreError;

/// A source of random bytes fit for keys (ASVS 11.5.1). The binary's is the operating system's, through aws-lc-rs.
pub trait Entropy: Send + Sync {
    /// Fills `out`.
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError>;
}

/// The source gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct EntropyError;

impl EntropyError {
    /// For a use case whose only failure is the store's.
    pub(crate) fn into_store(self) -> StoreError {
        StoreError::Unavailable(Box::new(self))
    }
}

impl dyn Entropy + '_ {
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], EntropyError> {
        let mut out = [0; N];
        self.fill(&mut out)?;
        Ok(out)
    }

    pub(crate) fn act_id(&self, now: UnixMillis) -> Result<ActId, EntropyError> {
        self.random().map(|random| ActId::new(now, random))
    }

    pub(crate) fn user_id(&self, now: UnixMillis) -> Result<UserId, EntropyError> {
        self.random().map(|random| UserId::new(now, random))
    }

    pub(crate) fn session_id(&self, now: UnixMillis) -> Result<SessionId, EntropyError> {
        self.random().map(|random| SessionId::new(now, random))
    }

    /// A device's cookie that no browser has had yet.
    pub(crate) fn device(&self, now: UnixMillis) -> Result<DeviceCookie, EntropyError> {
        let mut bytes = self.random::<32>()?;
        let secret = PlainDeviceSecret::new(bytes);
        bytes.zeroize();
        let id = self.random().map(|random| DeviceId::new(now, random))?;
        Ok(DeviceCookie { id, secret })
    }

    /// ASVS 7.2.3, N09: 256 bits, made by the server at the authentication.
    pub(crate) fn session_secret(&self) -> Result<PlainSessionSecret, EntropyError> {
        let mut bytes = self.random::<32>()?;
        let secret = PlainSessionSecret::new(bytes);
        bytes.zeroize();
        Ok(secret)
    }
}
