//! Argon2id (RFC 9106) over reused memory, in PHC form.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroize as _;

use super::PlainPassword;
use super::pepper::{Pepper, Peppers};

/// What one Argon2id hash costs: KiB of memory and passes over it, one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB.
    pub memory: u32,
    /// Passes.
    pub passes: u32,
}

impl Cost {
    /// 19 MiB, two passes (ASVS 11.4.2, appendix C).
    pub const DEFAULT: Self = Self {
        memory: 19 * 1024,
        passes: 2,
    };

    /// Blocks of 1 KiB that a hash at this cost needs.
    pub const fn blocks(self) -> usize {
        self.memory as usize
    }
}

/// The reused working memory of one hashing thread: allocating it anew for each hash costs more than half as much again.
#[derive(Default)]
pub struct WorkingMemory(Vec<Block>);

impl WorkingMemory {
    /// Bytes held now.
    pub const fn bytes(&self) -> usize {
        self.0.capacity() * Block::SIZE
    }

    /// Gives the memory back.
    pub fn release(&mut self) {
        *self = Self::default();
    }

    fn at_least(&mut self, blocks: usize) -> &mut [Block] {
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::new());
        }
        &mut self.0[..blocks]
    }
}

/// Argon2id in PHC form, `$argon2id$v=19$m=…,t=…,p=1[,keyid=…]$salt$hash`: the cost (N30) and which pepper, if any, are
/// recorded with the hash.
#[derive(Clone, PartialEq, Eq)]
pub struct HashedPassword(String);

impl fmt::Debug for HashedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashedPassword")
    }
}

/// Why a hash cannot be made or judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// A stored hash that this code did not write, or a cost that Argon2 refuses.
    #[error("the stored password hash or its cost is not usable")]
    Unusable,
    /// It was made with a pepper that is not here (N31).
    #[error(
        "the password hash was made with a pepper that is not configured: name the file it is in under \
         `passwords.pepper_file` or `passwords.older_pepper_files`"
    )]
    UnknownPepper,
}

/// What a PHC text says.
struct Phc<'a> {
    cost: Cost,
    key_id: Option<&'a str>,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl HashedPassword {
    /// Hashes `password` with 16 fresh random bytes of salt (N30: 32 bits or more) and the current pepper.
    pub fn make(
        password: &PlainPassword,
        salt: [u8; 16],
        cost: Cost,
        peppers: &Peppers,
        memory: &mut WorkingMemory,
    ) -> Result<Self, HashError> {
        let pepper = peppers.current.as_ref();
        let hash = argon2id(password, &salt, cost, pepper, memory)?;
        Ok(Self::write(&salt, &hash, cost, pepper))
    }

    /// A hash that no password fits, which takes the same work as one that was made (ASVS 6.3.8).
    pub fn of_nothing(cost: Cost, peppers: &Peppers) -> Self {
        Self::write(&[0; 16], &[0; 32], cost, peppers.current.as_ref())
    }

    /// Whether `password` is the one that was hashed. Takes the time of its recorded cost either way.
    pub fn verify(
        &self,
        password: &PlainPassword,
        peppers: &Peppers,
        memory: &mut WorkingMemory,
    ) -> Result<bool, HashError> {
        let phc = self.read()?;
        let find = |key_id| peppers.find(key_id).ok_or(HashError::UnknownPepper);
        let pepper = phc.key_id.map(find).transpose()?;
        let hash = argon2id(password, &phc.salt, phc.cost, pepper, memory)?;
        // ASVS 11.2.4: constant time.
        Ok(verify_slices_are_equal(&hash, &phc.hash).is_ok())
    }

    /// The cost it was made at.
    pub fn cost(&self) -> Result<Cost, HashError> {
        Ok(self.read()?.cost)
    }

    /// Whether it is as a new one would be: at `cost` or above it, and with the current pepper. If not, a login hashes
    /// anew (N30: raise cost over time). One that cannot be read is left as it is.
    pub fn is_current(&self, cost: Cost, peppers: &Peppers) -> bool {
        let key_id = peppers.current.as_ref().map(Pepper::key_id);
        self.read().is_ok_and(|phc| {
            phc.cost.memory >= cost.memory && phc.cost.passes >= cost.passes && phc.key_id == key_id
        })
    }

    /// Reads what a store holds.
    pub const fn from_phc(text: String) -> Self {
        Self(text)
    }

    /// The PHC text, for a store to bind.
    pub fn as_phc(&self) -> &str {
        &self.0
    }

    fn write(salt: &[u8], hash: &[u8], cost: Cost, pepper: Option<&Pepper>) -> Self {
        let Cost { memory, passes } = cost;
        let key_id =
            pepper.map_or_else(String::new, |pepper| format!(",keyid={}", pepper.key_id()));
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
        Self(format!(
            "$argon2id$v=19$m={memory},t={passes},p=1{key_id}${salt}${hash}"
        ))
    }

    fn read(&self) -> Result<Phc<'_>, HashError> {
        let read = || {
            let rest = self.0.strip_prefix("$argon2id$v=19$m=")?;
            let mut fields = rest.split('$');
            let (parameters, salt, hash) = (fields.next()?, fields.next()?, fields.next()?);
            let (memory, parameters) = parameters.split_once(",t=")?;
            let (passes, lanes) = parameters.split_once(",p=")?;
            let key_id = match lanes.strip_prefix('1')? {
                "" => None,
                key_id => Some(key_id.strip_prefix(",keyid=")?),
            };
            let cost = Cost {
                memory: memory.parse().ok()?,
                passes: passes.parse().ok()?,
            };
            let (salt, hash) = (
                STANDARD_NO_PAD.decode(salt).ok()?,
                STANDARD_NO_PAD.decode(hash).ok()?,
            );
            let phc = Phc {
                cost,
                key_id,
                salt,
                hash,
            };
            (fields.next().is_none() && phc.hash.len() == 32).then_some(phc)
        };
        read().ok_or(HashError::Unusable)
    }
}

fn argon2id(
    password: &PlainPassword,
    salt: &[u8],
    cost: Cost,
    pepper: Option<&Pepper>,
    memory: &mut WorkingMemory,
) -> Result<[u8; 32], HashError> {
    let params =
        Params::new(cost.memory, cost.passes, 1, Some(32)).map_err(|_| HashError::Unusable)?;
    let blocks = params.block_count();
    let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
    let argon2 = match pepper {
        None => Argon2::new(algorithm, version, params),
        Some(pepper) => Argon2::new_with_secret(pepper.secret(), algorithm, version, params)
            .map_err(|_| HashError::Unusable)?,
    };
    let mut out = [0; 32];
    let done = argon2.hash_password_into_with_memory(
        password.as_bytes(),
        salt,
        &mut out,
        &mut *memory.at_least(blocks),
    );
    if done.is_err() {
        out.zeroize();
        return Err(HashError::Unusable);
    }
    Ok(out)
}
