//! Accounts and sessions looked for, shown whole, and told what would end: `/api/v1/admin/{users,sessions,overview}`.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::caller::Caller;

const USERS: &str = "/api/v1/admin/users";
const SESSIONS: &str = "/api/v1/admin/sessions";
const ALICE: &str = "alice@example.test";
const BOB: &str = "bob@example.test";

async fn town() -> Caller {
    let caller = Caller::new().await;
    caller
        .house
        .add_with(ALICE, &["admin", "staff"], true)
        .await;
    caller.house.add_with(BOB, &["staff"], true).await;
    caller.house.add("carla@example.test").await;
    caller
}

async fn emails(caller: &Caller, query: &str) -> Vec<String> {
    let told = caller.get(&format!("{USERS}?{query}")).await;
    assert_eq!(told.status, StatusCode::OK, "{query}: {told:?}");
    let users = told.body["users"].as_array().unwrap().clone();
    let emails = users
        .iter()
        .map(|user| user["email"].as_str().unwrap().to_owned());
    emails.collect()
}

async fn ids(caller: &Caller, query: &str) -> Vec<String> {
    let told = caller.get(&format!("{SESSIONS}?{query}")).await;
    assert_eq!(told.status, StatusCode::OK, "{query}: {told:?}");
    let sessions = told.body["sessions"].as_array().unwrap().clone();
    let ids = sessions
        .iter()
        .map(|session| session["id"].as_str().unwrap().to_owned());
    ids.collect()
}

fn reach(sessions: u64) -> Value {
    json!({ "sessions": sessions, "applications": 0, "app_sessions": 0 })
}

#[tokio::test]
async fn accounts_are_looked_for() {
    let caller = town().await;
    caller
        .post(&format!("{USERS}/bob%40example.test/disable"), "")
        .await;
    assert_eq!(emails(&caller, "text=ALI").await, [ALICE]);
    assert_eq!(emails(&caller, "role=staff").await, [ALICE, BOB]);
    assert_eq!(emails(&caller, "role=staff&status=active").await, [ALICE]);
    assert_eq!(emails(&caller, "status=disabled").await, [BOB]);
    for query in ["status=asleep", "role=No%20Role", "text=%1b", "search=x"] {
        let told = caller.get(&format!("{USERS}?{query}")).await;
        assert_eq!(told.problem(), "invalid_query", "{query}");
    }
}

#[tokio::test]
async fn one_account_is_shown_whole_by_address_or_id_and_without_a_hash() {
    let caller = town().await;
    caller.house.signed_in(ALICE).await;
    let told = caller.get(&format!("{USERS}/alice%40example.test")).await;
    assert_eq!(told.status, StatusCode::OK);
    let id = told.body["id"].as_str().unwrap();
    assert_eq!(told.body["addresses"], json!([ALICE]));
    assert_eq!(told.body["has_password"], true);
    assert_eq!(told.body["language"], "en");
    assert_eq!(told.body["last_login"], "2026-01-01T00:00:00.000Z");
    assert_eq!(told.body["live"], reach(1));
    assert!(!told.body.to_string().contains("argon2"));
    assert_eq!(caller.get(&format!("{USERS}/{id}")).await.body, told.body);
    let house = &caller.house;
    house.add_with("other@example.test", &["admin"], true).await;
    let by_id = caller.post(&format!("{USERS}/{id}/disable"), "").await;
    assert_eq!(by_id.body["user"]["status"], "disabled");
    for nobody in [
        "nobody%40example.test",
        "0190163d-8694-739b-aea5-966c26f8ad91",
    ] {
        let told = caller.get(&format!("{USERS}/{nobody}")).await;
        assert_eq!(told.problem(), "user_not_found");
    }
}

