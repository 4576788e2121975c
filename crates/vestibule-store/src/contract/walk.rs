//! A long random walk, held against the model after each step.

mod steps;

use std::collections::BTreeMap;
use std::fmt::Debug;

use vestibule_core::session::{Renewal, Session};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, User};

use super::dice::Dice;
use super::harness::Home;
use super::make::{NOON, noon_and};
use super::model::Model;

struct Walk {
    home: Home,
    model: Model,
    dice: Dice,
    now: UnixMillis,
    minute: u64,
    users: Vec<User>,
    versions: Vec<u64>,
    /// As they were when they were opened or renewed last, dead ones too.
    sessions: Vec<Session>,
    /// How often each outcome was met.
    seen: BTreeMap<String, u32>,
}

/// What the walk has to meet often: one that never gets there shows nothing.
const OUTCOMES: [&str; 20] = [
    "ChangePassword::Changed",
    "ChangePassword::CredentialChanged",
    "ChangePassword::Disabled",
    "ChangePassword::SessionEnded",
    "CreateUser::AddressTaken",
    "CreateUser::Created",
    "EndOthers::Ended",
    "EndOthers::NotLive",
    "EndSession::Ended",
    "EndSession::NotLive",
    "OpenSession::CredentialChanged",
    "OpenSession::Disabled",
    "OpenSession::Opened",
    "RehashPassword::CredentialChanged",
    "RehashPassword::Rehashed",
    "RenewSession::CredentialChanged",
    "RenewSession::Disabled",
    "RenewSession::Ended",
    "RenewSession::Renewed",
    "SetStatus::Set",
];

/// Holds: ASVS 7.4.1, ASVS 2.3.3
pub async fn a_long_walk_agrees_with_the_model_at_each_step(home: Home) {
    let mut walk = Walk {
        home,
        model: Model::default(),
        dice: Dice(0x5eed_0f0a_11da_7e57),
        now: NOON,
        minute: 0,
        users: Vec::new(),
        versions: Vec::new(),
        sessions: Vec::new(),
        seen: BTreeMap::new(),
    };
    for step in 0..2500_u64 {
        walk.minute += walk.dice.roll(4);
        walk.now = noon_and(walk.minute);
        let before = walk.home.ledger.changes().len();
        walk.step(step).await;
        let told = walk.home.ledger.changes().split_off(before);
        assert_eq!(told, walk.model.take_published(), "step {step}");
        if step % 50 == 49 {
            walk.compare().await;
        }
        if step % 500 == 499 {
            walk.home = walk.home.reopen().await;
            assert_eq!(
                walk.home.ledger.memory(),
                walk.model.memory(),
                "the fill after {step}"
            );
        }
    }
    walk.compare().await;
    for outcome in OUTCOMES {
        let met = walk.seen.get(outcome).copied().unwrap_or_default();
        assert!(met >= 3, "met {outcome} {met} times: {:?}", walk.seen);
    }
}

impl Walk {
    async fn compare(&self) {
        let mut snapshot = self.home.snapshot().await;
        // Positions may leave gaps until they are sealed.
        for (position, event) in (1..).zip(&mut snapshot.events) {
            event.position = position;
        }
        assert_eq!(snapshot, self.model.snapshot());
        snapshot.assert_told(&self.home.ledger.memory());
        for user in &self.users {
            let live = self.home.live(user, self.now).await;
            assert_eq!(live, self.model.live(user.id, self.now));
        }
    }

    fn agree<T: Debug + PartialEq>(&mut self, told: &T, expected: &T) {
        assert_eq!(told, expected);
        let kind = std::any::type_name::<T>().rsplit("::").next();
        let shown = format!("{told:?}");
        let outcome = shown.split(['(', ' ']).next();
        let seen = format!("{}::{}", kind.unwrap(), outcome.unwrap());
        *self.seen.entry(seen).or_default() += 1;
    }

    /// One random transition, put to both.
    async fn step(&mut self, step: u64) {
        match self.dice.roll(100) {
            0..3 => self.create(step).await,
            3..38 => self.open().await,
            38..48 => self.renew().await,
            48..60 => self.end().await,
            60..65 => self.end_others().await,
            65..80 => self.touch().await,
            80..86 => self.time_out().await,
            86..90 => self.change_password(step).await,
            90..92 => self.rehash(step).await,
            92..96 => self.set_status().await,
            96..98 => self.drop_dead().await,
            98 => self.end_user().await,
            _ => self.end_all().await,
        }
    }

    fn user(&mut self) -> Option<(User, CredentialVersion)> {
        let n = *self.dice.pick(&(0..self.users.len()).collect::<Vec<_>>())?;
        let stale = u64::from(self.dice.roll(8) == 0);
        Some((
            self.users[n].clone(),
            CredentialVersion(self.versions[n] - stale),
        ))
    }

    /// A late one more often than an old one.
    fn session(&mut self) -> Option<Session> {
        let late = self.sessions.len().saturating_sub(12);
        let from = if self.dice.roll(5) == 0 { 0 } else { late };
        self.dice.pick(&self.sessions[from..]).cloned()
    }

    fn renewal(&mut self, session: &Session) -> Renewal {
        let n = self
            .users
            .iter()
            .position(|user| user.id == session.user)
            .unwrap();
        let stale = u64::from(self.dice.roll(8) == 0);
        Renewal {
            credential: CredentialVersion(self.versions[n] - stale),
            ..self.home.renewal(session, self.now)
        }
    }

    fn remember(&mut self, session: &Session) {
        let known = self
            .sessions
            .iter_mut()
            .find(|known| known.id == session.id);
        match known {
            // Sometimes the old secret is presented again.
            Some(known) if self.dice.roll(6) > 0 => *known = session.clone(),
            Some(_) => {}
            None => self.sessions.push(session.clone()),
        }
    }
}
