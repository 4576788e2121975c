//! The tables by id.
//!
//! Ids are ours: most of their bits are random (RFC 9562 §5.7), and nobody enters one of their own choosing. Who asks for one
//! that is not there learns and delays nothing. So a multiplication places them, under a seed that no two processes share,
//! where the standard library's hasher takes several times as long.

use std::hash::{BuildHasher, Hasher, RandomState};

use papaya::HashMap;

pub(super) type ById<Id, T> = HashMap<Id, T, Seed>;

#[derive(Clone)]
pub(super) struct Seed(u64);

impl Default for Seed {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0_u8))
    }
}

impl BuildHasher for Seed {
    type Hasher = Mixed;

    fn build_hasher(&self) -> Mixed {
        Mixed(self.0)
    }
}

pub(super) struct Mixed(u64);

impl Mixed {
    /// The golden ratio's bits: odd, and none of them like its neighbours.
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

    /// Both halves of the product: without the upper one, low bits would hear nothing of high ones.
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word).wrapping_mul(u128::from(Self::ODD));
        let [low, high] = [product, product >> 64].map(|half| {
            let bytes = half.to_le_bytes();
            bytes
                .first_chunk()
                .map_or(0, |half| u64::from_le_bytes(*half))
        });
        self.0 = low ^ high;
    }
}

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.mix(u64::from(*byte));
        }
    }

    /// A length, which is the same for all.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        let mut last = Self(self.0);
        last.mix(0);
        last.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use vestibule_core::id::SessionId;
    use vestibule_core::time::UnixMillis;

    use super::*;

    /// Ids of one moment that differ in one byte, at its worst.
    #[test]
    fn ids_that_hardly_differ_lie_apart() {
        let seed = Seed::default();
        let ids = (0..10_u8).flat_map(|at| {
            (0..=255).map(move |byte| {
                let mut random = [0; 10];
                random[usize::from(at)] = byte;
                SessionId::new(UnixMillis(1_700_000_000_000), random)
            })
        });
        let ids: HashSet<_> = ids.collect();
        let hashes: Vec<u64> = ids.iter().map(|id| seed.hash_one(id)).collect();
        let whole: HashSet<_> = hashes.iter().collect();
        assert_eq!(whole.len(), ids.len());
        // A table takes its place from some of the bits. In 4096 places chance alone leaves over 1800 of these 2300 apart.
        for shift in [0, 7, 26, 52] {
            let places: HashSet<_> = hashes.iter().map(|hash| (hash >> shift) & 0xfff).collect();
            assert!(places.len() > 1500, "{} places at {shift}", places.len());
        }
        assert_ne!(
            Seed::default().hash_one(1_u64),
            Seed::default().hash_one(1_u64),
            "a seed of its own for each"
        );
    }
}
