//! Logging in with a password.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use vestibule_core::password::Cost;
use vestibule_core::session::{Acr, Amr, Device};
use vestibule_engine::{NotNow, Setup, SignIn, SignInError};
use vestibule_store::Users as _;

use crate::house::{House, OTHER_PASSWORD, PASSWORD, address};

/// Holds: ASVS 7.2.1, ASVS 7.2.2, N08, N09
#[tokio::test]
async fn n09_a_login_opens_a_session_that_says_what_it_is_worth() {
    let house = House::new().await;
    let one = house.sign_in(" Alice@EXAMPLE.test ").await;
    let two = house.sign_in("alice@example.test").await;
    assert_ne!(one.cookie.id, two.cookie.id);
    assert_ne!(one.cookie.encode()[22..], two.cookie.encode()[22..]);
    let session = house.request(&one.cookie).unwrap();
    assert_eq!(session.profile().email().as_str(), "alice@example.test");
    assert_eq!((session.acr(), session.amr()), (Acr::Aal1, Amr::PASSWORD));
    assert_eq!(session.auth_time(), house.now());
    assert!(house.is_live(&two.cookie), "two devices at a time");
}

/// Holds: ASVS 6.3.8, ASVS 16.3.1
#[tokio::test]
async fn asvs_6_3_8_refusals_differ_in_the_trail_alone() {
    let house = House::new().await;
    house.add_with("nopassword@example.test", None).await;
    house.add("disabled@example.test").await;
    let disabled = address("disabled@example.test");
    house
        .engine
        .disable_user(&disabled, &house.operator())
        .await
        .unwrap();
    for (identifier, password, reason) in [
        ("nobody@example.test", PASSWORD, "unknown_user"),
        ("not an address", PASSWORD, "unknown_user"),
        ("", "", "unknown_user"),
        ("alice@example.test", OTHER_PASSWORD, "wrong_password"),
        ("alice@example.test", "", "wrong_password"),
        ("nopassword@example.test", PASSWORD, "no_password"),
        ("disabled@example.test", PASSWORD, "disabled"),
        ("disabled@example.test", OTHER_PASSWORD, "disabled"),
    ] {
        let before = house.position().await;
        house.store.calls();
        let refused = house.try_sign_in(identifier, password).await;
        assert!(matches!(refused, Err(SignInError::Refused)), "{identifier}");
        let calls = house.store.calls();
        assert_eq!(
            calls,
            ["begin_try", "fail_try"],
            "the same work: {identifier}"
        );
        let told = house.told_since(before).await;
        assert_eq!(told, [format!("login.refused ({reason})")], "{identifier}");
    }
    assert_eq!(house.index.len(), 0);
}

/// Holds: ASVS 6.3.8
#[tokio::test]
async fn asvs_6_3_8_whoever_is_named_the_password_is_hashed() {
    let house = House::new().await;
    house.add_with("nopassword@example.test", None).await;
    let house = house.crashed(|plan| plan.queue = 0).await;
    for identifier in [
        "alice@example.test",
        "nobody@example.test",
        "nopassword@example.test",
        "not an address",
    ] {
        let busy = house.try_sign_in(identifier, PASSWORD).await;
        assert!(
            matches!(busy, Err(SignInError::NotNow(NotNow::Busy(_)))),
            "{identifier}"
        );
    }
}

/// Holds: ASVS 6.3.8
#[tokio::test]
async fn asvs_6_3_8_a_full_disk_answers_right_and_wrong_passwords_alike() {
    let house = House::new().await;
    let before = house.sign_in("alice@example.test").await;
    house.store.set_full(true);
    for (identifier, password) in [
        ("alice@example.test", PASSWORD),
        ("alice@example.test", OTHER_PASSWORD),
        ("nobody@example.test", PASSWORD),
        ("not an address", PASSWORD),
    ] {
        let failed = house.try_sign_in(identifier, password).await;
        assert!(
            matches!(failed, Err(SignInError::NotNow(NotNow::Store(_)))),
            "{identifier}"
        );
    }
    assert!(house.is_live(&before.cookie), "checks go on");
    house.store.set_full(false);
    house.sign_in("alice@example.test").await;
}

