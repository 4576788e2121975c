use axum::body::Body;
use http::{Request, StatusCode};
use vestibule_core::filter::UserFilter;

use crate::house::{Browser, House};

fn raw(browser: &Browser, path: &str, body: impl Into<Body>) -> Request<Body> {
    let mut request = browser.form(path, &[]);
    *request.body_mut() = body.into();
    request
}

const FORMS: [&str; 6] = [
    "/login",
    "/logout",
    "/setup",
    "/account/security",
    "/account/devices/end",
    "/account/devices/end-others",
];

/// Holds: ASVS 15.3.7, ASVS 1.5.3
#[tokio::test]
async fn asvs_15_3_7_malformed_forms_are_refused_everywhere_and_change_nothing() {
    let house = House::new().await;
    let alice = house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    let token = browser.get("/account").await.csrf();
    let trail = house.trail().await;
    let many: Vec<_> = (0..100).map(|n| format!("f{n}=1")).collect();
    for path in FORMS {
        for body in [
            format!("csrf={token}&csrf={token}"),
            format!("csrf={token}&password=a&password=b"),
            format!("csrf={token}&x=1&%78=1"),
            format!("csrf={token}&password=%"),
            format!("csrf={token}&password=%f"),
            format!("csrf={token}&password=%gg"),
            format!("csrf={token}&password=%ff%fe"),
            format!("csrf={token}&{}", many.join("&")),
        ] {
            let answer = browser.send(raw(&browser, path, body.clone())).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body}");
        }
        let bytes = [b"csrf=".as_slice(), token.as_bytes(), b"&password=\xff\xfe"].concat();
        assert_eq!(
            browser.send(raw(&browser, path, bytes)).await.status,
            StatusCode::BAD_REQUEST,
            "{path}"
        );
    }
    assert_eq!(house.trail().await, trail);
    assert_eq!(
        house
            .store
            .sessions_of(alice.id, house.engine.now())
            .await
            .unwrap()
            .len(),
        1
    );
}

/// Holds: ASVS 15.2.2
#[tokio::test]
async fn asvs_15_2_2_an_oversized_form_is_413_told_or_not() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    for path in FORMS {
        let body = format!("password={}", "x".repeat(64 * 1024));
        let mut told = raw(&browser, path, body.clone());
        told.headers_mut()
            .insert("content-length", body.len().into());
        assert_eq!(
            browser.send(told).await.status,
            StatusCode::PAYLOAD_TOO_LARGE,
            "{path}"
        );
        assert_eq!(
            browser.send(raw(&browser, path, body)).await.status,
            StatusCode::PAYLOAD_TOO_LARGE,
            "{path}"
        );
        let mut lying = raw(&browser, path, "a=b");
        lying
            .headers_mut()
            .insert("content-length", "99999999999".parse().unwrap());
        assert_eq!(
            browser.send(lying).await.status,
            StatusCode::PAYLOAD_TOO_LARGE,
            "{path}"
        );
    }
}

/// Holds: ASVS 3.5.2
#[tokio::test]
async fn asvs_3_5_2_only_a_form_is_taken() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    let token = browser.get("/account").await.csrf();
    for path in FORMS {
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/json"),
            Some("multipart/form-data; boundary=x"),
            Some("*/*"),
            Some(""),
        ] {
            let mut request = raw(&browser, path, format!("csrf={token}"));
            request.headers_mut().remove("content-type");
            if let Some(content_type) = content_type {
                request
                    .headers_mut()
                    .insert("content-type", content_type.parse().unwrap());
            }
            assert_eq!(
                browser.send(request).await.status,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "{path} {content_type:?}"
            );
        }
        let mut packed = raw(&browser, path, "a=b");
        packed
            .headers_mut()
            .insert("content-encoding", "gzip".parse().unwrap());
        assert_eq!(
            browser.send(packed).await.status,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{path}"
        );
    }
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

/// Holds: ASVS 15.3.3, ASVS 8.2.3
#[tokio::test]
async fn asvs_15_3_3_fields_that_a_page_does_not_know_are_passed_over() {
    let house = House::new().await;
    let token = house.setup_token().await;
    let page = format!("/setup?token={token}");
    let fields = [
        ("token", token.as_str()),
        ("identifier", "alice@example.test"),
        ("password", crate::house::PASSWORD),
        ("email_verified", "true"),
        ("roles", "owner"),
        ("acr", "aal3"),
    ];
    assert_eq!(
        house
            .browser()
            .submit(&page, "/setup", &fields)
            .await
            .status,
        StatusCode::SEE_OTHER
    );
    let users = house
        .engine
        .users(UserFilter::default(), None, 10)
        .await
        .unwrap()
        .users;
    assert!(!users[0].email_verified);
    assert_eq!(users[0].roles.len(), 1);
}
