//! Thousands of interleavings: whatever overtakes whatever, no ended session survives.

use std::sync::Arc;

use vestibule_engine::{ChangePasswordError, ReauthenticateError, SignInError};

use crate::house::{House, OTHER_PASSWORD, PASSWORD, Plan};

/// Lets the other side of a race come first by a little more or less each time.
async fn stagger(round: usize) {
    for _ in 0..round % 13 {
        tokio::task::yield_now().await;
    }
}

/// A login that verified the old password and lost the race has no session; one that won is struck by the change.
///
/// Holds: ASVS 7.4.3, ASVS 6.2.3
#[tokio::test(flavor = "multi_thread")]
async fn asvs_7_4_3_a_login_racing_a_password_change_leaves_no_survivor() {
    let house = Arc::new(House::new().await.crashed(Plan::without_limits).await);
    let mut owner = house.sign_in("alice@example.test").await;
    let (mut current, mut next) = (PASSWORD, OTHER_PASSWORD);
    let (mut won, mut lost) = (0, 0);
    for round in 0..1000 {
        let login = tokio::spawn({
            let house = house.clone();
            async move {
                stagger(round).await;
                house.try_sign_in("alice@example.test", current).await
            }
        });
        let change = tokio::spawn({
            let (house, session) = (house.clone(), owner.session.clone());
            async move {
                stagger(round / 13).await;
                let visit = house.visit();
                house
                    .engine
                    .change_password(&session, current, next, &visit)
                    .await
            }
        });
        let (login, change) = (login.await.unwrap(), change.await.unwrap().unwrap());
        match login {
            Ok(signed_in) => {
                won += 1;
                assert!(!house.is_live(&signed_in.cookie), "round {round}");
            }
            Err(SignInError::Refused) => lost += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(house.is_live(&change.cookie) && !house.is_live(&owner.cookie));
        owner.cookie = change.cookie;
        owner.session = change.session;
        (current, next) = (next, current);
    }
    assert_eq!(won + lost, 1000);
    let devices = house.engine.devices(&owner.session, house.now()).await;
    assert_eq!(
        devices.unwrap().len(),
        1,
        "and nothing is left in the store"
    );
}

/// Holds: ASVS 7.4.1, N10
#[tokio::test(flavor = "multi_thread")]
async fn asvs_7_4_1_a_touch_racing_a_logout_revives_nothing() {
    let mut house = House::new().await;
    let mut ended = Vec::new();
    for round in 0..1000 {
        let alice = house.sign_in("alice@example.test").await;
        // Past a twentieth of the idle life: the next use is to be written.
        house.pass(std::time::Duration::from_secs(91));
        let session = house.request(&alice.cookie).unwrap();
        let (engine, visit) = (house.engine.clone(), house.visit());
        let logout = tokio::spawn(async move {
            stagger(round).await;
            engine.sign_out(&session, &visit).await
        });
        house.chores.round().await;
        let _ = house.request(&alice.cookie);
        logout.await.unwrap().unwrap();
        assert!(!house.is_live(&alice.cookie), "round {round}");
        ended.push(alice.cookie);
    }
    house.chores.round().await;
    let house = house.restarted().await;
    assert!(ended.iter().all(|cookie| !house.is_live(cookie)));
    assert!(house.index.is_empty());
}

#[derive(Debug, Clone, Copy)]
enum Slow {
    Reauthenticate,
    ChangePassword,
    EndOthers,
}

/// A request that began before the logout and finishes after it leaves the session as dead as it found it.
///
/// Holds: ASVS 7.4.1, ASVS 7.2.4, N10
#[tokio::test(flavor = "multi_thread")]
async fn asvs_7_4_1_a_logout_racing_a_slow_request_wins() {
    let house = Arc::new(House::new().await);
    let (mut current, mut next) = (PASSWORD, OTHER_PASSWORD);
    let mut ended = Vec::new();
    for round in 0..1500 {
        let slow = [Slow::Reauthenticate, Slow::ChangePassword, Slow::EndOthers][round % 3];
        let alice = house
            .try_sign_in("alice@example.test", current)
            .await
            .unwrap();
        let request = tokio::spawn({
            let (house, session) = (house.clone(), alice.session.clone());
            async move {
                stagger(round).await;
                let visit = house.visit();
                let engine = &house.engine;
                match slow {
                    Slow::Reauthenticate => {
                        match engine.reauthenticate(&session, current, &visit).await {
                            Ok((cookie, _)) => (Some(cookie), false),
                            Err(ReauthenticateError::Ended) => (None, false),
                            Err(error) => panic!("{error}"),
                        }
                    }
                    Slow::ChangePassword => {
                        let changed = engine
                            .change_password(&session, current, next, &visit)
                            .await;
                        match changed {
                            Ok(changed) => (Some(changed.cookie), true),
                            Err(ChangePasswordError::Ended) => (None, false),
                            Err(error) => panic!("{error}"),
                        }
                    }
                    Slow::EndOthers => {
                        let fresh = engine.fresh(&session, visit.now).unwrap();
                        engine.end_other_devices(&fresh, &visit).await.unwrap();
                        (None, false)
                    }
                }
            }
        });
        let logout = tokio::spawn({
            let (house, session) = (house.clone(), alice.session.clone());
            async move {
                stagger(round / 7).await;
                house.engine.sign_out(&session, &house.visit()).await
            }
        });
        logout.await.unwrap().unwrap();
        let (renewed, changed) = request.await.unwrap();
        assert!(!house.is_live(&alice.cookie), "{slow:?} in round {round}");
        if let Some(cookie) = renewed {
            assert!(!house.is_live(&cookie), "{slow:?} in round {round}");
            ended.push(cookie);
        }
        ended.push(alice.cookie);
        // A change that came to its end after the session did may still have been made before it.
        if changed
            || house
                .try_sign_in("alice@example.test", current)
                .await
                .is_err()
        {
            (current, next) = (next, current);
        }
    }
    let house = Arc::into_inner(house).unwrap().crashed(|_| ()).await;
    assert!(ended.iter().all(|cookie| !house.is_live(cookie)));
}

/// Holds: ASVS 7.4.2
#[tokio::test(flavor = "multi_thread")]
async fn asvs_7_4_2_a_login_racing_a_disabling_leaves_no_survivor() {
    let house = Arc::new(House::new().await.crashed(Plan::without_limits).await);
    let email = crate::house::address("alice@example.test");
    for round in 0..500 {
        let login = tokio::spawn({
            let house = house.clone();
            async move {
                stagger(round).await;
                house.try_sign_in("alice@example.test", PASSWORD).await
            }
        });
        stagger(round / 13).await;
        let operator = house.operator();
        house.engine.disable_user(&email, &operator).await.unwrap();
        if let Ok(signed_in) = login.await.unwrap() {
            assert!(!house.is_live(&signed_in.cookie), "round {round}");
        }
        let refused = house.try_sign_in("alice@example.test", PASSWORD).await;
        assert!(matches!(refused, Err(SignInError::Refused)));
        house.engine.enable_user(&email, &operator).await.unwrap();
    }
}

/// Many at once, all ends together: what was acknowledged as ended is dead, here and after a crash.
///
/// Holds: ASVS 7.4.1, ASVS 7.4.5
#[tokio::test(flavor = "multi_thread")]
async fn asvs_7_4_5_a_storm_of_logins_and_ends_leaves_no_survivor() {
    let house = Arc::new(House::new().await);
    let tasks = (0..8).map(|task: usize| {
        let house = house.clone();
        let email = ["alice@example.test", "bob@example.test"][task % 2];
        tokio::spawn(async move {
            let mut dead = Vec::new();
            for round in 0..150 {
                let Ok(signed_in) = house.try_sign_in(email, PASSWORD).await else {
                    continue;
                };
                stagger(round + task).await;
                let visit = house.visit();
                let session = &signed_in.session;
                let engine = &house.engine;
                match (round + task) % 5 {
                    0 => engine.sign_out(session, &visit).await.unwrap(),
                    1 => {
                        let fresh = engine.fresh(session, visit.now).unwrap();
                        engine.end_everywhere(&fresh, &visit).await.unwrap();
                    }
                    2 => {
                        let operator = house.operator();
                        engine
                            .revoke_session(signed_in.cookie.id, &operator)
                            .await
                            .unwrap();
                    }
                    3 if round % 10 == 0 => {
                        engine.revoke_all(&house.operator()).await.unwrap();
                    }
                    _ => {
                        let _ = engine.reauthenticate(session, PASSWORD, &visit).await;
                        assert!(!house.is_live(&signed_in.cookie) || round < 150);
                        continue;
                    }
                }
                assert!(!house.is_live(&signed_in.cookie));
                dead.push(signed_in.cookie);
            }
            dead
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut dead = Vec::new();
    for task in tasks {
        dead.extend(task.await.unwrap());
    }
    assert!(dead.iter().all(|cookie| !house.is_live(cookie)));
    let house = Arc::into_inner(house).unwrap().crashed(|_| ()).await;
    assert!(dead.iter().all(|cookie| !house.is_live(cookie)));
    let report = house.engine.verify_trail().await.unwrap();
    assert_eq!(report.faults, []);
}