/// Holds: ASVS 7.2.4
#[tokio::test]
async fn asvs_7_2_4_a_login_over_a_live_session_ends_that_one() {
    let house = House::new().await;
    house.sign_in("bob@example.test").await;
    for next in ["alice@example.test", "bob@example.test"] {
        let old = house.sign_in("alice@example.test").await;
        let before = house.position().await;
        let attempt = SignIn {
            identifier: next,
            password: PASSWORD,
            remember: false,
            over: Some(&old.session),
        };
        let visit = house.visit_of(next);
        let new = house.engine.sign_in(attempt, &visit).await.unwrap();
        assert!(!house.is_live(&old.cookie) && house.is_live(&new.cookie));
        let mut told = house.told_since(before).await;
        told.sort();
        assert_eq!(told, ["login.succeeded", "session.ended (replaced)"]);
    }
}

#[tokio::test]
async fn a_refused_login_over_a_live_session_leaves_it_alone() {
    let house = House::new().await;
    let old = house.sign_in("alice@example.test").await;
    let attempt = SignIn {
        identifier: "alice@example.test",
        password: OTHER_PASSWORD,
        remember: false,
        over: Some(&old.session),
    };
    let refused = house.engine.sign_in(attempt, &house.visit()).await;
    assert!(matches!(refused, Err(SignInError::Refused)));
    assert!(house.is_live(&old.cookie));
}

/// Holds: N30
#[tokio::test]
async fn n30_a_login_raises_the_cost_of_an_older_hash() {
    let house = House::new().await;
    let dearer = Cost {
        memory: 16,
        passes: 2,
    };
    let house = house.crashed(|plan| plan.cost = dearer).await;
    let record = || async {
        let email = address("alice@example.test");
        let record = house.store.sign_in_record(email).await.unwrap().unwrap();
        record.password.unwrap()
    };
    let version = record().await.version;
    assert_ne!(record().await.hash.cost(), Ok(dearer));

    let wrong = house
        .try_sign_in("alice@example.test", OTHER_PASSWORD)
        .await;
    assert!(wrong.is_err());
    assert_ne!(record().await.hash.cost(), Ok(dearer), "only who knows it");

    let before = house.position().await;
    house.sign_in("alice@example.test").await;
    assert_eq!(record().await.hash.cost(), Ok(dearer));
    assert_eq!(
        record().await.version,
        version,
        "no login in flight loses for it"
    );
    assert_eq!(
        house.told_since(before).await,
        ["password.rehashed", "login.succeeded", "device.known"]
    );

    let before = house.position().await;
    house.sign_in("alice@example.test").await;
    assert_eq!(house.told_since(before).await, ["login.succeeded"]);
}

/// Holds: ASVS 16.2.5
#[tokio::test]
async fn asvs_16_2_5_what_names_no_account_is_not_kept() {
    let house = House::new().await;
    let typed_in_the_wrong_field = PASSWORD;
    let _ = house.try_sign_in(typed_in_the_wrong_field, "x").await;
    let _ = house.try_sign_in("Nobody@example.test", "x").await;
    let _ = house.try_sign_in("Alice@example.test", "x").await;
    let events = house.engine.latest_events(3).await.unwrap();
    let emails: Vec<_> = events
        .into_iter()
        .map(|event| event.personal.unwrap().email)
        .collect();
    assert_eq!(emails, [Some("alice@example.test".to_owned()), None, None]);
}

/// Holds: ASVS 15.2.2
#[tokio::test]
async fn asvs_15_2_2_a_long_user_agent_is_cut() {
    let house = House::new().await;
    let mut visit = house.visit();
    visit.user_agent = Some("ä".repeat(5000));
    let attempt = SignIn {
        identifier: "alice@example.test",
        password: PASSWORD,
        remember: false,
        over: None,
    };
    let signed_in = house.engine.sign_in(attempt, &visit).await.unwrap();
    let devices = house.engine.devices(&signed_in.session, house.now()).await;
    let kept = devices.unwrap().remove(0).device.user_agent.unwrap();
    assert_eq!(kept.len(), Device::USER_AGENT_LEN);
}

