//! A refresh family: the tokens that descend from one grant's first, one after another.
//!
//! ```text
//!                       ┌─────────────────────────────┐
//!   n presented         ▼                             │  n+1 presented: n+1 is used, n is evidence from now on
//! ────────────▶ n+1 issued, not used ─────────────────┘
//!                  │    └── n again: the same n+1, however long that takes
//!                  │
//!                  └── n-1 or older: somebody keeps what others have used ──▶ dead (final)
//! ```
//!
//! Honest callers present one token twice: tabs, a lost answer, a laptop that wakes. So does a thief, and one who has copied a
//! token cannot be told from its owner until both go on from it. As long as nobody has used n+1, presenting n again gives the
//! same n+1 and never a branch; once somebody has, whoever still holds n did not do it, and one of the two is a thief.
//!
//! Three limits, stated: a request of an honest client that was overtaken (another of its tabs has used n+1 meanwhile, or a copy
//! of the request went astray and arrives late) looks like theft; and a thief who keeps step with the victim inside one
//! generation is not seen. Who refreshes once for all tabs avoids the first; a family that is bound to a key, the second. The
//! third: after a restore that keeps logins, a token that was issued after the backup was made is refused, for nothing kept
//! knows it; and once the restored family has gone on beyond that token's generation, it looks like theft.
//!
//! Nothing stored is a token. Of the latest two a hash is kept; of the one before, its successor as well, sealed under a key
//! that only the token presented makes. That older ones are ours, their own text shows: it does not show of which time line.

use std::time::Duration;

use crate::id::{ApplicationId, FamilyId, GrantId};
use crate::oauth::thumbprint::Thumbprint;
use crate::secret::HashedSecret;
use crate::time::{STEP, UnixMillis};

mod token;

pub use self::token::{
    Generation, PlainRefreshToken, RefreshKey, SealedSuccessor, Successor, SuccessorError,
};

/// How long a family may go unused (R28).
pub const IDLE: Duration = Duration::from_hours(14 * 24);

/// What an application's operator chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RotationSetting {
    /// Rotate where nothing else proves the holder.
    #[default]
    Auto,
    /// Rotate.
    Always,
    /// Keep, where something else proves the holder.
    Never,
}

impl RotationSetting {
    /// What a new family does. Nobody's choice takes rotation from a public client without a key: its token would be all
    /// there is (ASVS 10.4.5, C3).
    pub const fn rotation_of(self, confidential: bool, bound: bool) -> Rotating {
        match self {
            Self::Auto | Self::Never if confidential || bound => Rotating::Keeps,
            Self::Auto | Self::Always | Self::Never => Rotating::Rotates,
        }
    }
}

/// Whether a refresh issues another refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotating {
    /// It does: the tokens are all the proof there is.
    Rotates,
    /// It does not: a key or a secret is the proof.
    Keeps,
}

impl Rotating {
    /// The code that stores hold.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rotates => "rotates",
            Self::Keeps => "keeps",
        }
    }

    /// Reads what a store holds.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Rotates, Self::Keeps]
            .into_iter()
            .find(|rotating| rotating.code() == code)
    }
}

/// Why a family is dead. It never lives again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// A spent token was used again.
    Reused,
    /// The client, its user or an operator ended it.
    Revoked,
}

impl Death {
    /// The code that stores hold.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reused => "reused",
            Self::Revoked => "revoked",
        }
    }

    /// Reads what a store holds.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Reused, Self::Revoked]
            .into_iter()
            .find(|death| death.code() == code)
    }
}

/// The token before the latest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// Its hash.
    pub hash: HashedSecret,
    /// The latest, for who presents this one again.
    pub successor: SealedSuccessor,
}

/// A family as the store keeps it. Whether its session or grant still stands, the store judges beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshFamily {
    /// Names it.
    pub id: FamilyId,
    /// What it may be used for.
    pub grant: GrantId,
    /// By whom (R27).
    pub application: ApplicationId,
    /// Of the latest token issued.
    pub generation: Generation,
    /// That token's hash.
    pub current: HashedSecret,
    /// The one before; none in the beginning.
    pub previous: Option<Spent>,
    /// When the first was issued.
    pub issued_at: UnixMillis,
    /// When one was last presented with success.
    pub used_at: UnixMillis,
    /// How long it may go unused.
    pub idle: Duration,
    /// The end of its session or standing grant (ASVS 10.4.8, R28).
    pub expires_at: UnixMillis,
    /// Whether and why it is dead.
    pub dead: Option<Death>,
    /// Whether a refresh issues another token.
    pub rotating: Rotating,
    /// The key it is bound to (D08).
    pub jkt: Option<Thumbprint>,
}

