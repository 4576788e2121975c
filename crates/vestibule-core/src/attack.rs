//! What an attack across accounts looks like (C23, ASVS 6.3.1), told from the tries of the last minutes.
//!
//! Every limit on tries counts by one key. An attacker who tries one password on each of many accounts, or the pairs of a
//! list from elsewhere, spends one try a key; what gives them away is the pattern. It is looked for in memory: what is lost
//! at a restart is found again within minutes, and the durable tallies hold meanwhile.
//!
//! | kind | the pattern within ten minutes | what follows |
//! |---|---|---|
//! | guessing | one account, tried again and again, waits or not | it is told; the account's own tally keeps it slow |
//! | spraying | many accounts, few passwords | it is told; the network waits; the passwords in use are refused unevaluated |
//! | stuffing | many accounts, about as many passwords | it is told; the network waits |
//!
//! Known devices are never looked at: what their owners mistype is no pattern. Nothing here holds an address, a password or
//! an account, but keyed hashes of them under a key that is made at each start.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::time::Duration;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

use crate::audit::Attack;
use crate::throttle::ThrottleKey;
use crate::time::UnixMillis;

/// How long tries count together.
pub const WINDOW: Duration = Duration::from_mins(10);

/// Wrong passwords from one network within a window from which on their pattern is judged. Under the 50 that a network has
/// at once, and more than a household or a small office mistypes.
pub const FAILURES_OF_NETWORK: u32 = 30;
/// Different accounts among them that make an attack. Under it, somebody has forgotten a password.
pub const ACCOUNTS_OF_NETWORK: usize = 15;
/// Different accounts that make an attack of what comes from everywhere, once everybody's tally is over its limit.
pub const ACCOUNTS_OF_EVERYONE: usize = 50;
/// Tries at one account, waits or not, that make an attack: a person has had ten passwords refused and been asked to wait
/// twenty times.
pub const TRIES_OF_ACCOUNT: u32 = 30;
/// Accounts that one password failed on from which on it is the password of a spraying: nobody else has it wrong so often.
pub const ACCOUNTS_OF_PASSWORD: usize = 10;
/// How long after a spraying was recognised, and after it last failed, such a password is refused unevaluated.
pub const REFUSED_FOR: Duration = Duration::from_hours(1);

/// Accounts for each password from which on few passwords are tried on many accounts.
const FEW: usize = 4;
/// Most different values that are told apart in a network's window, and in everybody's. More are 'many' all the same.
const TOLD_APART: (usize, usize) = (32, 256);
/// Most networks, accounts and passwords that are watched at once: some 4 MB in all, whatever comes.
const MOST_WATCHED: usize = 4096;

/// Makes tags: keyed hashes that tell equal values apart and nothing else.
pub struct Tagger(Key);

impl fmt::Debug for Tagger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tagger")
    }
}

impl Tagger {
    /// Wraps 32 bytes fresh from the engine's entropy, never stored.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(Key::new(HMAC_SHA256, bytes))
    }

    /// A try, as it is looked at.
    pub fn sighting(
        &self,
        account: ThrottleKey,
        network: Option<ThrottleKey>,
        password: &str,
    ) -> Sighting {
        Sighting {
            account: self.tag(account.as_bytes()),
            network,
            password: self.tag(password.as_bytes()),
        }
    }

    fn tag(&self, value: &[u8]) -> Tag {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&sign(&self.0, value).as_ref()[..8]);
        Tag(u64::from_be_bytes(bytes))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Tag(u64);

/// A try that is looked at: who was tried, from where, with what. Keyed hashes alone.
#[derive(Clone, Copy)]
pub struct Sighting {
    account: Tag,
    network: Option<ThrottleKey>,
    password: Tag,
}

impl fmt::Debug for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sighting")
    }
}

/// An attack that was not known of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recognised {
    /// What it looks like.
    pub attack: Attack,
    /// From where it comes.
    pub from: Origin,
}

/// From where an attack comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From the network of the try that gave it away.
    Network,
    /// From many places, or from wherever.
    Anywhere,
}

