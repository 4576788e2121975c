//! A town of people with accounts, on a clock that is moved: their owners sign in as people do, while somebody attacks.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use vestibule_core::audit::{Act, Actor, Attack, EventKind};
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{ActId, UserId};
use vestibule_core::keys::MasterKey;
use vestibule_core::known_device::DeviceCookie;
use vestibule_core::letter::{Letter, Says};
use vestibule_core::password::{Cost, HashedPassword, Peppers, PlainPassword, WorkingMemory};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{DisplayName, Language, NewUser, Particulars};
use vestibule_engine::{
    Chores, Clock, Engine, Entropy, EntropyError, Hasher, HasherSettings, Index, MailError, Mailer,
    Parts, Policy, SignIn, SignInError, Visit,
};
use vestibule_sqlite::{Durability, Options, Sqlite};
use vestibule_store::{BoxFuture, Users as _};

pub type Outcome<T> = Result<T, Box<dyn Error>>;

const START: i64 = 1_800_000_000_000;
/// Passwords here are hashed as cheaply as may be: what is measured is how many are looked at.
const COST: Cost = Cost {
    memory: 8,
    passes: 1,
};
const DAY: Duration = Duration::from_hours(24);
/// Between two rounds of the chores.
const ROUND: Duration = Duration::from_hours(1);

