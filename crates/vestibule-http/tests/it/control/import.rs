//! `/api/v1/admin/users/import` and `/export`.

use http::StatusCode;
use serde_json::{Value, json};
use vestibule_core::email::EmailAddress;

use super::caller::Caller;

const IMPORT: &str = "/api/v1/admin/users/import";
const EXPORT: &str = "/api/v1/admin/users/export";

async fn imported(caller: &Caller, body: &Value) -> Value {
    let told = caller.post(IMPORT, &body.to_string()).await;
    assert_eq!(told.status, StatusCode::OK, "{told:?}");
    told.body
}

fn outcomes(answer: &Value) -> Vec<&str> {
    let users = answer["users"].as_array().unwrap();
    users
        .iter()
        .map(|one| one["outcome"].as_str().unwrap())
        .collect()
}

async fn exported(caller: &Caller) -> Vec<Value> {
    let told = caller.get(EXPORT).await;
    assert_eq!(told.status, StatusCode::OK);
    told.body["users"].as_array().unwrap().clone()
}

fn people() -> Value {
    json!([
        {
            "email": "alice@example.test", "name": "Alice", "roles": ["admin", "staff"], "verified": true,
            "disabled": false, "language": "de",
        },
        {
            "email": "bob@example.test", "name": "", "roles": [], "verified": false, "disabled": true,
            "language": "en",
        },
    ])
}

#[tokio::test]
async fn what_was_imported_is_exported_as_it_was() {
    let caller = Caller::new().await;
    let before = caller.position().await;
    let answer = imported(&caller, &json!({ "users": people() })).await;
    assert_eq!(outcomes(&answer), ["added", "added"]);
    assert_eq!(
        (&answer["added"], &answer["dry_run"]),
        (&json!(2), &json!(false))
    );
    assert_eq!(json!(exported(&caller).await), people());
    let acts = caller.acts_since(before).await;
    for (act, times) in [("user.created", 2), ("user.disabled", 1)] {
        let found = acts.iter().filter(|found| **found == act).count();
        assert_eq!(found, times, "{acts:?}");
    }

    let again = imported(&caller, &json!({ "users": people(), "update": true })).await;
    assert_eq!(outcomes(&again), ["unchanged", "unchanged"]);
}

/// Holds: ASVS 6.4.6
#[tokio::test]
async fn asvs_6_4_6_nobody_brings_a_password_and_who_was_imported_cannot_sign_in() {
    let caller = Caller::new().await;
    let with =
        json!({ "users": [{ "email": "bob@example.test", "password": "a dozen red bicycles" }] });
    let told = caller.post(IMPORT, &with.to_string()).await;
    assert_eq!(told.problem(), "invalid_body");
    imported(
        &caller,
        &json!({ "users": [{ "email": "bob@example.test" }] }),
    )
    .await;
    let engine = &caller.house.engine;
    let bob = engine
        .user(&EmailAddress::parse("bob@example.test").unwrap())
        .await;
    let record = engine.account_of(bob.unwrap().unwrap().id).await;
    assert!(record.unwrap().unwrap().password.is_none());
    let browser = caller.house.browser();
    let answer = browser
        .sign_in("bob@example.test", "a dozen red bicycles")
        .await;
    assert_ne!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn those_that_there_are_are_left_or_become_what_the_list_says() {
    let caller = Caller::new().await;
    caller
        .house
        .add_with("alice@example.test", &["admin"], true)
        .await;
    caller.house.add("bob@example.test").await;
    let list = json!([
        { "email": "Alice@Example.test", "name": "Alice" },
        { "email": "bob@example.test", "disabled": true, "language": "de" },
        { "email": "carla@example.test" },
    ]);
    let left = imported(&caller, &json!({ "users": list })).await;
    assert_eq!(outcomes(&left), ["skipped", "skipped", "added"]);
    let changed = imported(&caller, &json!({ "users": list, "update": true })).await;
    assert_eq!(outcomes(&changed), ["updated", "updated", "unchanged"]);
    let now = exported(&caller).await;
    assert_eq!(
        (&now[0]["name"], &now[0]["roles"]),
        (&json!("Alice"), &json!(["admin"]))
    );
    assert_eq!(
        (&now[1]["disabled"], &now[1]["language"]),
        (&json!(true), &json!("de"))
    );
    assert_eq!(now[0]["verified"], true, "what the list does not say stays");
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_does_nothing() {
    let caller = Caller::new().await;
    caller.house.add("alice@example.test").await;
    let before = caller.position().await;
    let list = json!([{ "email": "alice@example.test", "name": "Alice" }, { "email": "bob@example.test" }]);
    for (update, wanted) in [(false, ["skipped", "added"]), (true, ["updated", "added"])] {
        let body = json!({ "users": list, "update": update, "dry_run": true });
        let answer = imported(&caller, &body).await;
        assert_eq!(outcomes(&answer), wanted);
        assert_eq!(answer["dry_run"], true);
    }
    assert!(caller.acts_since(before).await.is_empty());
    assert_eq!(exported(&caller).await.len(), 1);
}

#[tokio::test]
async fn one_that_is_refused_keeps_no_other_from_being_made() {
    let caller = Caller::new().await;
    caller
        .house
        .add_with("alice@example.test", &["admin"], true)
        .await;
    let list = json!([
        { "email": "nobody" },
        { "email": "bob@example.test" },
        { "email": "BOB@example.test" },
        { "email": "carla@example.test", "roles": ["No Role"] },
        { "email": "dora@example.test", "name": "a\u{1b}b" },
        { "email": "eve@example.test", "language": "tlh" },
        { "email": "alice@example.test", "roles": [] },
    ]);
    let answer = imported(&caller, &json!({ "users": list, "update": true })).await;
    assert_eq!(
        (&answer["added"], &answer["refused"]),
        (&json!(1), &json!(6))
    );
    let codes: Vec<_> = answer["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap_or(""))
        .collect();
    assert_eq!(
        codes,
        [
            "invalid_email",
            "",
            "address_taken",
            "invalid_role",
            "invalid_name",
            "invalid_language",
            "last_administrator",
        ]
    );
    assert_eq!(exported(&caller).await.len(), 2);
}

/// Holds: ASVS 15.2.2
#[tokio::test]
async fn asvs_15_2_2_a_list_is_bounded_and_a_thousand_are_made_at_once() {
    let caller = Caller::new().await;
    let list = |count: usize| {
        let users = (0..count)
            .map(|n| json!({ "email": format!("user{n}@example.test"), "roles": ["staff"] }));
        json!({ "users": users.collect::<Vec<_>>() })
    };
    let told = caller.post(IMPORT, &list(1001).to_string()).await;
    assert_eq!(told.problem(), "invalid_body");
    let answer = imported(&caller, &list(1000)).await;
    assert_eq!(answer["added"], 1000);
    let large =
        json!({ "users": [{ "email": "a@example.test", "name": "x".repeat(1024 * 1024) }] });
    let told = caller.post(IMPORT, &large.to_string()).await;
    assert_eq!(told.problem(), "body_too_large");
}

#[tokio::test]
async fn a_store_that_is_away_is_a_problem_and_no_list_of_refusals() {
    let caller = Caller::new().await;
    caller.house.lose_the_store().await;
    let told = caller
        .post(
            IMPORT,
            &json!({ "users": [{ "email": "bob@example.test" }] }).to_string(),
        )
        .await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE, "{told:?}");
}