/// The tries of the last minutes, as far as they tell of attacks. Bounded.
#[derive(Debug, Default)]
pub struct Sightings {
    networks: HashMap<ThrottleKey, Window>,
    everyone: Window,
    accounts: HashMap<Tag, Tries>,
    passwords: HashMap<Tag, Failing>,
    sprayed_until: UnixMillis,
}

/// What failed within a window.
#[derive(Debug, Default)]
struct Window {
    since: UnixMillis,
    failures: u32,
    accounts: Vec<Tag>,
    passwords: Vec<Tag>,
    recognised: bool,
}

/// How often an account was tried.
#[derive(Debug)]
struct Tries {
    since: UnixMillis,
    count: u32,
}

/// A password that failed.
#[derive(Debug)]
struct Failing {
    last: UnixMillis,
    accounts: Vec<Tag>,
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tag")
    }
}

impl Sightings {
    /// How long to wait before this password is looked at again, if it is one of a spraying. Whose it is tried on makes no
    /// difference, nor whether there is such an account (ASVS 6.3.8). Refusing it does not prolong it, so that nobody who
    /// has that password locks themselves out by trying.
    pub fn refuses(&self, sighting: &Sighting, now: UnixMillis) -> Option<Duration> {
        let failing = self.passwords.get(&sighting.password)?;
        let until = failing.last.plus(REFUSED_FOR);
        let sprayed = now < self.sprayed_until && failing.accounts.len() >= ACCOUNTS_OF_PASSWORD;
        (sprayed && now < until).then(|| until.since(now))
    }

    /// A wrong password. `alarmed`: everybody's tally is over its limit.
    pub fn failed(
        &mut self,
        sighting: &Sighting,
        alarmed: bool,
        now: UnixMillis,
    ) -> Vec<Recognised> {
        self.remember_password(sighting, now);
        let mut recognised: Vec<Recognised> = Vec::new();
        if let Some(network) = sighting.network {
            make_room(
                &mut self.networks,
                &network,
                |window| window.is_over(now),
                |window| window.failures,
            );
            let window = self.networks.entry(network).or_default();
            window.note(sighting, TOLD_APART.0, now);
            if window.failures >= FAILURES_OF_NETWORK {
                let attack = window.judge(ACCOUNTS_OF_NETWORK);
                recognised.extend(attack.map(|attack| Recognised {
                    attack,
                    from: Origin::Network,
                }));
            }
        }
        self.everyone.note(sighting, TOLD_APART.1, now);
        if alarmed {
            let attack = self.everyone.judge(ACCOUNTS_OF_EVERYONE);
            recognised.extend(attack.map(|attack| Recognised {
                attack,
                from: Origin::Anywhere,
            }));
        }
        if recognised.iter().any(|it| it.attack == Attack::Spraying) {
            self.sprayed_until = now.plus(REFUSED_FOR);
        }
        recognised.extend(self.tried(sighting, now));
        recognised
    }

    /// A try at an account: evaluated, or turned away because there were too many.
    pub fn tried(&mut self, sighting: &Sighting, now: UnixMillis) -> Option<Recognised> {
        let over = |tries: &Tries| is_over(tries.since, now);
        make_room(&mut self.accounts, &sighting.account, over, |tries| {
            tries.count
        });
        let tries = self.accounts.entry(sighting.account).or_insert(Tries {
            since: now,
            count: 0,
        });
        if is_over(tries.since, now) {
            (tries.since, tries.count) = (now, 0);
        }
        tries.count = tries.count.saturating_add(1);
        // Once: at the very try that makes it one.
        (tries.count == TRIES_OF_ACCOUNT).then_some(Recognised {
            attack: Attack::Guessing,
            from: Origin::Anywhere,
        })
    }

    fn remember_password(&mut self, sighting: &Sighting, now: UnixMillis) {
        make_room(
            &mut self.passwords,
            &sighting.password,
            |failing| now.since(failing.last) >= REFUSED_FOR,
            |failing| u32::try_from(failing.accounts.len()).unwrap_or(u32::MAX),
        );
        let failing = self.passwords.entry(sighting.password);
        let failing = failing.or_insert(Failing {
            last: now,
            accounts: Vec::new(),
        });
        if now.since(failing.last) >= REFUSED_FOR {
            failing.accounts.clear();
        }
        failing.last = now;
        tell_apart(
            &mut failing.accounts,
            sighting.account,
            ACCOUNTS_OF_PASSWORD,
        );
    }
}

