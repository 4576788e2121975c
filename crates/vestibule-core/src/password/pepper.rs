//! A secret that goes into every hash and is kept apart from them (N31): with the database alone, nobody can try
//! passwords.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

/// 32 random bytes, the secret `K` of RFC 9106 §3.1.
#[derive(Clone)]
pub struct Pepper {
    secret: Zeroizing<[u8; 32]>,
    key_id: String,
}

impl Pepper {
    /// Takes the bytes of the operator's file.
    pub fn new(secret: Zeroizing<[u8; 32]>) -> Self {
        let digest = digest(&SHA256, &*secret);
        Self {
            key_id: STANDARD_NO_PAD.encode(&digest.as_ref()[..8]),
            secret,
        }
    }

    /// What a hash records of it: the first 8 bytes of its SHA-256, in base64.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(super) fn secret(&self) -> &[u8] {
        &*self.secret
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper")
    }
}

/// The pepper of new hashes and those of older ones. None: hashes have a salt alone.
#[derive(Clone, Debug, Default)]
pub struct Peppers {
    /// Goes into new hashes.
    pub current: Option<Pepper>,
    /// Still verify. A hash made with one of them is made anew at its next login.
    pub older: Vec<Pepper>,
}

impl Peppers {
    pub(super) fn find(&self, key_id: &str) -> Option<&Pepper> {
        let mut all = self.current.iter().chain(&self.older);
        all.find(|pepper| pepper.key_id == key_id)
    }
}
