//! Passwords: what may be one, and Argon2id.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize, Zeroizing};

use crate::email::EmailAddress;

/// Fewest code points of a password that may be the only factor (N20).
pub const MIN_CODE_POINTS: usize = 15;
/// Most code points (N21 asks for 64 at least; the cap bounds work, ASVS 15.2.2).
pub const MAX_CODE_POINTS: usize = 256;

/// A password as a person typed it, NFC (N23, C6) and otherwise untouched: no trim, no case fold, no truncation
/// (ASVS 6.2.8, N27).
#[derive(Clone)]
pub struct PlainPassword(Zeroizing<String>);

impl PlainPassword {
    /// Takes a password presented for verification. Any text may be presented.
    pub fn presented(text: &str) -> Self {
        Self(Zeroizing::new(text.nfc().collect()))
    }
}

impl fmt::Debug for PlainPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainPassword")
    }
}

/// A password that passed the policy: what may be set.
#[derive(Clone, Debug)]
pub struct NewPassword(PlainPassword);

/// Why a password may not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewPasswordError {
    /// Under [`MIN_CODE_POINTS`].
    #[error("a password has at least {MIN_CODE_POINTS} characters; this one has {0}")]
    TooShort(usize),
    /// Over [`MAX_CODE_POINTS`].
    #[error("a password has at most {MAX_CODE_POINTS} characters")]
    TooLong,
    /// The account's own address (of N28; the list of common passwords is still to come).
    #[error("the e-mail address cannot be the password")]
    IsAddress,
}

impl NewPassword {
    /// Judges a password for the account `email`. Length counts code points after NFC (N22, N23), no class is asked
    /// for (N24, ASVS 6.2.5).
    pub fn parse(text: &str, email: &EmailAddress) -> Result<Self, NewPasswordError> {
        // NFC shortens a text by a bounded factor: what is longer than this in bytes cannot fit.
        if text.len() > MAX_CODE_POINTS * 16 {
            return Err(NewPasswordError::TooLong);
        }
        let plain = PlainPassword::presented(text);
        match plain.0.chars().count() {
            few if few < MIN_CODE_POINTS => Err(NewPasswordError::TooShort(few)),
            many if many > MAX_CODE_POINTS => Err(NewPasswordError::TooLong),
            // N28: the whole string is compared, not a part of it.
            _ if plain.0.to_lowercase() == email.as_str() => Err(NewPasswordError::IsAddress),
            _ => Ok(Self(plain)),
        }
    }

    /// The same password, to verify or hash.
    pub const fn plain(&self) -> &PlainPassword {
        &self.0
    }
}

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

/// Argon2id in PHC form, `$argon2id$v=19$m=…,t=…,p=1$salt$hash`: the cost is recorded with the hash (N30).
#[derive(Clone, PartialEq, Eq)]
pub struct HashedPassword(String);

impl fmt::Debug for HashedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashedPassword")
    }
}

/// A stored hash that this code did not write, or a cost that Argon2 refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored password hash or its cost is not usable")]
pub struct HashError;

impl HashedPassword {
    /// Hashes `password` with 16 fresh random bytes of salt (N30: 32 bits or more).
    pub fn make(
        password: &PlainPassword,
        salt: [u8; 16],
        cost: Cost,
        memory: &mut WorkingMemory,
    ) -> Result<Self, HashError> {
        let hash = argon2id(password, &salt, cost, memory)?;
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
        Ok(Self(format!(
            "$argon2id$v=19$m={},t={},p=1${salt}${hash}",
            cost.memory, cost.passes
        )))
    }

    /// Whether `password` is the one that was hashed. Takes the time of its recorded cost either way.
    pub fn verify(
        &self,
        password: &PlainPassword,
        memory: &mut WorkingMemory,
    ) -> Result<bool, HashError> {
        let (cost, salt, expected) = self.parts()?;
        let hash = argon2id(password, &salt, cost, memory)?;
        // ASVS 11.2.4: constant time.
        Ok(verify_slices_are_equal(&hash, &expected).is_ok())
    }

    /// The cost it was made at; a login on a lower one hashes anew (N30: raise cost over time).
    pub fn cost(&self) -> Result<Cost, HashError> {
        Ok(self.parts()?.0)
    }

    /// Reads what a store holds.
    pub const fn from_phc(text: String) -> Self {
        Self(text)
    }

