//! `/api/v1/admin` by an administrator in a browser.

use std::pin::pin;

use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;
use vestibule_core::email::EmailAddress;

use super::{call, csrf, read, refused, sent};
use crate::house::{Browser, House, send, until_it_waits};

const ROOT: &str = "root@example.test";
const ALICE: &str = "alice@example.test";

async fn administered() -> (House, Browser) {
    let house = House::new().await;
    house.add_with(ROOT, &["admin"], true).await;
    house.add_with("other@example.test", &["admin"], true).await;
    let root = house.signed_in(ROOT).await;
    (house, root)
}

/// Takes the role away from the one who acts.
async fn demote(house: &House) {
    let root = EmailAddress::parse(ROOT).unwrap();
    let operator = house.operator();
    house
        .engine
        .set_roles(&root, Vec::new(), &operator)
        .await
        .unwrap();
}

/// Holds: ASVS 7.4.1, ASVS 7.4.2, ASVS 7.4.5
#[tokio::test]
async fn asvs_7_4_2_an_ending_holds_while_the_store_is_away() {
    for (method, path, body) in [
        ("POST", "/users/alice@example.test/disable", ""),
        ("POST", "/users/{user}/disable", ""),
        ("DELETE", "/sessions?user=alice@example.test", ""),
        ("DELETE", "/sessions?user={user}", ""),
        ("DELETE", "/sessions/{session}", ""),
        ("POST", "/sessions/end", "{\"sessions\": [\"{session}\"]}"),
        ("DELETE", "/sessions?all=true", ""),
    ] {
        let (house, root) = administered().await;
        let user = house.add(ALICE).await.id;
        let alice = house.signed_in(ALICE).await;
        let now = house.engine.now();
        let session = house.store.sessions_of(user, now).await.unwrap()[0].id;
        let named = |text: &str| {
            text.replace("{user}", &user.to_string())
                .replace("{session}", &session.to_string())
        };
        let path = format!("/api/v1/admin{}", named(path));
        let mut request = call(&root, method, &path, &named(body));
        let token = csrf(&root).await.parse().unwrap();
        request.headers_mut().insert("x-csrf-token", token);
        assert_eq!(alice.get("/logout").await.status, StatusCode::OK);
        house.lose_the_store().await;
        refused(&root.send(request).await, 503, "end_unstored");
        assert_eq!(
            alice.get("/account").await.location(),
            "/login?next=%2Faccount",
            "{method} {path}"
        );
    }
}

/// Holds: ASVS 8.3.2
#[tokio::test]
async fn asvs_8_3_2_a_slow_body_keeps_no_role_alive() {
    let (house, root) = administered().await;
    let body = r#"{"email": "mallory@example.test", "roles": ["admin"]}"#;
    let (whole, waits) = oneshot::channel::<()>();
    let mut request = call(&root, "POST", "/api/v1/admin/users", body).map(|body| {
        axum::body::Body::new(body.with_trailers(async {
            let _ = waits.await;
            None
        }))
    });
    let token = csrf(&root).await.parse().unwrap();
    request.headers_mut().insert("x-csrf-token", token);
    let mut slow = pin!(send(&house.router, request));
    until_it_waits(&mut slow).await;
    demote(&house).await;
    whole.send(()).unwrap();
    refused(&slow.await, 403, "forbidden");
    let mallory = EmailAddress::parse("mallory@example.test").unwrap();
    assert!(house.engine.user(&mallory).await.unwrap().is_none());
}

/// Holds: ASVS 8.3.2
#[tokio::test]
async fn asvs_8_3_2_nor_does_a_slow_form_of_the_console() {
    let (house, root) = administered().await;
    let user = house.add(ALICE).await.id;
    let alice = house.signed_in(ALICE).await;
    let path = format!("/console/people/{user}");
    let token = root.get(&path).await.csrf();
    let (whole, request) = root.slow_form(&format!("{path}/disable"), &[("csrf", &token)]);
    let mut slow = pin!(send(&house.router, request));
    until_it_waits(&mut slow).await;
    demote(&house).await;
    whole.send(()).unwrap();
    assert_eq!(slow.await.status, StatusCode::FORBIDDEN);
    assert_eq!(alice.get("/account").await.status, StatusCode::OK);
}

/// Holds: ASVS 7.4.1, ASVS 7.4.2, ASVS 7.4.5
#[tokio::test]
async fn asvs_7_4_5_so_does_one_from_the_console() {
    for (path, field) in [
        ("/people/{user}/disable", ""),
        ("/people/{user}/end", ""),
        ("/sessions/end", "session-{session}=on"),
        ("/sessions/end-user", "user={user}"),
        ("/sessions/end-all", ""),
    ] {
        let (house, root) = administered().await;
        let user = house.add(ALICE).await.id;
        let alice = house.signed_in(ALICE).await;
        let now = house.engine.now();
        let session = house.store.sessions_of(user, now).await.unwrap()[0].id;
        let named = |text: &str| {
            text.replace("{user}", &user.to_string())
                .replace("{session}", &session.to_string())
        };
        let (path, field) = (format!("/console{}", named(path)), named(field));
        let token = root.get("/console/sessions/end-all").await.csrf();
        assert_eq!(alice.get("/logout").await.status, StatusCode::OK);
        house.lose_the_store().await;
        let said = root.get(&format!("{path}?{field}")).await;
        assert_eq!(said.status, StatusCode::OK, "{path}: {}", said.body);
        let fields: Vec<_> = std::iter::once(("csrf", token.as_str()))
            .chain(field.split_once('='))
            .collect();
        let answer = root.post(&path, &fields).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        // What holds is said so, and of whom.
        let says = if path.ends_with("end-all") {
            "Almost signed out"
        } else if path.ends_with("disable") {
            "Nothing tries that again by itself."
        } else {
            "Signed out, but not written down yet"
        };
        assert!(answer.body.contains(says), "{path}: {}", answer.body);
        assert_eq!(
            alice.get("/account").await.location(),
            "/login?next=%2Faccount",
            "{path}"
        );
    }
}

