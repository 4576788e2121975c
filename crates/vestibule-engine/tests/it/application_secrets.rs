//! What applications prove themselves with: judged in memory, changed over by their operator.

use vestibule_core::audit::Actor;
use vestibule_core::id::ApplicationId;
use vestibule_core::secret::PlainSetupSecret;
use vestibule_engine::RotateSecret;
use vestibule_store::RemoveApplication;

use crate::house::{House, UID};
use crate::session_data::application;

async fn rotate(house: &House, id: ApplicationId, keep_previous: bool) -> String {
    let operator = house.operator();
    let rotated = house.engine.rotate_secret(id, keep_previous, &operator);
    match rotated.await.unwrap() {
        RotateSecret::Rotated {
            secret,
            application,
        } => {
            assert_eq!(application.id, id);
            secret.encode()
        }
        RotateSecret::Unknown => panic!("it is known"),
    }
}

fn is_good(house: &House, id: ApplicationId, secret: &str) -> bool {
    let found = house
        .engine
        .authenticate_application(&id.to_string(), secret);
    found.is_some_and(|proved| proved.id() == id && proved.application().id == id)
}

/// Holds: ASVS 16.2.5
#[tokio::test]
async fn an_application_is_known_by_its_own_secret_alone() {
    let house = House::new().await;
    let (shop, blog) = (
        application(&house, "shop").await,
        application(&house, "blog").await,
    );
    let (ours, theirs) = (
        rotate(&house, shop, false).await,
        rotate(&house, blog, false).await,
    );
    assert!(is_good(&house, shop, &ours) && is_good(&house, blog, &theirs));
    assert!(!is_good(&house, shop, &theirs) && !is_good(&house, blog, &ours));
    let id = shop.to_string();
    let other_kind = PlainSetupSecret::new([1; 32]).encode();
    let upper = ours.to_uppercase();
    for (client_id, secret) in [
        ("shop", ours.as_str()),
        ("", &ours),
        (&id.to_uppercase(), &ours),
        (&id.replace('-', ""), &ours),
        (&id, ""),
        (&id, &ours[8..]),
        (&id, &format!("{ours} ")),
        (&id, &upper),
        (&id, &other_kind),
        (&ApplicationId::from_bytes([9; 16]).to_string(), &ours),
    ] {
        let known = house.engine.authenticate_application(client_id, secret);
        assert!(known.is_none(), "{client_id} {secret}");
    }
    let proved = house.engine.authenticate_application(&id, &ours).unwrap();
    let shown = format!("{proved:?}");
    assert!(!shown.contains(&ours[8..]) && shown.contains("HashedSecret"));
    // Known by nothing before it has one.
    let wiki = application(&house, "wiki").await;
    assert!(!is_good(&house, wiki, &ours));
}

/// Holds: ASVS 13.3.4
#[tokio::test]
async fn asvs_13_3_4_an_operator_changes_over_without_a_gap_or_at_once() {
    let house = House::new().await;
    let shop = application(&house, "shop").await;
    let position = house.position().await;
    let first = rotate(&house, shop, true).await;
    let second = rotate(&house, shop, true).await;
    assert!(is_good(&house, shop, &first) && is_good(&house, shop, &second));
    let third = rotate(&house, shop, true).await;
    assert!(!is_good(&house, shop, &first), "two, and no more");
    assert!(is_good(&house, shop, &second) && is_good(&house, shop, &third));
    let fourth = rotate(&house, shop, false).await;
    let good = |house: &House| [&first, &second, &third, &fourth].map(|s| is_good(house, shop, s));
    assert_eq!(good(&house), [false, false, false, true]);
    let told = house.told_since(position).await;
    assert_eq!(told, ["application.secret_rotated"; 4]);
    let last = house.engine.latest_events(1).await.unwrap();
    assert_eq!(last[0].actor, Actor::Operator(UID));
    assert_eq!(last[0].event.application, Some(shop));
    let house = house.restarted().await;
    assert_eq!(good(&house), [false, false, false, true]);
}

#[tokio::test]
async fn what_is_not_stored_is_not_so() {
    let house = House::new().await;
    let shop = application(&house, "shop").await;
    let secret = rotate(&house, shop, false).await;
    house.store.set_full(true);
    let operator = house.operator();
    let refused = house.engine.rotate_secret(shop, false, &operator).await;
    assert!(refused.is_err());
    house.store.set_full(false);
    assert!(is_good(&house, shop, &secret));
    house.store.set_away(true);
    assert!(is_good(&house, shop, &secret), "from memory alone");
    house.store.set_away(false);
    let removed = house.engine.remove_application(shop, &operator).await;
    assert_eq!(removed.unwrap(), RemoveApplication::Removed);
    assert!(!is_good(&house, shop, &secret));
    let unknown = house.engine.rotate_secret(shop, true, &operator).await;
    assert!(matches!(unknown.unwrap(), RotateSecret::Unknown));
}