    /// The PHC text, for a store to bind.
    pub fn as_phc(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> Result<(Cost, Vec<u8>, Vec<u8>), HashError> {
        let read = || {
            let rest = self.0.strip_prefix("$argon2id$v=19$m=")?;
            let mut fields = rest.split('$');
            let (cost, salt, hash) = (fields.next()?, fields.next()?, fields.next()?);
            let (memory, passes) = cost.strip_suffix(",p=1")?.split_once(",t=")?;
            let cost = Cost {
                memory: memory.parse().ok()?,
                passes: passes.parse().ok()?,
            };
            let (salt, hash) = (
                STANDARD_NO_PAD.decode(salt).ok()?,
                STANDARD_NO_PAD.decode(hash).ok()?,
            );
            (fields.next().is_none() && hash.len() == 32).then_some((cost, salt, hash))
        };
        read().ok_or(HashError)
    }
}

fn argon2id(
    password: &PlainPassword,
    salt: &[u8],
    cost: Cost,
    memory: &mut WorkingMemory,
) -> Result<[u8; 32], HashError> {
    let params = Params::new(cost.memory, cost.passes, 1, Some(32)).map_err(|_| HashError)?;
    let blocks = params.block_count();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut out = [0; 32];
    let done = argon2.hash_password_into_with_memory(
        password.0.as_bytes(),
        salt,
        &mut out,
        &mut *memory.at_least(blocks),
    );
    if done.is_err() {
        out.zeroize();
        return Err(HashError);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost {
        memory: 64,
        passes: 1,
    };

    fn alice() -> EmailAddress {
        EmailAddress::parse("alice@example.test").unwrap()
    }

    fn hash(text: &str) -> HashedPassword {
        HashedPassword::make(
            &PlainPassword::presented(text),
            [5; 16],
            CHEAP,
            &mut WorkingMemory::default(),
        )
        .unwrap()
    }

    fn fits(hashed: &HashedPassword, text: &str) -> bool {
        hashed
            .verify(
                &PlainPassword::presented(text),
                &mut WorkingMemory::default(),
            )
            .unwrap()
    }

    /// Holds: N20, N22, N24, ASVS 6.2.1, ASVS 6.2.5
    #[test]
    fn n20_n22_length_counts_code_points_and_no_class_is_asked_for() {
        assert!(NewPassword::parse(&"a".repeat(15), &alice()).is_ok());
        assert_eq!(
            NewPassword::parse(&"a".repeat(14), &alice()).err(),
            Some(NewPasswordError::TooShort(14))
        );
        assert!(NewPassword::parse(&"🗝".repeat(15), &alice()).is_ok());
        assert_eq!(
            NewPassword::parse(&"🗝".repeat(8), &alice()).err(),
            Some(NewPasswordError::TooShort(8))
        );
    }

    /// Holds: N21, ASVS 6.2.9
    #[test]
    fn n21_long_passwords_are_taken_up_to_256() {
        assert!(NewPassword::parse(&"a b~é".repeat(51), &alice()).is_ok());
        assert!(NewPassword::parse(&"x".repeat(256), &alice()).is_ok());
        assert_eq!(
            NewPassword::parse(&"x".repeat(257), &alice()).err(),
            Some(NewPasswordError::TooLong)
        );
        assert_eq!(
            NewPassword::parse(&"x".repeat(1 << 20), &alice()).err(),
            Some(NewPasswordError::TooLong)
        );
    }

    #[test]
    fn n28_the_address_is_no_password() {
        assert_eq!(
            NewPassword::parse("Alice@Example.test", &alice()).err(),
            Some(NewPasswordError::IsAddress)
        );
        assert!(
            NewPassword::parse("alice@example.test!", &alice()).is_ok(),
            "the whole string is compared"
        );
    }

    /// Holds: N23
    #[test]
    fn n23_composed_and_decomposed_forms_are_one_password() {
        assert!(fits(&hash("cafe\u{301} au lait"), "caf\u{e9} au lait"));
    }

    /// Holds: N27, ASVS 6.2.8
    #[test]
    fn n27_the_whole_password_counts() {
        let long = "x".repeat(72);
        let hashed = hash(&long);
        assert!(fits(&hashed, &long));
        for other in [
            format!("{long}y"),
            "x".repeat(71),
            long.to_uppercase(),
            format!("{long} "),
            format!(" {long}"),
        ] {
            assert!(!fits(&hashed, &other));
        }
    }

    /// Holds: N30, ASVS 11.4.2
    #[test]
    fn n30_the_cost_is_recorded_and_the_salt_is_used() {
        let plain = PlainPassword::presented("correct horse battery");
        let mut memory = WorkingMemory::default();
        let one = HashedPassword::make(&plain, [1; 16], CHEAP, &mut memory).unwrap();
        let two = HashedPassword::make(&plain, [2; 16], CHEAP, &mut memory).unwrap();
        assert_eq!(one.cost(), Ok(CHEAP));
        assert_ne!(one.as_phc(), two.as_phc());
        assert!(one.as_phc().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        const { assert!(Cost::DEFAULT.memory >= 19 * 1024 && Cost::DEFAULT.passes >= 2) };
    }

    #[test]
    fn a_foreign_hash_is_an_error_and_not_a_match() {
        for text in [
            "",
            "$2b$10$abc",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$AA",
            "$argon2id$v=19$m=1,t=1,p=1$$",
        ] {
            let hashed = HashedPassword::from_phc(text.to_owned());
            assert!(
                hashed
                    .verify(
                        &PlainPassword::presented("x"),
                        &mut WorkingMemory::default()
                    )
                    .is_err(),
                "{text}"
            );
        }
    }
}
