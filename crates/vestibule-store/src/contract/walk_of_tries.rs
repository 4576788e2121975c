//! A long random walk of tries, each answer held against core's rules over tallies kept in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use vestibule_core::id::{DeviceId, UserId};
use vestibule_core::known_device::{DeviceProof, still_known};
use vestibule_core::session::NewSession;
use vestibule_core::throttle::{
    Charged, Growing, Limits, MOST_FAILURES, Refilling, Rule, Scope, Tally, ThrottleKey, Throttled,
    Tried,
};
use vestibule_core::ticket::Grant;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, User};

use super::dice::Dice;
use super::harness::Home;
use super::make::tries::{refused, session_of};
use super::make::{NOON, email};
use crate::{BeginTry, Failed, OpenSession, Recover, Try, Whose};

/// Tight enough that each tally closes often.
const TIGHT: Limits = Limits {
    account: Growing {
        free: 3,
        first: Duration::from_secs(30),
        longest: Duration::from_mins(5),
    },
    device: Growing {
        free: 3,
        first: Duration::from_secs(40),
        longest: Duration::from_mins(5),
    },
    network: Refilling {
        burst: 4,
        refill: Duration::from_secs(90),
    },
    alarm: Refilling {
        burst: 8,
        refill: Duration::from_secs(20),
    },
    free_under_alarm: 1,
};

const NAMES: [&str; 4] = ["alice", "bob", "carol", "nobody"];

/// What the walk has to meet often.
const OUTCOMES: [&str; 12] = [
    "begun by a stranger",
    "begun on a known device",
    "begun by a session",
    "throttled by account",
    "throttled by session",
    "throttled by network",
    "disabled already",
    "failed",
    "failed after it started again",
    "opened",
    "credential changed",
    "recovered",
];

/// A try that was begun and is not settled yet.
struct Pending {
    tried: Tried,
    user: Option<UserId>,
    credential: CredentialVersion,
}

struct Walk {
    home: Home,
    dice: Dice,
    now: UnixMillis,
    users: Vec<User>,
    devices: Vec<DeviceProof>,
    versions: BTreeMap<UserId, CredentialVersion>,
    tallies: BTreeMap<ThrottleKey, Tally>,
    known: BTreeMap<(UserId, DeviceId), UnixMillis>,
    pending: Vec<Pending>,
    seen: BTreeMap<&'static str, u32>,
}

/// Holds: N40, N42, N45, C23
pub async fn a_long_walk_of_tries_agrees_with_the_rules_at_each_step(home: Home) {
    let mut users = Vec::new();
    for name in &NAMES[..3] {
        users.push(home.user(name).await);
    }
    let first = |user: &User| (user.id, CredentialVersion(1));
    let mut walk = Walk {
        dice: Dice(0x5eed_70f7_a111_e571),
        now: NOON,
        versions: users.iter().map(first).collect(),
        devices: (0..2).map(|_| home.device()).collect(),
        home,
        users,
        tallies: BTreeMap::new(),
        known: BTreeMap::new(),
        pending: Vec::new(),
        seen: BTreeMap::new(),
    };
    for step in 0..5000 {
        let wait = match walk.dice.roll(400) {
            0 => 8 * 24 * 60 * 60,
            1..40 => walk.dice.roll(300),
            _ => walk.dice.roll(8),
        };
        walk.now = walk.now.plus(Duration::from_secs(wait));
        match walk.dice.roll(100) {
            0..48 => walk.begin().await,
            48..86 => walk.fail().await,
            86..92 => walk.take_back().await,
            92..98 => walk.succeed().await,
            _ => walk.recover().await,
        }
        if step % 1000 == 999 {
            walk.home = walk.home.reopen().await;
        }
    }
    for outcome in OUTCOMES {
        let met = walk.seen.get(outcome).copied().unwrap_or_default();
        assert!(met >= 3, "met '{outcome}' {met} times: {:?}", walk.seen);
    }
}

/// Whether one charge closed a tally.
fn closes(rule: Rule, before: Tally, after: Tally, now: UnixMillis) -> bool {
    rule.judge(before, now).is_ok() && rule.judge(after, now).is_err()
}