/// Lets `work` wait `pauses` times and drops it when it would wait once more: by one more each time, each of its awaits
/// is met.
pub async fn cut_off<T>(work: impl Future<Output = T>, pauses: usize) -> Option<T> {
    let mut work = pin!(work);
    let mut left = pauses;
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// A session that was opened for nobody is one more device to be seen and ended, and stands in the trail like any other.
///
/// Holds: ASVS 2.3.3
#[tokio::test]
async fn asvs_2_3_3_a_login_dropped_at_any_await_loses_and_invents_nothing() {
    let house = House::new().await;
    let old = house.sign_in("alice@example.test").await;
    let mut pauses = 0;
    loop {
        let sign_in = house.try_sign_in("alice@example.test", PASSWORD);
        let answered = cut_off(sign_in, pauses).await;
        assert!(house.is_live(&old.cookie));
        pauses += 1;
        if let Some(signed_in) = answered {
            assert!(house.is_live(&signed_in.unwrap().cookie));
            // It reads, hashes and writes; an answer that was there at once was not waited for.
            if pauses > 3 {
                break;
            }
        }
    }
    // Everything queued before this is done when this is.
    house.sign_in("bob@example.test").await;
    let house = house.crashed(|_| ()).await;
    let session = house.request(&old.cookie).unwrap();
    let devices = house.engine.devices(&session, house.now()).await.unwrap();
    let told = house.told_since(0).await;
    let logins = told.iter().filter(|event| *event == "login.succeeded");
    assert_eq!(logins.count(), devices.len() + 1, "Bob's is the one more");
    assert!((2..=pauses + 1).contains(&devices.len()), "{told:?}");
}

/// Holds: ASVS 2.3.3, ASVS 7.4.3
#[tokio::test]
async fn asvs_2_3_3_a_password_change_dropped_at_any_await_is_whole_or_not_at_all() {
    for pauses in 0.. {
        let house = House::new().await;
        let here = house.sign_in("alice@example.test").await;
        let there = house.sign_in("alice@example.test").await;
        let visit = house.visit();
        let change = house
            .engine
            .change_password(&here.session, PASSWORD, OTHER_PASSWORD, &visit);
        let answered = cut_off(change, pauses).await.map(Result::unwrap);
        house.sign_in("bob@example.test").await;
        let new = house
            .try_sign_in("alice@example.test", OTHER_PASSWORD)
            .await;
        let old = house.try_sign_in("alice@example.test", PASSWORD).await;
        let house = house.crashed(|_| ()).await;
        assert_ne!(new.is_ok(), old.is_ok(), "after {pauses} pauses");
        for before in [&here, &there] {
            assert_eq!(
                house.is_live(&before.cookie),
                old.is_ok(),
                "after {pauses} pauses"
            );
        }
        if let Some(changed) = answered {
            assert!(new.is_ok() && house.is_live(&changed.cookie));
            // It reads, hashes twice and writes.
            if pauses > 3 {
                return;
            }
        }
    }
}

/// Cut off after its commit, the new secret is nobody's: its owner signs in again, and no thief holds the old one.
///
/// Holds: ASVS 2.3.3, ASVS 7.2.4
#[tokio::test]
async fn asvs_2_3_3_a_reauthentication_dropped_at_any_await_is_whole_or_not_at_all() {
    for pauses in 0.. {
        let house = House::new().await;
        let old = house.sign_in("alice@example.test").await;
        let visit = house.visit();
        let proving = house.engine.reauthenticate(&old.session, PASSWORD, &visit);
        let answered = cut_off(proving, pauses).await.map(Result::unwrap);
        house.sign_in("bob@example.test").await;
        let lives = house.is_live(&old.cookie);
        let told = house.told_since(0).await;
        let told = told
            .iter()
            .filter(|told| *told == "reauthentication.succeeded");
        // That the password was right is told even where its caller had gone by then, and nothing else came of it.
        let told = told.count();
        assert!(
            (usize::from(!lives)..=1).contains(&told),
            "after {pauses} pauses: {told}"
        );
        let house = house.crashed(|_| ()).await;
        assert_eq!(house.is_live(&old.cookie), lives, "after {pauses} pauses");
        if let Some((cookie, _)) = answered {
            assert!(!lives && house.is_live(&cookie));
            // It reads, hashes and writes.
            if pauses > 2 {
                return;
            }
        }
    }
}

/// Holds: ASVS 2.3.3, ASVS 6.3.2
#[tokio::test]
async fn asvs_2_3_3_a_set_up_dropped_at_any_await_is_whole_or_not_at_all() {
    for pauses in 0.. {
        let house = House::empty().await;
        let secret = house.engine.offer_setup(house.now()).await;
        let secret = secret.unwrap().unwrap();
        let setup = Setup {
            secret: &secret,
            email: "admin@example.test",
            name: "",
            password: PASSWORD,
        };
        let visit = house.visit();
        let answered = cut_off(house.engine.complete_setup(setup, &visit), pauses).await;
        house.add("bob@example.test").await;
        let made = house.try_sign_in("admin@example.test", PASSWORD).await;
        let offered = house.engine.setup_offered(&secret, house.now()).await;
        assert_ne!(made.is_ok(), offered.unwrap(), "after {pauses} pauses");
        if let Some(signed_in) = answered {
            assert!(made.is_ok() && house.is_live(&signed_in.unwrap().cookie));
            // It hashes and writes.
            if pauses > 1 {
                return;
            }
        }
    }
}
