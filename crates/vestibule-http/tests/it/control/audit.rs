//! `/api/v1/admin/audit`.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use vestibule_engine::Chores;

use super::caller::{Caller, UID};

const AUDIT: &str = "/api/v1/admin/audit";

/// Holds: ASVS 16.2.1, ASVS 16.2.2
#[tokio::test]
async fn asvs_16_2_1_an_event_says_when_where_who_and_what() {
    let caller = Caller::new().await;
    let body = r#"{"email": "alice@example.test", "password": "a dozen red bicycles"}"#;
    let alice = caller.post("/api/v1/admin/users", body).await.body["id"].clone();
    caller.house.signed_in("alice@example.test").await;
    caller
        .house
        .browser()
        .sign_in("alice@example.test", "not this one, surely")
        .await;
    let told = caller.get(&format!("{AUDIT}?after=0")).await;
    assert_eq!(told.status, StatusCode::OK);
    let events = told.body["events"].as_array().unwrap();
    let act = |n: usize| events[n]["act"].clone();
    assert_eq!(
        events[0],
        json!({
            "position": 1, "at": "2026-01-01T00:00:00.000Z", "actor": format!("operator:{UID}"), "event": "user.created",
            "reason": null, "user": alice, "session": null, "act": act(0), "email": "alice@example.test",
        })
    );
    assert_eq!(events[1]["event"], "login.succeeded");
    assert_eq!(events[1]["address"], "192.0.2.10");
    assert!(
        events[1]["user_agent"]
            .as_str()
            .unwrap()
            .starts_with("Mozilla/5.0")
    );
    assert!(events[1]["session"].is_string());
    assert_eq!(events[2]["event"], "device.known");
    assert_eq!(events[3]["event"], "login.refused");
    assert_eq!(events[3]["reason"], "wrong_password");
    assert!(
        !told.body.to_string().contains("not this one"),
        "no password is on record"
    );
}

#[tokio::test]
async fn the_trail_is_walked_in_order_or_read_from_its_end() {
    let caller = Caller::new().await;
    for n in 0..7 {
        caller.house.add(&format!("user{n}@example.test")).await;
    }
    let positions = async |query: &str| {
        let told = caller.get(&format!("{AUDIT}{query}")).await;
        assert_eq!(told.status, StatusCode::OK, "{query}");
        let events = told.body["events"].as_array().unwrap().clone();
        events
            .iter()
            .map(|event| event["position"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(positions("").await, [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(positions("?limit=3").await, [7, 6, 5]);
    assert_eq!(positions("?before=5&limit=3").await, [4, 3, 2]);
    assert_eq!(positions("?after=0").await, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(positions("?after=3&limit=3").await, [4, 5, 6]);
    assert!(positions("?after=7").await.is_empty());
    let newest = caller.get(&format!("{AUDIT}?limit=3")).await;
    assert_eq!(newest.body["next"], 5);
    let on = caller.get(&format!("{AUDIT}?after=3&limit=3")).await;
    assert_eq!(on.body["next"], 6);
    for query in [
        "?before=2&after=3",
        "?after=-1",
        "?after=x",
        "?limit=0",
        "?kind=nothing",
        "?actor=alice",
        "?since=yesterday",
    ] {
        let told = caller.get(&format!("{AUDIT}{query}")).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(told.problem(), "invalid_query");
    }
}

#[tokio::test]
async fn the_trail_is_searched_back_and_followed_on_by_the_same_filter() {
    let caller = Caller::new().await;
    let alice = caller.house.add("alice@example.test").await;
    caller.house.add("bob@example.test").await;
    caller.house.clock.forward(Duration::from_hours(1));
    for email in [
        "alice@example.test",
        "bob@example.test",
        "alice@example.test",
    ] {
        caller.house.signed_in(email).await;
    }
    let events = async |query: &str| {
        let told = caller.get(&format!("{AUDIT}?{query}")).await;
        assert_eq!(told.status, StatusCode::OK, "{query}: {told:?}");
        let events = told.body["events"].as_array().unwrap().clone();
        events
            .iter()
            .map(|event| event["event"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(events("kind=login.succeeded").await.len(), 3);
    assert_eq!(
        events("kind=login.&user=alice%40example.test").await.len(),
        2
    );
    let by_id = format!("user={}&kind=user.", alice.id);
    assert_eq!(events(&by_id).await, ["user.created"]);
    assert_eq!(
        events(&format!("actor=user:{}&kind=login.", alice.id))
            .await
            .len(),
        2
    );
    assert_eq!(
        events("actor=operator:1000").await,
        ["user.created", "user.created"]
    );
    assert_eq!(events("until=2026-01-01T00:30:00Z").await.len(), 2);
    assert_eq!(
        events("since=2026-01-01T00:30:00Z&kind=user.").await.len(),
        0
    );
    // Following, what does not match is passed over, and not looked at again.
    let on = caller
        .get(&format!("{AUDIT}?after=0&kind=user.&limit=2"))
        .await;
    assert_eq!(on.body["next"], 2);
    let on = caller.get(&format!("{AUDIT}?after=2&kind=user.")).await;
    assert_eq!(on.body["events"], json!([]));
    assert!(on.body["next"].as_u64().unwrap() > 2);
}

/// Holds: ASVS 15.2.2
#[tokio::test]
async fn asvs_15_2_2_the_whole_trail_is_read_once_at_a_time() {
    let caller = Caller::new().await;
    let turn = caller.house.context.chain.begin().unwrap();
    assert!(caller.house.context.chain.begin().is_none());
    let told = caller.get(&format!("{AUDIT}/verify")).await;
    assert_eq!((told.status.as_u16(), told.problem()), (503, "busy"));
    assert_eq!(told.retry_after, "5");
    // Whoever was at it hung up.
    drop(turn);
    for _ in 0..2 {
        let told = caller.get(&format!("{AUDIT}/verify")).await;
        assert_eq!(told.status.as_u16(), 200);
    }
}

#[tokio::test]
async fn the_trail_is_verified() {
    let caller = Caller::new().await;
    caller.house.add("alice@example.test").await;
    let told = caller.get(&format!("{AUDIT}/verify")).await;
    assert_eq!(
        told.body,
        json!({"events": 1, "seals": 0, "sealed_to": 0, "unsealed": 1, "faults": []})
    );
    Chores::new(Arc::clone(&caller.house.engine)).finish().await;
    caller.house.add("bob@example.test").await;
    let told = caller.get(&format!("{AUDIT}/verify")).await;
    assert_eq!(
        told.body,
        json!({"events": 2, "seals": 1, "sealed_to": 1, "unsealed": 1, "faults": []})
    );
    assert_eq!(
        caller.get(&format!("{AUDIT}/verify?x=1")).await.problem(),
        "invalid_query"
    );
}
