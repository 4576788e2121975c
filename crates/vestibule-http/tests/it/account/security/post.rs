use http::StatusCode;

use crate::house::{Answer, Browser, House, PASSWORD};

const ALICE: &str = "alice@example.test";
const NEW: &str = "eleven green tandems";

async fn change(browser: &Browser, current: &str, new: &str) -> Answer {
    let fields = [("current_password", current), ("new_password", new)];
    browser
        .submit("/account/security", "/account/security", &fields)
        .await
}

/// Holds: ASVS 6.2.2, ASVS 6.2.3, ASVS 7.4.3, ASVS 7.2.4
#[tokio::test]
async fn asvs_7_4_3_a_new_password_ends_every_other_session_and_renews_this_one() {
    let house = House::new().await;
    house.add(ALICE).await;
    let others = [house.signed_in(ALICE).await, house.signed_in(ALICE).await];
    let browser = house.signed_in(ALICE).await;
    let old = browser.session().unwrap();
    let answer = change(&browser, PASSWORD, NEW).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/account/security?changed=2")
    );
    assert_ne!(browser.session().unwrap(), old);
    assert!(
        browser
            .follow(answer.location())
            .await
            .body
            .contains("class=\"notice")
    );
    for other in others {
        assert_eq!(other.get("/account").await.status, StatusCode::SEE_OTHER);
    }
    let thief = house.browser();
    thief.set_cookie("__Host-vestibule", &old);
    assert_eq!(thief.get("/account").await.status, StatusCode::SEE_OTHER);

    assert_eq!(
        house.browser().sign_in(ALICE, PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        house.browser().sign_in(ALICE, NEW).await.status,
        StatusCode::SEE_OTHER
    );
    let trail = house.trail().await;
    let events = ["password.changed", "user_sessions.ended (password_changed)"];
    assert!(trail.windows(2).any(|two| two == events), "{trail:?}");
}

/// Holds: ASVS 6.2.3, ASVS 6.2.1, N20
#[tokio::test]
async fn asvs_6_2_3_what_is_wrong_is_said_at_its_field_and_nothing_changes() {
    let house = House::new().await;
    house.add(ALICE).await;
    let other = house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    for (current, new, status, field) in [
        (
            "not what it is today",
            NEW,
            StatusCode::FORBIDDEN,
            "current_password",
        ),
        ("", NEW, unprocessable, "current_password"),
        (PASSWORD, "too short", unprocessable, "new_password"),
        (PASSWORD, "", unprocessable, "new_password"),
        (PASSWORD, &"x".repeat(257), unprocessable, "new_password"),
        (PASSWORD, ALICE, unprocessable, "new_password"),
        (PASSWORD, PASSWORD, unprocessable, "new_password"),
    ] {
        let answer = change(&browser, current, new).await;
        assert_eq!(answer.status, status, "{current} {new}");
        assert!(answer.set_cookies().is_empty());
        let input = answer
            .body
            .split("<input")
            .find(|input| input.contains(&format!("name=\"{field}\"")))
            .unwrap();
        assert!(input.contains("aria-invalid=\"true\""), "{new}: {input}");
        assert!(!answer.body.contains("tandems"), "no password comes back");
    }
    assert_eq!(other.get("/account").await.status, StatusCode::OK);
    assert_eq!(
        house.browser().sign_in(ALICE, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
}

/// Holds: N12
#[tokio::test]
async fn n12_without_this_session_s_token_nothing_changes() {
    let house = House::new().await;
    house.add(ALICE).await;
    let other = house.signed_in(ALICE).await.get("/account").await.csrf();
    let browser = house.signed_in(ALICE).await;
    for token in ["", &other] {
        let fields = [
            ("csrf", token),
            ("current_password", PASSWORD),
            ("new_password", NEW),
        ];
        assert_eq!(
            browser.post("/account/security", &fields).await.status,
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(
        house.browser().sign_in(ALICE, NEW).await.status,
        StatusCode::UNAUTHORIZED
    );
}

/// Holds: ASVS 6.3.1, N42
#[tokio::test]
async fn asvs_6_3_1_too_many_wrong_ones_have_to_wait_and_the_page_says_how_long() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let mut answer = change(&browser, "not what it is today", NEW).await;
    for _ in 0..20 {
        if answer.status != StatusCode::FORBIDDEN {
            break;
        }
        answer = change(&browser, "not what it is today", NEW).await;
    }
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(answer.body.contains("role=\"alert\"") && answer.body.contains("try again in "));
    // The right one is not looked at either, and does not count.
    let right = change(&browser, PASSWORD, NEW).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    house.clock.forward(std::time::Duration::from_mins(2));
    assert_eq!(
        change(&browser, PASSWORD, NEW).await.status,
        StatusCode::SEE_OTHER
    );
}

/// Holds: N28, ASVS 6.2.11
#[tokio::test]
async fn n28_a_refused_password_is_told_the_reason_and_what_to_do() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let page = browser.get("/account/security").await;
    assert!(page.body.contains("data-strength=\"new_password\""));
    assert!(page.body.contains("data-more=\"{n} more characters\""));
    for (new, reason, remedy) in [
        (ALICE, "your address or your name", "choose something else"),
        (
            "password1password1",
            "lists that attackers try first",
            "words of your own",
        ),
    ] {
        let answer = change(&browser, PASSWORD, new).await;
        let fault = answer.body.split("id=\"new_password-fault\">").nth(1);
        let fault = fault.unwrap_or_else(|| panic!("{new}: {}", answer.body));
        let fault = fault.split('<').next().unwrap();
        assert!(fault.contains(reason) && fault.contains(remedy), "{fault}");
    }
}
