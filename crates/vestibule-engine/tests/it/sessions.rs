//! Lives, renewals and ends of sessions, by a clock that the tests move.

use std::time::Duration;

use vestibule_core::filter::SessionFilter;
use vestibule_core::time::UnixMillis;
use vestibule_engine::ReauthenticateError;
use vestibule_store::{EndOthers, EndSession, Sessions as _};

use crate::house::{Cookie, House, OTHER_PASSWORD, PASSWORD, hours, minutes};

/// Holds: ASVS 7.3.1, N07
#[tokio::test]
async fn asvs_7_3_1_an_unused_session_runs_out() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.pass(minutes(30).saturating_sub(Duration::from_millis(1)));
    assert!(house.is_live(&alice.cookie));
    house.pass(minutes(30).saturating_sub(Duration::from_millis(1)));
    assert!(house.is_live(&alice.cookie), "use moves the idle clock");
    house.pass(minutes(30));
    assert!(!house.is_live(&alice.cookie));
}

/// Holds: ASVS 7.3.2, N01, N07
#[tokio::test]
async fn asvs_7_3_2_constant_use_does_not_outlive_the_absolute_end() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    for _ in 0..12 * 4 - 1 {
        house.pass(minutes(15));
        assert!(house.is_live(&alice.cookie));
    }
    house.pass(minutes(15));
    assert!(!house.is_live(&alice.cookie));
}

/// Holds: N02
#[tokio::test]
async fn n02_a_remembered_session_lives_30_days_and_14_unused() {
    let house = House::new().await;
    let used = house.remembered("alice@example.test").await;
    let unused = house.remembered("alice@example.test").await;
    assert!(used.session.remembered());
    house.pass(hours(13 * 24));
    assert!(house.is_live(&used.cookie));
    house.pass(hours(24));
    assert!(house.is_live(&used.cookie) && !house.is_live(&unused.cookie));
    house.pass(hours(13 * 24));
    assert!(house.is_live(&used.cookie));
    house.pass(hours(3 * 24));
    assert!(!house.is_live(&used.cookie), "30 days");
}

/// Holds: ASVS 7.2.4, N07
#[tokio::test]
async fn asvs_7_2_4_reauthentication_gives_a_new_secret_and_new_clocks() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.pass(minutes(29));
    let session = house.request(&alice.cookie).unwrap();
    let before = house.position().await;
    let (cookie, login) = house
        .engine
        .reauthenticate(&session, PASSWORD, &house.visit())
        .await
        .unwrap();
    assert_eq!(cookie.id, alice.cookie.id);
    assert!(
        !house.is_live(&alice.cookie),
        "the old secret is dead at once"
    );
    assert!(house.is_live(&cookie));
    assert_eq!(login.session().auth_time(), house.now());
    assert_eq!(
        house.told_since(before).await,
        ["reauthentication.succeeded"]
    );
    // Both clocks: a last moment of twelve hours from now, not from the login.
    for _ in 0..12 * 3 - 1 {
        house.pass(minutes(20));
        assert!(house.is_live(&cookie));
    }
    house.pass(minutes(20));
    assert!(!house.is_live(&cookie));
}

#[tokio::test]
async fn a_refused_reauthentication_changes_nothing_and_is_told() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    let before = house.position().await;
    let refused = house
        .engine
        .reauthenticate(&alice.session, OTHER_PASSWORD, &house.visit())
        .await;
    assert!(matches!(refused, Err(ReauthenticateError::Refused)));
    assert!(house.is_live(&alice.cookie));
    assert_eq!(
        house.told_since(before).await,
        ["reauthentication.refused (wrong_password)"]
    );
}

#[tokio::test]
async fn of_two_reauthentications_with_one_secret_one_holds() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    let visit = house.visit();
    let (one, two) = tokio::join!(
        house
            .engine
            .reauthenticate(&alice.session, PASSWORD, &visit),
        house
            .engine
            .reauthenticate(&alice.session, PASSWORD, &visit),
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    assert!(matches!(
        one.err().or(two.err()),
        Some(ReauthenticateError::Ended)
    ));
}

