//! `/api/v1/admin/applications/{name}/secret`.

use http::StatusCode;
use serde_json::Value;

use super::caller::Caller;

const SHOP: &str = "/api/v1/admin/applications/shop";

async fn with_shop() -> (Caller, String) {
    let caller = Caller::new().await;
    let shop = r#"{"name":"shop","origins":["https://shop.example.test"]}"#;
    let told = caller.post("/api/v1/admin/applications", shop).await;
    assert_eq!(told.status, StatusCode::CREATED);
    let id = told.body["client_id"].as_str().unwrap().to_owned();
    (caller, id)
}

async fn rotated(caller: &Caller, body: &str) -> Value {
    let told = caller.post(&format!("{SHOP}/secret"), body).await;
    assert_eq!(told.status, StatusCode::OK, "{told:?}");
    told.body
}

/// Holds: ASVS 13.3.4
#[tokio::test]
async fn asvs_13_3_4_a_secret_is_shown_once_and_the_one_before_ends_unless_it_is_kept() {
    let (caller, id) = with_shop().await;
    let engine = &caller.house.engine;
    let proves = |secret: &Value| {
        let secret = secret["client_secret"].as_str().unwrap();
        engine.authenticate_application(&id, secret).is_some()
    };
    assert_eq!(caller.get(SHOP).await.body["has_secret"], false);
    let first = rotated(&caller, "{}").await;
    assert_eq!(
        (first["client_id"].as_str(), &first["name"]),
        (Some(&*id), &"shop".into())
    );
    assert!(proves(&first));
    let shown = caller.get(SHOP).await.body;
    assert_eq!(shown["has_secret"], true);
    assert!(
        !shown
            .to_string()
            .contains(first["client_secret"].as_str().unwrap())
    );

    let second = rotated(&caller, r#"{"keep_previous":true}"#).await;
    assert_eq!(second["previous_kept"], true);
    assert!(proves(&first) && proves(&second));
    let third = rotated(&caller, r#"{"keep_previous":false}"#).await;
    assert!(!proves(&first) && !proves(&second) && proves(&third));
}

#[tokio::test]
async fn an_application_that_is_not_known_gets_none() {
    let (caller, _) = with_shop().await;
    let told = caller
        .post("/api/v1/admin/applications/wiki/secret", "{}")
        .await;
    assert_eq!(told.problem(), "application_not_found");
}
