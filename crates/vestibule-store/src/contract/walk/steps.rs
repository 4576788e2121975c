//! The steps of a walk: each one transition, put to the store and to the model.

use vestibule_core::id::SessionId;
use vestibule_core::session::{EndReason, NewSession};
use vestibule_core::user::UserStatus;

use super::Walk;
use crate::contract::make::{hash, noon_and};
use crate::{
    ChangePassword, CreateUser, OpenSession, PasswordChange, RenewSession, TimedOut, Touch,
};

impl Walk {
    pub(super) async fn create(&mut self, step: u64) {
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
        let expected = self.model.create_user(new, &act);
        self.agree(&made, &expected);
        if let CreateUser::Created(user) = made {
            self.users.push(*user);
            self.versions.push(1);
        }
    }

    pub(super) async fn open(&mut self) {
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
            tried: None,
            known: None,
            end_ticket: None,
            ..self.home.login(&user, self.now)
        };
        let act = self.home.act_of(&user, self.now);
        let opened = self
            .home
            .store
            .open_session(new.clone(), act.clone())
            .await
            .unwrap();
        let expected = self.model.open_session(new, &act);
        self.agree(&opened, &expected);
        if let OpenSession::Opened(session) = opened {
            self.remember(&session);
        }
    }

    pub(super) async fn renew(&mut self) {
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
        let expected = self.model.renew_session(&renewal, &act);
        self.agree(&renewed, &expected);
        if let RenewSession::Renewed(session) = renewed {
            self.remember(&session);
        }
    }

    pub(super) async fn end(&mut self) {
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
        let expected = self.model.end_session(session.id, owner, reason, &act);
        self.agree(&ended.unwrap(), &expected);
    }

    pub(super) async fn end_others(&mut self) {
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
        let expected = self.model.end_other_sessions(session.id, &act);
        self.agree(&others, &expected);
    }

    pub(super) async fn touch(&mut self) {
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

    pub(super) async fn time_out(&mut self) {
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

    pub(super) async fn change_password(&mut self, step: u64) {
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
        let expected = self.model.change_password(&change, &act);
        self.agree(&changed, &expected);
        if let ChangePassword::Changed { .. } = changed {
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

    pub(super) async fn rehash(&mut self, step: u64) {
        let Some((user, version)) = self.user() else {
            return;
        };
        let (dearer, act) = (hash(&format!("rehashed-{step}")), self.home.act(self.now));
        let store = &self.home.store;
        let done = store
            .rehash_password(user.id, version, dearer.clone(), act.clone())
            .await;
        let done = done.unwrap();
        let expected = self.model.rehash_password(user.id, version, dearer, &act);
        self.agree(&done, &expected);
    }

    pub(super) async fn set_status(&mut self) {
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
        let set = set.await.unwrap();
        let expected = self.model.set_status(user.id, status, &act);
        self.agree(&set, &expected);
    }

    pub(super) async fn drop_dead(&mut self) {
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

    pub(super) async fn end_user(&mut self) {
        let Some((user, _)) = self.user() else { return };
        let (reason, act) = (EndReason::EndedByOperator, self.home.act(self.now));
        let ended = self
            .home
            .store
            .end_user_sessions(user.id, None, reason, act.clone())
            .await
            .unwrap();
        assert_eq!(ended, self.model.end_user_sessions(user.id, reason, &act));
    }

    pub(super) async fn end_all(&mut self) {
        let act = self.home.act(self.now);
        let ended = self.home.store.end_all_sessions(act.clone()).await.unwrap();
        assert_eq!(ended, self.model.end_all_sessions(&act));
    }
}
