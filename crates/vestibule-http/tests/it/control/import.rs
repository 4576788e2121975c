//! `/api/v1/admin/users/import` and `/export`.

use std::time::Duration;

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
    for one in answer["users"].as_array().unwrap() {
        assert_eq!(one["code"].is_null(), one["detail"].is_null());
    }
    assert_eq!(
        answer["users"][5]["detail"],
        "There is no text in \"tlh\": say one of en, de."
    );
}

/// Of those who stop administering the last in the list stays, and the dry run knows it.
#[tokio::test]
async fn the_last_administrator_is_judged_alike_in_earnest_and_in_a_dry_run() {
    let caller = Caller::new().await;
    for email in ["a@example.test", "b@example.test", "c@example.test"] {
        caller.house.add_with(email, &["admin"], true).await;
    }
    let out = |email: &str| json!({ "email": email, "disabled": true });
    let all = json!([
        out("c@example.test"),
        { "email": "a@example.test", "roles": [], "name": "A" },
        out("b@example.test"),
    ]);
    let with_another = json!([
        out("b@example.test"),
        { "email": "b2@example.test", "roles": ["admin"], "disabled": true },
        { "email": "d@example.test", "roles": ["admin"] },
    ]);
    let refused = ["updated", "updated", "refused"];
    for (list, wanted) in [
        (all, refused),
        (with_another, ["updated", "added", "added"]),
    ] {
        for dry_run in [true, false] {
            let body = json!({ "users": list, "update": true, "dry_run": dry_run });
            let answer = imported(&caller, &body).await;
            assert_eq!(outcomes(&answer), wanted, "{dry_run}");
            if wanted == refused {
                assert_eq!(answer["users"][2]["code"], "last_administrator");
            }
        }
    }
    let administer: Vec<Value> = exported(&caller)
        .await
        .into_iter()
        .filter(|user| user["roles"] == json!(["admin"]) && user["disabled"] == false)
        .collect();
    assert_eq!(administer.len(), 1);
    assert_eq!(administer[0]["email"], "d@example.test");
}

/// Holds: ASVS 16.2.1
#[tokio::test]
async fn asvs_16_2_1_an_export_is_told_once_for_all_its_pages() {
    let caller = Caller::new().await;
    for n in 0..5 {
        caller.house.add(&format!("user{n}@example.test")).await;
    }
    let before = caller.position().await;
    let mut page = caller.get(&format!("{EXPORT}?limit=2")).await;
    // Before the first byte.
    assert_eq!(caller.acts_since(before).await, ["users.exported"]);
    let first = page.body["next"].as_str().unwrap().to_owned();
    let mut emails = 2;
    while let Some(next) = page.body["next"].as_str() {
        page = caller.get(&format!("{EXPORT}?limit=2&after={next}")).await;
        emails += page.body["users"].as_array().unwrap().len();
    }
    assert_eq!(emails, 5);
    assert_eq!(caller.acts_since(before).await.len(), 1);
    let (id, _) = first.split_once('/').unwrap();
    let told = caller.events_since(before).await;
    assert_eq!(told[0].act.to_string(), id);
    // Another list, another's list, and one that nobody began are exports of their own.
    for query in [
        format!("role=admin&after={first}"),
        "after=user0@example.test".to_owned(),
        "after=a/b@example.test".to_owned(),
    ] {
        let before = caller.position().await;
        let told = caller.get(&format!("{EXPORT}?{query}")).await;
        assert_eq!(told.status, StatusCode::OK, "{query}");
        assert_eq!(caller.acts_since(before).await, ["users.exported"]);
    }
    caller.house.clock.forward(Duration::from_mins(11));
    let before = caller.position().await;
    caller.get(&format!("{EXPORT}?limit=2&after={first}")).await;
    assert_eq!(caller.acts_since(before).await, ["users.exported"]);
}

/// Holds: ASVS 15.2.2
#[tokio::test]
async fn asvs_15_2_2_a_few_exports_run_at_a_time() {
    let caller = Caller::new().await;
    let exports = &caller.house.context.exports;
    let turns = (exports.begin().unwrap(), exports.begin().unwrap());
    assert!(exports.begin().is_none());
    let before = caller.position().await;
    let told = caller.get(EXPORT).await;
    assert_eq!((told.status.as_u16(), told.problem()), (503, "busy"));
    assert_eq!(told.retry_after, "5");
    assert!(caller.acts_since(before).await.is_empty());
    drop(turns);
    for _ in 0..3 {
        assert_eq!(caller.get(EXPORT).await.status, StatusCode::OK);
    }
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
