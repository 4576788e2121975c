//! Throttling: how many tries a key has, and when the next one may be (C23, N40 to N45, ASVS 6.3.1).
//!
//! A try is charged *before* it is evaluated, inside one store transition, so that parallel tries cannot pass a limit
//! together; a throttled try is refused before evaluation and is not counted.
//!
//! ```text
//!            begin ──▶ charged ──evaluated, wrong──▶ it stays charged
//!                         ├──evaluated, right──────▶ the tally starts again; the network's and everybody's charge is taken back
//!                         └──not evaluated (busy)──▶ the charge is taken back
//! ```
//!
//! | tally of | limits | grows |
//! |---|---|---|
//! | an address, from devices not known to its account | guessing one account | the wait doubles with each wrong password |
//! | an account, from such devices, by whatever address of its own | several addresses that name one account | the same; over it a try is refused as wrong |
//! | a known device of an account | a stolen device | the same, on its own: no stranger can spend it; over it, it is a stranger's |
//! | a session, for its re-authentications | a stolen session | the same |
//! | a password | N40: the 100th wrong one in a row disables it until recovery | never waits |
//! | a network (IPv4 address, IPv6 /64) | spraying and stuffing from one place | a bucket that refills |
//! | everybody | recognises what comes from many places at once | a bucket that refills; over it, strangers have fewer tries |

mod keys;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::time::UnixMillis;

pub use keys::{Keyer, Scope, ThrottleKey};

/// Wrong passwords in a row, whoever tried and from wherever, after which a password is disabled (N40).
pub const MOST_FAILURES: u32 = 100;

/// A tally that has been free for so long counts from nothing again; not a password's.
pub const FORGOTTEN: Duration = Duration::from_hours(7 * 24);

/// A durable counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// What was charged and not taken back, since it last started again.
    pub count: u32,
    /// A growing rule: when the next try may be. A refilling one: when the bucket is full again.
    pub free_at: UnixMillis,
    /// Rises whenever the tally starts again, so that a try that was charged before is charged anew when it fails after.
    pub epoch: u32,
}

impl Tally {
    /// The tally started again: a success, or a recovery.
    #[must_use]
    pub const fn restarted(self) -> Self {
        Self {
            count: 0,
            free_at: UnixMillis(0),
            epoch: self.epoch.wrapping_add(1),
        }
    }

    fn remembered(self, now: UnixMillis) -> Self {
        if now.since(self.free_at) >= FORGOTTEN {
            Self {
                count: 0,
                free_at: UnixMillis(0),
                ..self
            }
        } else {
            self
        }
    }
}

/// The wait after each charge past the free ones doubles, from `first` to `longest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growing {
    /// Charges without a wait.
    pub free: u32,
    /// The wait after the last free one.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

/// A bucket of `burst` charges that regains one every `refill` (GCRA).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refilling {
    /// Charges at once.
    pub burst: u32,
    /// For each one more.
    pub refill: Duration,
}

/// How a tally limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The wait grows.
    Growing(Growing),
    /// A bucket refills.
    Refilling(Refilling),
    /// So many in a row, and no more until it starts again; no wait heals it.
    Most(u32),
}

/// Not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// When the next try may be. `None`: not before the tally starts again.
    pub until: Option<UnixMillis>,
}

impl Rule {
    /// The tally as it can be believed. No rule waits for so long as this one would have to: a clock that was wildly ahead
    /// wrote it, and must shut nobody out until time has come to it.
    fn believed(&self, tally: Tally, now: UnixMillis) -> Tally {
        let longest = match self {
            Self::Growing(growing) => growing.longest,
            Self::Refilling(refilling) => refilling.most(),
            Self::Most(_) => Duration::ZERO,
        };
        if tally.free_at > now.plus(longest.max(FORGOTTEN)) {
            Tally {
                free_at: now,
                ..tally
            }
        } else {
            tally
        }
    }

