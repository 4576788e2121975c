//! A session's life as the edge sees it.

use std::time::Duration;

use http::StatusCode;
use vestibule_core::user::Language;
use vestibule_engine::{NewAccount, Visit};
use vestibule_store::SetStatus;

use super::asker::{Street, sign_in};

fn visit(street: &Street) -> Visit {
    Visit {
        now: street.house.engine.now(),
        address: None,
        user_agent: None,
        device: None,
        language: Language::default(),
    }
}

/// Holds: N10, ASVS 7.4.1
#[tokio::test]
async fn n10_sign_out_bites_at_the_next_request() {
    let street = Street::new().await;
    assert_eq!(street.status().await, StatusCode::OK);
    let engine = &street.house.engine;
    engine
        .sign_out(&street.session, &visit(&street))
        .await
        .unwrap();
    assert_eq!(street.status().await, StatusCode::UNAUTHORIZED);
    let page = street
        .ask("/app")
        .with("sec-fetch-mode", "navigate")
        .send()
        .await;
    assert_eq!(page.status, StatusCode::FOUND);
}

/// Holds: ASVS 7.4.2, ASVS 8.3.2
#[tokio::test]
async fn asvs_7_4_2_a_disabled_user_is_out_at_the_next_request() {
    let street = Street::new().await;
    let (_, second) = sign_in(&street.house, "alice@example.test").await;
    let house = &street.house;
    let roles = ["admin".to_owned()];
    // Nobody disables the last administrator.
    let root = NewAccount {
        email: "root@example.test",
        name: "",
        roles: &roles,
        password: None,
        verified: true,
    };
    let operator = house.operator();
    house.engine.add_user(root, &operator).await.unwrap();
    let disabled = house.engine.disable_user(&street.alice.email, &operator);
    assert!(matches!(disabled.await, Ok(SetStatus::Set { .. })));
    assert_eq!(street.status().await, StatusCode::UNAUTHORIZED);
    let answer = street.ask("/app").with("cookie", &second).send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

/// Holds: ASVS 7.3.1, ASVS 7.3.2, N07
#[tokio::test]
async fn asvs_7_3_1_requests_keep_a_session_awake_but_not_for_ever() {
    let street = Street::new().await;
    let minutes = Duration::from_mins;
    for _ in 0..35 {
        street.house.clock.forward(minutes(20));
        assert_eq!(street.status().await, StatusCode::OK);
    }
    // 11 h 40 min by now.
    street.house.clock.forward(minutes(20));
    assert_eq!(street.status().await, StatusCode::UNAUTHORIZED);

    let street = Street::new().await;
    street.house.clock.forward(minutes(30));
    assert_eq!(street.status().await, StatusCode::UNAUTHORIZED);
}

/// Holds: H02
#[tokio::test]
async fn h02_two_cookies_of_our_name_are_none() {
    let street = Street::new().await;
    let (_, other) = sign_in(&street.house, "alice@example.test").await;
    for cookie in [
        format!("{0}; {0}", street.cookie),
        format!("{}; {other}", street.cookie),
        format!("__Host-vestibule=x; {}", street.cookie),
        format!("{}; __Host-vestibule=", street.cookie),
    ] {
        let answer = street.ask("/app").with("cookie", &cookie).send().await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{cookie}");
    }
    let on_two_lines = street.ask("/app").and("cookie", &other).send().await;
    assert_eq!(on_two_lines.status, StatusCode::UNAUTHORIZED);
    let among_others = format!("a=1; {}; b=2", street.cookie);
    let answer = street
        .ask("/app")
        .with("cookie", &among_others)
        .send()
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}
