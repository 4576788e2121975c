use http::{Method, StatusCode};

use crate::house::{Answer, Browser, House, PASSWORD, Plan};

async fn asked(browser: &Browser, method: Method, host: &str, path: &str) -> Answer {
    let mut request = browser.request(method, path, "");
    request.headers_mut().insert("host", host.parse().unwrap());
    browser.send(request).await
}

#[tokio::test]
async fn a_host_that_is_not_ours_meets_no_one() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    for host in [
        "evil.test",
        "id.example.test.evil.test",
        "id.example.test:8443",
        "localhost",
        "127.0.0.1",
        "id.example.test.",
    ] {
        for path in ["/", "/login", "/account", "/setup?token=x", "/assets/x"] {
            let answer = asked(&browser, Method::GET, host, path).await;
            assert_eq!(
                answer.status,
                StatusCode::MISDIRECTED_REQUEST,
                "{host} {path}"
            );
            assert!(answer.set_cookies().is_empty() && answer.location().is_empty());
        }
        assert_eq!(
            asked(&browser, Method::POST, host, "/logout").await.status,
            StatusCode::MISDIRECTED_REQUEST
        );
    }
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn another_loopback_name_is_led_to_the_issuer_with_path_and_query() {
    let house = House::planned(Plan {
        issuer: "http://localhost:8080",
        ..Plan::default()
    })
    .await;
    for host in ["127.0.0.1:8080", "[::1]:8080", "127.0.0.1:9000"] {
        let answer = asked(&house.browser(), Method::GET, host, "/setup?token=abc").await;
        assert_eq!(
            (answer.status, answer.location()),
            (
                StatusCode::SEE_OTHER,
                "http://localhost:8080/setup?token=abc"
            )
        );
        let answer = asked(&house.browser(), Method::GET, host, "//evil.test/x").await;
        assert_eq!(answer.location(), "http://localhost:8080//evil.test/x");
        assert_eq!(
            asked(&house.browser(), Method::POST, host, "/login")
                .await
                .status,
            StatusCode::MISDIRECTED_REQUEST
        );
    }
    for host in [
        "evil.test:8080",
        "localhost.evil.test:8080",
        "192.0.2.1:8080",
    ] {
        assert_eq!(
            asked(&house.browser(), Method::GET, host, "/").await.status,
            StatusCode::MISDIRECTED_REQUEST,
            "{host}"
        );
    }
}

#[tokio::test]
async fn no_host_and_two_hosts_are_bad_requests() {
    let house = House::new().await;
    let browser = house.browser();
    let mut none = browser.request(Method::GET, "/login", "");
    none.headers_mut().remove("host");
    let mut two = browser.request(Method::GET, "/login", "");
    two.headers_mut()
        .append("host", "id.example.test".parse().unwrap());
    let mut differ = browser.request(Method::GET, "https://evil.test/login", "");
    differ
        .headers_mut()
        .insert("host", "id.example.test".parse().unwrap());
    for request in [none, two, differ] {
        assert_eq!(browser.send(request).await.status, StatusCode::BAD_REQUEST);
    }
}

/// Holds: R25, ASVS 4.1.3, ASVS 15.3.4
#[tokio::test]
async fn r25_forwarded_headers_move_neither_the_issuer_nor_the_caller() {
    let house = House::new().await;
    let alice = house.add("alice@example.test").await;
    let browser = house.browser();
    let token = browser.get("/login").await.csrf();
    let mut request = browser.form(
        "/login",
        &[
            ("csrf", &token),
            ("identifier", "alice@example.test"),
            ("password", PASSWORD),
        ],
    );
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.66"),
        ("x-real-ip", "203.0.113.66"),
        ("forwarded", "for=203.0.113.66;host=evil.test;proto=http"),
        ("x-forwarded-host", "evil.test"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-uri", "/evil"),
        ("x-original-url", "/evil"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let answer = browser.send(request).await;
    assert_eq!(answer.location(), "/account");
    assert!(answer.set_cookies()[0].contains("; Secure"));
    let sessions = house
        .store
        .sessions_of(alice.id, house.engine.now())
        .await
        .unwrap();
    assert_eq!(
        sessions[0].device.address,
        Some("192.0.2.10".parse().unwrap())
    );
}

/// Holds: R25, ASVS 15.3.4
#[tokio::test]
async fn r25_a_configured_proxy_tells_who_called() {
    let plan = Plan::default().proxy("192.0.2.0/24", vestibule_http::HeaderFamily::XForwarded);
    let house = House::planned(plan).await;
    let alice = house.add("alice@example.test").await;
    let browser = house.browser();
    let token = browser.get("/login").await.csrf();
    let mut request = browser.form(
        "/login",
        &[
            ("csrf", &token),
            ("identifier", "alice@example.test"),
            ("password", PASSWORD),
        ],
    );
    request
        .headers_mut()
        .insert("x-forwarded-for", "6.6.6.6, 203.0.113.7".parse().unwrap());
    browser.send(request).await;
    let sessions = house
        .store
        .sessions_of(alice.id, house.engine.now())
        .await
        .unwrap();
    assert_eq!(
        sessions[0].device.address,
        Some("203.0.113.7".parse().unwrap())
    );
}