/// A tally without its epoch, which is the store's own affair.
fn shown(tally: Tally) -> (u32, UnixMillis) {
    (tally.count, tally.free_at)
}

impl Walk {
    fn met(&mut self, outcome: &'static str) {
        *self.seen.entry(outcome).or_default() += 1;
    }

    fn tally(&self, key: ThrottleKey) -> Tally {
        self.tallies.get(&key).copied().unwrap_or_default()
    }

    fn user(&mut self) -> User {
        // The first is tried most, and guessed at longest.
        let n = self.dice.roll(6).saturating_sub(3);
        self.users[usize::try_from(n).unwrap()].clone()
    }

    fn pending(&mut self) -> Option<Pending> {
        let sides = u64::try_from(self.pending.len()).unwrap();
        let n = (sides > 0).then(|| self.dice.roll(sides))?;
        Some(self.pending.swap_remove(usize::try_from(n).unwrap()))
    }

    fn attempt(&mut self) -> Try {
        let (home, now) = (&self.home, self.now);
        match self.dice.roll(10) {
            0 => home.stranger(NAMES[3], TIGHT, now),
            1 | 2 => {
                let user = self.user();
                self.home.reauthentication(&user, TIGHT, now)
            }
            3..6 => {
                let (user, device) = (self.user(), *self.dice.pick(&self.devices).unwrap());
                let forged = DeviceProof {
                    secret: self.home.secret(),
                    ..device
                };
                let cookie = if self.dice.roll(8) == 0 {
                    forged
                } else {
                    device
                };
                self.home
                    .from_device(user.name.as_str(), cookie, TIGHT, now)
            }
            n => {
                let user = self.user();
                let attempt = self.home.stranger(user.name.as_str(), TIGHT, now);
                let elsewhere = self.home.keyer().network([192, 0, 2, 10].into());
                Try {
                    network: if n == 9 {
                        Some(elsewhere)
                    } else {
                        attempt.network
                    },
                    ..attempt
                }
            }
        }
    }

    /// What a try is to be charged to: its place's tally and rule, the password's, and whose it is.
    fn judged(&self, attempt: &Try) -> (Vec<(Scope, ThrottleKey, Rule)>, Option<UserId>) {
        let keyer = &attempt.keyer;
        let password = Rule::Most(MOST_FAILURES);
        let growing = Rule::Growing(TIGHT.device);
        match &attempt.whose {
            Whose::Session { session, user } => (
                vec![
                    (Scope::Session, keyer.session(*session), growing),
                    (Scope::Password, keyer.password(*user), password),
                ],
                Some(*user),
            ),
            Whose::Address {
                identifier, device, ..
            } => {
                let named = |user: &&User| user.email.as_str() == identifier;
                let user = self.users.iter().find(named).map(|user| user.id);
                let known = user.zip(*device).filter(|(user, device)| {
                    let cookie = self.devices.contains(device);
                    let seen = self.known.get(&(*user, device.id));
                    cookie && seen.is_some_and(|seen| still_known(*seen, self.now))
                });
                let known = known.filter(|(user, device)| {
                    let own = self.tally(keyer.device(device.id, *user));
                    growing.judge(own, self.now).is_ok()
                });
                let alarm = self.tally(keyer.everyone());
                let place = match known {
                    Some((user, device)) => (Scope::Device, keyer.device(device.id, user), growing),
                    None => (
                        Scope::Account,
                        keyer.account(identifier),
                        TIGHT.account(alarm, self.now),
                    ),
                };
                let password_key = user.map_or_else(
                    || keyer.no_password(identifier),
                    |user| keyer.password(user),
                );
                let strangers = (place.0 == Scope::Account).then(|| {
                    let key = user.map_or_else(
                        || keyer.no_strangers(identifier),
                        |user| keyer.strangers(user),
                    );
                    (Scope::Account, key, place.2)
                });
                let mut places = vec![place];
                places.extend(strangers);
                places.push((Scope::Password, password_key, password));
                (places, user)
            }
        }
    }

