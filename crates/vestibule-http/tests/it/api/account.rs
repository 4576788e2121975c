//! `/api/v1/account`

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::{asked, read, refused, sent};
use crate::house::{House, PASSWORD};

const SESSIONS: &str = "/api/v1/account/sessions";
const PROFILE: &str = "/api/v1/account/profile";
const WORD: &str = "/api/v1/account/password";
const ALICE: &str = "alice@example.test";
const BOB: &str = "bob@example.test";

/// Holds: ASVS 7.5.2, ASVS 8.2.2
#[tokio::test]
async fn asvs_7_5_2_a_person_sees_and_ends_their_own_devices_and_no_others() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.add(BOB).await;
    let (one, two, bob) = (
        house.signed_in(ALICE).await,
        house.signed_in(ALICE).await,
        house.signed_in(BOB).await,
    );
    let told = read(&asked(&one, SESSIONS).await);
    let devices = told["sessions"].as_array().unwrap();
    assert_eq!(devices.len(), 2, "{told}");
    assert_eq!(
        devices
            .iter()
            .filter(|device| device["current"] == true)
            .count(),
        1
    );
    let other = devices
        .iter()
        .find(|device| device["current"] == false)
        .unwrap();
    let other = format!("{SESSIONS}/{}", other["id"].as_str().unwrap());
    // Somebody else's id is no id.
    refused(
        &sent(&bob, "DELETE", &other, "").await,
        404,
        "session_not_found",
    );
    refused(
        &sent(&one, "DELETE", &format!("{SESSIONS}/x"), "").await,
        404,
        "session_not_found",
    );
    assert_eq!(asked(&two, "/api/v1/session").await.status, StatusCode::OK);
    assert_eq!(
        sent(&one, "DELETE", &other, "").await.status,
        StatusCode::NO_CONTENT
    );
    refused(&asked(&two, "/api/v1/session").await, 401, "not_signed_in");
    refused(
        &sent(&one, "DELETE", &other, "").await,
        404,
        "session_not_found",
    );
}

/// Holds: ASVS 7.5.2
#[tokio::test]
async fn asvs_7_5_2_ending_devices_needs_a_fresh_login() {
    let house = House::new().await;
    house.add(ALICE).await;
    let (one, two) = (house.signed_in(ALICE).await, house.signed_in(ALICE).await);
    let id = read(&asked(&two, "/api/v1/session").await)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    house.clock.forward(Duration::from_mins(6));
    for path in [
        format!("{SESSIONS}/{id}"),
        format!("{SESSIONS}?except=current"),
    ] {
        refused(
            &sent(&one, "DELETE", &path, "").await,
            403,
            "fresh_login_required",
        );
    }
    let proof = format!("{{\"password\": \"{PASSWORD}\"}}");
    let proved = sent(&one, "POST", "/api/v1/session/reauthenticate", &proof).await;
    assert_eq!(proved.status, StatusCode::OK);
    // Which are to be spared must be said.
    for query in [
        "",
        "?except=none",
        "?except=current&except=current",
        "?other=1&except=current",
    ] {
        refused(
            &sent(&one, "DELETE", &format!("{SESSIONS}{query}"), "").await,
            400,
            "invalid_query",
        );
    }
    let ended = sent(&one, "DELETE", &format!("{SESSIONS}?except=current"), "").await;
    assert_eq!(read(&ended), json!({"ended": 1}));
    refused(&asked(&two, "/api/v1/session").await, 401, "not_signed_in");
    assert_eq!(asked(&one, "/api/v1/session").await.status, StatusCode::OK);
}

#[tokio::test]
async fn ending_one_s_own_is_signing_out() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let id = read(&asked(&browser, "/api/v1/session").await)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    house.clock.forward(Duration::from_mins(6));
    let answer = sent(&browser, "DELETE", &format!("{SESSIONS}/{id}"), "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(browser.session().is_none());
}

#[tokio::test]
async fn a_profile_is_told_whole() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let put = async |body| sent(&browser, "PUT", PROFILE, body).await;
    let answer = put(r#"{"name": " Alice Ödegård ", "language": "de"}"#).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(read(&answer)["name"], "Alice Ödegård");
    let told = read(&asked(&browser, PROFILE).await);
    assert_eq!(
        (&told["name"], &told["language"]),
        (&json!("Alice Ödegård"), &json!("de"))
    );
    refused(
        &put(r#"{"name": "A", "language": "tlh"}"#).await,
        400,
        "invalid_language",
    );
    refused(
        &put("{\"name\": \"A\\u0000\", \"language\": \"en\"}").await,
        400,
        "invalid_name",
    );
    let unknown = put(r#"{"name": "A", "language": "en", "details": {"shoe": "44"}}"#).await;
    refused(&unknown, 400, "invalid_details");
    assert_eq!(read(&unknown)["detail"], "Nothing asks for shoe.");
    let twice =
        put(r#"{"name": "A", "language": "en", "details": {"shoe": "44", "shoe": "45"}}"#).await;
    refused(&twice, 400, "invalid_body");
}

/// Holds: ASVS 6.2.3, ASVS 7.4.3
#[tokio::test]
async fn asvs_7_4_3_a_changed_password_ends_every_other_device() {
    let house = House::new().await;
    house.add(ALICE).await;
    let (one, two) = (house.signed_in(ALICE).await, house.signed_in(ALICE).await);
    let before = one.session().unwrap();
    let change = |current: &str, new: &str| {
        json!({"current_password": current, "new_password": new}).to_string()
    };
    let short = sent(&one, "PUT", WORD, &change(PASSWORD, "short")).await;
    refused(&short, 400, "invalid_password");
    assert!(
        read(&short)["detail"].as_str().unwrap().contains("15"),
        "{short:?}"
    );
    let wrong = sent(
        &one,
        "PUT",
        WORD,
        &change("not the password of it", "a score of blue tandems"),
    )
    .await;
    refused(&wrong, 403, "password_refused");
    refused(
        &sent(&one, "PUT", WORD, &change(PASSWORD, PASSWORD)).await,
        400,
        "invalid_password",
    );
    let changed = sent(
        &one,
        "PUT",
        WORD,
        &change(PASSWORD, "a score of blue tandems"),
    )
    .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(read(&changed)["ended_sessions"], 1);
    assert_ne!(one.session().unwrap(), before);
    assert_eq!(asked(&one, "/api/v1/session").await.status, StatusCode::OK);
    refused(&asked(&two, "/api/v1/session").await, 401, "not_signed_in");
}

#[tokio::test]
async fn what_is_to_come_is_not_there_yet() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    for path in ["factors", "grants", "tokens"] {
        refused(
            &asked(&browser, &format!("/api/v1/account/{path}")).await,
            404,
            "not_found",
        );
    }
}
