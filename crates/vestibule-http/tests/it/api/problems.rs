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
