//! An application on the issuer's own host.

use http::StatusCode;
use vestibule_http::HeaderFamily::{XForwarded, XOriginal};

use super::asker::{Street, plan};
use crate::house::Plan;

/// Holds: C24
#[tokio::test]
async fn c24_off_loopback_the_application_must_be_declared_fully_trusted() {
    let street = Street::planned(Plan {
        own_host_application: false,
        ..plan()
    })
    .await;
    let answer = street.ask("/app").send().await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("own_host_application"));
    let loopback = Street::planned(
        Plan {
            issuer: "http://localhost:8080",
            ..Plan::default()
        }
        .proxy("192.0.2.1/32", XForwarded),
    )
    .await;
    assert_eq!(loopback.status().await, StatusCode::OK);
}

#[tokio::test]
async fn another_host_is_refused_and_the_answer_says_which_is_served() {
    let street = Street::new().await;
    for host in [
        "shop.example.test",
        "id.example.test.evil.test",
        "id.example.test:8443",
        "id.example.test.",
    ] {
        let answer = street
            .ask("/app")
            .with("x-forwarded-host", host)
            .send()
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{host}");
        assert!(
            answer
                .body
                .contains("no application is registered at the forwarded host")
        );
        assert!(answer.body.contains("id.example.test"));
        let url = format!("https://{host}/app");
        let ask = street
            .ask_by(XOriginal, "GET", "/app")
            .with("x-original-url", &url);
        assert_eq!(ask.send().await.status, StatusCode::FORBIDDEN, "{host}");
    }
    for host in ["ID.example.test", "id.example.test:443"] {
        let answer = street
            .ask("/app")
            .with("x-forwarded-host", host)
            .send()
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{host}");
    }
}

/// Holds: R36, N11
#[tokio::test]
async fn r36_a_request_that_came_in_the_clear_is_refused() {
    let street = Street::new().await;
    let answer = street
        .ask("/app")
        .with("x-forwarded-proto", "http")
        .send()
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let ask = street.ask_by(XOriginal, "GET", "/app");
    let answer = ask
        .with("x-original-url", "http://id.example.test/app")
        .send()
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

/// Holds: C24
#[tokio::test]
async fn c24_no_application_has_a_path_of_vestibule_s_own() {
    let street = Street::new().await;
    for name in [
        "login",
        "logout",
        "setup",
        "register",
        "recover",
        "account",
        "console",
        "device",
        "assets",
        "verify",
        "api",
        "oauth",
        "revocations",
        "vestibule",
        ".well-known",
        "docs",
        "dev",
    ] {
        for path in [
            format!("/{name}"),
            format!("/{name}/"),
            format!("/{name}/x"),
            format!("/{name}?x"),
            format!("/%{:02x}{}", name.as_bytes()[0], &name[1..]),
        ] {
            // An escaped dot is refused as ambiguous before.
            let status = street.ask(&path).send().await.status;
            let refused = [StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST];
            assert!(refused.contains(&status), "{path} gave {status}");
        }
        for path in [
            format!("/{name}s"),
            format!("/app/{name}"),
            format!("/x{name}"),
        ] {
            assert_eq!(
                street.ask(&path).send().await.status,
                StatusCode::OK,
                "{path}"
            );
        }
    }
}