    /// Whether a charge fits at `now`, without charging.
    pub fn judge(&self, tally: Tally, now: UnixMillis) -> Result<(), Throttled> {
        let tally = self.believed(tally, now);
        let until = match self {
            Self::Growing(_) => tally.free_at,
            Self::Refilling(Refilling { burst, refill }) => {
                let room = refill.saturating_mul(burst.saturating_sub(1));
                UnixMillis(
                    tally
                        .free_at
                        .0
                        .saturating_sub(i64::try_from(room.as_millis()).unwrap_or(i64::MAX)),
                )
            }
            Self::Most(most) if tally.count >= *most => return Err(Throttled { until: None }),
            Self::Most(_) => return Ok(()),
        };
        if now < until {
            return Err(Throttled { until: Some(until) });
        }
        Ok(())
    }

    /// The tally after one more charge at `now`, if it fits.
    pub fn charge(&self, tally: Tally, now: UnixMillis) -> Result<Tally, Throttled> {
        self.judge(tally, now)?;
        Ok(self.forced(tally, now))
    }

    /// The tally after one more charge at `now`, whether or not it fits: what has happened is counted.
    #[must_use]
    pub fn forced(&self, tally: Tally, now: UnixMillis) -> Tally {
        let tally = self.believed(tally, now);
        match self {
            Self::Growing(growing) => {
                let tally = tally.remembered(now);
                let count = tally.count.saturating_add(1);
                Tally {
                    count,
                    free_at: now.plus(growing.wait(count)),
                    ..tally
                }
            }
            Self::Refilling(refilling) => {
                // At most as much over as fits in: when an attack is over, so is what it closed, in due time. What was
                // closed for longer stays so.
                let most = now.plus(refilling.most()).max(tally.free_at);
                Tally {
                    count: tally.count.saturating_add(1),
                    free_at: tally.free_at.max(now).plus(refilling.refill).min(most),
                    ..tally
                }
            }
            Self::Most(_) => Tally {
                count: tally.count.saturating_add(1),
                free_at: now,
                ..tally
            },
        }
    }

    /// From when on a tally that was written at `now` says no more than none would, so that it may be dropped.
    pub fn idle_from(&self, tally: Tally, now: UnixMillis) -> UnixMillis {
        let tally = self.believed(tally, now);
        match self {
            _ if tally.count == 0 => now,
            Self::Refilling(_) => tally.free_at.max(now),
            Self::Growing(_) | Self::Most(_) => tally.free_at.max(now).plus(FORGOTTEN),
        }
    }
}

impl Growing {
    /// The wait after the `count`th charge.
    pub fn wait(&self, count: u32) -> Duration {
        let Some(past) = count.checked_sub(self.free.max(1)) else {
            return Duration::ZERO;
        };
        self.first
            .saturating_mul(1_u32.checked_shl(past).unwrap_or(u32::MAX))
            .min(self.longest)
    }
}

impl Refilling {
    /// As far ahead as its own charges bring it.
    fn most(&self) -> Duration {
        self.refill.saturating_mul(self.burst.saturating_mul(2))
    }
}

/// A charge that was made, so that it can be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charged {
    /// What the tally is of.
    pub scope: Scope,
    /// Which tally.
    pub key: ThrottleKey,
    /// What it was.
    pub before: Tally,
    /// What it became.
    pub after: Tally,
}

impl Charged {
    /// A charge that is made by failing: what was seen otherwise fills a tally.
    pub const fn to_come(scope: Scope, key: ThrottleKey) -> Self {
        let never = Tally {
            count: 0,
            free_at: UnixMillis(0),
            // No tally starts again so often.
            epoch: u32::MAX,
        };
        Self {
            scope,
            key,
            before: never,
            after: never,
        }
    }

    /// The tally when the try succeeded: it starts again (N42).
    #[must_use]
    pub fn succeeded(&self, now: Tally) -> Tally {
        now.restarted()
    }

