//! What an attack across accounts looks like (C23, ASVS 6.3.1), told from the tries of the last day.
//!
//! Every limit on tries counts by one key. An attacker who tries one password on each of many accounts, or the pairs of a
//! list from elsewhere, spends one try a key; what gives them away is the pattern. It is looked for in memory: what is lost
//! at a restart is found again, and the durable tallies hold meanwhile.
//!
//! | kind | the pattern | what follows |
//! |---|---|---|
//! | guessing | one account, tried again and again, waits or not | it is told; the account's own tally keeps it slow |
//! | spraying | a password that is wrong for many accounts; many accounts, few passwords | it is told; the password is refused unevaluated; a network that it comes from waits |
//! | stuffing | many accounts, about as many passwords | it is told; a network that it comes from waits |
//!
//! Whoever is in a hurry shows within ten minutes, whoever is not within a day.
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
use crate::time::{STEP, UnixMillis};

/// How long the tries of somebody in a hurry count together.
pub const SHORT: Duration = Duration::from_mins(10);
/// How long everybody's do.
pub const LONG: Duration = Duration::from_hours(24);

/// What is an attack from one network: so many wrong passwords, at so many different accounts. Under the 50 that a network
/// has at once, and more than a household or an office mistypes on devices that are new to them.
const OF_NETWORK: [Pattern; 2] = [
    Pattern {
        within: SHORT,
        failures: 30,
        accounts: 15,
        closed_for: Duration::from_hours(4),
    },
    Pattern {
        within: LONG,
        failures: 60,
        accounts: 40,
        closed_for: LONG,
    },
];
/// Different accounts, in a short time, that make an attack of what comes from everywhere, once everybody's tally is over
/// its limit.
pub const ACCOUNTS_UNDER_ALARM: usize = 50;
/// Different accounts, in a long time, that make an attack of what comes from everywhere, unless so many get in on new
/// devices that as many wrong passwords are to be expected.
pub const ACCOUNTS_OF_EVERYONE: usize = 100;
/// Accounts that fail for each login that holds, all on new devices, that make an attack: people get in more often than not.
const FAILURES_FOR_A_LOGIN: usize = 4;
/// Tries at one account, waits or not, in a short time and in a long one, that make an attack: a person has been asked to
/// wait twenty times.
const TRIES_OF_ACCOUNT: [(Duration, u32); 2] = [(SHORT, 30), (LONG, 100)];
/// Accounts that one password is wrong for, with never a long time between two of them, from which on it is the password of
/// a spraying. Whoever has it meets it in the attacker's list, sooner or later.
pub const ACCOUNTS_OF_PASSWORD: usize = 10;
/// How long after it was last wrong such a password is refused unevaluated.
pub const REFUSED_FOR: Duration = LONG;

/// Between two times that an attack from anywhere is told.
const TOLD_EVERY: Duration = Duration::from_hours(1);

/// Accounts for each password from which on few passwords are tried on many accounts.
const FEW: usize = 4;
/// Most different values that are told apart in a network's window, and in everybody's. More are 'many' all the same.
const TOLD_APART: (usize, usize) = (40, 1024);
/// Most networks, accounts and passwords that are watched at once: some 6 MB in all, whatever comes.
const MOST_WATCHED: usize = 4096;

/// What is an attack from one network.
struct Pattern {
    within: Duration,
    failures: u32,
    accounts: usize,
    closed_for: Duration,
}

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
    Network {
        /// For how long the network is to wait.
        closed_for: Duration,
    },
    /// From many places, or from wherever.
    Anywhere,
}

