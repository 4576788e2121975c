use http::{Method, StatusCode};

use super::routes::pages;
use crate::house::House;

const ALICE: &str = "alice@example.test";

/// Holds: ASVS 7.4.1, N10
#[tokio::test]
async fn n10_no_page_sets_or_clears_the_cookie_of_a_dead_session() {
    let house = House::new().await;
    house.add(ALICE).await;
    let browser = house.signed_in(ALICE).await;
    let dead = browser.session().unwrap();
    browser.submit("/account", "/logout", &[]).await;
    let unknown = "A".repeat(64);
    for cookie in [dead.as_str(), unknown.as_str(), "malformed", ""] {
        for (path, _) in pages() {
            for method in [Method::GET, Method::POST] {
                let late = house.browser();
                late.set_cookie("__Host-vestibule", cookie);
                let request = if method == Method::POST {
                    late.form(&path, &[])
                } else {
                    late.request(method, &path, "")
                };
                let answer = late.send(request).await;
                let ours = answer
                    .set_cookies()
                    .into_iter()
                    .filter(|set| set.starts_with("__Host-vestibule="));
                assert_eq!(ours.count(), 0, "{path}");
                assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
            }
        }
    }
}

/// Holds: H02
#[tokio::test]
async fn h02_two_cookies_of_our_name_are_nobody_s() {
    let house = House::new().await;
    house.add(ALICE).await;
    let (mine, thine) = (
        house.signed_in(ALICE).await.session().unwrap(),
        house.signed_in(ALICE).await.session().unwrap(),
    );
    for cookies in [
        format!("__Host-vestibule={mine}; __Host-vestibule={thine}"),
        format!("__Host-vestibule={mine}; __Host-vestibule={mine}"),
    ] {
        let browser = house.browser();
        let mut request = browser.request(Method::GET, "/account", "");
        request
            .headers_mut()
            .insert("cookie", cookies.parse().unwrap());
        assert_eq!(browser.send(request).await.status, StatusCode::SEE_OTHER);
    }
    let browser = house.browser();
    let mut request = browser.request(Method::GET, "/account", "");
    request.headers_mut().append(
        "cookie",
        format!("theme=dark; __Host-vestibule={mine}")
            .parse()
            .unwrap(),
    );
    request
        .headers_mut()
        .append("cookie", "lang=de".parse().unwrap());
    assert_eq!(
        browser.send(request).await.status,
        StatusCode::OK,
        "an application's own do not matter"
    );
}

#[tokio::test]
async fn malformed_and_oversized_cookies_open_nothing_and_break_nothing() {
    let house = House::new().await;
    house.add(ALICE).await;
    let value = house.signed_in(ALICE).await.session().unwrap();
    for (cookie, status) in [
        (
            format!("__Host-vestibule={}", &value[1..]),
            StatusCode::SEE_OTHER,
        ),
        (
            format!("__Host-vestibule=\"{value}\""),
            StatusCode::SEE_OTHER,
        ),
        (format!("__host-vestibule={value}"), StatusCode::SEE_OTHER),
        (format!("vestibule-443={value}"), StatusCode::SEE_OTHER),
        (
            format!("__Host-vestibule={value}%00"),
            StatusCode::SEE_OTHER,
        ),
        (
            format!(";;;=;{};=__Host-vestibule", "a;".repeat(100)),
            StatusCode::SEE_OTHER,
        ),
        (
            format!("__Host-vestibule={}", "A".repeat(10_000)),
            StatusCode::SEE_OTHER,
        ),
        (
            format!("__Host-vestibule={value}; junk={}", "x".repeat(17_000)),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ),
    ] {
        let browser = house.browser();
        let mut request = browser.request(Method::GET, "/account", "");
        request
            .headers_mut()
            .insert("cookie", cookie.parse().unwrap());
        let answer = browser.send(request).await;
        assert_eq!(answer.status, status, "{cookie:.60}");
        assert!(answer.set_cookies().is_empty());
    }
    let browser = house.browser();
    let mut request = browser.request(Method::GET, "/account", "");
    let bytes = http::HeaderValue::from_bytes(b"__Host-vestibule=\xff\xfe\x80").unwrap();
    request.headers_mut().insert("cookie", bytes);
    assert_eq!(browser.send(request).await.status, StatusCode::SEE_OTHER);
}
