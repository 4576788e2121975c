//! `/api/openapi.json` and `/api/docs`.

use http::{StatusCode, header};
use serde_json::Value;

use crate::house::House;

#[tokio::test]
async fn the_contract_is_served_as_it_is_committed() {
    let house = House::new().await;
    let served = house.browser().get("/api/openapi.json").await;
    assert_eq!(served.status, StatusCode::OK);
    assert_eq!(served.header("content-type"), "application/json");
    let committed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/openapi.json"
    );
    let committed: Value =
        serde_json::from_str(&std::fs::read_to_string(committed).unwrap()).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&served.body).unwrap(),
        committed
    );
    assert_eq!(committed["openapi"], "3.1.0");
}

#[tokio::test]
async fn the_contract_and_its_page_are_sent_again_only_when_they_are_others() {
    let house = House::new().await;
    let browser = house.browser();
    let asked = async |path: &str, language: &str, known: &str| {
        let mut request = browser.request(http::Method::GET, path, "");
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT_LANGUAGE, language.parse().unwrap());
        headers.insert(header::IF_NONE_MATCH, known.parse().unwrap());
        browser.send(request).await
    };
    for path in ["/api/openapi.json", "/api/docs"] {
        let first = asked(path, "en", "\"other\"").await;
        assert_eq!(first.status, StatusCode::OK);
        assert_eq!(first.header("cache-control"), "no-cache");
        let etag = first.header("etag").to_owned();
        assert!(etag.starts_with('"') && etag.len() == 18, "{etag}");
        for known in [etag.clone(), format!("\"a\", W/{etag}"), "*".to_owned()] {
            let again = asked(path, "en", &known).await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path} {known}");
            assert_eq!(again.body, "");
            assert_eq!(again.header("etag"), etag);
            assert_eq!(again.header("cache-control"), "no-cache");
        }
        assert_eq!(asked(path, "en", "\"other\"").await.body, first.body);
    }
    // In another language it is another page.
    let english = asked("/api/docs", "en", "\"other\"").await;
    assert_eq!(english.header("vary"), "Accept-Language");
    let german = asked("/api/docs", "de", english.header("etag")).await;
    assert_eq!(german.status, StatusCode::OK);
    assert!(german.body.contains("<h1>Die API</h1>"));
}

#[tokio::test]
async fn the_page_tells_every_operation_in_either_frame() {
    let house = House::new().await;
    let browser = house.browser();
    let contract: Value =
        serde_json::from_str(&browser.get("/api/openapi.json").await.body).unwrap();
    for (language, title) in [("en", "The API"), ("de", "Die API")] {
        let mut request = browser.request(http::Method::GET, "/api/docs", "");
        request
            .headers_mut()
            .insert(header::ACCEPT_LANGUAGE, language.parse().unwrap());
        let page = browser.send(request).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.header("content-security-policy")
                .contains("script-src 'self'")
        );
        assert!(
            page.body.contains(&format!("<h1>{title}</h1>")),
            "{}",
            page.body
        );
        for path in contract["paths"].as_object().unwrap().keys() {
            assert!(page.body.contains(path.as_str()), "{path}");
        }
        for gone in ["http://", "https://", "style=", "onclick"] {
            let (_, body) = page.body.split_once("<body>").unwrap();
            assert!(!body.contains(gone), "{gone}");
        }
    }
}
