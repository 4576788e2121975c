//! What a user does with their own account.

use vestibule_engine::{ChangePasswordError, SignInError};

use crate::house::{House, OTHER_PASSWORD, PASSWORD, minutes};

/// Holds: ASVS 6.2.2, ASVS 6.2.3, ASVS 7.2.4, ASVS 7.4.3
#[tokio::test]
async fn asvs_7_4_3_a_changed_password_ends_the_others_and_renews_this_one() {
    let house = House::new().await;
    let here = house.sign_in("alice@example.test").await;
    let there = house.remembered("alice@example.test").await;
    let bob = house.sign_in("bob@example.test").await;
    let before = house.position().await;
    let changed = house
        .engine
        .change_password(&here.session, PASSWORD, OTHER_PASSWORD, &house.visit())
        .await
        .unwrap();
    assert_eq!(changed.ended, 1);
    assert_eq!(changed.cookie.id, here.cookie.id);
    assert!(house.is_live(&changed.cookie));
    assert!(
        !house.is_live(&here.cookie),
        "its old secret is dead at once"
    );
    assert!(!house.is_live(&there.cookie) && house.is_live(&bob.cookie));
    assert_eq!(
        house.told_since(before).await,
        ["password.changed", "user_sessions.ended (password_changed)"]
    );
    let old = house.try_sign_in("alice@example.test", PASSWORD).await;
    assert!(matches!(old, Err(SignInError::Refused)));
    let new = house
        .try_sign_in("alice@example.test", OTHER_PASSWORD)
        .await;
    assert!(house.is_live(&new.unwrap().cookie));

    let house = house.restarted().await;
    assert!(house.is_live(&changed.cookie) && house.is_live(&bob.cookie));
    assert!(!house.is_live(&here.cookie) && !house.is_live(&there.cookie));
}

/// Holds: ASVS 6.2.3, ASVS 6.2.1, N20
#[tokio::test]
async fn asvs_6_2_3_a_change_needs_the_current_password_and_a_good_new_one() {
    let house = House::new().await;
    let here = house.sign_in("alice@example.test").await;
    let there = house.sign_in("alice@example.test").await;
    let before = house.position().await;
    let change = async |current: &str, new: &str| {
        let visit = house.visit();
        let changed = house
            .engine
            .change_password(&here.session, current, new, &visit)
            .await;
        changed.unwrap_err()
    };
    let wrong = change("not the password", OTHER_PASSWORD).await;
    assert!(matches!(wrong, ChangePasswordError::Refused));
    let short = change(PASSWORD, "short").await;
    assert!(matches!(short, ChangePasswordError::Policy(_)));
    assert!(house.is_live(&here.cookie) && house.is_live(&there.cookie));
    house.sign_in("alice@example.test").await;
    assert_eq!(
        house.told_since(before).await,
        [
            "reauthentication.refused (wrong_password)",
            "login.succeeded"
        ]
    );
}

#[tokio::test]
async fn a_change_from_a_session_that_ended_meanwhile_changes_nothing() {
    let house = House::new().await;
    let here = house.sign_in("alice@example.test").await;
    house
        .engine
        .sign_out(&here.session, &house.visit())
        .await
        .unwrap();
    let late = house
        .engine
        .change_password(&here.session, PASSWORD, OTHER_PASSWORD, &house.visit())
        .await;
    assert!(matches!(late, Err(ChangePasswordError::Ended)));
    house.sign_in("alice@example.test").await;
    assert!(!house.is_live(&here.cookie));
}

#[tokio::test]
async fn activity_is_the_users_own_newest_first() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.sign_in("bob@example.test").await;
    house.pass(minutes(1));
    let _ = house
        .try_sign_in("alice@example.test", OTHER_PASSWORD)
        .await;
    let activity = house
        .engine
        .activity(&alice.session, None, 10)
        .await
        .unwrap()
        .events;
    let codes: Vec<_> = activity
        .iter()
        .map(|event| event.event.kind.code())
        .collect();
    assert_eq!(
        codes,
        [
            "login.refused",
            "device.known",
            "login.succeeded",
            "user.created"
        ]
    );
    let one = house
        .engine
        .activity(&alice.session, None, 1)
        .await
        .unwrap()
        .events;
    assert_eq!(one, activity[..1]);
    let mut walked = Vec::new();
    let mut before = None;
    loop {
        let page = house.engine.activity(&alice.session, before, 2).await;
        let page = page.unwrap();
        walked.extend(page.events);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(walked, activity, "page by page");
}
