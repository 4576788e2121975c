//! `/api/v1/admin/doctor`.

use http::StatusCode;

use super::caller::Caller;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const PROBES: &str = "/api/v1/admin/doctor/probes";

#[tokio::test]
async fn the_server_tells_who_it_is_and_what_time_it_takes_it_to_be() {
    let caller = Caller::new().await;
    let told = caller.get("/api/v1/admin/doctor").await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.body["issuer"].as_str().unwrap().starts_with("http"));
    assert!(told.body["now"].as_i64().unwrap() > 0);
    assert_eq!(told.body["pid"], std::process::id());
}

/// Holds: ASVS 11.5.1
#[tokio::test]
async fn asvs_11_5_1_a_key_that_could_be_guessed_is_refused() {
    let caller = Caller::new().await;
    for key in [
        "",
        "short",
        "a b c d e f g h i j k l m n o p q",
        &"x".repeat(65),
    ] {
        let body = format!(r#"{{"key": "{key}"}}"#);
        let told = caller.post(PROBES, &body).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{key:?}");
    }
    let body = format!(r#"{{"key": "{KEY}"}}"#);
    assert_eq!(caller.post(PROBES, &body).await.status, StatusCode::OK);
    let told = caller.get(&format!("{PROBES}/{KEY}")).await;
    assert_eq!(told.body["seen"].as_array().unwrap().len(), 0);
}
