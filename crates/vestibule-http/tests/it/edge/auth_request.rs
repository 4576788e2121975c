//! nginx's dialect: 2xx, 401, 403, and nothing else but a 503.

use http::StatusCode;
use vestibule_http::HeaderFamily::XOriginal;

use super::asker::{ISSUER, Street};

#[tokio::test]
async fn a_page_view_is_401_with_the_way_to_sign_in() {
    let street = Street::new().await;
    let ask = street.ask_by(XOriginal, "GET", "/app?x=1").of_nginx();
    let page = ask.clone().of_nobody().with("sec-fetch-mode", "navigate");
    let answer = page.send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        answer.location(),
        format!("{ISSUER}/login?next=/app%3Fx%3D1")
    );
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
    let program = ask.clone().of_nobody().send().await;
    assert_eq!(program.status, StatusCode::UNAUTHORIZED);
    assert_eq!(program.location(), "");
    assert_eq!(ask.send().await.status, StatusCode::OK);
}

/// nginx makes a 500 of every status that it does not know.
#[tokio::test]
async fn each_bad_request_is_a_403() {
    let street = Street::new().await;
    let ask = || street.ask_by(XOriginal, "GET", "/app").of_nginx();
    for (what, ask) in [
        (
            "a family that is not this proxy's",
            ask().with("x-forwarded-host", "x"),
        ),
        ("a header missing", ask().without("x-original-method")),
        (
            "a header twice",
            ask().and("x-original-url", "https://id.example.test/app"),
        ),
        (
            "an ambiguous path",
            street.ask_by(XOriginal, "GET", "/app/%2e%2e/x").of_nginx(),
        ),
        ("an unknown parameter", ask().query("roles=admin")),
        ("an application", ask().query("app=shop")),
        (
            "another host",
            ask()
                .without("x-original-uri")
                .with("x-original-url", "https://shop.example.test/app"),
        ),
    ] {
        assert_eq!(ask.send().await.status, StatusCode::FORBIDDEN, "{what}");
    }
}

/// The page of the book holds the file that is to be copied, letter by letter.
#[test]
fn the_book_s_nginx_page_shows_the_snippet() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    let page = std::fs::read_to_string(format!("{docs}/behind-nginx.md")).unwrap();
    let snippet = std::fs::read_to_string(format!("{docs}/snippets/nginx.conf")).unwrap();
    assert!(page.contains(&format!("```nginx\n{snippet}```")));
}