    /// The tally when the try failed. It was charged already, unless the tally has started again since: then this failure
    /// follows on that success, and is counted anew.
    #[must_use]
    pub fn failed(&self, present: Tally, rule: Rule, now: UnixMillis) -> Tally {
        if present.epoch == self.after.epoch {
            present
        } else {
            rule.forced(present, now)
        }
    }

    /// The tally when the try was not evaluated after all: as if it had not been. What others charged since stays, and a wait
    /// that has grown with them.
    #[must_use]
    pub fn taken_back(&self, present: Tally, rule: Rule) -> Tally {
        if present == self.after {
            self.before
        } else if present.epoch == self.after.epoch {
            let put_back = match rule {
                // No more than it took: a bucket as far over as it goes took less.
                Rule::Refilling(Refilling { refill, .. }) => {
                    self.after.free_at.since(self.before.free_at).min(refill)
                }
                Rule::Growing(_) | Rule::Most(_) => Duration::ZERO,
            };
            let put_back = i64::try_from(put_back.as_millis()).unwrap_or(i64::MAX);
            Tally {
                count: present.count.saturating_sub(1),
                free_at: UnixMillis(present.free_at.0.saturating_sub(put_back)),
                ..present
            }
        } else {
            present
        }
    }
}

/// A try of a password that was charged and is being evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What it was charged to: an account's, a device's or a session's tally, and the password's.
    pub charged: Vec<Charged>,
    /// And besides: the network's and everybody's tallies, which count failures alone. A success takes these charges back. A
    /// known device's tries and a session's are charged to neither.
    pub around: Vec<Charged>,
    /// By which everything is judged.
    pub limits: Limits,
}

impl Tried {
    /// The rule that a charge of it was made by. An account's is the one without alarm: settling does not depend on it.
    pub const fn rule(&self, scope: Scope) -> Rule {
        match scope {
            Scope::Account => Rule::Growing(self.limits.account),
            Scope::Device | Scope::Session => Rule::Growing(self.limits.device),
            Scope::Network => Rule::Refilling(self.limits.network),
            Scope::Everyone | Scope::Mail => Rule::Refilling(self.limits.alarm),
            Scope::Password => Rule::Most(MOST_FAILURES),
        }
    }
}

/// The limits on password tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one address, from devices not known to its account.
    pub account: Growing,
    /// For one known device of an account, and for a session's re-authentications.
    pub device: Growing,
    /// For one network.
    pub network: Refilling,
    /// For everybody: over it, somebody is at work from many places.
    pub alarm: Refilling,
    /// Free tries of `account` while somebody is.
    pub free_under_alarm: u32,
}

impl Default for Limits {
    /// Five tries, then waits from 30 s to 4 h (N43): a hundred wrong passwords in a row take a fortnight (C23).
    fn default() -> Self {
        Self {
            account: Growing {
                free: 5,
                first: Duration::from_secs(30),
                longest: Duration::from_hours(4),
            },
            device: Growing {
                free: 10,
                first: Duration::from_secs(30),
                longest: Duration::from_hours(1),
            },
            network: Refilling {
                burst: 50,
                refill: Duration::from_mins(5),
            },
            alarm: Refilling {
                burst: 200,
                refill: Duration::from_secs(5),
            },
            free_under_alarm: 1,
        }
    }
}

impl Limits {
    /// The rule for an address, as things stand with everybody.
    pub fn account(&self, everyone: Tally, now: UnixMillis) -> Rule {
        let free = if self.alarmed(everyone, now) {
            self.free_under_alarm
        } else {
            self.account.free
        };
        Rule::Growing(Growing {
            free,
            ..self.account
        })
    }

    /// Whether somebody is at work from many places.
    pub fn alarmed(&self, everyone: Tally, now: UnixMillis) -> bool {
        Rule::Refilling(self.alarm).judge(everyone, now).is_err()
    }
}
