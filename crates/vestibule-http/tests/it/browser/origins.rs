use http::StatusCode;

use crate::house::{Browser, House, PASSWORD, Plan};

async fn signed_in_with(browser: &Browser, origin: Option<&str>, site: Option<&str>) -> StatusCode {
    let token = browser.get("/login").await.csrf();
    let fields = [
        ("csrf", token.as_str()),
        ("identifier", "alice@example.test"),
        ("password", PASSWORD),
    ];
    let mut request = browser.form("/login", &fields);
    for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
        request.headers_mut().remove(name);
        if let Some(value) = value {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
    }
    browser.send(request).await.status
}

/// Holds: N12, ASVS 3.5.1, ASVS 3.5.8
#[tokio::test]
async fn n12_a_right_token_does_not_help_a_request_from_elsewhere() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let ours = "https://id.example.test";
    for (origin, site, good) in [
        (Some("null"), Some("same-origin"), true),
        (Some(ours), Some("same-origin"), true),
        (Some(ours), None, true),
        (None, Some("same-origin"), true),
        (Some("null"), Some("none"), true),
        (Some("null"), Some("cross-site"), false),
        (Some("null"), Some("same-site"), false),
        (Some("null"), None, false),
        (None, None, false),
        (None, Some("cross-site"), false),
        (Some(ours), Some("cross-site"), false),
        (Some("https://evil.test"), Some("same-origin"), false),
        (Some("https://evil.test"), None, false),
        (Some("http://id.example.test"), None, false),
        (Some("https://id.example.test:443"), None, false),
        (Some("https://ID.example.test"), None, false),
        (
            Some("https://sub.id.example.test"),
            Some("same-site"),
            false,
        ),
        (Some(""), None, false),
    ] {
        let browser = house.browser();
        let status = signed_in_with(&browser, origin, site).await;
        assert_eq!(
            status,
            if good {
                StatusCode::SEE_OTHER
            } else {
                StatusCode::FORBIDDEN
            },
            "{origin:?} {site:?}"
        );
        assert_eq!(browser.session().is_some(), good);
    }
}

#[tokio::test]
async fn on_http_loopback_a_browser_without_fetch_metadata_signs_in() {
    let house = House::planned(Plan {
        issuer: "http://localhost:8080",
        ..Plan::default()
    })
    .await;
    house.add("alice@example.test").await;
    assert_eq!(
        signed_in_with(&house.browser(), Some("null"), None).await,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        signed_in_with(&house.browser(), None, None).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        signed_in_with(&house.browser(), Some("http://127.0.0.1:8080"), None).await,
        StatusCode::FORBIDDEN
    );
}
