use std::time::Duration;

use http::{Method, StatusCode};

use super::{ROOT, administered, said};
use crate::house::{Answer, Browser, PASSWORD};

const ALICE: &str = "alice@example.test";
const TRAIL: &str = "/console/audit";

fn positions(page: &Answer) -> Vec<u64> {
    let rows = page.body.split("<dt>#</dt><dd>").skip(1);
    rows.map(|row| row.split('<').next().unwrap().parse().unwrap())
        .collect()
}

async fn found(browser: &Browser, query: &str) -> Answer {
    let page = browser.get(&format!("{TRAIL}?{query}")).await;
    assert_eq!(page.status, StatusCode::OK, "{query}");
    page
}

#[tokio::test]
async fn what_happened_can_be_read_and_looked_for() {
    let (house, _) = administered().await;
    let alice = house.add(ALICE).await;
    house.browser().sign_in(ALICE, "guessed in the dark").await;
    house.clock.forward(Duration::from_hours(2));
    house.signed_in(ALICE).await;
    let browser = house.signed_in(ROOT).await;

    let page = found(&browser, "").await;
    let text = said(&page.body);
    for part in [
        "Signed in",
        "A sign-in was refused",
        "login.refused wrong_password",
        "An account was made",
        "user 1000 at the machine",
        ALICE,
        "192.0.2.10",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!page.body.contains("guessed in the dark"));
    let all = positions(&page);
    assert!(
        all.is_sorted_by(|newer, older| newer > older),
        "newest first"
    );
    let mut request = browser.request(Method::GET, TRAIL, "");
    request
        .headers_mut()
        .insert("accept-language", "de".parse().unwrap());
    let german = said(&browser.send(request).await.body);
    assert!(
        german.contains("Eine Anmeldung wurde abgelehnt"),
        "{german}"
    );

    let count = async |query: &str| positions(&found(&browser, query).await).len();
    assert_eq!(count("kind=login.refused").await, 1);
    assert_eq!(count("kind=login.").await, 4);
    assert_eq!(count("kind=backup.taken").await, 0);
    let of_alice = count(&format!("person={}", alice.id)).await;
    assert!(of_alice >= 3);
    assert_eq!(count("person=ALICE%40example.test").await, of_alice);
    assert_eq!(count("actor=operator:1000").await, 2);
    assert_eq!(count("kind=login.&since=2026-01-01T01%3A00").await, 2);
    assert_eq!(count("kind=login.&until=2026-01-01T01%3A00").await, 2);
    for unknown in ["person=nobody%40example.test", "actor=nobody", "person=x"] {
        let page = found(&browser, unknown).await;
        assert!(
            said(&page.body).contains("There is nobody with this address or id."),
            "{unknown}"
        );
        assert!(positions(&page).is_empty());
    }
    let none = found(&browser, "kind=backup.taken").await;
    assert!(said(&none.body).contains("No event is like that. Show all of them"));
    for wrong in [
        "kind=nothing.such",
        "before=x",
        "since=yesterday",
        "until=2026-13-01T00%3A00",
    ] {
        let answer = browser.get(&format!("{TRAIL}?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_long_trail_is_walked_by_its_links() {
    let (house, browser) = administered().await;
    for _ in 0..15 {
        house.signed_in(ROOT).await;
    }
    let first = found(&browser, "kind=login.succeeded").await;
    let all = house.trail().await;
    let logins = all
        .iter()
        .filter(|event| *event == "login.succeeded")
        .count();
    assert_eq!(positions(&first).len(), logins.min(20));
    let oldest = found(&browser, "before=2").await;
    assert_eq!(positions(&oldest), [1]);
    assert!(said(&oldest.body).contains("Newest") && !oldest.body.contains("data-events"));
    assert!(!oldest.body.contains("rel=\"next\""));
    assert!(
        first
            .body
            .contains("data-events=\"/console/events?kind=login%2Esucceeded")
    );
    for far in ["before=0", "before=18446744073709551615"] {
        found(&browser, far).await;
    }
}

/// Holds: ASVS 3.2.2, ASVS 16.4.1
#[tokio::test]
async fn asvs_3_2_2_what_a_stranger_typed_is_text_in_the_trail() {
    let (house, browser) = administered().await;
    let mut hostile = house.browser();
    hostile.user_agent = "<script>alert(1)</script>";
    hostile.sign_in("<img/src=x>@example.test", PASSWORD).await;
    hostile
        .sign_in("alice@example.test", "<b>bold</b> but wrong")
        .await;
    let page = found(&browser, "").await;
    assert!(!page.body.contains("<img") && !page.body.contains("<script>"));
    let page = browser
        .get(&format!("{TRAIL}?person=%22%3E%3Cimg%3E"))
        .await;
    assert!(!page.body.contains("<img"));
}

/// Holds: ASVS 16.4.2
#[tokio::test]
async fn asvs_16_4_2_the_chain_is_verified_at_the_press_of_a_button_and_an_edit_shows() {
    let (house, browser) = administered().await;
    assert!(said(&found(&browser, "").await.body).contains("Nobody has verified it"));
    house.letters().await;
    let bare = browser.post("/console/audit/verify", &[]).await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN, "no token");
    let pressed = browser.submit(TRAIL, "/console/audit/verify", &[]).await;
    assert_eq!(
        (pressed.status, pressed.location()),
        (StatusCode::SEE_OTHER, TRAIL)
    );
    let text = loop {
        let text = said(&found(&browser, "").await.body);
        if !text.contains("It is being verified") {
            break text;
        }
        tokio::task::yield_now().await;
    };
    let events = house.trail().await.len();
    assert!(
        text.contains(&format!("Intact up to event {events}")),
        "{text}"
    );

    // Somebody who can write the file changes who did what.
    let edited = |sql: &str| {
        let file = house.directory.path().join("vestibule.db");
        let database = rusqlite::Connection::open(file).unwrap();
        assert_eq!(database.execute(sql, []).unwrap(), 1);
    };
    edited("UPDATE audit_events SET kind = 'user.enabled' WHERE position = 1");
    let text = verified(&browser).await;
    assert!(text.contains("Not intact"), "{text}");
    let where_and_what = format!("Event 1: the seal over events 1 to {events} does not fit them");
    assert!(text.contains(&where_and_what), "{text}");
    edited(
        "UPDATE audit_personal SET email = 'mallory@example.test' \
         WHERE act_id = (SELECT act_id FROM audit_events WHERE position = 2)",
    );
    let text = verified(&browser).await;
    let where_and_what = "Event 2: the personal data of this event was changed";
    assert!(text.contains(where_and_what), "{text}");
}

/// What the page says once the chain was read anew.
async fn verified(browser: &Browser) -> String {
    browser.submit(TRAIL, "/console/audit/verify", &[]).await;
    loop {
        let text = said(&found(browser, "").await.body);
        if !text.contains("It is being verified") {
            return text;
        }
        tokio::task::yield_now().await;
    }
}

/// Holds: ASVS 16.2.1, ASVS 15.2.2
#[tokio::test]
async fn asvs_16_2_1_saving_the_trail_stands_in_it_first_and_a_few_save_at_a_time() {
    let (house, browser) = administered().await;
    let exports = &house.context.exports;
    let turns = (exports.begin().unwrap(), exports.begin().unwrap());
    let trail = house.trail().await;
    let path = "/console/audit/export";
    let busy = browser.submit(path, path, &[]).await;
    assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(busy.header("retry-after"), "5");
    assert!(busy.body.contains("Others are saving just now"));
    assert_eq!(house.trail().await, trail);
    drop(turns);
    let saved = browser.submit(path, path, &[]).await;
    let newest = saved.body.lines().next().unwrap();
    assert!(newest.contains("\"trail.exported\""), "{newest}");
    assert_eq!(saved.body.lines().count(), trail.len() + 1);
}

/// Holds: ASVS 7.5.3
#[tokio::test]
async fn asvs_7_5_3_events_leave_as_json_lines_after_a_fresh_login_alone() {
    let (house, browser) = administered().await;
    house.add(ALICE).await;
    house.signed_in(ALICE).await;
    let page = "/console/audit/export?kind=login.succeeded";
    let asked = browser.get(page).await;
    assert!(said(&asked.body).contains("at most 100,000"));
    assert_eq!(asked.field("kind").as_deref(), Some("login.succeeded"));
    let fields = [("kind", "login.succeeded")];
    let saved = browser.submit(page, "/console/audit/export", &fields).await;
    assert_eq!(saved.status, StatusCode::OK);
    assert_eq!(saved.header("content-type"), "application/jsonl");
    assert!(
        saved
            .header("content-disposition")
            .starts_with("attachment")
    );
    assert_eq!(saved.header("cache-control"), "no-store");
    let lines: Vec<serde_json::Value> = saved
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["event"], "login.succeeded");
    assert_eq!(lines[0]["email"], ALICE);

    house.clock.forward(Duration::from_mins(6));
    let stale = browser.submit(page, "/console/audit/export", &fields).await;
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
    assert!(!stale.body.contains("login.succeeded\","));
    let proven = [fields[0], ("password", PASSWORD)];
    let saved = browser.submit(page, "/console/audit/export", &proven).await;
    assert_eq!(saved.status, StatusCode::OK);
    assert_eq!(saved.body.lines().count(), 2);
    let none = browser
        .get("/console/audit/export?person=nobody%40example.test")
        .await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
}