#[tokio::test]
async fn sessions_are_looked_for_and_shown_whole() {
    let caller = town().await;
    caller.house.signed_in(ALICE).await;
    caller.house.clock.forward(Duration::from_secs(1));
    caller.house.signed_in(BOB).await;
    let all = ids(&caller, "").await;
    assert_eq!(ids(&caller, "text=bob%40").await, all[..1]);
    assert_eq!(ids(&caller, "text=firefox").await, all);
    assert_eq!(ids(&caller, "user=alice%40example.test").await, all[1..]);
    assert!(ids(&caller, "remembered=true").await.is_empty());
    let told = caller.get(&format!("{SESSIONS}/{}", all[1])).await;
    assert_eq!(told.body["user"]["email"], ALICE);
    assert_eq!(told.body["applications"], json!([]));
    let dead = "0190163d-8694-739b-aea5-966c26f8ad91";
    let told = caller.get(&format!("{SESSIONS}/{dead}")).await;
    assert_eq!(told.problem(), "session_not_found");
}

/// Holds: ASVS 7.4.5
#[tokio::test]
async fn asvs_7_4_5_what_would_end_is_told_in_numbers_and_nothing_ends() {
    let caller = town().await;
    for email in [ALICE, ALICE, BOB] {
        caller.house.signed_in(email).await;
    }
    let all = ids(&caller, "").await;
    let before = caller.position().await;
    let one = format!("{SESSIONS}/{}?dry_run=true", all[0]);
    for (path, sessions) in [
        (one.as_str(), 1),
        (
            "/api/v1/admin/sessions?user=alice%40example.test&dry_run=true",
            2,
        ),
        ("/api/v1/admin/sessions?all=true&dry_run=true", 3),
    ] {
        let told = caller.delete(path).await;
        assert_eq!(
            told.body,
            json!({ "ended": 0, "would_end": reach(sessions) }),
            "{path}"
        );
    }
    let told = caller
        .delete(&format!("{USERS}/alice%40example.test?dry_run=true"))
        .await;
    assert_eq!(
        told.body,
        json!({ "email": ALICE, "ended_sessions": 0, "would_end": reach(2) })
    );
    let these = json!({ "sessions": [all[0], all[2]], "dry_run": true }).to_string();
    let told = caller.post(&format!("{SESSIONS}/end"), &these).await;
    assert_eq!(told.body["would_end"], reach(2));
    assert!(caller.acts_since(before).await.is_empty());
    assert_eq!(ids(&caller, "").await, all);
}

/// Holds: ASVS 7.4.5, ASVS 15.2.2
#[tokio::test]
async fn asvs_7_4_5_several_sessions_end_by_their_ids_and_a_list_is_bounded() {
    let caller = town().await;
    for email in [ALICE, ALICE, BOB] {
        caller.house.signed_in(email).await;
    }
    let all = ids(&caller, "").await;
    let these = json!({ "sessions": [all[0], all[2], all[2]] }).to_string();
    let told = caller.post(&format!("{SESSIONS}/end"), &these).await;
    assert_eq!(told.body, json!({ "ended": 2 }));
    assert_eq!(ids(&caller, "").await, all[1..2]);
    let again = caller.post(&format!("{SESSIONS}/end"), &these).await;
    assert_eq!(again.body, json!({ "ended": 0 }));
    for wrong in [
        json!({ "sessions": ["x"] }),
        json!({ "sessions": vec![all[0].clone(); 1001] }),
    ] {
        let told = caller
            .post(&format!("{SESSIONS}/end"), &wrong.to_string())
            .await;
        assert_eq!(told.problem(), "invalid_body");
    }
}

#[tokio::test]
async fn the_overview_counts_people_and_what_is_live() {
    let caller = town().await;
    caller
        .post(&format!("{USERS}/bob%40example.test/disable"), "")
        .await;
    caller.house.signed_in(ALICE).await;
    let told = caller.get("/api/v1/admin/overview").await;
    assert_eq!(
        told.body["population"],
        json!({ "users": 3, "disabled": 1, "administrators": 1 })
    );
    assert_eq!(
        told.body["live"],
        json!({ "sessions": 1, "app_sessions": 0 })
    );
    assert!(told.body["history"].is_array());
}