/// The tries of the last day, as far as they tell of attacks. Bounded.
#[derive(Debug, Default)]
pub struct Sightings {
    networks: HashMap<ThrottleKey, [Window; 2]>,
    lately: Window,
    today: Window,
    /// Logins on new devices that held, in today's window.
    logins: usize,
    accounts: HashMap<Tag, [Tries; 2]>,
    passwords: HashMap<Tag, Failing>,
    /// When an attack from anywhere was told last: that it goes on is no news.
    told: HashMap<Attack, UnixMillis>,
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
#[derive(Debug, Default)]
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
        let sprayed = failing.accounts.len() >= ACCOUNTS_OF_PASSWORD;
        // One that was wrong long after now was so under a clock that was wrong. A little after is how requests come: each has
        // the time of its arrival, and one may take longer than the next.
        let lately = failing.last <= now.plus(STEP) && now < until;
        (sprayed && lately).then(|| until.since(now))
    }

    /// A login that held, on a device that is new.
    pub fn succeeded(&mut self, now: UnixMillis) {
        self.begin_day(now);
        self.logins = self.logins.saturating_add(1);
    }

    /// A wrong password. `alarmed`: everybody's tally is over its limit.
    pub fn failed(
        &mut self,
        sighting: &Sighting,
        alarmed: bool,
        now: UnixMillis,
    ) -> Vec<Recognised> {
        self.begin_day(now);
        let mut recognised: Vec<Recognised> = Vec::new();
        recognised.extend(self.spraying(sighting, now));
        recognised.extend(self.failed_from(sighting, now));
        self.lately.note(sighting, SHORT, TOLD_APART.1, now);
        self.today.note(sighting, LONG, TOLD_APART.1, now);
        let expected = self.logins.saturating_mul(FAILURES_FOR_A_LOGIN);
        let at_once = alarmed && self.lately.accounts.len() >= ACCOUNTS_UNDER_ALARM;
        let by_and_by = self.today.accounts.len() >= ACCOUNTS_OF_EVERYONE.max(expected);
        if at_once && let Some(attack) = self.lately.recognise() {
            recognised.extend(self.tell_anywhere(attack, now));
        }
        if by_and_by && let Some(attack) = self.today.recognise() {
            recognised.extend(self.tell_anywhere(attack, now));
        }
        recognised.extend(self.tried(sighting, now));
        recognised
    }

    fn begin_day(&mut self, now: UnixMillis) {
        if self.today.is_over(LONG, now) {
            self.today = Window::new(now);
            self.logins = 0;
        }
    }

    fn tell_anywhere(&mut self, attack: Attack, now: UnixMillis) -> Option<Recognised> {
        let last = self.told.get(&attack);
        if last.is_some_and(|told| !is_over(*told, TOLD_EVERY, now)) {
            return None;
        }
        self.told.insert(attack, now);
        let from = Origin::Anywhere;
        Some(Recognised { attack, from })
    }

    fn failed_from(&mut self, sighting: &Sighting, now: UnixMillis) -> Option<Recognised> {
        let network = sighting.network?;
        make_room(
            &mut self.networks,
            &network,
            |[_, long]| long.is_over(LONG, now),
            |[_, long]| long.failures,
        );
        let windows = self.networks.entry(network).or_default();
        let mut recognised = None;
        for (window, pattern) in windows.iter_mut().zip(&OF_NETWORK) {
            window.note(sighting, pattern.within, TOLD_APART.0, now);
            let is_attack =
                window.failures >= pattern.failures && window.accounts.len() >= pattern.accounts;
            if is_attack && let Some(attack) = window.recognise() {
                let closed_for = pattern.closed_for;
                let from = Origin::Network { closed_for };
                // The longer wait stands for both.
                recognised = Some(Recognised { attack, from });
            }
        }
        recognised
    }

    /// A try at an account: evaluated, or turned away because there were too many.
    pub fn tried(&mut self, sighting: &Sighting, now: UnixMillis) -> Option<Recognised> {
        make_room(
            &mut self.accounts,
            &sighting.account,
            |[_, long]| is_over(long.since, LONG, now),
            |[_, long]| long.count,
        );
        let windows = self.accounts.entry(sighting.account).or_default();
        let mut recognised = false;
        for (tries, (within, most)) in windows.iter_mut().zip(TRIES_OF_ACCOUNT) {
            if is_over(tries.since, within, now) {
                (tries.since, tries.count) = (now, 0);
            }
            tries.count = tries.count.saturating_add(1);
            // Once: at the very try that makes it one.
            recognised |= tries.count == most;
        }
        recognised.then_some(Recognised {
            attack: Attack::Guessing,
            from: Origin::Anywhere,
        })
    }

    fn spraying(&mut self, sighting: &Sighting, now: UnixMillis) -> Option<Recognised> {
        make_room(
            &mut self.passwords,
            &sighting.password,
            |failing| is_over(failing.last, REFUSED_FOR, now),
            |failing| u32::try_from(failing.accounts.len()).unwrap_or(u32::MAX),
        );
        let failing = self.passwords.entry(sighting.password);
        let failing = failing.or_insert(Failing {
            last: now,
            accounts: Vec::new(),
        });
        if is_over(failing.last, REFUSED_FOR, now) {
            failing.accounts.clear();
            failing.last = now;
        }
        failing.last = failing.last.max(now);
        let before = failing.accounts.len();
        tell_apart(
            &mut failing.accounts,
            sighting.account,
            ACCOUNTS_OF_PASSWORD,
        );
        let is_attack = before < ACCOUNTS_OF_PASSWORD && failing.accounts.len() > before;
        let is_attack = is_attack && failing.accounts.len() == ACCOUNTS_OF_PASSWORD;
        is_attack
            .then(|| self.tell_anywhere(Attack::Spraying, now))
            .flatten()
    }
}

