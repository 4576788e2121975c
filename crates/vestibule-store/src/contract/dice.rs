//! Random choices that are the same each time.

/// Marsaglia's xorshift, so that a walk is the same each time and named by its seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// From 0 to under `sides`.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    /// One of them, if there are any.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let sides = u64::try_from(from.len()).ok().filter(|sides| *sides > 0)?;
        usize::try_from(self.roll(sides))
            .ok()
            .and_then(|n| from.get(n))
    }
}