/// Holds: ASVS 7.5.2
#[tokio::test]
async fn asvs_7_5_2_a_login_is_fresh_for_five_minutes() {
    let house = House::new().await;
    let alice = house.sign_in("alice@example.test").await;
    house.pass(minutes(5).saturating_sub(Duration::from_millis(1)));
    let session = house.request(&alice.cookie).unwrap();
    assert!(house.engine.fresh(&session, house.now()).is_some());
    house.pass(Duration::from_millis(1));
    let session = house.request(&alice.cookie).unwrap();
    assert!(house.engine.fresh(&session, house.now()).is_none());

    // A login while the clock is wildly ahead is not fresh for years once it is set right.
    house.plan.clock.step(365 * 24 * 60 * 60 * 1000);
    let wild = house.sign_in("alice@example.test").await;
    house.plan.clock.step(-365 * 24 * 60 * 60 * 1000);
    assert!(house.engine.fresh(&wild.session, house.now()).is_none());
}

/// Holds: ASVS 7.4.1, N10
#[tokio::test]
async fn asvs_7_4_1_a_signed_out_session_is_dead() {
    let house = House::new().await;
    let (here, there) = (
        house.sign_in("alice@example.test").await,
        house.sign_in("alice@example.test").await,
    );
    house
        .engine
        .sign_out(&here.session, &house.visit())
        .await
        .unwrap();
    assert!(!house.is_live(&here.cookie) && house.is_live(&there.cookie));
    // Once more is no error.
    house
        .engine
        .sign_out(&here.session, &house.visit())
        .await
        .unwrap();
}

/// Holds: ASVS 7.5.2, ASVS 8.2.2
#[tokio::test]
async fn asvs_7_5_2_a_user_sees_and_ends_own_devices_alone() {
    let house = House::new().await;
    let here = house.sign_in("alice@example.test").await;
    house.pass(minutes(1));
    let there = house.sign_in("alice@example.test").await;
    let bob = house.sign_in("bob@example.test").await;
    let devices = house.engine.devices(&here.session, house.now()).await;
    let listed: Vec<_> = devices.unwrap().iter().map(|device| device.id).collect();
    assert_eq!(listed, [there.cookie.id, here.cookie.id], "newest first");

    let fresh = house.engine.fresh(&here.session, house.now()).unwrap();
    let visit = house.visit();
    let end = async |id| house.engine.end_device(&fresh, id, &visit).await.unwrap();
    assert_eq!(end(bob.cookie.id).await, EndSession::NotLive);
    assert!(house.is_live(&bob.cookie));
    assert_eq!(end(there.cookie.id).await, EndSession::Ended);
    assert!(!house.is_live(&there.cookie) && house.is_live(&here.cookie));
    assert_eq!(end(there.cookie.id).await, EndSession::NotLive);
}

/// Holds: ASVS 7.4.3, ASVS 7.5.2
#[tokio::test]
async fn asvs_7_5_2_a_user_ends_the_others_or_all() {
    let house = House::new().await;
    let here = house.sign_in("alice@example.test").await;
    let bob = house.sign_in("bob@example.test").await;
    let fresh = house.engine.fresh(&here.session, house.now()).unwrap();
    // Twice: a second cutoff finds the tree consistent.
    for _ in 0..2 {
        let others = [
            house.sign_in("alice@example.test").await.cookie,
            house.remembered("alice@example.test").await.cookie,
        ];
        let ended = house
            .engine
            .end_other_devices(&fresh, &house.visit())
            .await
            .unwrap();
        assert_eq!(ended, EndOthers::Ended { ended: 2 });
        assert!(others.iter().all(|other| !house.is_live(other)));
        assert!(house.is_live(&here.cookie) && house.is_live(&bob.cookie));
    }
    let there = house.sign_in("alice@example.test").await;
    let ended = house.engine.end_everywhere(&fresh, &house.visit()).await;
    assert_eq!(ended.unwrap(), 2);
    assert!(!house.is_live(&here.cookie) && !house.is_live(&there.cookie));
    assert!(house.is_live(&bob.cookie));
    let after = house.sign_in("alice@example.test").await;
    assert!(house.is_live(&after.cookie), "a login after it lives");
}

/// A session whose idle clock is ahead in memory of what is written, and past its written idle life.
async fn ahead_of_the_store(house: &House) -> Cookie {
    let alice = house.sign_in("alice@example.test").await;
    house.pass(minutes(29));
    assert!(house.is_live(&alice.cookie));
    house.pass(minutes(29));
    alice.cookie
}

