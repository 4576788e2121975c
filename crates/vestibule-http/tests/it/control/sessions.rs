//! `/api/v1/admin/sessions`.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::caller::Caller;

const SESSIONS: &str = "/api/v1/admin/sessions";

async fn listed(caller: &Caller, query: &str) -> Vec<Value> {
    let told = caller.get(&format!("{SESSIONS}{query}")).await;
    assert_eq!(told.status, StatusCode::OK, "{told:?}");
    told.body["sessions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_session_is_shown_with_its_owner_device_and_clocks() {
    let caller = Caller::new().await;
    let alice = caller.house.add("alice@example.test").await;
    let browser = caller.house.signed_in("alice@example.test").await;
    caller.house.clock.forward(Duration::from_mins(10));
    browser.get("/account").await;
    let sessions = listed(&caller, "").await;
    let id = sessions[0]["id"].as_str().unwrap();
    assert_eq!(
        sessions,
        [json!({
            "id": id,
            "user": {"id": alice.id.to_string(), "email": "alice@example.test"},
            "created_at": "2026-01-01T00:00:00.000Z",
            "auth_time": "2026-01-01T00:00:00.000Z",
            "last_seen": "2026-01-01T00:10:00.000Z",
            "idle_expires_at": "2026-01-01T00:40:00.000Z",
            "expires_at": "2026-01-01T12:00:00.000Z",
            "remembered": false,
            "acr": "aal1",
            "amr": ["pwd"],
            "device": {"name": "Firefox on Linux", "address": "192.0.2.10"},
        })]
    );
    let value = browser.session().unwrap();
    assert!(
        !sessions[0].to_string().contains(&value[22..]),
        "no secret is shown"
    );
}

#[tokio::test]
async fn sessions_come_in_pages_newest_first_of_everybody_or_of_one() {
    let caller = Caller::new().await;
    for email in ["alice@example.test", "bob@example.test"] {
        caller.house.add(email).await;
    }
    for n in 0..5 {
        caller.house.clock.forward(Duration::from_secs(1));
        let email = if n == 2 {
            "bob@example.test"
        } else {
            "alice@example.test"
        };
        caller.house.signed_in(email).await;
    }
    let all = listed(&caller, "").await;
    let times: Vec<_> = all
        .iter()
        .map(|s| s["created_at"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|a, b| a > b), "{times:?}");

    let first = caller.get(&format!("{SESSIONS}?limit=2")).await;
    let next = first.body["next"].as_str().unwrap();
    let second = listed(&caller, &format!("?limit=2&before={next}")).await;
    assert_eq!(first.body["sessions"].as_array().unwrap()[..], all[..2]);
    assert_eq!(second, all[2..4]);

    let bobs = listed(&caller, "?user=bob%40example.test").await;
    assert_eq!(bobs, [all[2].clone()]);
    let nobody = caller
        .get(&format!("{SESSIONS}?user=nobody@example.test"))
        .await;
    assert_eq!(
        (nobody.status, nobody.problem()),
        (StatusCode::NOT_FOUND, "user_not_found")
    );
}

/// Holds: ASVS 7.4.5, ASVS 16.2.1
#[tokio::test]
async fn asvs_7_4_5_an_operator_ends_one_session() {
    let caller = Caller::new().await;
    caller.house.add("alice@example.test").await;
    let stolen = caller.house.signed_in("alice@example.test").await;
    let id = listed(&caller, "").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    caller.house.clock.forward(Duration::from_secs(1));
    let kept = caller.house.signed_in("alice@example.test").await;
    let before = caller.position().await;

    let told = caller.delete(&format!("{SESSIONS}/{id}")).await;
    assert_eq!(
        (told.status, told.body),
        (StatusCode::NO_CONTENT, Value::Null)
    );
    assert_eq!(stolen.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(kept.get("/account").await.status, StatusCode::OK);
    let events = caller.events_since(before).await;
    assert_eq!(events[0].event.kind.reason(), "ended_by_operator");
    assert_eq!(caller.acts_since(before).await, ["session.ended"]);

    for id in [&*id, "00000000-0000-7000-8000-000000000000", "nonsense"] {
        let told = caller.delete(&format!("{SESSIONS}/{id}")).await;
        assert_eq!(
            (told.status, told.problem()),
            (StatusCode::NOT_FOUND, "session_not_found")
        );
    }
}

/// Holds: ASVS 7.4.5, ASVS 16.2.1
#[tokio::test]
async fn asvs_7_4_5_an_operator_ends_a_user_s_sessions_or_everybody_s() {
    let caller = Caller::new().await;
    for email in ["alice@example.test", "bob@example.test"] {
        caller.house.add(email).await;
    }
    let alice = caller.house.signed_in("alice@example.test").await;
    caller.house.signed_in("alice@example.test").await;
    let bob = caller.house.signed_in("bob@example.test").await;

    let before = caller.position().await;
    let told = caller
        .delete(&format!("{SESSIONS}?user=alice@example.test"))
        .await;
    assert_eq!(
        (told.status, told.body),
        (StatusCode::OK, json!({"ended": 2}))
    );
    assert_eq!(caller.acts_since(before).await, ["user_sessions.ended"]);
    assert_eq!(alice.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(bob.get("/account").await.status, StatusCode::OK);

    let before = caller.position().await;
    let told = caller.delete(&format!("{SESSIONS}?all=true")).await;
    assert_eq!(told.body, json!({"ended": 1}));
    assert_eq!(caller.acts_since(before).await, ["all_sessions.ended"]);
    assert_eq!(bob.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(listed(&caller, "").await, Vec::<Value>::new());
}

/// Everybody's sessions never end by a slip.
#[tokio::test]
async fn ending_many_wants_to_know_whose() {
    let caller = Caller::new().await;
    caller.house.add("alice@example.test").await;
    let alice = caller.house.signed_in("alice@example.test").await;
    for query in [
        "",
        "?all=false",
        "?all=1",
        "?user=alice@example.test&all=true",
        "?user=alice",
        "?everyone=true",
    ] {
        let told = caller.delete(&format!("{SESSIONS}{query}")).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{query}");
    }
    let told = caller
        .delete(&format!("{SESSIONS}?user=nobody@example.test"))
        .await;
    assert_eq!(told.problem(), "user_not_found");
    assert_eq!(alice.get("/account").await.status, StatusCode::OK);
}
