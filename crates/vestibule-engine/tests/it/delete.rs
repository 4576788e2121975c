//! Accounts that end.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use vestibule_core::letter::Says;
use vestibule_engine::{FreshLogin, Invitation, NewAccount, SignInError, SignedIn};
use vestibule_store::DeleteUser;

use crate::house::{House, PASSWORD, address, hours, minutes};
use crate::login::cut_off;
use crate::postbox::ticket;

const ALICE: &str = "alice@example.test";
const HOME: &str = "alice.secret@home.test";

impl House {
    fn fresh_login(&self, of: &SignedIn) -> FreshLogin {
        self.engine.fresh(&of.session, self.now()).unwrap()
    }

    async fn delete(&self, of: &SignedIn) -> DeleteUser {
        let (fresh, visit) = (self.fresh_login(of), self.visit_of(ALICE));
        self.engine.delete_account(&fresh, &visit).await.unwrap()
    }
}

/// Whether the text is in any file of the data directory.
fn is_written(directory: &Path, text: &str) -> bool {
    let files = fs::read_dir(directory).unwrap();
    files.into_iter().any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap_or_default();
        bytes
            .windows(text.len())
            .any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
    })
}

/// Holds: ASVS 7.4.2
#[tokio::test]
async fn asvs_7_4_2_an_account_that_its_owner_deletes_is_gone_at_once() {
    let mut house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    let other = house.sign_in(ALICE).await;
    let bob = house.sign_in("bob@example.test").await;
    house.letters().await;
    house.add_confirmed(&alice, HOME).await;
    house.letters().await;
    let position = house.position().await;
    let user = alice.session.user_id();
    assert_eq!(house.delete(&alice).await, DeleteUser::Deleted { ended: 2 });
    assert!(!house.is_live(&alice.cookie) && !house.is_live(&other.cookie));
    assert!(house.is_live(&bob.cookie));
    assert!(house.index.profile(user).is_none(), "its memory is freed");
    assert_eq!(
        house.told_since(position).await,
        ["user.deleted", "user_sessions.ended (user_deleted)"]
    );
    let letters = house.letters().await;
    let to: Vec<_> = letters.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(to, [HOME, ALICE]);
    for letter in &letters {
        assert!(matches!(letter.says, Says::AccountDeleted { .. }));
    }
    for email in [ALICE, HOME] {
        let refused = house.try_sign_in(email, PASSWORD).await;
        assert!(matches!(refused, Err(SignInError::Refused)));
    }
    house.pass(minutes(1));
    house.chores.round().await;
    assert_eq!(house.index.len(), 1, "what is dead is swept");
    // O02: whoever comes after is somebody else.
    assert_ne!(house.add(ALICE).await.id, user);
}

