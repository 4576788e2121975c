//! `GET /vestibule/not-sent`.

use http::StatusCode;

use super::town::{ISSUER, SIBLING, Town};

/// Holds: R23
#[tokio::test]
async fn r23_the_page_leads_back_to_a_page_of_this_host_and_nowhere_else() {
    let town = Town::new().await;
    let mut alice = town.person();
    for (next, link) in [
        ("/cart", "/cart"),
        ("//evil.test", "/"),
        ("https://evil.test/", "/"),
        ("/vestibule/logout", "/"),
        ("", "/"),
    ] {
        for origin in [SIBLING, ISSUER] {
            let path = format!("/vestibule/not-sent?next={next}");
            let page = alice.at(origin).get(&path).await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(page.body.contains("Nothing was sent"));
            assert!(
                page.body
                    .contains(&format!("class=\"button wide\" href=\"{link}\"")),
                "{next}"
            );
            assert!(page.set_cookies().is_empty());
        }
    }
}

#[tokio::test]
async fn a_form_that_met_no_login_leads_here_and_back_to_its_own_page() {
    let town = Town::new().await;
    let sent = |referer: &str, accept: &str| {
        town.ask(SIBLING, "/orders", "")
            .with("x-forwarded-method", "POST")
            .with("origin", SIBLING)
            .with("accept", accept)
            .with("referer", referer)
    };
    let html = "text/html,*/*;q=0.8";
    for (referer, next) in [
        (
            "https://shop.example.test/orders/new?a=b",
            "/orders/new%3Fa%3Db",
        ),
        ("https://shop.example.test/", "/"),
        ("https://shop.example.test.evil.test/x", "/"),
        ("https://shop.example.test//evil.test", "/"),
        ("https://evil.test/x", "/"),
        ("rubbish", "/"),
    ] {
        let answer = sent(referer, html).send().await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{referer}");
        assert_eq!(
            answer.location(),
            format!("{SIBLING}/vestibule/not-sent?next={next}"),
            "{referer}"
        );
        let nginx = sent(referer, html).of_nginx().send().await;
        assert_eq!(nginx.status, StatusCode::UNAUTHORIZED);
        assert_eq!(nginx.location(), answer.location());
    }
    let program = sent("https://shop.example.test/", "application/json");
    let answer = program.send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
}
