//! Problems, in the caller's language.

use http::header;

use super::{call, read};
use crate::house::House;

#[tokio::test]
async fn a_problem_is_told_in_the_caller_s_language() {
    let house = House::new().await;
    let browser = house.browser();
    for (wanted, language, title) in [
        ("", "en", "Nobody is signed in"),
        ("de-AT, en;q=0.5", "de", "Niemand ist angemeldet"),
        ("fr", "en", "Nobody is signed in"),
    ] {
        let mut request = call(&browser, "GET", "/api/v1/session", "");
        request
            .headers_mut()
            .insert(header::ACCEPT_LANGUAGE, wanted.parse().unwrap());
        let answer = browser.send(request).await;
        assert_eq!(answer.header("content-language"), language);
        assert_eq!(answer.header("vary"), "Accept-Language");
        let body = read(&answer);
        assert_eq!(body["title"], title);
        assert_eq!(body["type"], "/docs/problems#not_signed_in");
    }
    // Also what the layer around the routes refuses.
    let mut request = call(&browser, "GET", "/api/nowhere", "");
    request
        .headers_mut()
        .insert(header::ACCEPT_LANGUAGE, "de".parse().unwrap());
    let answer = browser.send(request).await;
    assert_eq!(answer.header("content-language"), "de");
    assert_eq!(answer.header("vary"), "Accept-Language");
}

/// What an administrator hears of what they sent, too: nothing of it is an error's own English.
#[tokio::test]
async fn what_exactly_is_wrong_is_told_in_the_caller_s_language() {
    let house = House::new().await;
    house.add_with("root@example.test", &["admin"], true).await;
    let browser = house.signed_in("root@example.test").await;
    for (path, german) in [
        (
            "/api/v1/admin/users/alice",
            "Eine E-Mail-Adresse sieht aus wie name@example.com.",
        ),
        (
            "/api/v1/admin/users/nobody@example.test",
            "Kein Konto hat die Adresse nobody@example.test.",
        ),
        (
            "/api/v1/admin/users?role=Admin",
            "Eine Rolle hat 1 bis 64 Zeichen aus a-z, 0-9, Unterstrich und Bindestrich.",
        ),
        (
            "/api/v1/admin/sessions?before=1",
            "Der Parameter before ist nicht die Kennung einer Sitzung.",
        ),
        (
            "/api/v1/admin/audit?since=today",
            "Der Parameter since ist ein Zeitpunkt wie 2026-01-31T12:00:00Z.",
        ),
        (
            "/api/v1/admin/applications/shop",
            "Es gibt keine Anwendung \"shop\": vestibule app list zeigt, welche es gibt.",
        ),
    ] {
        let mut request = call(&browser, "GET", path, "");
        request
            .headers_mut()
            .insert(header::ACCEPT_LANGUAGE, "de".parse().unwrap());
        let answer = browser.send(request).await;
        assert_eq!(read(&answer)["detail"], german, "{path}");
    }
}