    /// Charges it in memory, or says by which tally it is throttled.
    fn charge(&mut self, attempt: &Try) -> Result<(Tried, Option<UserId>), (Scope, Throttled)> {
        let (places, user) = self.judged(attempt);
        let stranger = places[0].0 == Scope::Account;
        let network = attempt.network.filter(|_| stranger);
        if let Some(network) = network {
            Rule::Refilling(TIGHT.network)
                .judge(self.tally(network), self.now)
                .map_err(|throttled| (Scope::Network, throttled))?;
        }
        let mut charged = Vec::new();
        for (scope, key, rule) in places {
            let before = self.tally(key);
            match rule.charge(before, self.now) {
                Ok(after) => charged.push(Charged {
                    scope,
                    key,
                    before,
                    after,
                }),
                Err(_) if scope == Scope::Password => {}
                Err(throttled) => return Err((scope, throttled)),
            }
        }
        let around = [
            network.map(|key| (Scope::Network, key, Rule::Refilling(TIGHT.network))),
            stranger.then(|| {
                let key = attempt.keyer.everyone();
                (Scope::Everyone, key, Rule::Refilling(TIGHT.alarm))
            }),
        ];
        let around: Vec<Charged> = around
            .into_iter()
            .flatten()
            .map(|(scope, key, rule)| {
                let before = self.tally(key);
                Charged {
                    scope,
                    key,
                    before,
                    after: rule.forced(before, self.now),
                }
            })
            .collect();
        let all = charged.iter().chain(&around);
        self.tallies.extend(all.map(|one| (one.key, one.after)));
        let tried = Tried {
            charged,
            around,
            limits: TIGHT,
        };
        Ok((tried, user))
    }

    async fn begin(&mut self) {
        let attempt = self.attempt();
        let answer = self.home.store.begin_try(attempt.clone()).await.unwrap();
        let expected = self.charge(&attempt);
        let (record, tried, known_device, password_disabled) = match (answer, &expected) {
            (BeginTry::Throttled { scope, throttled }, Err(by)) => {
                assert_eq!((scope, throttled), *by);
                return self.met(match scope {
                    Scope::Account => "throttled by account",
                    Scope::Session => "throttled by session",
                    _ => "throttled by network",
                });
            }
            (
                BeginTry::Begun {
                    record,
                    tried,
                    known_device,
                    password_disabled,
                    unheard,
                },
                Ok(_),
            ) => {
                assert!(!unheard, "each has one address");
                (record, tried, known_device, password_disabled)
            }
            (answer, expected) => panic!("{answer:?} where the rules say {expected:?}"),
        };
        let (expected, user) = expected.unwrap();
        let charges = |tried: &Tried| {
            let all = tried.charged.iter().chain(&tried.around);
            all.map(|one| (one.scope, one.key, shown(one.before), shown(one.after)))
                .collect::<Vec<_>>()
        };
        assert_eq!(charges(&tried), charges(&expected));
        assert_eq!(tried.limits, expected.limits);
        let scope = expected.charged[0].scope;
        assert_eq!(known_device, scope == Scope::Device);
        let mut all = expected.charged.iter();
        let password = all.find(|one| one.scope == Scope::Password);
        assert_eq!(password_disabled, password.is_none());
        assert_eq!(record.as_ref().map(|record| record.user.id), user);
        self.met(match (password_disabled, scope) {
            (true, _) => "disabled already",
            (_, Scope::Account) => "begun by a stranger",
            (_, Scope::Device) => "begun on a known device",
            _ => "begun by a session",
        });
        let credential = user.map_or(CredentialVersion(0), |user| self.versions[&user]);
        self.pending.push(Pending {
            tried,
            user,
            credential,
        });
    }

