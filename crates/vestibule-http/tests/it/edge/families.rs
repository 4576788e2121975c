//! Which headers a proxy may send, end to end: the rules themselves are tested where they stand.

use http::StatusCode;
use vestibule_http::HeaderFamily::{XForwarded, XOriginal};

use super::asker::Street;
use crate::house::Plan;

const FORWARDED: [&str; 4] = [
    "x-forwarded-method",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-uri",
];
const ORIGINAL: [&str; 3] = ["x-original-method", "x-original-url", "x-original-uri"];

/// Holds: ASVS 4.1.3, R25
#[tokio::test]
async fn asvs_4_1_3_a_header_of_the_other_family_is_400() {
    let street = Street::new().await;
    for (family, others) in [(XForwarded, &ORIGINAL[..]), (XOriginal, &FORWARDED)] {
        for other in others {
            for value in ["", "GET", "/app"] {
                let ask = street.ask_by(family, "GET", "/app").with(other, value);
                assert_eq!(ask.send().await.status, StatusCode::BAD_REQUEST, "{other}");
            }
        }
    }
    // Each proxy has its own, and only its own.
    let ask = street.ask_by(XForwarded, "GET", "/app").from("192.0.2.2:1");
    assert_eq!(ask.send().await.status, StatusCode::BAD_REQUEST);
}

/// Holds: ASVS 4.1.3
#[tokio::test]
async fn asvs_4_1_3_a_missing_or_repeated_header_is_400() {
    let street = Street::new().await;
    for name in FORWARDED {
        let ask = street.ask("/app");
        let missing = ask.clone().without(name).send().await;
        assert_eq!(missing.status, StatusCode::BAD_REQUEST, "{name}");
        let repeated = ask.and(name, "GET").send().await;
        assert_eq!(repeated.status, StatusCode::BAD_REQUEST, "{name}");
    }
    for name in &ORIGINAL[..2] {
        let ask = street.ask_by(XOriginal, "GET", "/app");
        let missing = ask.clone().without(name).send().await;
        assert_eq!(missing.status, StatusCode::BAD_REQUEST, "{name}");
    }
    let bare = ORIGINAL
        .iter()
        .fold(street.ask_by(XOriginal, "GET", "/app"), |ask, name| {
            ask.without(name)
        });
    assert_eq!(bare.send().await.status, StatusCode::BAD_REQUEST);
}

/// Holds: ASVS 1.5.3
#[tokio::test]
async fn asvs_1_5_3_an_ambiguous_path_is_400_even_with_a_session() {
    let street = Street::new().await;
    for path in [
        "/app//x",
        "/app/%2e%2e/x",
        "/app/../x",
        "/app%2Fx",
        "/app;x",
        "/app%5cx",
        "/app\\x",
        "app",
        "*",
    ] {
        let ask = street.ask(path);
        assert_eq!(ask.send().await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

/// Holds: ASVS 4.1.3
#[tokio::test]
async fn a_loopback_proxy_that_no_setting_names_sends_one_family() {
    let street = Street::planned(Plan {
        issuer: "https://localhost:8443",
        ..Plan::default()
    })
    .await;
    for peer in ["127.0.0.1:4000", "[::1]:4000", "127.8.9.1:4000"] {
        for family in [XForwarded, XOriginal] {
            let ask = street.ask_by(family, "GET", "/app").from(peer);
            assert_eq!(ask.clone().send().await.status, StatusCode::OK, "{peer}");
            let both = ask
                .with("x-original-method", "GET")
                .with("x-forwarded-method", "GET");
            assert_eq!(both.send().await.status, StatusCode::BAD_REQUEST, "{peer}");
        }
    }
    let far = street.ask("/app").from("192.0.2.1:4000").send().await;
    assert_eq!(far.status, StatusCode::FORBIDDEN);
}

/// Holds: ASVS 4.1.3
#[tokio::test]
async fn a_loopback_proxy_that_a_setting_names_keeps_to_its_family() {
    let plan = Plan {
        issuer: "https://localhost:8443",
        ..Plan::default()
    };
    let street = Street::planned(plan.proxy("127.0.0.1/32", XOriginal)).await;
    let ask = |family| street.ask_by(family, "GET", "/app").from("127.0.0.1:4000");
    assert_eq!(ask(XOriginal).send().await.status, StatusCode::OK);
    assert_eq!(ask(XForwarded).send().await.status, StatusCode::BAD_REQUEST);
}