/// The store's idle clock lags behind the one in memory. Whatever is done to a session in between is done to it.
///
/// Holds: ASVS 7.4.1
#[tokio::test]
async fn asvs_7_4_1_a_session_whose_use_is_not_written_yet_ends_like_any_other() {
    let house = House::new().await;
    let cookie = ahead_of_the_store(&house).await;
    let stored = house
        .store
        .sessions_of(house.request(&cookie).unwrap().user_id(), house.now())
        .await
        .unwrap();
    assert!(stored.is_empty(), "the store alone takes it for run out");

    let session = house.request(&cookie).unwrap();
    let devices = house.engine.devices(&session, house.now()).await.unwrap();
    assert_eq!(devices.len(), 1, "its owner sees it");
    let before = house.position().await;
    house.store.calls();
    house
        .engine
        .sign_out(&session, &house.visit())
        .await
        .unwrap();
    assert_eq!(
        house.store.calls(),
        ["end_session"],
        "a logout waits for no bulk work"
    );
    assert!(!house.is_live(&cookie));
    assert_eq!(
        house.told_since(before).await,
        ["session.ended (signed_out)"]
    );
    let house = house.restarted().await;
    assert!(!house.is_live(&cookie));

    let cookie = ahead_of_the_store(&house).await;
    let session = house.request(&cookie).unwrap();
    let (cookie, fresh) = house
        .engine
        .reauthenticate(&session, PASSWORD, &house.visit())
        .await
        .unwrap();
    assert!(house.is_live(&cookie));
    house.pass(minutes(29));
    assert!(house.is_live(&cookie));
    house.pass(minutes(29));
    let ended = house.engine.end_other_devices(&fresh, &house.visit()).await;
    assert_eq!(ended.unwrap(), EndOthers::Ended { ended: 0 });
    assert!(house.is_live(&cookie));

    let cookie = ahead_of_the_store(&house).await;
    let ended = house
        .engine
        .revoke_session(cookie.id, &house.operator())
        .await;
    assert_eq!(ended.unwrap(), EndSession::Ended);
    assert!(!house.is_live(&cookie));
}

/// Holds: ASVS 7.4.5
#[tokio::test]
async fn asvs_7_4_5_an_operator_ends_one_a_users_or_all() {
    let house = House::new().await;
    let sign_in = async || {
        (
            house.sign_in("alice@example.test").await.cookie,
            house.sign_in("alice@example.test").await.cookie,
            house.sign_in("bob@example.test").await.cookie,
        )
    };
    let operator = house.operator();
    let (one, two, bob) = sign_in().await;
    let ended = house.engine.revoke_session(one.id, &operator).await;
    assert_eq!(ended.unwrap(), EndSession::Ended);
    assert!(!house.is_live(&one) && house.is_live(&two) && house.is_live(&bob));

    let alice = crate::house::address("alice@example.test");
    let ended = house.engine.revoke_user(&alice, &operator).await.unwrap();
    assert_eq!(ended, Some(1));
    assert!(!house.is_live(&two) && house.is_live(&bob));
    let nobody = crate::house::address("nobody@example.test");
    let ended = house.engine.revoke_user(&nobody, &operator).await.unwrap();
    assert_eq!(ended, None);

    let (one, two, bob) = sign_in().await;
    assert_eq!(house.engine.revoke_all(&operator).await.unwrap(), 4);
    assert!([one, two, bob].iter().all(|cookie| !house.is_live(cookie)));
    let after = house.sign_in("alice@example.test").await;
    assert!(house.is_live(&after.cookie));
}

#[tokio::test]
async fn an_operator_lists_live_sessions_page_by_page() {
    let house = House::new().await;
    let mut cookies = Vec::new();
    for email in [
        "alice@example.test",
        "bob@example.test",
        "alice@example.test",
    ] {
        cookies.push(house.sign_in(email).await.cookie);
        house.pass(Duration::from_secs(1));
    }
    house
        .engine
        .revoke_session(cookies[1].id, &house.operator())
        .await
        .unwrap();
    let now = house.now();
    let page = async |user: Option<&str>, before| {
        let mut filter = SessionFilter::default();
        if let Some(email) = user {
            let found = house.engine.user(&crate::house::address(email)).await;
            filter.user = Some(found.unwrap().unwrap().id);
        }
        house.engine.sessions(filter, before, 1, now).await.unwrap()
    };
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let listed = page(None, before).await;
        seen.extend(listed.sessions.iter().map(|stored| stored.session.id));
        before = listed.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, [cookies[2].id, cookies[0].id]);
    let bobs = page(Some("bob@example.test"), None).await;
    assert!(bobs.sessions.is_empty());
    let alices = page(Some("alice@example.test"), None).await;
    let newest = &alices.sessions[0];
    assert_eq!(newest.email.as_str(), "alice@example.test");
    assert_eq!(newest.session.last_seen, UnixMillis(now.0 - 1000));
}
