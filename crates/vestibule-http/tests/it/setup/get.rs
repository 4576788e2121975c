use std::time::Duration;

use http::StatusCode;

use crate::house::House;

#[tokio::test]
async fn a_good_link_shows_the_form_as_often_as_it_is_opened() {
    let house = House::new().await;
    let token = house.setup_token().await;
    for _ in 0..3 {
        let answer = house.browser().get(&format!("/setup?token={token}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.field("token"), Some(token.clone()));
        assert!(answer.body.contains("autocomplete=\"new-password\""));
    }
    assert!(
        house.trail().await.is_empty(),
        "ASVS 3.5.3: a GET burns nothing"
    );
}

#[tokio::test]
async fn without_a_good_link_there_is_no_form() {
    let house = House::new().await;
    let token = house.setup_token().await;
    let cut = &token[..token.len() - 1];
    for query in [
        "",
        "?token=",
        "?token=x",
        &format!("?token={cut}"),
        "?token=vst_setup_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let answer = house.browser().get(&format!("/setup{query}")).await;
        assert_eq!(answer.status, StatusCode::GONE, "{query}");
        assert_eq!(answer.field("token"), None);
        assert!(!answer.body.contains(cut));
    }
    house.clock.forward(Duration::from_hours(1));
    let late = house.browser().get(&format!("/setup?token={token}")).await;
    assert_eq!(late.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_new_link_replaces_the_old_one() {
    let house = House::new().await;
    let (old, new) = (house.setup_token().await, house.setup_token().await);
    assert_eq!(
        house
            .browser()
            .get(&format!("/setup?token={old}"))
            .await
            .status,
        StatusCode::GONE
    );
    assert_eq!(
        house
            .browser()
            .get(&format!("/setup?token={new}"))
            .await
            .status,
        StatusCode::OK
    );
}
