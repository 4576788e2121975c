//! A long random walk, held against the model after each step.

use vestibule_core::id::SessionId;
use vestibule_core::session::{EndReason, NewSession, Renewal, Session};
use vestibule_core::time::UnixMillis;
use vestibule_core::user::{CredentialVersion, User, UserStatus};

use super::dice::Dice;
use super::harness::Home;
use super::make::{NOON, hash, noon_and};
use super::model::Model;
use crate::{CreateUser, OpenSession, PasswordChange, RenewSession, TimedOut, Touch};

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
}

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

    async fn create(&mut self, step: u64) {
        let name = if self.users.len() < 5 {
            step
        } else {
            self.dice.roll(step)
        };
        let (new, act) = (
            self.home.new_user(&format!("user-{name}")),
            self.home.act(self.now),
        );
        let made = self
            .home
            .store
            .create_user(new.clone(), act.clone())
            .await
            .unwrap();
        assert_eq!(made, self.model.create_user(new, &act));
        if let CreateUser::Created(user) = made {
            self.users.push(*user);
            self.versions.push(1);
        }
    }

    async fn open(&mut self) {
        let Some((user, credential)) = self.user() else {
            return;
        };
        let over = if self.dice.roll(4) == 0 {
            self.session()
        } else {
            None
        };
        let new = NewSession {
            credential,
            replaces: over.map(|session| session.id),
            ..self.home.login(&user, self.now)
        };
        let act = self.home.act_of(&user, self.now);
        let opened = self
            .home
            .store
            .open_session(new.clone(), act.clone())
            .await
            .unwrap();
        assert_eq!(opened, self.model.open_session(new, &act));
        if let OpenSession::Opened(session) = opened {
            self.remember(&session);
        }
    }

    async fn renew(&mut self) {
        let Some(session) = self.session() else {
            return;
        };
        let (renewal, act) = (self.renewal(&session), self.home.act(self.now));
        let renewed = self
            .home
            .store
            .renew_session(renewal.clone(), act.clone())
            .await
            .unwrap();
        assert_eq!(renewed, self.model.renew_session(&renewal, &act));
        if let RenewSession::Renewed(session) = renewed {
            self.remember(&session);
        }
    }

    async fn end(&mut self) {
        let (Some(session), Some((user, _))) = (self.session(), self.user()) else {
            return;
        };
        let owner = (self.dice.roll(2) == 0).then_some(user.id);
        let reason = *self.dice.pick(&EndReason::ALL).unwrap();
        let act = self.home.act_of(&user, self.now);
        let ended = self
            .home
            .store
            .end_session(session.id, owner, reason, act.clone())
            .await;
        assert_eq!(
            ended.unwrap(),
            self.model.end_session(session.id, owner, reason, &act)
        );
    }

    async fn end_others(&mut self) {
        let Some(session) = self.session() else {
            return;
        };
        let act = self.home.act(self.now);
        let others = self
            .home
            .store
            .end_other_sessions(session.id, act.clone())
            .await
            .unwrap();
        assert_eq!(others, self.model.end_other_sessions(session.id, &act));
    }

    async fn touch(&mut self) {
        let mut touches = Vec::new();
        for _ in 0..self.dice.roll(6) {
            let Some(session) = self.session() else {
                return;
            };
            let ago = self.dice.roll(20).min(self.minute);
            touches.push(Touch {
                id: session.id,
                seen: noon_and(self.minute - ago),
            });
        }
        self.home
            .store
            .touch_sessions(touches.clone())
            .await
            .unwrap();
        self.model.touch_sessions(&touches);
    }

    async fn time_out(&mut self) {
        let known = self.model.memory().sessions;
        let mut judged = Vec::new();
        for _ in 0..self.dice.roll(6) {
            let Some(session) = self.session() else {
                return;
            };
            let stored = known
                .get(&session.id)
                .map_or(session.last_seen, |known| known.last_seen);
            let seen = if self.dice.roll(2) == 0 {
                stored
            } else {
                session.last_seen
            };
            let repeated = judged
                .iter()
                .any(|judged: &TimedOut| judged.id == session.id);
            if !repeated {
                judged.push(TimedOut {
                    id: session.id,
                    seen,
                    reason: EndReason::Idle,
                });
            }
        }
        let act = self.home.act(self.now);
        let ended = self
            .home
            .store
            .end_timed_out_sessions(judged.clone(), act.clone())
            .await;
        let ended: Vec<SessionId> = ended.unwrap();
        assert_eq!(ended, self.model.end_timed_out_sessions(&judged, &act));
    }

    async fn change_password(&mut self, step: u64) {
        let Some(session) = self.session() else {
            return;
        };
        let change = PasswordChange {
            user: session.user,
            hash: hash(&format!("changed-{step}")),
            renewal: self.renewal(&session),
        };
        let act = self.home.act(self.now);
        let changed = self
            .home
            .store
            .change_password(change.clone(), act.clone())
            .await
            .unwrap();
        assert_eq!(changed, self.model.change_password(&change, &act));
        if let crate::ChangePassword::Changed { .. } = changed {
            let n = self
                .users
                .iter()
                .position(|user| user.id == session.user)
                .unwrap();
            self.versions[n] += 1;
            let renewed = self.model.memory().sessions[&session.id].clone();
            self.remember(&renewed);
        }
    }

    async fn rehash(&mut self, step: u64) {
        let Some((user, version)) = self.user() else {
            return;
        };
        let (dearer, act) = (hash(&format!("rehashed-{step}")), self.home.act(self.now));
        let store = &self.home.store;
        let done = store
            .rehash_password(user.id, version, dearer.clone(), act.clone())
            .await;
        assert_eq!(
            done.unwrap(),
            self.model.rehash_password(user.id, version, dearer, &act)
        );
    }

    async fn set_status(&mut self) {
        let Some((user, _)) = self.user() else { return };
        let act = self.home.act(self.now);
        // Enabled more often, so that most can sign in.
        let (set, status) = if self.dice.roll(3) == 0 {
            (
                self.home.store.disable_user(user.id, act.clone()),
                UserStatus::Disabled,
            )
        } else {
            (
                self.home.store.enable_user(user.id, act.clone()),
                UserStatus::Active,
            )
        };
        assert_eq!(
            set.await.unwrap(),
            self.model.set_status(user.id, status, &act)
        );
    }

    async fn drop_dead(&mut self) {
        let ago = self.dice.roll(1000).min(self.minute);
        let before = noon_and(self.minute - ago);
        let dropped = self
            .home
            .store
            .drop_dead_sessions(before, 100_000)
            .await
            .unwrap();
        assert_eq!(dropped, self.model.drop_dead_sessions(before));
    }

    async fn end_user(&mut self) {
        let Some((user, _)) = self.user() else { return };
        let (reason, act) = (EndReason::EndedByOperator, self.home.act(self.now));
        let ended = self
            .home
            .store
            .end_user_sessions(user.id, reason, act.clone())
            .await
            .unwrap();
        assert_eq!(ended, self.model.end_user_sessions(user.id, reason, &act));
    }

    async fn end_all(&mut self) {
        let act = self.home.act(self.now);
        let ended = self.home.store.end_all_sessions(act.clone()).await.unwrap();
        assert_eq!(ended, self.model.end_all_sessions(&act));
    }
}
