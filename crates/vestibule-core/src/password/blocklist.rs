//! What may not be a password: words of this site, and what attackers try first.
//!
//! The common and breached passwords are embedded as a binary fuse filter (`data/common.fuse16`, made by `cargo xtask
//! blocklist`): it never misses one of them, and takes one text in 65,536 for one of them that is none. It holds the
//! [`key`]s of the list's entries written together in lower case.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use xorf::{BinaryFuse16, Descriptor, Filter as _};

use super::canonical::{Forms, Word, joined};

/// The words of Vestibule itself.
const OWN_WORDS: &[&str] = &["vestibule"];

static EMBEDDED: &[u8] = include_bytes!("../../data/common.fuse16");
/// Decoded once: it is constant.
static COMMON: LazyLock<Option<Common>> = LazyLock::new(|| Common::decode(EMBEDDED));

/// What may not be a password at this installation.
pub struct Blocklist {
    site_words: Vec<Word>,
}

impl Blocklist {
    /// The embedded list, 'vestibule', and the words of this site: its brand, the labels of the issuer's host, and what
    /// the operator names (ASVS 6.1.2).
    pub fn new(site_words: impl IntoIterator<Item = String>) -> Self {
        let own = OWN_WORDS.iter().map(|word| Word::of(word));
        let site = site_words.into_iter().map(|word| Word::of(&word));
        Self {
            site_words: own.chain(site).collect(),
        }
    }

    pub(super) fn is_site_word(&self, forms: &Forms) -> bool {
        let words = &self.site_words;
        forms
            .iter()
            .any(|form| words.iter().any(|word| word.is(form)))
    }

    #[expect(
        clippy::unused_self,
        reason = "which list is asked is the blocklist's to know"
    )]
    pub(super) fn is_common(&self, forms: &Forms) -> bool {
        // ASVS 16.5.3: a list that cannot be read would be no list. It is embedded, and a test reads it.
        let listed = |form: &str| COMMON.as_ref().is_none_or(|common| common.holds(form));
        forms.repeats_little() || forms.iter().any(listed)
    }
}

impl Default for Blocklist {
    fn default() -> Self {
        Self::new([])
    }
}

/// The form of a list's entry that the filter holds: lower case, written together.
pub fn entry(text: &str) -> String {
    joined(text)
}

/// The filter's key of an [`entry`].
pub fn key(entry: &str) -> u64 {
    let mut key = [0; 8];
    key.copy_from_slice(&digest(&SHA256, entry.as_bytes()).as_ref()[..8]);
    u64::from_le_bytes(key)
}

/// The embedded filter.
///
/// ```text
/// "VSTBLFU1" · entries u64 · SHA-256 of the sorted keys · seed u64 · segment length, mask, segments' length u32 ·
/// fingerprints u16 …                                                                         (all little-endian)
/// ```
pub struct Common {
    entries: u64,
    source: [u8; 32],
    filter: BinaryFuse16,
}

impl Common {
    const MAGIC: &[u8; 8] = b"VSTBLFU1";

    /// Builds the filter of `keys`: sorted, each once. The same keys make the same filter.
    pub fn build(keys: &[u64]) -> Result<Self, &'static str> {
        let bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_le_bytes()).collect();
        let mut source = [0; 32];
        source.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        Ok(Self {
            entries: keys.len() as u64,
            source,
            filter: BinaryFuse16::try_from(keys)?,
        })
    }

    /// The file's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let Descriptor {
            seed,
            segment_length,
            segment_length_mask,
            segment_count_length,
        } = self.filter.descriptor;
        let mut bytes = Self::MAGIC.to_vec();
        bytes.extend(self.entries.to_le_bytes());
        bytes.extend(self.source);
        bytes.extend(seed.to_le_bytes());
        for number in [segment_length, segment_length_mask, segment_count_length] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(
            self.filter
                .fingerprints
                .iter()
                .flat_map(|one| one.to_le_bytes()),
        );
        bytes
    }

    /// Reads the file; `None` if it is not one.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (entries, rest) = rest.split_first_chunk()?;
        let (source, rest) = rest.split_first_chunk()?;
        let (seed, rest) = rest.split_first_chunk()?;
        let (segment_length, rest) = rest.split_first_chunk()?;
        let (segment_length_mask, rest) = rest.split_first_chunk()?;
        let (segment_count_length, rest) = rest.split_first_chunk()?;
        let descriptor = Descriptor {
            seed: u64::from_le_bytes(*seed),
            segment_length: u32::from_le_bytes(*segment_length),
            segment_length_mask: u32::from_le_bytes(*segment_length_mask),
            segment_count_length: u32::from_le_bytes(*segment_count_length),
        };
        let (fingerprints, tail) = rest.as_chunks();
        let fingerprints: Box<[u16]> = fingerprints
            .iter()
            .map(|one| u16::from_le_bytes(*one))
            .collect();
        // A look-up goes at most two segments past the last one it begins in.
        let segment = u64::from(descriptor.segment_length);
        let reach = u64::from(descriptor.segment_count_length) + 2 * segment;
        let fits = magic == Self::MAGIC
            && tail.is_empty()
            && segment.is_power_of_two()
            && segment == u64::from(descriptor.segment_length_mask) + 1
            && fingerprints.len() as u64 == reach;
        fits.then_some(Self {
            entries: u64::from_le_bytes(*entries),
            source: *source,
            filter: BinaryFuse16 {
                descriptor,
                fingerprints,
            },
        })
    }

    /// How many entries it was built from.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// SHA-256 of the sorted keys it was built from.
    pub const fn source(&self) -> &[u8; 32] {
        &self.source
    }

    /// Whether `entry` is one of them.
    pub fn holds(&self, entry: &str) -> bool {
        self.filter.contains(&key(entry))
    }
}

#[cfg(test)]
mod tests;