/// Holds: ASVS 14.2.7, ASVS 16.4.2
#[tokio::test]
async fn asvs_14_2_7_what_a_deleted_account_was_is_erased_and_the_trail_stays_whole() {
    let mut house = House::new().await;
    let account = NewAccount {
        email: "carol@unique.test",
        name: "Carol Unmistakable",
        roles: &[],
        password: Some(PASSWORD),
        verified: true,
    };
    let operator = house.operator();
    house.engine.add_user(account, &operator).await.unwrap();
    let mut visit = house.visit();
    visit.user_agent = Some("Unmistakable/1.0".to_owned());
    visit.address = Some([203, 0, 113, 77].into());
    let sign_in =
        async |house: &House, password| house.try_at(&visit, "carol@unique.test", password).await;
    sign_in(&house, "not carol's password").await.unwrap_err();
    let carol = sign_in(&house, PASSWORD).await.unwrap();
    house.letters().await;
    house.add_confirmed(&carol, HOME).await;
    house.letters().await;
    // Links and letters that are under way belong to her as well.
    let asked = house.engine.ask_recovery(HOME, None, &house.visit()).await;
    asked.unwrap();
    let link = ticket(&house.letter().await);
    let directory = house.plan.directory.clone();
    let marks = ["carol@unique.test", "Unmistakable", HOME, "203.0.113.77"];
    for mark in marks {
        assert!(is_written(&directory, mark), "{mark}");
    }
    let position = house.position().await;
    let fresh = house.fresh_login(&carol);
    let deleted = house.engine.delete_account(&fresh, &visit).await.unwrap();
    assert!(matches!(deleted, DeleteUser::Deleted { .. }));
    let gone = house.engine.ticket(&link, house.now()).await.unwrap();
    assert!(gone.is_none());
    assert_eq!(house.letters().await.len(), 2, "the farewell went out");
    house.pass(hours(1));
    house.chores.round().await;
    let events = house.engine.trail_after(0, 1000).await.unwrap().events;
    let user = carol.session.user_id();
    let mut hers = 0;
    for stored in &events {
        if stored.event.user == Some(user) {
            assert!(stored.personal.is_none(), "{:?}", stored.event.kind);
            assert!(stored.personal_digest.is_some() || stored.position > position);
            hers += 1;
        }
    }
    assert!(hers > 5, "what happened is still told, under her id");
    let report = house.engine.verify_trail().await.unwrap();
    assert!(report.faults.is_empty(), "{report:?}");
    // Stopped, so that the log of what was written before is gone too.
    house.store.inner.close().await;
    for mark in marks {
        assert!(!is_written(&directory, mark), "{mark} is left");
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let house = House::empty().await;
    let roles = ["admin".to_owned()];
    let account = |email| NewAccount {
        email,
        name: "",
        roles: &roles,
        password: Some(PASSWORD),
        verified: true,
    };
    let operator = house.operator();
    house
        .engine
        .add_user(account(ALICE), &operator)
        .await
        .unwrap();
    let alice = house.sign_in(ALICE).await;
    assert_eq!(house.delete(&alice).await, DeleteUser::LastAdministrator);
    assert!(house.is_live(&alice.cookie));
    let email = address(ALICE);
    let deleted = house.engine.delete_user(&email, &operator).await.unwrap();
    assert_eq!(deleted, DeleteUser::LastAdministrator);
    let other = account("root@example.test");
    house.engine.add_user(other, &operator).await.unwrap();
    assert_eq!(house.delete(&alice).await, DeleteUser::Deleted { ended: 1 });
}

/// Holds: ASVS 16.5.2
#[tokio::test]
async fn asvs_16_5_2_a_deletion_that_cannot_be_stored_deletes_nothing() {
    let mut house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    house.letters().await;
    let (fresh, visit) = (house.fresh_login(&alice), house.visit());
    house.store.set_full(true);
    let deleted = house.engine.delete_account(&fresh, &visit).await;
    deleted.unwrap_err();
    house.store.set_full(false);
    assert!(house.is_live(&alice.cookie));
    assert!(house.letters().await.is_empty());
    house.sign_in(ALICE).await;
}

#[tokio::test]
async fn an_operator_deletes_an_account_whose_owner_is_told() {
    let mut house = House::new().await;
    let alice = house.sign_in(ALICE).await;
    house.letters().await;
    let (email, operator) = (address(ALICE), house.operator());
    let deleted = house.engine.delete_user(&email, &operator).await.unwrap();
    assert_eq!(deleted, DeleteUser::Deleted { ended: 1 });
    assert!(!house.is_live(&alice.cookie));
    assert_eq!(house.letter().await.to, email);
    let again = house.engine.delete_user(&email, &operator).await.unwrap();
    assert_eq!(again, DeleteUser::Unknown);
    // The address is free for whoever reads its mail.
    let invitation = Invitation {
        email: ALICE,
        name: "",
        roles: &[],
        language: vestibule_core::user::Language::default(),
    };
    house.engine.invite(invitation, &operator).await.unwrap();
}

/// Holds: ASVS 7.4.2
#[tokio::test(flavor = "multi_thread")]
async fn asvs_7_4_2_a_login_racing_a_deletion_leaves_no_survivor() {
    let house = Arc::new(House::new().await);
    let alice = house.sign_in(ALICE).await;
    let logins: Vec<_> = (0..8)
        .map(|_| {
            let house = house.clone();
            tokio::spawn(async move { house.try_sign_in(ALICE, PASSWORD).await.ok() })
        })
        .collect();
    let deleted = house.delete(&alice).await;
    assert!(matches!(deleted, DeleteUser::Deleted { .. }));
    for login in logins {
        if let Some(signed_in) = login.await.unwrap() {
            assert!(!house.is_live(&signed_in.cookie));
        }
    }
}

/// Holds: ASVS 2.3.3
#[tokio::test]
async fn asvs_2_3_3_a_deletion_dropped_at_any_await_is_whole_or_not_at_all() {
    for pauses in 0.. {
        let house = House::new().await;
        let alice = house.sign_in(ALICE).await;
        let answered = cut_off(house.delete(&alice), pauses).await;
        // Everything queued before this is done when this is.
        house.sign_in("bob@example.test").await;
        let there = house.engine.user(&address(ALICE)).await.unwrap().is_some();
        let house = house.crashed(|_| ()).await;
        assert_eq!(house.is_live(&alice.cookie), there, "after {pauses}");
        if answered.is_some() {
            assert!(!there);
            // It reads and writes.
            if pauses > 1 {
                return;
            }
        }
    }
}
