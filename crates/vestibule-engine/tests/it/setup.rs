//! First run.

use std::sync::Arc;

use vestibule_core::filter::UserFilter;
use vestibule_core::secret::PlainSetupSecret;
use vestibule_core::user::Role;
use vestibule_engine::{Setup, SetupError};

use crate::house::{House, PASSWORD, hours};

fn admin(secret: &PlainSetupSecret) -> Setup<'_> {
    Setup {
        secret,
        email: "admin@example.test",
        name: "",
        password: PASSWORD,
    }
}

/// Holds: ASVS 6.3.2
#[tokio::test]
async fn asvs_6_3_2_the_link_makes_the_administrator_and_is_burnt() {
    let house = House::empty().await;
    let secret = house
        .engine
        .offer_setup(house.now())
        .await
        .unwrap()
        .unwrap();
    assert!(
        house
            .engine
            .setup_offered(&secret, house.now())
            .await
            .unwrap()
    );
    let signed_in = house
        .engine
        .complete_setup(admin(&secret), &house.visit())
        .await
        .unwrap();
    let session = house.request(&signed_in.cookie).unwrap();
    assert!(session.profile().roles().eq([Role::ADMIN]));
    assert!(!session.profile().email_verified());
    assert_eq!(
        house.told_since(0).await,
        [
            "setup.completed",
            "user.created",
            "login.succeeded",
            "device.known"
        ]
    );
    let again = house
        .engine
        .complete_setup(admin(&secret), &house.visit())
        .await;
    assert!(matches!(again, Err(SetupError::Gone)));
    assert!(
        house
            .engine
            .offer_setup(house.now())
            .await
            .unwrap()
            .is_none()
    );
    house.sign_in("admin@example.test").await;
}

#[tokio::test]
async fn a_wrong_field_leaves_the_link_good_and_a_wrong_link_costs_nothing() {
    let house = House::empty().await;
    let first = house
        .engine
        .offer_setup(house.now())
        .await
        .unwrap()
        .unwrap();
    let secret = house
        .engine
        .offer_setup(house.now())
        .await
        .unwrap()
        .unwrap();
    let complete = async |setup| {
        let visit = house.visit();
        let completed = house.engine.complete_setup(setup, &visit).await;
        completed.unwrap_err()
    };
    assert!(matches!(complete(admin(&first)).await, SetupError::Gone));
    let setup = admin(&secret);
    let email = Setup {
        email: "x",
        ..setup
    };
    assert!(matches!(complete(email).await, SetupError::Email(_)));
    let name = Setup {
        name: "a\nb",
        ..setup
    };
    assert!(matches!(complete(name).await, SetupError::Name(_)));
    let password = Setup {
        password: "short",
        ..setup
    };
    assert!(matches!(complete(password).await, SetupError::Password(_)));
    house.add("admin@example.test").await;
    assert!(matches!(complete(setup).await, SetupError::AddressTaken));
    let other = Setup {
        email: "root@example.test",
        ..setup
    };
    let completed = house.engine.complete_setup(other, &house.visit()).await;
    completed.unwrap();
}

#[tokio::test]
async fn a_link_expires_after_an_hour() {
    let house = House::empty().await;
    let secret = house
        .engine
        .offer_setup(house.now())
        .await
        .unwrap()
        .unwrap();
    house.pass(hours(1));
    assert!(
        !house
            .engine
            .setup_offered(&secret, house.now())
            .await
            .unwrap()
    );
    let late = house
        .engine
        .complete_setup(admin(&secret), &house.visit())
        .await;
    assert!(matches!(late, Err(SetupError::Gone)));
}

/// Holds: H04, ASVS 6.3.2
#[tokio::test(flavor = "multi_thread")]
async fn h04_a_hundred_parallel_uses_make_one_administrator() {
    let house = Arc::new(House::empty().await);
    let secret = house
        .engine
        .offer_setup(house.now())
        .await
        .unwrap()
        .unwrap();
    let tries = (0..100).map(|number| {
        let (house, secret) = (house.clone(), secret.clone());
        tokio::spawn(async move {
            let email = format!("admin{number}@example.test");
            let setup = Setup {
                email: &email,
                ..admin(&secret)
            };
            house
                .engine
                .complete_setup(setup, &house.visit())
                .await
                .is_ok()
        })
    });
    let tries: Vec<_> = tries.collect();
    let mut made = 0;
    for one in tries {
        made += usize::from(one.await.unwrap());
    }
    assert_eq!(made, 1);
    assert_eq!(
        house
            .engine
            .users(UserFilter::default(), None, 200)
            .await
            .unwrap()
            .users
            .len(),
        1
    );
}
