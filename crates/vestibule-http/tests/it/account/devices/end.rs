use std::pin::pin;
use std::time::Duration;

use http::StatusCode;
use vestibule_engine::Chores;

use crate::house::{Browser, House, PASSWORD, send, until_it_waits};

const ALICE: &str = "alice@example.test";

async fn device_of(browser: &Browser) -> String {
    browser
        .get("/account")
        .await
        .field("device")
        .expect("another device")
}

/// Holds: ASVS 7.5.2
#[tokio::test]
async fn asvs_7_5_2_a_fresh_login_ends_another_device_at_its_next_click() {
    let house = House::new().await;
    let alice = house.add(ALICE).await;
    let lost = house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let device = device_of(&browser).await;
    let answer = browser
        .submit("/account", "/account/devices/end", &[("device", &device)])
        .await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/account?ended=1")
    );
    assert!(
        browser
            .follow("/account?ended=1")
            .await
            .body
            .contains("class=\"notice")
    );
    assert_eq!(
        lost.get("/account").await.location(),
        "/login?next=%2Faccount"
    );
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert_eq!(
        house
            .store
            .sessions_of(alice.id, house.engine.now())
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        house.trail().await.last().unwrap(),
        "session.ended (ended_by_owner)"
    );
}

/// Holds: ASVS 7.4.1
#[tokio::test]
async fn asvs_7_4_1_a_slow_form_of_a_session_that_ended_meanwhile_does_nothing() {
    let house = House::new().await;
    house.add(ALICE).await;
    let thief = house.signed_in(ALICE).await;
    let owner = house.signed_in(ALICE).await;
    let device = device_of(&thief).await;
    let token = thief.get("/account").await.csrf();
    let fields = [("csrf", token.as_str()), ("device", &device)];
    let (whole, request) = thief.slow_form("/account/devices/end", &fields);
    let mut slow = pin!(send(&house.router, request));
    until_it_waits(&mut slow).await;
    let answer = owner
        .submit("/account", "/account/devices/end-others", &[])
        .await;
    assert_eq!(answer.location(), "/account?ended=1");
    whole.send(()).unwrap();
    assert_eq!(slow.await.status, StatusCode::FORBIDDEN);
    assert_eq!(owner.get("/account").await.status, StatusCode::OK);
}