/// Holds: ASVS 6.4.6
#[tokio::test]
async fn asvs_6_4_6_no_administrator_sets_somebodys_password() {
    let (_house, root) = administered().await;
    let with = r#"{"email": "bob@example.test", "password": "a dozen red bicycles"}"#;
    let answer = sent(&root, "POST", "/api/v1/admin/users", with).await;
    refused(&answer, 403, "forbidden");
    let without = r#"{"email": "bob@example.test"}"#;
    let answer = sent(&root, "POST", "/api/v1/admin/users", without).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", read(&answer));
}

/// Holds: ASVS 3.5.8
#[tokio::test]
async fn asvs_3_5_8_another_sites_page_has_nothing_read() {
    let (_house, root) = administered().await;
    for path in ["/api/v1/admin/audit/verify", "/api/v1/admin/users"] {
        for site in ["cross-site", "same-site"] {
            let mut request = call(&root, "GET", path, "");
            request
                .headers_mut()
                .insert("sec-fetch-site", site.parse().unwrap());
            refused(&root.send(request).await, 403, "cross_site");
        }
        assert_eq!(
            root.send(call(&root, "GET", path, "")).await.status,
            StatusCode::OK
        );
    }
}

/// Every route of the contract under `/api/v1/admin`, by method, with something in each place that a name belongs.
fn routes() -> Vec<(String, String)> {
    let document = serde_json::to_value(vestibule_http::api::document()).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if path.starts_with("/api/v1/admin") {
            let filled: Vec<_> = path
                .split('/')
                .map(|part| if part.starts_with('{') { "x" } else { part })
                .collect();
            for method in methods.as_object().unwrap().keys() {
                if ["get", "put", "post", "patch", "delete"].contains(&method.as_str()) {
                    routes.push((method.to_uppercase(), filled.join("/")));
                }
            }
        }
    }
    routes
}

/// Holds: ASVS 8.2.1, ASVS 7.5.1, ASVS 3.5.1, N12, H03
#[tokio::test]
async fn asvs_8_2_1_no_route_of_administration_is_open_to_anybody_else() {
    let routes = routes();
    assert!(routes.len() > 20, "{routes:?}");
    let (house, root) = administered().await;
    house.add(ALICE).await;
    let (alice, stranger) = (house.signed_in(ALICE).await, house.browser());
    let (hers, roots) = (csrf(&alice).await, csrf(&root).await);
    let with = |browser: &Browser, (method, path): &(String, String), token: &str| {
        let body = if method == "GET" { "" } else { "{}" };
        let mut request = call(browser, method, path, body);
        if !token.is_empty() {
            let token = token.parse().unwrap();
            request.headers_mut().insert("x-csrf-token", token);
        }
        request
    };
    for route in &routes {
        let answer = stranger.send(with(&stranger, route, &roots)).await;
        refused(&answer, 401, "not_signed_in");
        let answer = alice.send(with(&alice, route, &hers)).await;
        refused(&answer, 403, "forbidden");
        let mut foreign = with(&root, route, &roots);
        let headers = foreign.headers_mut();
        headers.insert("origin", "https://evil.test".parse().unwrap());
        headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
        refused(&root.send(foreign).await, 403, "cross_site");
        if route.0 != "GET" {
            for wrong in ["", &hers] {
                let answer = root.send(with(&root, route, wrong)).await;
                refused(&answer, 403, "csrf_token_required");
            }
        }
    }
    house.clock.forward(std::time::Duration::from_mins(6));
    for route in &routes {
        let answer = root.send(with(&root, route, &roots)).await;
        refused(&answer, 403, "fresh_login_required");
    }
}

#[tokio::test]
async fn what_became_of_an_import_is_told_in_the_callers_language() {
    let (_house, root) = administered().await;
    let list = r#"{"users": [{"email": "nobody"}, {"email": "bob@example.test", "language": "tlh"},
        {"email": "carol@example.test"}, {"email": "carol@example.test"}]}"#;
    let token = csrf(&root).await;
    let mut told = Vec::new();
    for language in ["en", "de"] {
        let body = list.replace("carol", &format!("carol.{language}"));
        let mut request = call(&root, "POST", "/api/v1/admin/users/import", &body);
        let headers = request.headers_mut();
        headers.insert("x-csrf-token", token.parse().unwrap());
        headers.insert("accept-language", language.parse().unwrap());
        let answer = root.send(request).await;
        assert_eq!(answer.header("content-language"), language);
        let users = read(&answer)["users"].as_array().unwrap().clone();
        let details = users.iter().map(|one| one["detail"].clone());
        told.push(details.collect::<Vec<_>>());
    }
    assert_eq!(told[0][3], "This address stands in the list already.");
    assert_eq!(told[1][3], "Diese Adresse steht schon in der Liste.");
    for (english, german) in told[0].iter().zip(&told[1]) {
        assert_eq!(english.is_null(), german.is_null());
        assert!(english.is_null() || english != german, "{english}");
    }
}
