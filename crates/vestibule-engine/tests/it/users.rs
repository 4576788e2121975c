//! What an operator does with accounts, and what refuses to start.

use vestibule_core::audit::Actor;
use vestibule_core::user::UserStatus;
use vestibule_engine::{AddUserError, NewAccount, SignInError, StartError};
use vestibule_store::SetStatus;

use crate::house::{House, PASSWORD, UID, address, hours};

#[tokio::test]
async fn an_operator_makes_accounts() {
    let house = House::empty().await;
    let roles = ["shop".to_owned(), "admin".to_owned(), "shop".to_owned()];
    let account = NewAccount {
        email: "Carol@example.test",
        name: "Carol",
        roles: &roles,
        password: Some(PASSWORD),
        verified: true,
    };
    let add = async |account| house.engine.add_user(account, &house.operator()).await;
    let user = add(account).await.unwrap();
    assert_eq!(user.email.as_str(), "carol@example.test");
    let names: Vec<_> = user.roles.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["admin", "shop"]);
    assert!(user.email_verified);
    let event = house.engine.latest_events(1).await.unwrap().remove(0);
    assert_eq!(event.actor, Actor::Operator(UID));

    assert!(matches!(
        add(account).await,
        Err(AddUserError::AddressTaken)
    ));
    let wrong = ["Admin".to_owned()];
    let role = NewAccount {
        roles: &wrong,
        ..account
    };
    assert!(matches!(add(role).await, Err(AddUserError::Role(_))));
    let email = NewAccount {
        email: "carol",
        ..account
    };
    assert!(matches!(add(email).await, Err(AddUserError::Email(_))));
    let password = NewAccount {
        email: "dave@example.test",
        password: Some("short"),
        ..account
    };
    assert!(matches!(
        add(password).await,
        Err(AddUserError::Password(_))
    ));
}

/// Holds: ASVS 7.4.2
#[tokio::test]
async fn asvs_7_4_2_a_disabled_user_is_out_at_once_and_cannot_come_in() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    let bob = house.sign_in("bob@example.test").await;
    let email = address("alice@example.test");
    let operator = house.operator();
    let set = house.engine.disable_user(&email, &operator).await.unwrap();
    let SetStatus::Set { user, ended } = set else {
        panic!("{set:?}");
    };
    assert_eq!((user.status, ended), (UserStatus::Disabled, 1));
    assert!(!house.is_live(&alice.cookie) && house.is_live(&bob.cookie));
    let refused = house.try_sign_in("alice@example.test", PASSWORD).await;
    assert!(matches!(refused, Err(SignInError::Refused)));
    let again = house.engine.disable_user(&email, &operator).await.unwrap();
    assert!(matches!(again, SetStatus::Already));

    let set = house.engine.enable_user(&email, &operator).await.unwrap();
    assert!(matches!(set, SetStatus::Set { .. }));
    assert!(!house.is_live(&alice.cookie), "what died stays dead");
    house.sign_in("alice@example.test").await;
    let nobody = address("nobody@example.test");
    let unknown = house.engine.disable_user(&nobody, &operator).await.unwrap();
    assert!(matches!(unknown, SetStatus::Unknown));
}

#[tokio::test]
async fn another_master_key_does_not_start() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.store.inner.close().await;
    let mut plan = house.plan.clone();
    plan.master = [8; 32];
    let House {
        directory: _keep, ..
    } = house;
    let refused = plan.clone().start().await.err();
    assert!(matches!(refused, Some(StartError::KeyMismatch)));
    plan.master = [7; 32];
    assert!(plan.start().await.unwrap().is_live(&alice.cookie));
}

#[tokio::test]
async fn a_clock_far_behind_does_not_start_unless_it_is_accepted() {
    let mut house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.chores.round().await;
    house.pass(hours(3));
    house.chores.round().await;
    let late = house.sign_in("alice@example.test").await;
    house.store.inner.close().await;

    let mut plan = house.plan.clone();
    let House {
        directory: _keep, ..
    } = house;
    let two_hours = 2 * 60 * 60 * 1000;
    plan.clock.step(-two_hours);
    let refused = plan.clone().start().await.err().unwrap();
    let StartError::ClockBehind { behind } = refused else {
        panic!("{refused}");
    };
    assert_eq!(behind, hours(2));
    assert!(refused.to_string().contains("--accept-clock"));

    plan.accept_clock = Some(UID);
    let mut house = plan.start().await.unwrap();
    // N01: by the clock that was accepted, this login lies two hours ahead.
    assert!(!house.is_live(&late.cookie));
    assert!(!house.is_live(&alice.cookie) || house.now() < alice.session.expires_at());
    let event = house.engine.latest_events(1).await.unwrap().remove(0);
    assert_eq!(event.event.kind.code(), "clock.accepted");
    assert_eq!(event.actor, Actor::Operator(UID));
    // The operator may have been mistaken: nothing is ended for good by it at once.
    house.chores.round().await;
    house.plan.clock.step(two_hours);
    assert!(house.is_live(&late.cookie));
}