/// `SplitMix64`: the same town, the same days, at each run.
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `0..sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides.max(1)).unwrap_or(1);
        usize::try_from(self.next() % sides).unwrap_or(0)
    }

    /// Puts them in any order.
    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.roll(last + 1));
        }
    }
}

#[derive(Default)]
struct MovedClock(AtomicI64);

impl Clock for MovedClock {
    fn wall(&self) -> UnixMillis {
        UnixMillis(START + self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.load(Ordering::SeqCst)).unwrap_or(0))
    }
}

/// Bytes that never repeat.
#[derive(Default)]
struct Counted(AtomicU64);

impl Entropy for Counted {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in out.chunks_mut(8) {
            let mut dice = Dice(self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst));
            chunk.copy_from_slice(&dice.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Keeps what matters of the letters that went out.
#[derive(Default)]
struct Postbox(Mutex<Letters>);

#[derive(Debug, Default, Clone)]
struct Letters {
    /// Whom a login from one of the attacker's addresses was told to.
    intrusions: HashSet<String>,
    /// All other logins that were told.
    logins: u64,
    disabled: u64,
}

impl Mailer for Postbox {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(async move {
            let mut letters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &letter.says {
                Says::NewLogin { from, .. } => {
                    if from
                        .address
                        .as_ref()
                        .is_some_and(|it| it.starts_with("10."))
                    {
                        letters.intrusions.insert(letter.to.as_str().to_owned());
                    } else {
                        letters.logins += 1;
                    }
                }
                Says::PasswordDisabled { .. } => letters.disabled += 1,
                _ => {}
            }
            Ok(())
        })
    }
}

/// Somebody with an account.
pub struct Person {
    pub email: String,
    pub password: String,
    device: Option<DeviceCookie>,
    home: IpAddr,
    /// They found their password disabled, and would have to recover.
    shut_out: bool,
}

/// One try of an attacker.
#[derive(Debug, Clone)]
pub struct Try {
    pub email: String,
    pub password: String,
}

/// An attack: one try after another.
pub struct Raid {
    pub name: &'static str,
    pub tries: Vec<Try>,
    /// From how many networks, by turns.
    pub networks: u64,
    /// What was turned away is tried again, until it is looked at.
    pub persistent: bool,
    /// Between two tries.
    pub every: Duration,
    /// For how long, if the tries last so long.
    pub days: u32,
    /// The attacker has the device's cookie of this person.
    pub stolen: Option<usize>,
}

/// What came of it.
#[derive(Debug, Default, Clone)]
pub struct Report {
    pub sent: u64,
    pub looked_at: u64,
    pub turned_away: u64,
    /// Accounts entered by the attacker.
    pub entered: HashSet<String>,
    /// Accounts that have one of the passwords that were tried on them: what the attacker would have, were there no limits.
    pub in_reach: usize,
    /// Of those entered, whose owner was told at once.
    pub told: usize,
    /// Logins of the owners themselves that were told to them.
    pub logins_told: u64,
    /// Passwords disabled (N40).
    pub disabled: u64,
    /// When each kind was recognised first, in tries sent.
    pub recognised: HashMap<&'static str, u64>,
    /// Owners who signed in on a device that was known, and how many were kept waiting with the right password.
    pub known: (u64, u64),
    /// The same, on a device that was new.
    pub new: (u64, u64),
    /// Owners who found their password disabled.
    pub shut_out: u64,
}

/// The town.
pub struct Town {
    engine: Arc<Engine>,
    store: Arc<Sqlite>,
    chores: Chores,
    clock: Arc<MovedClock>,
    postbox: Arc<Postbox>,
    dice: Dice,
    pub people: Vec<Person>,
    _directory: tempfile::TempDir,
}

impl Town {
    /// A town of so many, each of whom has signed in once. `password` tells each one's.
    pub async fn new(people: usize, password: impl Fn(usize) -> String) -> Outcome<Self> {
        let directory = tempfile::tempdir()?;
        let index = Index::new();
        let options = Options {
            directory: directory.path().to_owned(),
            durability: Durability::Off,
        };
        let store = Arc::new(Sqlite::open(options, index.clone())?);
        store.filled().await?;
        let (clock, postbox) = (
            Arc::new(MovedClock::default()),
            Arc::new(Postbox::default()),
        );
        let engine = Engine::start(Parts {
            store: store.clone(),
            index,
            clock: clock.clone(),
            entropy: Arc::new(Counted::default()),
            hasher: Hasher::start(HasherSettings {
                threads: 1,
                queue: 64,
                cost: COST,
            }),
            blocklist: Arc::default(),
            mailer: Some(postbox.clone()),
            master: MasterKey::new([7; 32]),
            policy: Policy::default(),
            accept_clock: None,
        })
        .await?;
        let mut town = Self {
            chores: Chores::new(engine.clone()),
            engine,
            store,
            clock,
            postbox,
            dice: Dice::new(1),
            people: Vec::new(),
            _directory: directory,
        };
        for number in 0..people {
            town.settle(number, password(number)).await?;
        }
        town.chores.round().await;
        town.pass(DAY);
        Ok(town)
    }

    async fn settle(&mut self, number: usize, password: String) -> Outcome<()> {
        let now = self.engine.now();
        let email = address(number);
        let mut memory = WorkingMemory::default();
        let plain = PlainPassword::presented(&password);
        let salt = self.engine.random()?;
        let hash = HashedPassword::make(&plain, salt, COST, &Peppers::default(), &mut memory)?;
        // Past the policy: these accounts are older than it.
        let user = NewUser {
            disabled: false,
            id: UserId::new(now, self.engine.random()?),
            email: EmailAddress::parse(&email)?,
            email_verified: true,
            name: DisplayName::default(),
            roles: Vec::new(),
            password: Some(hash),
            particulars: Particulars::default(),
        };
        let act = Act {
            id: ActId::new(now, self.engine.random()?),
            at: now,
            actor: Actor::System,
            personal: None,
            told: Vec::new(),
        };
        self.store.create_user(user, act).await?;
        let number = u32::try_from(number)?;
        let home = Ipv4Addr::from(0xc0a8_0000 | number);
        let visit = self.visit(IpAddr::V4(home), None);
        let signed_in = self.sign_in(&email, &password, &visit).await?;
        self.people.push(Person {
            email,
            password,
            device: Some(signed_in),
            home: IpAddr::V4(home),
            shut_out: false,
        });
        // So that no two of these logins look like one attack.
        self.pass(Duration::from_secs(1));
        Ok(())
    }

    fn pass(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(0);
        self.clock.0.fetch_add(by, Ordering::SeqCst);
    }

    fn visit(&self, from: IpAddr, device: Option<DeviceCookie>) -> Visit {
        Visit {
            now: self.engine.now(),
            address: Some(from),
            user_agent: None,
            device,
            language: Language::default(),
        }
    }

    async fn sign_in(
        &self,
        identifier: &str,
        password: &str,
        visit: &Visit,
    ) -> Result<DeviceCookie, SignInError> {
        let attempt = SignIn {
            identifier,
            password,
            remember: false,
            over: None,
        };
        let signed_in = self.engine.sign_in(attempt, visit).await?;
        Ok(signed_in.device)
    }

    /// Lets the days of an attack pass: its tries, and the logins of everybody else.
    pub async fn suffer(&mut self, raid: &Raid) -> Outcome<Report> {
        let mut report = Report {
            in_reach: self.in_reach(raid),
            ..Report::default()
        };
        let begin = self.engine.now();
        let end = begin.plus(DAY * raid.days);
        let mut owners = self.days(raid.days).into_iter().peekable();
        let mut tries = raid.tries.iter().peekable();
        let mut next_try = begin;
        let mut next_round = begin.plus(ROUND);
        loop {
            let owner = owners.peek().map_or(end, |(at, _)| begin.plus(*at));
            let attacker = if tries.peek().is_some() {
                next_try
            } else {
                end
            };
            let next = owner.min(attacker).min(next_round);
            if next >= end {
                break;
            }
            self.pass(next.since(self.engine.now()));
            if next == next_round {
                self.chores.round().await;
                next_round = next_round.plus(ROUND);
            } else if next == attacker {
                if let Some(one) = tries.peek() {
                    let looked_at = self.attack(one, raid, &mut report).await?;
                    if looked_at || !raid.persistent {
                        tries.next();
                    }
                }
                next_try = next_try.plus(raid.every);
            } else if let Some((_, who)) = owners.next() {
                self.live(who, &mut report).await?;
            }
        }
        self.chores.round().await;
        self.conclude(raid, begin, &mut report).await?;
        Ok(report)
    }

    /// When each owner comes, every other day or so.
    fn days(&mut self, days: u32) -> Vec<(Duration, usize)> {
        let visits = self.people.len() * usize::try_from(days).unwrap_or(0) / 2;
        let minutes = usize::try_from(days).unwrap_or(0) * 24 * 60;
        let mut comes = Vec::with_capacity(visits);
        for _ in 0..visits {
            let minute = u64::try_from(self.dice.roll(minutes)).unwrap_or(0);
            let who = self.dice.roll(self.people.len());
            comes.push((Duration::from_mins(minute), who));
        }
        comes.sort_unstable();
        comes
    }

    /// Answers whether the try was looked at.
    async fn attack(&self, one: &Try, raid: &Raid, report: &mut Report) -> Outcome<bool> {
        let device = raid.stolen.and_then(|who| self.people[who].device.clone());
        let network = u32::try_from(report.sent % raid.networks)?;
        let from = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 | network));
        let visit = self.visit(from, device);
        report.sent += 1;
        match self.sign_in(&one.email, &one.password, &visit).await {
            Ok(_) => {
                report.entered.insert(one.email.clone());
            }
            Err(SignInError::Refused) => {}
            Err(SignInError::Throttled { .. }) => {
                report.turned_away += 1;
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
        report.looked_at += 1;
        Ok(true)
    }

    /// An owner signs in: most on the device they always use, some after mistyping.
    async fn live(&mut self, who: usize, report: &mut Report) -> Outcome<()> {
        let (on_new, typos) = (self.dice.roll(50) == 0, self.dice.roll(16));
        let person = &self.people[who];
        if person.shut_out {
            return Ok(());
        }
        let device = person.device.clone().filter(|_| !on_new);
        let visit = self.visit(person.home, device);
        if typos == 0 {
            let _ = self.sign_in(&person.email, "mistyped", &visit).await;
        }
        let count = if on_new {
            &mut report.new
        } else {
            &mut report.known
        };
        count.0 += 1;
        match self.sign_in(&person.email, &person.password, &visit).await {
            Ok(_) => {}
            Err(SignInError::Throttled { .. }) => count.1 += 1,
            Err(SignInError::Refused) => {
                report.shut_out += 1;
                self.people[who].shut_out = true;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn in_reach(&self, raid: &Raid) -> usize {
        let passwords: HashMap<&str, &str> = self
            .people
            .iter()
            .map(|person| (person.email.as_str(), person.password.as_str()))
            .collect();
        let reached: HashSet<&str> = raid
            .tries
            .iter()
            .filter(|one| passwords.get(&*one.email) == Some(&&*one.password))
            .map(|one| one.email.as_str())
            .collect();
        reached.len()
    }

    async fn conclude(&self, raid: &Raid, begin: UnixMillis, report: &mut Report) -> Outcome<()> {
        let letters = self.postbox.0.lock();
        let letters = letters.unwrap_or_else(PoisonError::into_inner).clone();
        report.told = letters.intrusions.intersection(&report.entered).count();
        report.logins_told = letters.logins;
        report.disabled = letters.disabled;
        let mut position = 0;
        loop {
            let events = self.engine.trail_after(position, 1000).await?.events;
            let Some(last) = events.last() else { break };
            position = last.position;
            for stored in &events {
                if let EventKind::AttackRecognised(attack) = stored.event.kind
                    && stored.at >= begin
                {
                    let after = stored.at.since(begin).as_millis() / raid.every.as_millis();
                    let after = u64::try_from(after)?.saturating_add(1);
                    report
                        .recognised
                        .entry(Attack::code(attack))
                        .or_insert(after);
                }
            }
        }
        Ok(())
    }
}

/// The address of the person with this number; beyond the town's, of nobody.
pub fn address(number: usize) -> String {
    format!("person{number}@example.test")
}
