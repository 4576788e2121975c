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
