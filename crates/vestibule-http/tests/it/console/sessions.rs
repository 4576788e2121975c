use std::time::Duration;

use http::StatusCode;
use vestibule_core::email::EmailAddress;
use vestibule_core::id::{SessionId, UserId};

use super::{ROOT, administered, said};
use crate::house::{Answer, Browser, House, PASSWORD};

const ALICE: &str = "alice@example.test";
const LIST: &str = "/console/sessions";

async fn ids(house: &House, user: UserId) -> Vec<SessionId> {
    let now = house.engine.now();
    let sessions = house.store.sessions_of(user, now).await.unwrap();
    sessions.iter().map(|session| session.id).collect()
}

/// Follows an act's 303 to the list, as the browser does.
async fn outcome(browser: &Browser, answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    said(&browser.follow(answer.location()).await.body)
}

#[tokio::test]
async fn live_sessions_are_listed_and_looked_for() {
    let (house, browser) = administered().await;
    let alice = house.add(ALICE).await;
    let mut phone = house.browser();
    phone.user_agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
    phone.peer = "203.0.113.66:4000".parse().unwrap();
    let fields = [
        ("identifier", ALICE),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    phone.submit("/login", "/login", &fields).await;

    let all = browser.get(LIST).await;
    assert_eq!(all.status, StatusCode::OK);
    let text = said(&all.body);
    assert!(text.contains("2 logins are live."), "{text}");
    assert!(text.contains(ALICE) && text.contains(ROOT) && text.contains("203.0.113.66"));
    assert!(text.contains("this device"), "which one is asking");
    let found = async |query: &str| {
        let page = browser.get(&format!("{LIST}?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        page.body.matches("name=\"session-").count()
    };
    for (query, count) in [
        ("text=alice%40", 1),
        ("text=203.0.113", 1),
        ("text=IPHONE", 1),
        ("text=firefox", 1),
        ("text=nobody", 0),
        ("remembered=yes", 1),
        ("remembered=no", 1),
        ("remembered=", 2),
        (&*format!("user={}", alice.id), 1),
        (&*format!("user={}&remembered=no", alice.id), 0),
        ("user=01890a5d-ac96-774b-bcce-b302099a8057", 0),
    ] {
        assert_eq!(found(query).await, count, "{query}");
    }
    let none = browser.get(&format!("{LIST}?text=nobody")).await;
    assert!(said(&none.body).contains("No live session is like that. Show all of them"));
    for wrong in ["remembered=maybe", "user=x", "before=x", "text=a&text=b"] {
        let answer = browser.get(&format!("{LIST}?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let before_all = format!("{LIST}?before=00000000-0000-7000-8000-000000000000");
    let unknown = browser.get(&before_all).await;
    assert_eq!(unknown.status, StatusCode::OK);
    assert!(said(&unknown.body).contains("Newest"));
}

#[tokio::test]
async fn a_long_list_is_walked_by_its_links_and_keeps_what_is_looked_for() {
    let (house, browser) = administered().await;
    house.add(ALICE).await;
    for _ in 0..30 {
        house.signed_in(ALICE).await;
        house.clock.forward(Duration::from_secs(1));
    }
    let first = browser.get(&format!("{LIST}?text=alice%40")).await;
    let boxes = |page: &Answer| -> Vec<String> {
        let boxes = page.body.split("name=\"session-").skip(1);
        boxes.map(|name| name[..36].to_owned()).collect()
    };
    let mut walked = boxes(&first);
    assert_eq!(walked.len(), 25);
    assert!(!said(&first.body).contains("Newest"));
    let next = first.body.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    assert!(
        next.starts_with("/console/sessions?text=alice%40&before="),
        "{next}"
    );
    let second = browser.get(&next).await;
    walked.extend(boxes(&second));
    assert_eq!(walked.len(), 30);
    assert!(walked.is_sorted_by(|newer, older| newer > older));
    assert!(said(&second.body).contains("Newest"));
    assert!(!second.body.contains("rel=\"next\""));
}

/// Holds: ASVS 3.2.2
#[tokio::test]
async fn asvs_3_2_2_what_a_browser_calls_itself_is_text_in_the_console_too() {
    let (house, browser) = administered().await;
    let alice = house.add(ALICE).await;
    let mut hostile = house.browser();
    hostile.user_agent = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    hostile.sign_in(ALICE, PASSWORD).await;
    let id = ids(&house, alice.id).await[0];
    for path in [
        LIST.to_owned(),
        format!("{LIST}/{id}"),
        format!("{LIST}?text=%22%3E%3Cscript%3E"),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            !page.body.contains("<script>") && !page.body.contains("<img"),
            "{path}"
        );
    }
    let page = browser.get(&format!("{LIST}/{id}")).await;
    assert!(page.body.contains("alert(1)"), "shown as it is");
}

#[tokio::test]
async fn one_session_is_shown_in_full_and_what_is_not_live_is_not_there() {
    let (house, browser) = administered().await;
    let alice = house.add(ALICE).await;
    house.signed_in(ALICE).await;
    let id = ids(&house, alice.id).await[0];
    let page = browser.get(&format!("{LIST}/{id}")).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = said(&page.body);
    for part in [
        ALICE,
        "Firefox on Linux",
        "192.0.2.10",
        "aal1",
        "Password",
        &id.to_string(),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    house
        .engine
        .revoke_session(id, &house.operator())
        .await
        .unwrap();
    for gone in [&id.to_string(), "01890a5d-ac96-774b-bcce-b302099a8057", "x"] {
        let answer = browser.get(&format!("{LIST}/{gone}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{gone}");
    }
}

/// Holds: ASVS 7.4.5
#[tokio::test]
async fn asvs_7_4_5_the_picked_are_ended_and_the_page_says_first_what_that_ends() {
    let (house, browser) = administered().await;
    let alice = house.add(ALICE).await;
    let mut theirs = Vec::new();
    for _ in 0..3 {
        theirs.push(house.signed_in(ALICE).await);
        // Of one millisecond nobody says which is the newest.
        house.clock.forward(Duration::from_secs(1));
    }
    let kept = theirs.pop().unwrap();
    let (path, fields) = {
        // Newest first: the one that is kept.
        let ids = &ids(&house, alice.id).await[1..];
        let names: Vec<_> = ids.iter().map(|id| format!("session-{id}")).collect();
        (format!("{LIST}/end?{}=on&{}=on", names[0], names[1]), names)
    };
    let trail = house.trail().await;
    let asked = browser.get(&path).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(
        said(&asked.body).contains("This ends 2 devices."),
        "{}",
        said(&asked.body)
    );
    assert!(
        !asked.body.contains("type=\"password\""),
        "the login is fresh"
    );
    assert_eq!(house.trail().await, trail, "nothing is done by being asked");

    let fields: Vec<_> = fields.iter().map(|name| (name.as_str(), "on")).collect();
    let bare = browser.post("/console/sessions/end", &fields).await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN, "no token");
    assert_eq!(theirs[0].get("/account").await.status, StatusCode::OK);
    let done = browser
        .submit(&path, "/console/sessions/end", &fields)
        .await;
    let text = outcome(&browser, &done).await;
    assert!(text.contains("2 sessions are ended."), "{text}");
    for gone in theirs {
        assert_eq!(gone.get("/account").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(kept.get("/account").await.status, StatusCode::OK);
    let again = browser
        .submit(&path, "/console/sessions/end", &fields)
        .await;
    assert!(
        outcome(&browser, &again)
            .await
            .contains("Nothing was left to end.")
    );
    // Only our own page is believed about what was done.
    let lied = browser.get(&format!("{LIST}?ended=7")).await;
    assert!(!said(&lied.body).contains("are ended"));
    let ended = house.trail().await;
    let ended = ended
        .iter()
        .filter(|event| *event == "session.ended (ended_by_operator)");
    assert_eq!(ended.count(), 2);
}

/// Holds: ASVS 7.5.3, ASVS 8.4.2
#[tokio::test]
async fn asvs_7_5_3_a_login_that_is_not_fresh_ends_nobody_without_the_password() {
    let (house, browser) = administered().await;
    let alice = house.add(ALICE).await;
    let victim = house.signed_in(ALICE).await;
    let name = format!("session-{}", ids(&house, alice.id).await[0]);
    let user = alice.id.to_string();
    house.clock.forward(Duration::from_mins(6));
    for (page, path, field) in [
        (
            format!("{LIST}/end?{name}=on"),
            "/console/sessions/end",
            (&*name, "on"),
        ),
        (
            format!("{LIST}/end-user?user={user}"),
            "/console/sessions/end-user",
            ("user", &*user),
        ),
        (
            format!("{LIST}/end-all"),
            "/console/sessions/end-all",
            ("x", "x"),
        ),
    ] {
        let asked = browser.get(&page).await;
        assert_eq!(asked.status, StatusCode::OK, "looking needs no fresh login");
        assert!(asked.body.contains("type=\"password\""), "{page}");
        for password in ["", "not mine, I fear"] {
            let fields = [field, ("password", password)];
            let answer = browser
                .submit(&page, path, &fields[..=usize::from(!password.is_empty())])
                .await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
            assert!(answer.body.contains("type=\"password\""));
        }
        assert_eq!(
            victim.get("/account").await.status,
            StatusCode::OK,
            "{path}"
        );
    }
    let page = format!("{LIST}/end?{name}=on");
    let old = browser.session();
    let fields = [(&*name, "on"), ("password", PASSWORD)];
    let done = browser
        .submit(&page, "/console/sessions/end", &fields)
        .await;
    assert!(
        outcome(&browser, &done)
            .await
            .contains("1 session is ended.")
    );
    assert_ne!(browser.session(), old, "ASVS 7.2.4");
    assert_eq!(victim.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn all_of_one_person_end_and_everybody_else_stays() {
    let (house, browser) = administered().await;
    let alice = house.add(ALICE).await;
    let bob = house.add("bob@example.test").await;
    let theirs = [house.signed_in(ALICE).await, house.signed_in(ALICE).await];
    let bobs = house.signed_in("bob@example.test").await;
    let user = alice.id.to_string();
    let page = format!("{LIST}/end-user?user={user}");
    let asked = said(&browser.get(&page).await.body);
    assert!(
        asked.contains("every session of alice@example.test: 2 devices."),
        "{asked}"
    );
    let done = browser
        .submit(&page, "/console/sessions/end-user", &[("user", &user)])
        .await;
    assert!(
        outcome(&browser, &done)
            .await
            .contains("2 sessions are ended.")
    );
    for gone in theirs {
        assert_eq!(gone.get("/account").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(bobs.get("/account").await.status, StatusCode::OK);
    // Nothing is left: the page leads back to the list.
    assert_eq!(browser.get(&page).await.status, StatusCode::SEE_OTHER);
    let wrong = browser.get(&format!("{LIST}/end-user?user=x")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(ids(&house, bob.id).await.len(), 1);
}

#[tokio::test]
async fn who_ends_their_own_session_is_led_to_sign_in() {
    let (house, _) = administered().await;
    let root = house
        .engine
        .user(&EmailAddress::parse(ROOT).unwrap())
        .await
        .unwrap()
        .unwrap();
    house.engine.revoke_all(&house.operator()).await.unwrap();
    for which in ["end", "end-user", "end-all"] {
        let browser = house.signed_in(ROOT).await;
        house.clock.forward(Duration::from_secs(1));
        let other = house.signed_in(ROOT).await;
        let id = ids(&house, root.id).await.pop().unwrap();
        let (user, name) = (root.id.to_string(), format!("session-{id}"));
        let field = match which {
            "end" => (&*name, "on"),
            _ => ("user", &*user),
        };
        let page = format!("{LIST}/{which}?{}={}", field.0, field.1);
        let done = browser
            .submit(&page, &format!("{LIST}/{which}"), &[field])
            .await;
        assert_eq!(
            (done.status, done.location()),
            (StatusCode::SEE_OTHER, "/logout"),
            "{which}"
        );
        assert_eq!(browser.session(), None, "{which}");
        let still = other.get("/console").await.status == StatusCode::OK;
        assert_eq!(still, which == "end");
        house.engine.revoke_all(&house.operator()).await.unwrap();
    }
}

/// Holds: ASVS 8.3.2
#[tokio::test]
async fn asvs_8_3_2_who_loses_the_role_between_the_page_and_its_form_does_nothing() {
    let (house, browser) = administered().await;
    house.add_with("other@example.test", &["admin"], true).await;
    let alice = house.add(ALICE).await;
    let victim = house.signed_in(ALICE).await;
    let user = alice.id.to_string();
    let csrf = browser
        .get(&format!("{LIST}/end-user?user={user}"))
        .await
        .csrf();
    let email = EmailAddress::parse(ROOT).unwrap();
    house
        .engine
        .set_roles(&email, Vec::new(), &house.operator())
        .await
        .unwrap();
    for path in ["end", "end-user", "end-all"] {
        let fields = [("csrf", &*csrf), ("user", &*user), ("password", PASSWORD)];
        let answer = browser.post(&format!("{LIST}/{path}"), &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(victim.get("/account").await.status, StatusCode::OK);
}