impl Window {
    fn is_over(&self, now: UnixMillis) -> bool {
        is_over(self.since, now)
    }

    fn note(&mut self, sighting: &Sighting, most: usize, now: UnixMillis) {
        if self.is_over(now) {
            *self = Self {
                since: now,
                ..Self::default()
            };
        }
        self.failures = self.failures.saturating_add(1);
        tell_apart(&mut self.accounts, sighting.account, most);
        tell_apart(&mut self.passwords, sighting.password, most);
    }

    /// What this looks like, once a window.
    fn judge(&mut self, accounts: usize) -> Option<Attack> {
        if self.recognised || self.accounts.len() < accounts {
            return None;
        }
        self.recognised = true;
        Some(if self.passwords.len() * FEW <= self.accounts.len() {
            Attack::Spraying
        } else {
            Attack::Stuffing
        })
    }
}

fn is_over(since: UnixMillis, now: UnixMillis) -> bool {
    // A clock that was set back ends a window too, rather than keep it open until time has come round again.
    now < since || now.since(since) >= WINDOW
}

fn tell_apart(seen: &mut Vec<Tag>, tag: Tag, most: usize) {
    if seen.len() < most && !seen.contains(&tag) {
        seen.push(tag);
    }
}

/// Makes room for one more: first what is over goes, then what was seen least. An attacker who comes from more places than
/// fit is recognised by what everybody's window shows.
fn make_room<K: Hash + Eq, V>(
    watched: &mut HashMap<K, V>,
    key: &K,
    over: impl Fn(&V) -> bool,
    seen: impl Fn(&V) -> u32,
) {
    if watched.len() < MOST_WATCHED || watched.contains_key(key) {
        return;
    }
    watched.retain(|_, value| !over(value));
    if watched.len() < MOST_WATCHED {
        return;
    }
    // A walk over all makes room for many, so that not each of a flood walks.
    let mut counts: Vec<u32> = watched.values().map(&seen).collect();
    let middle = counts.len() / 2;
    let (_, median, _) = counts.select_nth_unstable(middle);
    let median = *median;
    watched.retain(|_, value| seen(value) > median);
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: UnixMillis = UnixMillis(1_800_000_000_000);

    fn try_at(account: u32, network: u32, password: u32) -> Sighting {
        let key = |n: u32, of: u8| {
            let mut bytes = [of; 16];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            ThrottleKey::from_bytes(bytes)
        };
        let password = format!("password {password}");
        Tagger::new(&[1; 32]).sighting(key(account, 1), Some(key(network, 2)), &password)
    }

    fn network(attack: Attack) -> Recognised {
        Recognised {
            attack,
            from: Origin::Network,
        }
    }

    /// Holds: ASVS 6.3.1
    #[test]
    fn a_spraying_from_one_network_is_recognised_once_a_window() {
        let mut sightings = Sightings::default();
        let mut recognised = Vec::new();
        for n in 0..49 {
            recognised.extend(sightings.failed(&try_at(n, 0, n % 2), false, T0));
        }
        assert_eq!(recognised, [network(Attack::Spraying)]);
        let later = T0.plus(WINDOW);
        for n in 0..49 {
            recognised.extend(sightings.failed(&try_at(n, 0, n % 2), false, later));
        }
        assert_eq!(recognised.len(), 2);
    }

    /// Holds: ASVS 6.3.1
    #[test]
    fn a_stuffing_has_about_as_many_passwords_as_accounts() {
        let mut sightings = Sightings::default();
        let mut recognised = Vec::new();
        for n in 0..49 {
            recognised.extend(sightings.failed(&try_at(n, 0, n), false, T0));
        }
        assert_eq!(recognised, [network(Attack::Stuffing)]);
        assert!(sightings.refuses(&try_at(100, 1, 3), T0).is_none());
    }

    #[test]
    fn what_a_small_office_mistypes_is_no_attack() {
        let mut sightings = Sightings::default();
        for n in 0..100 {
            let one = try_at(n % 14, 0, n);
            assert_eq!(sightings.failed(&one, true, T0), [], "{n}");
        }
        for n in 0..29 {
            let one = try_at(100 + n, 1, n);
            assert_eq!(sightings.failed(&one, false, T0), [], "{n}");
        }
    }

    /// Holds: ASVS 6.3.1
    #[test]
    fn what_comes_from_everywhere_is_judged_under_alarm() {
        for (passwords, attack) in [(3, Attack::Spraying), (1000, Attack::Stuffing)] {
            let mut sightings = Sightings::default();
            let mut recognised = Vec::new();
            for n in 0..600 {
                let one = try_at(n, n, n % passwords);
                recognised.extend(sightings.failed(&one, n >= 200, T0));
            }
            let everywhere = Recognised {
                attack,
                from: Origin::Anywhere,
            };
            assert_eq!(recognised, [everywhere]);
        }
    }

    #[test]
    fn the_password_of_a_spraying_is_refused_for_an_hour_and_no_other() {
        let mut sightings = Sightings::default();
        for n in 0..30 {
            sightings.failed(&try_at(n, 0, 1), false, T0);
        }
        let elsewhere = try_at(1000, 1000, 1);
        assert_eq!(sightings.refuses(&elsewhere, T0), Some(REFUSED_FOR));
        assert_eq!(sightings.refuses(&try_at(1000, 0, 2), T0), None);
        let end = T0.plus(REFUSED_FOR);
        assert!(
            sightings
                .refuses(&elsewhere, UnixMillis(end.0 - 1))
                .is_some()
        );
        assert_eq!(sightings.refuses(&elsewhere, end), None);
    }

    #[test]
    fn a_password_many_have_wrong_is_looked_at_while_nobody_sprays() {
        let mut sightings = Sightings::default();
        for n in 0..29 {
            sightings.failed(&try_at(n, n, 1), false, T0);
        }
        assert_eq!(sightings.refuses(&try_at(1000, 1000, 1), T0), None);
    }

    /// Holds: ASVS 6.3.1
    #[test]
    fn one_account_hammered_is_guessing_whether_or_not_its_tries_are_evaluated() {
        let mut sightings = Sightings::default();
        let mut recognised = Vec::new();
        for n in 0..100 {
            let one = try_at(7, n, n);
            recognised.extend(if n < 9 {
                sightings.failed(&one, false, T0)
            } else {
                sightings.tried(&one, T0).into_iter().collect()
            });
        }
        let guessing = Recognised {
            attack: Attack::Guessing,
            from: Origin::Anywhere,
        };
        assert_eq!(recognised, [guessing]);
    }

    /// Holds: ASVS 15.2.2
    #[test]
    fn asvs_15_2_2_what_is_watched_is_bounded_and_the_busiest_stay() {
        let mut sightings = Sightings::default();
        for n in 0..29 {
            sightings.failed(&try_at(n, 0, 1), false, T0);
        }
        for n in 100..20_000 {
            sightings.failed(&try_at(n, n, n), false, T0);
        }
        assert!(sightings.networks.len() <= MOST_WATCHED);
        assert!(sightings.accounts.len() <= MOST_WATCHED);
        assert!(sightings.passwords.len() <= MOST_WATCHED);
        let recognised = sightings.failed(&try_at(30, 0, 1), false, T0);
        assert_eq!(recognised, [network(Attack::Spraying)]);
    }

    #[test]
    fn tags_show_nothing() {
        let sighting = try_at(1, 1, 1);
        assert_eq!(format!("{sighting:?}"), "Sighting");
        let mut sightings = Sightings::default();
        sightings.failed(&sighting, false, T0);
        let shown = format!("{sightings:?}");
        assert!(shown.contains("passwords: {Tag:"), "{shown}");
        assert_eq!(format!("{:?}", Tagger::new(&[1; 32])), "Tagger");
    }
}