    async fn fail(&mut self) {
        let Some(Pending { tried, user, .. }) = self.pending() else {
            return;
        };
        let act = self.home.act(self.now);
        let told = self
            .home
            .store
            .fail_try(tried.clone(), vec![refused(user)], act)
            .await
            .unwrap();
        let mut expected = Failed {
            // Where it was not charged, it was disabled before.
            failures: told.failures,
            ..Failed::default()
        };
        for charged in tried.charged.iter().chain(&tried.around) {
            let (rule, present) = (tried.rule(charged.scope), self.tally(charged.key));
            let tally = charged.failed(present, rule, self.now);
            let anew = present.epoch != charged.after.epoch;
            let (before, after) = if anew {
                (present, tally)
            } else {
                (charged.before, charged.after)
            };
            let closed =
                closes(rule, before, after, self.now) && rule.judge(tally, self.now).is_err();
            if charged.scope == Scope::Password {
                expected.failures = tally.count;
                expected.disabled = closed;
            } else if closed && !expected.closed.contains(&charged.scope) {
                expected.closed.push(charged.scope);
            }
            if charged.scope == Scope::Everyone {
                expected.alarmed = TIGHT.alarmed(tally, self.now);
            }
            self.tallies.insert(charged.key, tally);
            if anew {
                self.met("failed after it started again");
            }
        }
        assert_eq!(told, expected);
        self.met("failed");
    }

    async fn take_back(&mut self) {
        let Some(Pending { tried, .. }) = self.pending() else {
            return;
        };
        for charged in tried.charged.iter().chain(&tried.around) {
            let rule = tried.rule(charged.scope);
            let tally = charged.taken_back(self.tally(charged.key), rule);
            self.tallies.insert(charged.key, tally);
        }
        self.home.take_back(tried).await;
    }

    async fn succeed(&mut self) {
        let Some(pending) = self.pending() else {
            return;
        };
        // The first is guessed at by one who never gets it right, until it is disabled and recovered.
        let stale = |id| pending.credential != self.versions[&id];
        let guessed = pending.user == Some(self.users[0].id) && self.dice.roll(20) > 0;
        let Some(id) = pending.user.filter(|id| !guessed || stale(*id)) else {
            return self.pending.push(pending);
        };
        let user = self.users.iter().find(|user| user.id == id).unwrap();
        let known = self.dice.pick(&self.devices).copied();
        let login = NewSession {
            tried: Some(pending.tried.clone()),
            known,
            credential: pending.credential,
            ..self.home.login(user, self.now)
        };
        let act = self.home.act(self.now);
        let opened = self.home.store.open_session(login, act).await.unwrap();
        if pending.credential == self.versions[&id] {
            assert!(matches!(opened, OpenSession::Opened(_)), "{opened:?}");
            for charged in &pending.tried.charged {
                let tally = charged.succeeded(self.tally(charged.key));
                self.tallies.insert(charged.key, tally);
            }
            for charged in &pending.tried.around {
                let rule = pending.tried.rule(charged.scope);
                let tally = charged.taken_back(self.tally(charged.key), rule);
                self.tallies.insert(charged.key, tally);
            }
            self.known.insert((id, known.unwrap().id), self.now);
            self.met("opened");
        } else {
            assert_eq!(opened, OpenSession::CredentialChanged);
            self.met("credential changed");
            self.pending.push(pending);
        }
    }

    async fn recover(&mut self) {
        let user = self.user();
        let credential = self.versions[&user.id];
        let grant = Grant::Recover {
            user: user.id,
            credential,
            asked: None,
        };
        let ticket = self.home.ticket(user.name.as_str(), grant, self.now);
        let ticket = self.home.offer(ticket).await;
        let mut recovery = self.home.recovery(&ticket, "new");
        recovery.known = *self.dice.pick(&self.devices).unwrap();
        let (keyer, act) = (self.home.keyer(), self.home.act(self.now));
        let known = recovery.known.id;
        let recovered = self.home.store.recover(recovery, keyer, act).await;
        assert!(matches!(recovered.unwrap(), Recover::Recovered { .. }));
        self.versions
            .insert(user.id, CredentialVersion(credential.0 + 1));
        self.known.retain(|(owner, _), _| *owner != user.id);
        self.known.insert((user.id, known), self.now);
        let keyer = self.home.keyer();
        let mut keys = vec![
            keyer.account(email(user.name.as_str()).as_str()),
            keyer.strangers(user.id),
            keyer.session(session_of(user.id)),
            keyer.password(user.id),
        ];
        keys.extend(
            self.devices
                .iter()
                .map(|device| keyer.device(device.id, user.id)),
        );
        for key in keys {
            if let Some(tally) = self.tallies.get_mut(&key) {
                *tally = tally.restarted();
            }
        }
        self.met("recovered");
    }
}