impl Window {
    fn new(since: UnixMillis) -> Self {
        Self {
            since,
            ..Self::default()
        }
    }

    fn is_over(&self, within: Duration, now: UnixMillis) -> bool {
        is_over(self.since, within, now)
    }

    fn note(&mut self, sighting: &Sighting, within: Duration, most: usize, now: UnixMillis) {
        if self.is_over(within, now) {
            *self = Self::new(now);
        }
        self.failures = self.failures.saturating_add(1);
        tell_apart(&mut self.accounts, sighting.account, most);
        tell_apart(&mut self.passwords, sighting.password, most);
    }

    /// What this attack looks like, once a window.
    fn recognise(&mut self) -> Option<Attack> {
        if self.recognised {
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

fn is_over(since: UnixMillis, within: Duration, now: UnixMillis) -> bool {
    // A clock that was set back ends a window too, rather than keep it open until time has come round again; a request that
    // took longer than a later one does not.
    now.plus(STEP) < since || now.since(since) >= within
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

    fn network(attack: Attack, closed_for: Duration) -> Recognised {
        let from = Origin::Network { closed_for };
        Recognised { attack, from }
    }

    fn anywhere(attack: Attack) -> Recognised {
        let from = Origin::Anywhere;
        Recognised { attack, from }
    }

    const HURRIED: Duration = Duration::from_hours(4);

    /// Holds: ASVS 6.3.1
    #[test]
    fn a_stuffing_from_one_network_has_about_as_many_passwords_as_accounts() {
        let mut sightings = Sightings::default();
        let mut recognised = Vec::new();
        for n in 0..49 {
            recognised.extend(sightings.failed(&try_at(n, 0, n), false, T0));
        }
        assert_eq!(recognised, [network(Attack::Stuffing, HURRIED)]);
        assert!(sightings.refuses(&try_at(100, 1, 3), T0).is_none());
        for n in 100..149 {
            let later = T0.plus(SHORT);
            recognised.extend(sightings.failed(&try_at(n, 0, n), false, later));
        }
        recognised.remove(0);
        let both = [
            network(Attack::Stuffing, LONG),
            network(Attack::Stuffing, HURRIED),
        ];
        assert!(recognised.iter().all(|one| both.contains(one)), "again");
        assert_eq!(recognised.len(), 2);
    }

    /// Holds: ASVS 6.3.1
    #[test]
    fn who_is_in_no_hurry_shows_within_a_day() {
        let mut sightings = Sightings::default();
        let (mut recognised, mut now) = (Vec::new(), T0);
        for n in 0..288 {
            recognised.extend(sightings.failed(&try_at(n, 0, n), false, now));
            now = now.plus(Duration::from_mins(5));
        }
        let expected = [network(Attack::Stuffing, LONG), anywhere(Attack::Stuffing)];
        assert_eq!(recognised, expected);
    }

    #[test]
    fn what_an_office_mistypes_is_no_attack() {
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
    fn what_comes_from_everywhere_is_recognised_at_once_under_alarm() {
        let mut sightings = Sightings::default();
        let mut recognised = Vec::new();
        for n in 0..99 {
            let one = try_at(n, n, n);
            recognised.extend(sightings.failed(&one, n >= 60, T0));
        }
        assert_eq!(recognised, [anywhere(Attack::Stuffing)]);
    }

    /// Holds: ASVS 6.3.1
    #[test]
    fn where_many_get_in_on_new_devices_as_many_mistype() {
        let mut sightings = Sightings::default();
        for n in 0..900 {
            if n % 3 == 0 {
                sightings.succeeded(T0);
            }
            let one = try_at(n, n, n);
            assert_eq!(sightings.failed(&one, false, T0), [], "{n}");
        }
    }

    /// Holds: ASVS 6.3.1
    #[test]
    fn a_password_wrong_for_ten_accounts_is_refused_for_a_day_and_no_other() {
        let mut sightings = Sightings::default();
        let (mut recognised, mut now) = (Vec::new(), T0);
        for n in 0..30 {
            let one = try_at(n, n, 1);
            now = now.plus(Duration::from_hours(2));
            let refused = sightings.refuses(&one, now);
            assert_eq!(refused.is_some(), n >= 10, "{n}");
            if refused.is_none() {
                recognised.extend(sightings.failed(&one, false, now));
            }
            if n == 11 {
                break;
            }
        }
        assert_eq!(recognised, [anywhere(Attack::Spraying)]);
        assert_eq!(sightings.refuses(&try_at(1000, 0, 2), now), None);
        let last = T0.plus(Duration::from_hours(20));
        let end = last.plus(REFUSED_FOR);
        let elsewhere = try_at(1000, 1000, 1);
        let just = UnixMillis(end.0 - 1);
        assert_eq!(
            sightings.refuses(&elsewhere, just),
            Some(Duration::from_millis(1))
        );
        let arrived_before = UnixMillis(last.0 - 30_000);
        assert!(
            sightings.refuses(&elsewhere, arrived_before).is_some(),
            "one that was held back on its way"
        );
        assert_eq!(
            sightings.failed(&try_at(2000, 2000, 1), false, arrived_before),
            []
        );
        assert!(
            sightings.refuses(&elsewhere, last).is_some(),
            "nor does one clear what is known"
        );
        let before = UnixMillis(last.0 - 60_001);
        assert_eq!(sightings.refuses(&elsewhere, before), None, "a wild clock");
        assert_eq!(sightings.refuses(&elsewhere, end), None);
        assert_eq!(sightings.failed(&elsewhere, false, end), []);
        assert_eq!(sightings.refuses(&elsewhere, end), None, "it begins anew");
    }

    #[test]
    fn one_account_may_have_one_password_wrong_as_often_as_it_likes() {
        let mut sightings = Sightings::default();
        for n in 0..25 {
            sightings.failed(&try_at(1, n, 1), false, T0);
        }
        assert_eq!(sightings.refuses(&try_at(1, 0, 1), T0), None);
    }

    /// Holds: ASVS 6.3.1
    #[test]
    fn one_account_hammered_is_guessing_whether_or_not_its_tries_are_evaluated() {
        let mut sightings = Sightings::default();
        let mut recognised = Vec::new();
        for n in 0..99 {
            let one = try_at(7, n, n);
            recognised.extend(if n < 9 {
                sightings.failed(&one, false, T0)
            } else {
                sightings.tried(&one, T0).into_iter().collect()
            });
        }
        assert_eq!(recognised, [anywhere(Attack::Guessing)]);
        let mut slowly = T0;
        for n in 0..200 {
            slowly = slowly.plus(Duration::from_mins(2));
            recognised.extend(sightings.tried(&try_at(8, n, n), slowly));
        }
        assert_eq!(recognised.len(), 2, "and a day's tries, once");
    }

    /// Holds: ASVS 15.2.2
    #[test]
    fn asvs_15_2_2_what_is_watched_is_bounded_and_the_busiest_stay() {
        let mut sightings = Sightings::default();
        for n in 0..9 {
            sightings.failed(&try_at(n, 0, 1), false, T0);
        }
        for n in 100..20_000 {
            sightings.failed(&try_at(n, n, n), false, T0);
        }
        assert!(sightings.networks.len() <= MOST_WATCHED);
        assert!(sightings.accounts.len() <= MOST_WATCHED);
        assert!(sightings.passwords.len() <= MOST_WATCHED);
        let recognised = sightings.failed(&try_at(30, 0, 1), false, T0);
        assert_eq!(recognised, [anywhere(Attack::Spraying)]);
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
