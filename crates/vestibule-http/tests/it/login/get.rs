use http::StatusCode;

use crate::house::House;

#[tokio::test]
async fn the_form_comes_with_a_pre_session() {
    let house = House::new().await;
    let answer = house.browser().get("/login").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let [cookie] = &answer.set_cookies()[..] else {
        panic!("{:?}", answer.set_cookies())
    };
    assert!(cookie.starts_with("__Host-vestibule-form="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
    for field in [
        "name=\"identifier\"",
        "autocomplete=\"username\"",
        "autocomplete=\"current-password\"",
        "name=\"remember\"",
    ] {
        assert!(answer.body.contains(field), "{field}");
    }
}

#[tokio::test]
async fn a_second_tab_keeps_the_pre_session_and_both_forms_work() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.browser();
    let (one, two) = (browser.get("/login").await, browser.get("/login").await);
    assert!(two.set_cookies().is_empty());
    assert_ne!(one.csrf(), two.csrf(), "masked anew for each page");
    let fields = [
        ("identifier", "alice@example.test"),
        ("password", "not it at all, no"),
        ("csrf", &one.csrf()),
    ];
    assert_eq!(
        browser.post("/login", &fields).await.status,
        StatusCode::UNAUTHORIZED
    );
    let fields = [
        ("identifier", "alice@example.test"),
        ("password", crate::house::PASSWORD),
        ("csrf", &two.csrf()),
    ];
    assert_eq!(
        browser.post("/login", &fields).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_person_who_is_signed_in_goes_on_to_next() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    for (query, target) in [
        ("", "/account"),
        ("?next=%2Fapp%2Forders%3Fid%3D7", "/app/orders?id=7"),
        ("?next=%2F%2Fevil.test", "/account"),
        ("?next=%2Flogin", "/account"),
        ("?next=%2Flogout", "/account"),
    ] {
        let answer = browser.get(&format!("/login{query}")).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, target),
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_place_to_go_on_to_is_named_unless_it_is_our_own() {
    let house = House::new().await;
    let app = house.browser().get("/login?next=%2Fapp%2Forders").await;
    assert_eq!(app.field("next").as_deref(), Some("/app/orders"));
    assert!(
        app.body.matches("/app/orders").count() == 2,
        "in the field and in words"
    );
    let own = house
        .browser()
        .get("/login?next=%2Faccount%2Fsecurity")
        .await;
    assert_eq!(
        own.body.matches("/account/security").count(),
        1,
        "in the field alone"
    );
}

/// Holds: R23, ASVS 3.7.2
#[tokio::test]
async fn r23_a_next_that_leaves_the_host_is_dropped_with_the_form_and_after_it() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    for next in [
        "https://evil.test/",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "/\n/evil.test",
        "\t//evil.test",
        " //evil.test",
        "/%09/evil.test/..//",
        "http:evil.test",
        "javascript:alert(1)",
        "data:text/html,x",
        "/..//evil.test",
        "/%2e%2e//evil.test",
        "/.//evil.test",
        "//evil.test@id.example.test",
        "@evil.test",
        ".evil.test",
        "evil.test",
        "/\u{2028}/evil.test",
        "/é",
        "/a#b",
        "/\r\nSet-Cookie: a=b",
        "/\0",
        "https:///evil.test",
        "//[::1]",
        "/////evil.test",
    ] {
        let browser = house.browser();
        let encoded =
            percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC);
        let page = browser.get(&format!("/login?next={encoded}")).await;
        assert_eq!(page.status, StatusCode::OK, "{next:?}");
        assert_eq!(page.field("next"), None, "{next:?}");
        assert!(!page.body.contains("evil.test"), "{next:?}");
        let fields = [
            ("csrf", page.csrf()),
            ("identifier", "alice@example.test".into()),
            ("password", crate::house::PASSWORD.into()),
            ("next", next.to_owned()),
        ];
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let answer = browser.post("/login", &fields).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/account"),
            "{next:?}"
        );
    }
}

#[tokio::test]
async fn a_next_that_leads_round_in_a_circle_or_out_again_is_dropped() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    for next in ["/", "/login", "/login?next=/app", "/logout", "/setup?x"] {
        let encoded =
            percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC);
        let path = format!("/login?next={encoded}");
        let page = house.browser().get(&path).await;
        assert_eq!(page.field("next"), None, "{next}");
        assert_eq!(browser.get(&path).await.location(), "/account", "{next}");
    }
}

/// Holds: ASVS 15.3.7
#[tokio::test]
async fn asvs_15_3_7_a_repeated_parameter_is_refused() {
    let house = House::new().await;
    assert_eq!(
        house.browser().get("/login?next=/a&next=/b").await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        house.browser().get("/login?next=%zz").await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn the_page_speaks_the_reader_s_language() {
    let house = House::new().await;
    let browser = house.browser();
    let mut request = browser.request(http::Method::GET, "/login", "");
    request.headers_mut().insert(
        "accept-language",
        "de-AT,de;q=0.9,en;q=0.5".parse().unwrap(),
    );
    let answer = browser.send(request).await;
    assert!(answer.body.contains("<html lang=\"de\">"));
    assert!(answer.body.contains("Anmelden"), "{}", answer.body);
}

#[tokio::test]
async fn a_person_whose_session_ran_out_is_told_so() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    let fresh = house.browser().get("/login").await;
    house.clock.forward(std::time::Duration::from_mins(31));
    let sent = browser.get("/account/security?x=1").await;
    assert_eq!(
        (sent.status, sent.location()),
        (
            StatusCode::SEE_OTHER,
            "/login?next=%2Faccount%2Fsecurity%3Fx%3D1"
        )
    );
    let told = browser.get(sent.location()).await;
    assert!(
        told.body.contains("class=\"notice\" role=\"status\""),
        "a notice"
    );
    assert!(
        !fresh.body.contains("class=\"notice\" role=\"status\""),
        "and none for a stranger"
    );
}
