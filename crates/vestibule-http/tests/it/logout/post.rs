use std::pin::pin;

use http::{Method, StatusCode};
use vestibule_store::EndSession;

use crate::house::{House, Plan, send, until_it_waits};

const ALICE: &str = "alice@example.test";

/// Holds: ASVS 7.4.1, N10, ASVS 14.3.1
#[tokio::test]
async fn asvs_7_4_1_the_session_is_dead_at_the_next_request_and_the_cookie_is_gone() {
    let house = House::new().await;
    let alice = house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let value = browser.session().unwrap();
    let answer = browser.submit("/account", "/logout", &[]).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/logout")
    );
    assert_eq!(
        answer.set_cookies(),
        ["__Host-vestibule=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"]
    );
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    assert!(
        browser
            .follow("/logout")
            .await
            .body
            .contains("href=\"/login\"")
    );

    // N10: replayed, the cookie opens nothing.
    let replay = house.browser();
    replay.set_cookie("__Host-vestibule", &value);
    assert_eq!(
        replay.get("/account").await.location(),
        "/login?next=%2Faccount"
    );
    assert!(
        house
            .store
            .sessions_of(alice.id, house.engine.now())
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        house.trail().await.last().unwrap(),
        "session.ended (signed_out)"
    );
}

/// Holds: ASVS 7.4.4
#[tokio::test]
async fn asvs_7_4_4_every_page_of_a_person_who_is_signed_in_can_sign_out() {
    let house = House::new().await;
    house.add(ALICE).await;
    for page in [
        "/account",
        "/account/security",
        "/account/activity",
        "/logout",
        "/nothing-here",
        "/account?ended=%zz",
    ] {
        let browser = house.signed_in(ALICE).await;
        let shown = browser.get(page).await;
        assert!(
            shown
                .body
                .contains("<form method=\"post\" action=\"/logout\">")
                || shown.body.contains("action=\"/logout\""),
            "{page}"
        );
        let answer = browser.post("/logout", &[("csrf", &shown.csrf())]).await;
        assert_eq!(answer.location(), "/logout", "{page}");
        assert_eq!(browser.session(), None);
    }
}

/// Holds: N12, ASVS 3.5.1
#[tokio::test]
async fn n12_no_other_page_can_sign_a_person_out() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let foreign = house.signed_in(ALICE).await.get("/account").await.csrf();
    let before_login = house.browser().get("/login").await.csrf();
    for token in ["", "x", &foreign, &before_login] {
        let answer = browser.post("/logout", &[("csrf", token)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.set_cookies().is_empty());
    }
    assert_eq!(
        browser.post("/logout", &[]).await.status,
        StatusCode::FORBIDDEN
    );
    let token = browser.get("/account").await.csrf();
    let mut cross_site = browser.form("/logout", &[("csrf", &token)]);
    cross_site
        .headers_mut()
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(browser.send(cross_site).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_late_tab_clears_no_cookie() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let (token, dead) = (
        browser.get("/account").await.csrf(),
        browser.session().unwrap(),
    );
    browser.submit("/account", "/logout", &[]).await;
    browser.set_cookie("__Host-vestibule", &dead);
    let answer = browser.post("/logout", &[("csrf", &token)]).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/logout")
    );
    assert!(answer.set_cookies().is_empty());
    assert_eq!(answer.header("clear-site-data"), "");
}

#[tokio::test]
async fn a_slow_logout_of_a_session_that_ended_meanwhile_clears_no_cookie() {
    let house = House::new().await;
    let alice = house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let token = browser.get("/account").await.csrf();
    let (whole, request) = browser.slow_form("/logout", &[("csrf", &token)]);
    let mut slow = pin!(send(&house.router, request));
    until_it_waits(&mut slow).await;
    // As by a login over it in another tab, after which the browser has a new cookie.
    let sessions = house.store.sessions_of(alice.id, house.engine.now()).await;
    let over = sessions.unwrap().remove(0).id;
    let ended = house.engine.revoke_session(over, &house.operator()).await;
    assert_eq!(ended.unwrap(), EndSession::Ended);
    whole.send(()).unwrap();
    let answer = slow.await;
    assert_eq!(answer.location(), "/logout");
    assert!(answer.set_cookies().is_empty());
    assert_eq!(answer.header("clear-site-data"), "");
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[tokio::test]
async fn asvs_16_5_3_a_logout_that_cannot_be_stored_holds_at_once_and_is_never_said_to_be_done() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let token = browser.get("/logout").await.csrf();
    house.lose_the_store().await;
    let answer = browser.post("/logout", &[("csrf", &token)]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "5");
    assert!(
        answer.set_cookies().is_empty(),
        "the cookie stays, so that it can be tried again"
    );
    assert_eq!(answer.header("clear-site-data"), "");
    assert!(answer.body.contains("Almost signed out"), "{}", answer.body);
    assert_eq!(
        browser.get("/account").await.location(),
        "/login?next=%2Faccount",
        "dead in memory"
    );
}

/// Holds: ASVS 7.4.1, ASVS 16.5.3
#[tokio::test]
async fn asvs_7_4_1_nobody_is_told_that_an_end_is_done_before_it_is_stored() {
    let house = House::new().await;
    house.add(ALICE).await;
    let mut browser = house.signed_in(ALICE).await;
    let token = browser.get("/logout").await.csrf();
    house.lose_the_store().await;
    for _ in 0..3 {
        let answer = browser.post("/logout", &[("csrf", &token)]).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        let answer = browser.get("/logout").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.set_cookies().is_empty());
    }
    // Had it been acknowledged, this would be a broken promise: the new process knows nothing of it.
    let house = house.restarted(Plan::default()).await;
    browser.router = house.router.clone();
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert_eq!(
        browser.submit("/logout", "/logout", &[]).await.location(),
        "/logout"
    );
    assert_eq!(browser.session(), None);
}

/// Holds: ASVS 7.4.1, N10
#[tokio::test]
async fn n10_a_restart_brings_no_session_back_and_ends_none() {
    let house = House::new().await;
    house.add(ALICE).await;
    let (mut stays, mut goes) = (house.signed_in(ALICE).await, house.signed_in(ALICE).await);
    let dead = goes.session().unwrap();
    let token = stays.get("/account").await.csrf();
    goes.submit("/logout", "/logout", &[]).await;
    let house = house.restarted(Plan::default()).await;
    (stays.router, goes.router) = (house.router.clone(), house.router.clone());
    goes.set_cookie("__Host-vestibule", &dead);
    assert_eq!(goes.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(stays.get("/account").await.status, StatusCode::OK);
    let answer = stays.post("/logout", &[("csrf", &token)]).await;
    assert_eq!(
        answer.location(),
        "/logout",
        "a form from before the restart works"
    );
}

#[tokio::test]
async fn only_a_form_signs_out() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    for method in [
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
        Method::TRACE,
    ] {
        let answer = browser.send(browser.request(method, "/logout", "")).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.header("allow"), "GET,HEAD,POST");
    }
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}