impl RefreshFamily {
    /// Whether its time is over. One that a wild clock made ahead of its time is over once the clock is right (N01).
    pub fn is_over(&self, now: UnixMillis) -> bool {
        now >= self.expires_at
            || now >= self.used_at.plus(self.idle)
            || self.issued_at > now.plus(STEP)
    }
}

/// What somebody brings. The application is the one that the request was authenticated as.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// The token; that it is ours is certain.
    pub token: &'a PlainRefreshToken,
    /// Who sends it.
    pub application: ApplicationId,
    /// The key of the proof that came along, verified.
    pub jkt: Option<Thumbprint>,
}

/// What becomes of a family when a token is presented. A family inside is to be stored in the same transition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The successor is issued.
    Rotated {
        /// With the successor as its latest.
        family: RefreshFamily,
    },
    /// The successor that was issued for this very token before, and that nobody has used, is told again.
    Repeated {
        /// As it was, but for the time of use.
        family: RefreshFamily,
        /// Opens under the token presented.
        successor: SealedSuccessor,
    },
    /// The token stays as it is.
    Kept {
        /// As it was, but for the time of use.
        family: RefreshFamily,
    },
    /// A spent token, and its successor has been used: the family dies, its session by policy, and the user is told (R26).
    Reused {
        /// Dead now.
        family: RefreshFamily,
    },
    /// Its time is over. Nothing changes.
    Expired,
    /// It was dead before. Nothing changes.
    Dead(Death),
    /// Nothing changes.
    Refused(Refusal),
}

/// Why a token is refused though its family lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Ours, but not in this family's history: a restored backup has never heard of it.
    Unknown,
    /// Another application's token (R27). To be reported.
    OtherApplication,
    /// Bound to a key, and no proof came along.
    NoProof,
    /// Bound to a key, and another one's proof came along (D08). To be reported.
    OtherKey,
}

impl Refusal {
    /// Whether somebody holds what was not given to them.
    pub const fn is_suspicious(self) -> bool {
        matches!(self, Self::OtherApplication | Self::OtherKey)
    }
}

/// Judges a presented token. `successor` was prepared from that token, for the case that it is needed.
pub fn rotate(
    family: RefreshFamily,
    presented: &Presented<'_>,
    successor: Successor,
    now: UnixMillis,
) -> Rotation {
    if let Err(refusal) = may_present(&family, presented, &successor) {
        return Rotation::Refused(refusal);
    }
    if let Some(death) = family.dead {
        return Rotation::Dead(death);
    }
    if family.is_over(now) {
        return Rotation::Expired;
    }
    if let Err(refusal) = proves_key(&family, presented.jkt) {
        return Rotation::Refused(refusal);
    }
    let (token, hash) = (presented.token, presented.token.hashed());
    let used = |family: RefreshFamily| RefreshFamily {
        used_at: family.used_at.max(now),
        ..family
    };
    // Constant time, by the type (ASVS 11.2.4).
    if token.generation() == family.generation && hash == family.current {
        let family = used(family);
        return match family.rotating {
            Rotating::Keeps => Rotation::Kept { family },
            Rotating::Rotates => Rotation::Rotated {
                family: advanced(&family, successor),
            },
        };
    }
    if token.generation().next() == family.generation {
        return match family.previous.clone() {
            Some(spent) if spent.hash == hash => Rotation::Repeated {
                family: used(family),
                successor: spent.successor,
            },
            _ => Rotation::Refused(Refusal::Unknown),
        };
    }
    if token.generation() < family.generation {
        let dead = Some(Death::Reused);
        return Rotation::Reused {
            family: RefreshFamily { dead, ..family },
        };
    }
    Rotation::Refused(Refusal::Unknown)
}

fn advanced(family: &RefreshFamily, successor: Successor) -> RefreshFamily {
    RefreshFamily {
        generation: family.generation.next(),
        current: successor.hash,
        previous: Some(Spent {
            hash: family.current,
            successor: successor.sealed,
        }),
        ..*family
    }
}

fn may_present(
    family: &RefreshFamily,
    presented: &Presented<'_>,
    successor: &Successor,
) -> Result<(), Refusal> {
    // A successor that was prepared from another token would open for nobody.
    if presented.token.family() != family.id || successor.of != presented.token.hashed() {
        return Err(Refusal::Unknown);
    }
    if presented.application != family.application {
        return Err(Refusal::OtherApplication);
    }
    Ok(())
}

/// Before the token is looked at: without the key, not even a spent one can end the family.
fn proves_key(family: &RefreshFamily, jkt: Option<Thumbprint>) -> Result<(), Refusal> {
    match (family.jkt, jkt) {
        (Some(_), None) => Err(Refusal::NoProof),
        (Some(bound), Some(proven)) if bound != proven => Err(Refusal::OtherKey),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
