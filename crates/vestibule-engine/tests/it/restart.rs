//! What a crash and a start leave of everything: the live stay live, the dead stay dead.

use vestibule_store::EndSession;

use crate::house::{House, OTHER_PASSWORD, PASSWORD, address, minutes};

/// Holds: ASVS 7.4.1, ASVS 7.4.2, ASVS 7.4.3, ASVS 7.4.5
#[tokio::test]
async fn asvs_7_4_1_no_start_brings_an_ended_session_back() {
    let house = House::new().await;
    house.add("carol@example.test").await;
    house.add("dave@example.test").await;
    let engine = &house.engine;
    let visit = house.visit();
    let (mut dead, mut live) = (Vec::new(), Vec::new());

    let before_all = house.sign_in("bob@example.test").await;
    engine.revoke_all(&house.operator()).await.unwrap();
    dead.push(before_all.cookie);

    let signed_out = house.sign_in("alice@example.test").await;
    engine.sign_out(&signed_out.session, &visit).await.unwrap();
    dead.push(signed_out.cookie);

    let old_secret = house.sign_in("alice@example.test").await;
    let (cookie, _) = engine
        .reauthenticate(&old_secret.session, PASSWORD, &visit)
        .await
        .unwrap();
    dead.push(old_secret.cookie);
    live.push(cookie);

    let device = house.sign_in("alice@example.test").await;
    let fresh = engine.fresh(&device.session, house.now()).unwrap();
    let ended = engine.end_device(&fresh, live[0].id, &visit).await.unwrap();
    assert_eq!(ended, EndSession::Ended);
    dead.push(live.remove(0));
    live.push(device.cookie);

    let other = house.sign_in("bob@example.test").await;
    let here = house.remembered("bob@example.test").await;
    let changed = engine
        .change_password(&here.session, PASSWORD, OTHER_PASSWORD, &visit)
        .await
        .unwrap();
    dead.extend([other.cookie, here.cookie]);
    live.push(changed.cookie);

    let disabled = house.sign_in("carol@example.test").await;
    let carol = address("carol@example.test");
    engine
        .disable_user(&carol, &house.operator())
        .await
        .unwrap();
    engine.enable_user(&carol, &house.operator()).await.unwrap();
    dead.push(disabled.cookie);
    live.push(house.sign_in("carol@example.test").await.cookie);

    let spared = house.sign_in("dave@example.test").await;
    let other = house.sign_in("dave@example.test").await;
    let fresh = engine.fresh(&spared.session, house.now()).unwrap();
    engine.end_other_devices(&fresh, &visit).await.unwrap();
    dead.push(other.cookie);
    live.push(spared.cookie);

    let judge = |house: &House| {
        for (number, cookie) in dead.iter().enumerate() {
            assert!(!house.is_live(cookie), "dead {number}");
        }
        for (number, cookie) in live.iter().enumerate() {
            assert!(house.is_live(cookie), "live {number}");
        }
    };
    judge(&house);
    let mut house = house.crashed(|_| ()).await;
    judge(&house);
    house.chores.round().await;
    judge(&house);
    let house = house.restarted().await;
    judge(&house);
    assert_eq!(house.index.len(), live.len());
    house.pass(minutes(30));
    let later = house.crashed(|_| ()).await;
    let left = live.iter().filter(|cookie| later.is_live(cookie));
    assert_eq!(left.count(), 1, "the remembered one");
}
