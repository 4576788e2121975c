//! The list of routes itself, read from the source: what holds for every page must hold for the next one too.

use http::{Method, StatusCode};

use crate::house::{House, PASSWORD};

/// Path and the methods it answers to.
pub fn pages() -> Vec<(String, Vec<Method>)> {
    let source = include_str!("../../../src/lib.rs");
    let (_, list) = source.split_once("fn pages(").expect("the list of pages");
    let mut pages = Vec::new();
    for route in list.split(".route(").skip(1) {
        let mut quoted = route.splitn(3, '"').skip(1);
        let (path, handlers) = (quoted.next().unwrap(), quoted.next().unwrap());
        let handlers = handlers.split(".fallback(").next().unwrap();
        let mut methods = Vec::new();
        if handlers.contains("get(") {
            methods.extend([Method::GET, Method::HEAD]);
        }
        if handlers.contains("post(") {
            methods.push(Method::POST);
        }
        assert!(!methods.is_empty(), "{route}");
        let path = path.replace(
            "{asset}",
            vestibule_http::assets::STYLESHEET
                .path()
                .trim_start_matches("/assets/"),
        );
        pages.push((path, methods));
    }
    assert!(pages.len() >= 10, "{pages:?}");
    pages
}

/// Holds: ASVS 4.1.4
#[tokio::test]
async fn asvs_4_1_4_a_method_that_a_page_does_not_have_is_405_with_those_it_has() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    for (path, methods) in pages() {
        let allowed: Vec<_> = methods.iter().map(Method::as_str).collect();
        let unused = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
            Method::TRACE,
        ];
        for method in unused
            .into_iter()
            .filter(|method| !methods.contains(method))
        {
            let answer = browser
                .send(browser.request(method.clone(), &path, ""))
                .await;
            assert_eq!(
                answer.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
            assert_eq!(answer.header("allow"), allowed.join(","), "{method} {path}");
            assert!(answer.body.contains("405"), "a page");
        }
    }
}

/// Holds: ASVS 3.5.3
#[tokio::test]
async fn asvs_3_5_3_no_get_changes_anything_whatever_its_query_says() {
    let house = House::new().await;
    let token = house.setup_token().await;
    let alice = house.add("alice@example.test").await;
    house.signed_in("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    let page = browser.get("/account").await;
    let (csrf, device) = (page.csrf(), page.field("device").unwrap());
    let query = format!(
        "csrf={csrf}&device={device}&identifier=alice%40example.test&password={0}&current_password={0}&new_password=another+long+one&token={token}",
        PASSWORD.replace(' ', "+")
    );
    let (trail, cookie) = (house.trail().await, browser.session());
    for (path, _) in pages() {
        for method in [Method::GET, Method::HEAD] {
            for path in [path.clone(), format!("{path}?{query}")] {
                let answer = browser
                    .send(browser.request(method.clone(), &path, ""))
                    .await;
                assert!(answer.status.as_u16() < 500, "{method} {path}");
                assert!(
                    !answer
                        .set_cookies()
                        .iter()
                        .any(|set| set.starts_with("__Host-vestibule=")),
                    "{method} {path}"
                );
            }
        }
    }
    assert_eq!(house.trail().await, trail);
    assert_eq!(browser.session(), cookie);
    assert_eq!(
        house
            .store
            .sessions_of(alice.id, house.engine.now())
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn head_says_what_get_says_and_sends_nothing() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.signed_in("alice@example.test").await;
    let pages = pages()
        .into_iter()
        .filter(|(_, methods)| methods.contains(&Method::GET))
        .map(|(path, _)| path);
    for path in pages.chain(["/nothing-here".to_owned()]) {
        let get = browser.get(&path).await;
        let head = browser.send(browser.request(Method::HEAD, &path, "")).await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(
            head.header("content-type"),
            get.header("content-type"),
            "{path}"
        );
        assert!(head.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn the_start_page_leads_in_or_to_the_door() {
    let house = House::new().await;
    house.add("alice@example.test").await;
    let browser = house.browser();
    let answer = browser.get("/").await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/login")
    );
    browser.sign_in("alice@example.test", PASSWORD).await;
    assert_eq!(browser.get("/").await.location(), "/account");
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so() {
    let house = House::new().await;
    for path in [
        "/nothing-here",
        "/account/nothing",
        "/login/",
        "/LOGIN",
        "//login",
        "/assets/x",
        "/assets/../login",
        "/%2e/login",
        "/favicon.ico",
    ] {
        let answer = house.browser().get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            answer.body.contains("404") && answer.body.contains("href=\"/account\""),
            "{path}"
        );
    }
}
