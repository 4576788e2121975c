//! `/api/v1/admin/users`.

use http::StatusCode;
use serde_json::json;

use super::caller::Caller;
use crate::house::{House, PASSWORD, Plan};

const ALICE: &str = r#"{"email": " Alice@Example.TEST", "name": "Alice", "roles": ["editors", "admin", "editors"],
    "password": "a dozen red bicycles", "verified": true}"#;

/// Holds: ASVS 16.2.1
#[tokio::test]
async fn an_account_is_made_and_the_operator_stands_in_the_trail() {
    let caller = Caller::new().await;
    let told = caller.post("/api/v1/admin/users", ALICE).await;
    assert_eq!(told.status, StatusCode::CREATED);
    let id = told.body["id"].as_str().unwrap().to_owned();
    assert_eq!(
        told.body,
        json!({
            "id": id, "email": "alice@example.test", "email_verified": true, "name": "Alice",
            "roles": ["admin", "editors"], "status": "active", "created_at": "2026-01-01T00:00:00.000Z",
        })
    );
    assert_eq!(caller.acts_since(0).await, ["user.created"]);
    let page = caller
        .house
        .signed_in("alice@example.test")
        .await
        .get("/account")
        .await;
    assert_eq!(page.status, StatusCode::OK);
}

#[tokio::test]
async fn only_the_address_is_needed() {
    let caller = Caller::new().await;
    let told = caller
        .post("/api/v1/admin/users", r#"{"email": "bob@example.test"}"#)
        .await;
    assert_eq!(told.status, StatusCode::CREATED);
    assert_eq!(told.body["email_verified"], false);
    assert_eq!(told.body["roles"], json!([]));
    let answer = caller
        .house
        .browser()
        .sign_in("bob@example.test", PASSWORD)
        .await;
    assert_ne!(
        answer.status,
        StatusCode::SEE_OTHER,
        "nobody signs in without a password"
    );
}

#[tokio::test]
async fn what_makes_no_account_is_told_apart() {
    let caller = Caller::new().await;
    caller.post("/api/v1/admin/users", ALICE).await;
    let before = caller.position().await;
    let long = "x".repeat(201);
    for (body, status, code) in [
        (json!({"email": "alice@EXAMPLE.test"}), 409, "address_taken"),
        (json!({"email": "alice"}), 400, "invalid_email"),
        (
            json!({"email": "c@example.test", "name": long}),
            400,
            "invalid_name",
        ),
        (
            json!({"email": "c@example.test", "name": "a\u{1b}[2J"}),
            400,
            "invalid_name",
        ),
        (
            json!({"email": "c@example.test", "roles": ["Admin"]}),
            400,
            "invalid_role",
        ),
        (
            json!({"email": "c@example.test", "password": "short"}),
            400,
            "invalid_password",
        ),
    ] {
        let told = caller.post("/api/v1/admin/users", &body.to_string()).await;
        assert_eq!(told.status.as_u16(), status, "{body}");
        assert_eq!(told.problem(), code, "{body}");
    }
    assert_eq!(
        caller.position().await,
        before,
        "nothing happened, nothing is on record"
    );
}

#[tokio::test]
async fn accounts_come_in_pages_by_address() {
    let caller = Caller::new().await;
    for name in ["dora", "alice", "carol", "bob"] {
        caller.house.add(&format!("{name}@example.test")).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/admin/users?limit=3".to_owned();
    loop {
        let told = caller.get(&path).await;
        assert_eq!(told.status, StatusCode::OK);
        let users = told.body["users"].as_array().unwrap().clone();
        assert!(users.len() <= 3);
        seen.extend(
            users
                .iter()
                .map(|user| user["email"].as_str().unwrap().to_owned()),
        );
        match told.body["next"].as_str() {
            Some(next) => path = format!("/api/v1/admin/users?limit=3&after={next}"),
            None => break,
        }
    }
    let names = ["alice", "bob", "carol", "dora"].map(|name| format!("{name}@example.test"));
    assert_eq!(seen, names);
}

/// Holds: ASVS 7.4.2, ASVS 16.2.1
#[tokio::test]
async fn asvs_7_4_2_disabling_ends_every_session_and_says_how_many() {
    let caller = Caller::new().await;
    caller.house.add("alice@example.test").await;
    let browser = caller.house.signed_in("alice@example.test").await;
    caller.house.signed_in("alice@example.test").await;
    let before = caller.position().await;

    let told = caller
        .post("/api/v1/admin/users/Alice%40example.test/disable", "")
        .await;
    assert_eq!(told.status, StatusCode::OK);
    assert_eq!(told.body["ended_sessions"], 2);
    assert_eq!(told.body["changed"], true);
    assert_eq!(told.body["user"]["status"], "disabled");
    assert_eq!(
        caller.acts_since(before).await,
        ["user.disabled", "user_sessions.ended"]
    );
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);

    let before = caller.position().await;
    let again = caller
        .post("/api/v1/admin/users/alice@example.test/disable", "")
        .await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.body["changed"], false);
    assert_eq!(again.body["user"]["status"], "disabled");
    assert_eq!(caller.position().await, before);

    let told = caller
        .post("/api/v1/admin/users/alice@example.test/enable", "")
        .await;
    assert_eq!(
        (&told.body["changed"], &told.body["ended_sessions"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(told.body["user"]["status"], "active");
    assert_eq!(
        browser.get("/account").await.status,
        StatusCode::SEE_OTHER,
        "what ended stays ended"
    );
    caller.house.signed_in("alice@example.test").await;
}

/// Holds: ASVS 7.4.2
#[tokio::test]
async fn asvs_7_4_2_deleting_ends_every_session_and_leaves_nobody() {
    let caller = Caller::new().await;
    caller.house.add("alice@example.test").await;
    let browser = caller.house.signed_in("alice@example.test").await;
    caller.house.signed_in("alice@example.test").await;

    let path = "/api/v1/admin/users/Alice%40example.test";
    let told = caller.delete(path).await;
    assert_eq!(told.status, StatusCode::OK, "{told:?}");
    assert_eq!(
        told.body,
        json!({ "email": "alice@example.test", "ended_sessions": 2 })
    );
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        caller.get("/api/v1/admin/users").await.body["users"],
        json!([])
    );
    assert_eq!(caller.delete(path).await.problem(), "user_not_found");
    assert_eq!(
        caller.get("/api/v1/admin/audit/verify").await.body["faults"],
        json!([])
    );
}

#[tokio::test]
async fn the_only_administrator_stays() {
    let caller = Caller::new().await;
    caller.post("/api/v1/admin/users", ALICE).await;
    let told = caller
        .delete("/api/v1/admin/users/alice@example.test")
        .await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert_eq!(told.problem(), "last_administrator");
    let before = caller.position().await;
    let path = "/api/v1/admin/users/alice@example.test/disable";
    let told = caller.post(path, "").await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert_eq!(told.problem(), "last_administrator");
    assert!(caller.acts_since(before).await.is_empty());
    // One who cannot sign in administers nothing.
    let house = &caller.house;
    house.add_with("other@example.test", &["admin"], true).await;
    let other = "/api/v1/admin/users/other@example.test/disable";
    assert_eq!(caller.post(other, "").await.status, StatusCode::OK);
    assert_eq!(caller.post(path, "").await.problem(), "last_administrator");
}

#[tokio::test]
async fn an_account_that_is_not_there_is_404() {
    let caller = Caller::new().await;
    for verb in ["disable", "enable"] {
        let told = caller
            .post(
                &format!("/api/v1/admin/users/nobody@example.test/{verb}"),
                "",
            )
            .await;
        assert_eq!(told.status, StatusCode::NOT_FOUND);
        assert_eq!(told.problem(), "user_not_found");
        let told = caller
            .post(&format!("/api/v1/admin/users/nobody/{verb}"), "")
            .await;
        assert_eq!(told.problem(), "invalid_email");
    }
}

#[tokio::test]
async fn too_many_passwords_at_once_are_put_off() {
    let house = House::planned(Plan {
        queue: 0,
        ..Plan::default()
    })
    .await;
    let caller = Caller::of(house);
    let told = caller.post("/api/v1/admin/users", ALICE).await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told.problem(), "busy");
    assert!(told.retry_after.parse::<u32>().unwrap() >= 1);
    assert_eq!(caller.position().await, 0);
}