/// Holds: ASVS 7.5.2, ASVS 7.2.4
#[tokio::test]
async fn asvs_7_2_4_a_stale_login_is_asked_for_the_password_and_goes_on_under_a_new_secret() {
    let house = House::new().await;
    house.add(ALICE).await;
    let lost = house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    house.clock.forward(Duration::from_mins(6));
    let device = device_of(&browser).await;
    let asked = browser
        .submit("/account", "/account/devices/end", &[("device", &device)])
        .await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(
        asked.body.contains("action=\"/account/devices/end\"")
            && asked.body.contains("Firefox on Linux")
    );
    assert_eq!(
        asked.field("device").as_deref(),
        Some(&*device),
        "the form is carried over"
    );
    assert_eq!(
        lost.get("/account").await.status,
        StatusCode::OK,
        "nothing has happened yet"
    );

    let wrong = browser
        .post(
            "/account/devices/end",
            &[
                ("csrf", &asked.csrf()),
                ("device", &device),
                ("password", "not mine, I fear"),
            ],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(wrong.body.contains("aria-invalid=\"true\""));
    assert!(wrong.set_cookies().is_empty());

    let old = browser.session().unwrap();
    let answer = browser
        .post(
            "/account/devices/end",
            &[
                ("csrf", &wrong.csrf()),
                ("device", &device),
                ("password", PASSWORD),
            ],
        )
        .await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/account?ended=1")
    );
    let new = browser.session().unwrap();
    assert_ne!(old, new);
    assert_eq!(lost.get("/account").await.status, StatusCode::SEE_OTHER);
    // ASVS 7.2.4: the old value is dead at once.
    let thief = house.browser();
    thief.set_cookie("__Host-vestibule", &old);
    assert_eq!(thief.get("/account").await.status, StatusCode::SEE_OTHER);
    // N07, N12: and a token made before works on, since it is bound to the session.
    assert_eq!(
        browser
            .post("/account/devices/end-others", &[("csrf", &asked.csrf())])
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    let trail = house.trail().await;
    assert!(trail.contains(&"reauthentication.refused (wrong_password)".to_owned()));
    assert!(trail.contains(&"reauthentication.succeeded".to_owned()));
}

/// Holds: ASVS 8.2.2
#[tokio::test]
async fn asvs_8_2_2_somebody_else_s_device_is_as_if_there_were_none() {
    let house = House::new().await;
    house.add(ALICE).await;
    let bob = house.add("bob@example.test").await;
    let bobs = house.signed_in("bob@example.test").await;
    let id = house
        .store
        .sessions_of(bob.id, house.engine.now())
        .await
        .unwrap()[0]
        .id
        .to_string();
    let browser = house.signed_in(ALICE).await;
    let none = "01890a5d-ac96-774b-bcce-b302099a8057";
    let foreign = browser
        .submit("/account", "/account/devices/end", &[("device", &id)])
        .await;
    let absent = browser
        .submit("/account", "/account/devices/end", &[("device", none)])
        .await;
    assert_eq!(
        (foreign.status, foreign.location()),
        (StatusCode::SEE_OTHER, "/account?ended=0")
    );
    assert_eq!(
        format!("{:?}", foreign.headers),
        format!("{:?}", absent.headers)
    );
    // Nor does a stale login learn of it by being asked for the password.
    house.clock.forward(Duration::from_mins(6));
    let foreign = browser
        .submit(
            "/account",
            "/account/devices/end",
            &[("device", &id), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(foreign.location(), "/account?ended=0");
    assert_eq!(bobs.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn ending_this_device_is_signing_out() {
    let house = House::new().await;
    let alice = house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let id = house
        .store
        .sessions_of(alice.id, house.engine.now())
        .await
        .unwrap()[0]
        .id
        .to_string();
    let answer = browser
        .submit("/account", "/account/devices/end", &[("device", &id)])
        .await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/logout")
    );
    assert_eq!(browser.session(), None);
}

#[tokio::test]
async fn what_is_no_device_is_a_bad_request_and_what_has_no_token_is_refused() {
    let house = House::new().await;
    house.add(ALICE).await;
    house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let device = device_of(&browser).await;
    for fields in [&[("device", "x")][..], &[("device", "")], &[]] {
        let answer = browser
            .submit("/account", "/account/devices/end", fields)
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    let answer = browser
        .post("/account/devices/end", &[("device", &device)])
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(
        browser
            .get("/account")
            .await
            .body
            .matches("name=\"device\"")
            .count(),
        1
    );
}

/// Holds: ASVS 16.5.2
#[tokio::test]
async fn asvs_16_5_2_a_renewal_is_kept_whatever_becomes_of_the_act() {
    let house = House::new().await;
    house.add(ALICE).await;
    let lost = house.signed_in(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let device = device_of(&browser).await;
    let token = browser.get("/account").await.csrf();
    house.lose_the_store().await;
    let answer = browser
        .post(
            "/account/devices/end",
            &[("csrf", &token), ("device", &device)],
        )
        .await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.set_cookies().is_empty());
    assert_eq!(lost.get("/logout").await.status, StatusCode::OK);
}

/// Holds: ASVS 7.4.1, ASVS 7.5.2
#[tokio::test]
async fn asvs_7_4_1_an_end_that_is_not_written_down_is_told_as_such_until_it_is() {
    for path in ["/account/devices/end", "/account/devices/end-others"] {
        let house = House::new().await;
        house.add(ALICE).await;
        house.add("bob@example.test").await;
        let lost = house.signed_in(ALICE).await;
        let browser = house.signed_in(ALICE).await;
        let bob = house.signed_in("bob@example.test").await;
        let device = device_of(&browser).await;
        house.fill_the_disk(true);
        for _ in 0..2 {
            let answer = browser
                .submit("/account", path, &[("device", &device)])
                .await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
            let says = "Signed out, but not written down yet";
            assert!(answer.body.contains(says), "{path}: {}", answer.body);
            assert_eq!(lost.get("/account").await.status, StatusCode::SEE_OTHER);
        }
        // ASVS 8.2.2: what is owed of one person is nothing to another.
        let fields = [("device", device.as_str())];
        let answer = bob
            .submit("/account", "/account/devices/end", &fields)
            .await;
        assert_eq!(answer.location(), "/account?ended=0");
        house.fill_the_disk(false);
        Chores::new(house.engine.clone()).round().await;
        let answer = browser.submit("/account", path, &fields).await;
        assert_eq!(answer.location(), "/account?ended=0", "{path}");
    }
}
