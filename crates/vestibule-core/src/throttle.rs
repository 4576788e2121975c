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

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

use crate::id::{DeviceId, SessionId, UserId};
use crate::time::UnixMillis;

/// Wrong passwords in a row, whoever tried and from wherever, after which a password is disabled (N40).
pub const MOST_FAILURES: u32 = 100;

/// A tally that has been free for so long counts from nothing again; not a password's.
pub const FORGOTTEN: Duration = Duration::from_hours(7 * 24);

/// What a tally is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// An address, from devices that are not known to its account.
    Account,
    /// A known device of an account.
    Device,
    /// The re-authentications of a session.
    Session,
    /// A password: wrong ones in a row.
    Password,
    /// A network.
    Network,
    /// Everybody, from devices that are not known.
    Everyone,
    /// Mails that a visitor asks for.
    Mail,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 7] = [
        Self::Account,
        Self::Device,
        Self::Session,
        Self::Password,
        Self::Network,
        Self::Everyone,
        Self::Mail,
    ];

    /// The code that stores, logs and metrics hold.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Device => "device",
            Self::Session => "session",
            Self::Password => "password",
            Self::Network => "network",
            Self::Everyone => "everyone",
            Self::Mail => "mail",
        }
    }
}

/// Names a tally. A keyed hash, so that a stolen store tells neither who was tried nor from where.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThrottleKey([u8; 16]);

impl ThrottleKey {
    /// Reads the 16 bytes a store holds.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes, for a store to bind.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for ThrottleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThrottleKey")
    }
}

/// Makes [`ThrottleKey`]s, under a key derived from the master key.
#[derive(Clone)]
pub struct Keyer(Key);

impl fmt::Debug for Keyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyer")
    }
}

impl Keyer {
    /// Wraps 32 derived bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(Key::new(HMAC_SHA256, bytes))
    }

    /// An address as typed (normalised where it is one): known or not makes no difference.
    pub fn account(&self, identifier: &str) -> ThrottleKey {
        self.key(Scope::Account, &[identifier.as_bytes()])
    }

    /// Those who try a user's password from devices that are not known, whatever address they name.
    pub fn strangers(&self, user: UserId) -> ThrottleKey {
        self.key(Scope::Account, &[b"strangers", user.as_bytes()])
    }

    /// The same for an address without an account: so that the same is written for it.
    pub fn no_strangers(&self, identifier: &str) -> ThrottleKey {
        self.key(Scope::Account, &[b"none", identifier.as_bytes()])
    }

    /// A known device of a user.
    pub fn device(&self, device: DeviceId, user: UserId) -> ThrottleKey {
        self.key(Scope::Device, &[device.as_bytes(), user.as_bytes()])
    }

    /// A session's re-authentications.
    pub fn session(&self, session: SessionId) -> ThrottleKey {
        self.key(Scope::Session, &[session.as_bytes()])
    }

    /// A user's password.
    pub fn password(&self, user: UserId) -> ThrottleKey {
        self.key(Scope::Password, &[user.as_bytes()])
    }

    /// The password that an unknown address does not have: so that the same is written for it.
    pub fn no_password(&self, identifier: &str) -> ThrottleKey {
        self.key(Scope::Password, &[b"none", identifier.as_bytes()])
    }

    /// A network: one IPv4 address, or the /64 that one household or machine has of IPv6.
    pub fn network(&self, address: IpAddr) -> ThrottleKey {
        self.key(Scope::Network, &[&network(address)])
    }

    /// The network of those whose address is not known.
    pub fn nowhere(&self) -> ThrottleKey {
        self.key(Scope::Network, &[])
    }

    /// Everybody.
    pub fn everyone(&self) -> ThrottleKey {
        self.key(Scope::Everyone, &[])
    }

    /// Mails to one address, asked for from one network.
    pub fn mail(&self, to: &str, from: Option<IpAddr>) -> ThrottleKey {
        let from = from.map(network).unwrap_or_default();
        self.key(Scope::Mail, &[b"to", to.as_bytes(), &from])
    }

    /// Mails to one address, whoever asks.
    pub fn mail_to(&self, to: &str) -> ThrottleKey {
        self.key(Scope::Mail, &[b"all", to.as_bytes()])
    }

    /// Mails asked for from one network.
    pub fn mail_from(&self, from: Option<IpAddr>) -> ThrottleKey {
        self.key(
            Scope::Mail,
            &[b"from", &from.map(network).unwrap_or_default()],
        )
    }

    fn key(&self, scope: Scope, parts: &[&[u8]]) -> ThrottleKey {
        let mut message = Vec::with_capacity(96);
        message.extend_from_slice(scope.code().as_bytes());
        for part in parts {
            // Length-prefixed, so that no two lists of parts have the same bytes.
            message.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            message.extend_from_slice(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&sign(&self.0, &message).as_ref()[..16]);
        ThrottleKey(bytes)
    }
}

fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    const T0: UnixMillis = UnixMillis(1_800_000_000_000);

    fn growing() -> Growing {
        Limits::default().account
    }

    /// Holds: ASVS 6.3.1, N43
    #[test]
    fn n43_waits_double_from_half_a_minute_to_the_longest() {
        let waits: Vec<u64> = (1..=9).map(|n| growing().wait(n).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480]);
        assert_eq!(growing().wait(100), Duration::from_hours(4));
        assert_eq!(growing().wait(u32::MAX), Duration::from_hours(4));
    }

    /// Holds: N40
    #[test]
    fn n40_a_hundred_failures_take_a_fortnight() {
        let rule = Rule::Growing(growing());
        let (mut tally, mut now) = (Tally::default(), T0);
        for _ in 0..MOST_FAILURES {
            if let Err(Throttled { until }) = rule.judge(tally, now) {
                now = until.unwrap();
            }
            tally = rule.charge(tally, now).unwrap();
        }
        assert_eq!(tally.count, MOST_FAILURES);
        assert!(
            now.since(T0) > Duration::from_hours(14 * 24),
            "{:?}",
            now.since(T0)
        );
        let most = Rule::Most(MOST_FAILURES);
        let full = Tally {
            count: MOST_FAILURES,
            ..Tally::default()
        };
        assert_eq!(most.charge(full, now), Err(Throttled { until: None }));
        assert!(most.charge(full.restarted(), now).is_ok());
    }

    #[test]
    fn a_throttled_try_changes_nothing_and_says_when() {
        let rule = Rule::Growing(growing());
        let mut tally = Tally::default();
        for _ in 0..5 {
            tally = rule.charge(tally, T0).unwrap();
        }
        let until = T0.plus(Duration::from_secs(30));
        assert_eq!(
            rule.charge(tally, T0),
            Err(Throttled { until: Some(until) })
        );
        assert!(rule.charge(tally, until).is_ok());
        let later = until.plus(FORGOTTEN);
        assert_eq!(rule.charge(tally, later).unwrap().count, 1, "forgotten");
    }

    #[test]
    fn a_bucket_refills() {
        let rule = Rule::Refilling(Refilling {
            burst: 3,
            refill: Duration::from_secs(10),
        });
        let mut tally = Tally::default();
        for _ in 0..3 {
            tally = rule.charge(tally, T0).unwrap();
        }
        let until = T0.plus(Duration::from_secs(10));
        assert_eq!(rule.judge(tally, T0), Err(Throttled { until: Some(until) }));
        tally = rule.charge(tally, until).unwrap();
        assert!(rule.judge(tally, until).is_err());
        assert!(
            rule.judge(tally, until.plus(Duration::from_mins(1)))
                .is_ok()
        );
    }

    /// C23: an attack leaves strangers with fewer tries for a while after it, and not for as long as it was large.
    #[test]
    fn an_overfull_bucket_is_empty_again_in_due_time() {
        let Refilling { burst, refill } = Limits::default().alarm;
        let rule = Rule::Refilling(Limits::default().alarm);
        let mut tally = Tally::default();
        for _ in 0..burst * 100 {
            tally = rule.forced(tally, T0);
        }
        assert!(rule.judge(tally, T0.plus(refill * burst)).is_err());
        assert!(rule.judge(tally, T0.plus(refill * (burst + 1))).is_ok());
    }

    /// Holds: N43
    #[test]
    fn n43_one_reading_of_a_wild_clock_shuts_nobody_out() {
        let limits = Limits::default();
        let wild = T0.plus(Duration::from_hours(300 * 24));
        for rule in [
            Rule::Growing(limits.account),
            Rule::Growing(limits.device),
            Rule::Refilling(limits.network),
            Rule::Refilling(limits.alarm),
        ] {
            let mut tally = Tally::default();
            for _ in 0..limits.alarm.burst {
                tally = rule.forced(tally, wild);
            }
            assert!(rule.judge(tally, wild).is_err(), "{rule:?}");
            assert_eq!(rule.judge(tally, T0), Ok(()), "{rule:?}");
            let after = rule.forced(tally, T0);
            assert!(after.free_at <= T0.plus(FORGOTTEN), "{rule:?}");
            assert_eq!(after.count, tally.count + 1, "{rule:?}");
            assert!(rule.idle_from(tally, T0) <= T0.plus(FORGOTTEN), "{rule:?}");
        }
        // Slow by choice of the operator's: nothing wild about it.
        let slow = Rule::Refilling(Refilling {
            burst: 5,
            refill: Duration::from_hours(3 * 24),
        });
        let full = (0..5).fold(Tally::default(), |tally, _| slow.forced(tally, T0));
        assert!(slow.judge(full, T0).is_err());
    }

    /// Holds: C23
    #[test]
    fn c23_what_is_closed_for_long_is_not_opened_by_the_next_failure() {
        let network = Limits::default().network;
        let day = Duration::from_hours(24);
        let closing = Rule::Refilling(Refilling {
            refill: day + network.refill * (network.burst - 1),
            ..network
        });
        let rule = Rule::Refilling(network);
        let closed = closing.forced(Tally::default(), T0);
        let until = Throttled {
            until: Some(T0.plus(day)),
        };
        assert_eq!(rule.judge(closed, T0), Err(until));
        let failed = rule.forced(closed, T0);
        assert_eq!(rule.judge(failed, T0), Err(until));
    }

    #[test]
    fn what_is_taken_back_from_a_bucket_makes_room_for_another() {
        let rule = Rule::Refilling(Refilling {
            burst: 3,
            refill: Duration::from_secs(10),
        });
        let charge = |before: Tally| Charged {
            scope: Scope::Network,
            key: Keyer::new(&[1; 32]).everyone(),
            before,
            after: rule.charge(before, T0).unwrap(),
        };
        let first = charge(Tally::default());
        let full = charge(charge(first.after).after).after;
        assert!(rule.judge(full, T0).is_err());
        let room = first.taken_back(full, rule);
        assert_eq!(room.count, 2);
        let again = charge(room).after;
        assert_eq!(again, full, "one more, and no more than one");
    }

    #[test]
    fn an_idle_tally_says_no_more_than_none() {
        let limits = Limits::default();
        for rule in [
            Rule::Growing(limits.account),
            Rule::Growing(limits.device),
            Rule::Refilling(limits.network),
        ] {
            let mut tally = Tally::default();
            assert_eq!(rule.idle_from(tally, T0), T0);
            for n in 1..80 {
                tally = rule.forced(tally, T0);
                let idle = rule.idle_from(tally, T0);
                let (kept, dropped) = (
                    rule.forced(tally, idle),
                    rule.forced(Tally::default(), idle),
                );
                assert_eq!(kept.free_at, dropped.free_at, "{rule:?} after {n}");
                if matches!(rule, Rule::Growing(_)) {
                    assert_eq!(kept, dropped);
                }
                let before = UnixMillis(idle.0 - 1);
                assert_ne!(
                    rule.forced(tally, before),
                    rule.forced(Tally::default(), before)
                );
            }
        }
    }

    #[test]
    fn keys_differ_by_what_they_are_of() {
        let keyer = Keyer::new(&[1; 32]);
        let (user, device) = (UserId::new(T0, [1; 10]), DeviceId::new(T0, [1; 10]));
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let keys = [
            keyer.account("alice@example.test"),
            keyer.account("bob@example.test"),
            keyer.no_password("alice@example.test"),
            keyer.strangers(user),
            keyer.no_strangers("alice@example.test"),
            keyer.device(device, user),
            keyer.session(SessionId::new(T0, [1; 10])),
            keyer.password(user),
            keyer.network(address),
            keyer.nowhere(),
            keyer.everyone(),
            keyer.mail("alice@example.test", Some(address)),
            keyer.mail("alice@example.test", None),
            keyer.mail_to("alice@example.test"),
            keyer.mail_from(Some(address)),
            Keyer::new(&[2; 32]).account("alice@example.test"),
        ];
        let distinct: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
        let of = |text: &str| keyer.network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"), "one /64");
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn under_alarm_strangers_have_fewer_tries() {
        let limits = Limits::default();
        let mut everyone = Tally::default();
        let alarm = Rule::Refilling(limits.alarm);
        for _ in 0..=limits.alarm.burst {
            assert!(!limits.alarmed(everyone, T0) || everyone.count == limits.alarm.burst);
            everyone = alarm.forced(everyone, T0);
        }
        assert!(limits.alarmed(everyone, T0));
        let Rule::Growing(rule) = limits.account(everyone, T0) else {
            panic!("it grows")
        };
        assert_eq!(rule.free, limits.free_under_alarm);
    }
}
