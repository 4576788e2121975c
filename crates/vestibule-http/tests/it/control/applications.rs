//! `/api/v1/admin/applications`.

use http::StatusCode;
use serde_json::json;

use super::caller::Caller;
use crate::house::{House, Plan};

const ROUTE: &str = "/api/v1/admin/applications";
const SHOP: &str = r#"{"name": "shop", "title": " The shop ", "origins": ["https://shop.example.test"], "roles": ["staff"],
    "rules": [{"paths": ["/assets/*"], "methods": ["GET"], "public": true}, {"paths": ["/admin/*"], "roles": ["boss"]}]}"#;

#[tokio::test]
async fn an_application_is_made_known_shown_changed_and_removed() {
    let caller = Caller::new().await;
    let told = caller.post(ROUTE, SHOP).await;
    assert_eq!(told.status, StatusCode::CREATED);
    let id = told.body["client_id"].as_str().unwrap().to_owned();
    let nothing =
        json!({ "acr": null, "cross_site": false, "allowed_origins": [], "preflight": false });
    let with = |more: serde_json::Value| {
        let mut all = nothing.clone();
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        all
    };
    let shop = with(json!({
        "client_id": id, "name": "shop", "title": "The shop", "kind": "proxy", "origins": ["https://shop.example.test"],
        "roles": ["staff"], "public": false, "issuer": "https://id.example.test", "declared": false, "has_secret": false,
        "created_at": "2026-01-01T00:00:00.000Z",
        "rules": [
            with(json!({ "paths": ["/assets/*"], "methods": ["GET"], "roles": [], "public": true })),
            with(json!({ "paths": ["/admin/*"], "methods": [], "roles": ["boss"], "public": false })),
        ],
    }));
    assert_eq!(told.body, shop);
    assert_eq!(caller.get(&format!("{ROUTE}/shop")).await.body, shop);
    assert_eq!(
        caller.get(ROUTE).await.body,
        json!({ "applications": [shop] })
    );

    // What is shown can be sent back, and then changes nothing.
    let before = caller.position().await;
    let put = Caller::request("PUT", &format!("{ROUTE}/shop"), &shop.to_string());
    assert_eq!(caller.send(put).await.body, shop);
    assert!(caller.acts_since(before).await.is_empty());

    let mut renamed = shop.clone();
    renamed["name"] = json!("store");
    let put = Caller::request("PUT", &format!("{ROUTE}/shop"), &renamed.to_string());
    assert_eq!(caller.send(put).await.body["client_id"], id.as_str());
    assert_eq!(
        caller.get(&format!("{ROUTE}/shop")).await.problem(),
        "application_not_found"
    );

    let would = caller.delete(&format!("{ROUTE}/store?dry_run=true")).await;
    let nobody = json!({ "sessions": 0, "applications": 1, "app_sessions": 0 });
    assert_eq!(
        would.body,
        json!({ "name": "store", "ended_app_sessions": 0, "would_end": nobody })
    );
    let removed = caller.delete(&format!("{ROUTE}/store")).await;
    assert_eq!(
        removed.body,
        json!({ "name": "store", "ended_app_sessions": 0 })
    );
    assert_eq!(
        caller.delete(&format!("{ROUTE}/store")).await.problem(),
        "application_not_found"
    );
    assert_eq!(
        caller.acts_since(before).await,
        ["application.changed", "application.removed"]
    );
}

/// Holds: ASVS 1.5.3, ASVS 8.3.1
#[tokio::test]
async fn what_is_no_application_is_told_with_what_to_write() {
    let caller = Caller::new().await;
    for (body, code, part) in [
        (
            r#"{"name": "The Shop", "origins": []}"#,
            "invalid_body",
            "a-z, 0-9",
        ),
        (
            r#"{"name": "shop", "origins": ["http://shop.example.test"]}"#,
            "invalid_body",
            "write https://shop",
        ),
        (
            r#"{"name": "shop", "origin": "https://shop.example.test"}"#,
            "invalid_body",
            "unknown field `origin`",
        ),
        (
            r#"{"name": "shop", "origins": []}"#,
            "invalid_application",
            "needs an origin",
        ),
        (
            r#"{"name": "shop", "kind": "spa", "origins": ["https://shop.example.test"]}"#,
            "invalid_application",
            "come with tokens",
        ),
        (
            r#"{"name": "shop", "title": "two\nlines", "origins": ["https://shop.example.test"]}"#,
            "invalid_application",
            "no control characters",
        ),
        (
            r#"{"name": "shop", "origins": ["https://shop.example.test"], "roles": ["a"], "public": true}"#,
            "invalid_application",
            "roles would mean nothing",
        ),
        (
            r#"{"name": "shop", "origins": ["https://shop.example.test"], "roles": ["a"], "rules": [{"preflight": true}]}"#,
            "invalid_application",
            "Rule 1: A rule stands alone",
        ),
    ] {
        let told = caller.post(ROUTE, body).await;
        assert_eq!(
            (told.status, told.problem()),
            (StatusCode::BAD_REQUEST, code),
            "{body}"
        );
        let detail = told.body["detail"].as_str().unwrap();
        assert!(detail.contains(part), "no {part:?} in {detail:?}");
    }
    assert_eq!(caller.get(ROUTE).await.body, json!({ "applications": [] }));
    assert_eq!(caller.position().await, 0);
}

/// Holds: ASVS 3.5.4
#[tokio::test]
async fn asvs_3_5_4_only_a_fully_trusted_application_is_on_the_issuers_own_host() {
    let own = r#"{"name": "shop", "origins": ["https://id.example.test:8443"]}"#;
    let caller = Caller::new().await;
    let told = caller.post(ROUTE, own).await;
    assert_eq!(told.problem(), "invalid_application");
    assert!(
        told.body["detail"]
            .as_str()
            .unwrap()
            .contains("own_host_application")
    );
    let trusted = Plan {
        own_host_application: true,
        ..Plan::default()
    };
    let caller = Caller::of(House::planned(trusted).await);
    assert_eq!(caller.post(ROUTE, own).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_name_and_a_host_belong_to_one_application() {
    let caller = Caller::new().await;
    caller.post(ROUTE, SHOP).await;
    let same_name = r#"{"name": "shop", "origins": ["https://other.example.test"]}"#;
    let same_host = r#"{"name": "other", "origins": ["https://shop.example.test:443"]}"#;
    let told = caller.post(ROUTE, same_name).await;
    assert_eq!(
        (told.status, told.problem()),
        (StatusCode::CONFLICT, "name_taken")
    );
    let told = caller.post(ROUTE, same_host).await;
    assert_eq!(
        (told.status, told.problem()),
        (StatusCode::CONFLICT, "origin_taken")
    );
    assert!(
        told.body["detail"]
            .as_str()
            .unwrap()
            .contains("shop is reached at")
    );
}
