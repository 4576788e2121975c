//! What an application proves itself with, and how it changes over to another.
//!
//! ```text
//! none ── rotate ──▶ [new] ── rotate, the previous kept ──▶ [newer, new] ── rotate ──▶ [newest]
//! ```

use super::Application;
use crate::secret::HashedSecret;
use crate::time::UnixMillis;

/// A secret of an application's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationSecret {
    /// Its hash: nobody can be told it again (R20).
    pub hash: HashedSecret,
    /// When it was made.
    pub created_at: UnixMillis,
}

impl Application {
    /// Most secrets that are good at a time.
    pub const MOST_SECRETS: usize = 2;

    /// The application with a new secret. The newest so far stays good beside it, where its operator needs time to change over;
    /// every other is worth nothing any more.
    #[must_use]
    pub fn with_secret(mut self, hash: HashedSecret, keep_previous: bool, now: UnixMillis) -> Self {
        let kept = if keep_previous {
            Self::MOST_SECRETS - 1
        } else {
            0
        };
        self.secrets.truncate(kept);
        let created_at = now;
        self.secrets
            .insert(0, ApplicationSecret { hash, created_at });
        self
    }

    /// Whether a presented secret's hash is one of its own. ASVS 11.2.4: it takes as long whichever it is, and each comparison
    /// is in constant time.
    pub fn is_proved_by(&self, presented: HashedSecret) -> bool {
        let each = self.secrets.iter().map(|secret| secret.hash == presented);
        each.fold(false, |proved, same| proved | same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{ApplicationSpec, Demand, Kind};
    use crate::id::ApplicationId;
    use crate::user::DisplayName;

    fn hash(n: u8) -> HashedSecret {
        HashedSecret::from_bytes([n; 32])
    }

    fn shop() -> Application {
        Application {
            id: ApplicationId::new(UnixMillis(0), [1; 10]),
            spec: ApplicationSpec {
                name: "shop".parse().unwrap(),
                title: DisplayName::default(),
                kind: Kind::Proxy,
                origins: vec!["https://shop.example.test".parse().unwrap()],
                demand: Demand::default(),
                rules: Vec::new(),
            },
            declared: false,
            created_at: UnixMillis(0),
            secrets: Vec::new(),
        }
    }

    #[test]
    fn at_most_two_secrets_are_good_and_two_only_while_somebody_changes_over() {
        let good = |shop: &Application| -> Vec<u8> {
            (1..=4).filter(|n| shop.is_proved_by(hash(*n))).collect()
        };
        let shop = shop();
        assert_eq!(good(&shop), [0_u8; 0]);
        let shop = shop.with_secret(hash(1), true, UnixMillis(1));
        assert_eq!(good(&shop), [1]);
        let shop = shop.with_secret(hash(2), true, UnixMillis(2));
        assert_eq!(good(&shop), [1, 2]);
        let shop = shop.with_secret(hash(3), true, UnixMillis(3));
        assert_eq!(good(&shop), [2, 3]);
        let made: Vec<_> = shop
            .secrets
            .iter()
            .map(|secret| secret.created_at.0)
            .collect();
        assert_eq!(made, [3, 2], "the newest first");
        let shop = shop.with_secret(hash(4), false, UnixMillis(4));
        assert_eq!(good(&shop), [4], "what leaked is worth nothing at once");
    }
}
