//! `/api/v1/session/data`, and `/vestibule/session/data` on an application's own host.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use vestibule_core::application::Demand;
use vestibule_core::email::EmailAddress;
use vestibule_core::id::ApplicationId;
use vestibule_engine::RotateSecret;

use super::{asked, call, program, read, refused};
use crate::handshake::town::{ALICE, ISSUER, Person, SIBLING, Town, UNRELATED};
use crate::house::{Answer, Browser, Plan, until_it_waits};

const DATA: &str = "/api/v1/session/data";
const THERE: &str = "/vestibule/session/data";
const BOOKS: &str = "https://books.example.test";
const NEWS: &str = "https://news.example.test";

/// A town with an application that is fully trusted, at the issuer's own origin.
async fn trusting() -> Town {
    let plan = Plan {
        own_host_application: true,
        ..Plan::default()
    };
    let town = Town::planned(plan).await;
    town.register("desk", &[ISSUER], Demand::default()).await;
    town
}

async fn put(
    browser: &Browser,
    path: &str,
    value: &str,
    conditions: &[(&'static str, &str)],
) -> Answer {
    let session = if path.starts_with("/api") {
        "/api/v1/session"
    } else {
        "/vestibule/session"
    };
    let token = read(&asked(browser, session).await)["csrf_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let method = if value.is_empty() { "DELETE" } else { "PUT" };
    let mut request = call(browser, method, path, value);
    request
        .headers_mut()
        .insert("x-csrf-token", token.parse().unwrap());
    for (name, value) in conditions {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    browser.send(request).await
}

/// An application's credentials.
async fn secret(town: &Town, application: ApplicationId) -> HeaderValue {
    let operator = town.house.operator();
    let rotated = town
        .house
        .engine
        .rotate_secret(application, false, &operator)
        .await
        .unwrap();
    let RotateSecret::Rotated { secret, .. } = rotated else {
        panic!("no such application");
    };
    basic(&application.to_string(), &secret.encode())
}

fn basic(client_id: &str, secret: &str) -> HeaderValue {
    let encoded = STANDARD.encode(format!("{client_id}:{secret}"));
    format!("Basic {encoded}").parse().unwrap()
}

async fn by_credentials(
    browser: &Browser,
    (method, path): (&str, &str),
    credentials: &HeaderValue,
    body: &str,
) -> Answer {
    let mut request = program(browser, method, path, body);
    request
        .headers_mut()
        .insert(header::AUTHORIZATION, credentials.clone());
    browser.send(request).await
}

#[tokio::test]
async fn no_update_is_lost() {
    let town = trusting().await;
    let mut person = town.person();
    person.sign_in().await;
    let browser = person.at(ISSUER);
    let key = &format!("{DATA}/basket");
    refused(&asked(browser, key).await, 404, "data_not_found");
    refused(
        &put(browser, key, "[1]", &[("if-match", "*")]).await,
        412,
        "precondition_failed",
    );
    let made = put(browser, key, "[ 1 ]", &[]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let first = made.header("etag").to_owned();
    let told = asked(browser, key).await;
    assert_eq!(
        (told.body.as_str(), told.header("etag")),
        ("[ 1 ]", &*first)
    );
    assert_eq!(told.header("content-type"), "application/json");
    // Known already.
    let mut again = call(browser, "GET", key, "");
    again.headers_mut().insert(
        "if-none-match",
        format!("\"0\", W/{first}").parse().unwrap(),
    );
    assert_eq!(browser.send(again).await.status, StatusCode::NOT_MODIFIED);
    // Unseen, it is not overwritten; seen, once.
    refused(
        &put(browser, key, "[2]", &[]).await,
        428,
        "precondition_required",
    );
    refused(
        &put(browser, key, "[2]", &[("if-none-match", "*")]).await,
        412,
        "precondition_failed",
    );
    let second = put(browser, key, "[2]", &[("if-match", &first)]).await;
    assert_eq!(second.status, StatusCode::NO_CONTENT);
    assert_ne!(second.header("etag"), first);
    refused(
        &put(browser, key, "[3]", &[("if-match", &first)]).await,
        412,
        "precondition_failed",
    );
    assert_eq!(
        put(browser, key, "[4]", &[("if-match", "*")]).await.status,
        StatusCode::NO_CONTENT
    );
    refused(
        &put(browser, key, "", &[("if-match", &first)]).await,
        412,
        "precondition_failed",
    );
    let weak = format!("W/{}", asked(browser, key).await.header("etag"));
    refused(
        &put(browser, key, "", &[("if-match", &weak)]).await,
        412,
        "precondition_failed",
    );
    for malformed in ["x", "\"1\", \"2\"", "\"1", ""] {
        refused(
            &put(browser, key, "[5]", &[("if-match", malformed)]).await,
            400,
            "invalid_header",
        );
    }
    assert_eq!(
        read(&asked(browser, DATA).await)["keys"][0]["key"],
        "basket"
    );
    // Nor is it dropped unseen.
    for unseen in [&[][..], &[("if-none-match", "*")]] {
        refused(
            &put(browser, key, "", unseen).await,
            428,
            "precondition_required",
        );
    }
    let any = [("if-match", "*")];
    assert_eq!(
        put(browser, key, "", &any).await.status,
        StatusCode::NO_CONTENT
    );
    // RFC 9110 §13.1.1: nothing is there that it could name.
    refused(
        &put(browser, key, "", &any).await,
        412,
        "precondition_failed",
    );
}

/// Holds: ASVS 8.2.2
#[tokio::test]
async fn asvs_8_2_2_one_application_never_sees_another_s() {
    let town = trusting().await;
    let mut person = town.person();
    person.sign_in().await;
    for origin in [SIBLING, UNRELATED] {
        person.visit(origin, "/").await;
    }
    for (origin, path) in [(ISSUER, DATA), (SIBLING, THERE), (UNRELATED, THERE)] {
        let made = put(
            person.at(origin),
            &format!("{path}/whose"),
            &format!("\"{origin}\""),
            &[],
        )
        .await;
        assert_eq!(made.status, StatusCode::CREATED, "{origin}: {}", made.body);
    }
    for (origin, path) in [(ISSUER, DATA), (SIBLING, THERE), (UNRELATED, THERE)] {
        let told = asked(person.at(origin), &format!("{path}/whose")).await;
        assert_eq!(told.body, format!("\"{origin}\""));
        assert_eq!(
            read(&asked(person.at(origin), path).await)["keys"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    }
}

#[tokio::test]
async fn an_application_reaches_its_own_by_its_credentials() {
    let town = Town::new().await;
    let books = town.register("books", &[BOOKS], Demand::default()).await;
    let own = secret(&town, books).await;
    let news = town.register("news", &[NEWS], Demand::default()).await;
    let other = secret(&town, news).await;
    let mut person = town.person();
    person.sign_in().await;
    person.visit(BOOKS, "/").await;
    person.visit(NEWS, "/").await;
    let id = read(&asked(person.at(ISSUER), "/api/v1/session").await)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let server = town.house.browser();
    let key = &format!("{DATA}/page?session={id}");
    let made = by_credentials(&server, ("PUT", key), &own, "{\"at\": 7}").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(
        read(&by_credentials(&server, ("GET", key), &own, "").await),
        json!({"at": 7})
    );
    refused(
        &by_credentials(&server, ("GET", key), &other, "").await,
        404,
        "data_not_found",
    );
    // By nothing, by a cookie, and by what is not its secret.
    for credentials in [
        basic(&books.to_string(), "vst_app_x"),
        basic(&books.to_string(), ""),
        basic("", ""),
        basic("x", "y"),
        "Bearer x".parse().unwrap(),
        "Basic".parse().unwrap(),
        "Basic !".parse().unwrap(),
    ] {
        let answer = by_credentials(&server, ("GET", key), &credentials, "").await;
        refused(&answer, 401, "application_refused");
        assert!(
            answer.header("www-authenticate").starts_with("Basic "),
            "{answer:?}"
        );
    }
    refused(
        &by_credentials(&server, ("GET", DATA), &own, "").await,
        400,
        "invalid_query",
    );
    // No browser asks its person for a password on the issuer's origin.
    for credentials in ["", "Basic eDp5"] {
        let mut request = call(person.at(ISSUER), "GET", key, "");
        if !credentials.is_empty() {
            let value = credentials.parse().unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        let answer = person.at(ISSUER).send(request).await;
        refused(&answer, 401, "application_refused");
        assert_eq!(
            answer.header("www-authenticate"),
            "Cookie realm=\"vestibule\""
        );
    }
    // It ends with the session.
    town.house
        .engine
        .revoke_all(&town.house.operator())
        .await
        .unwrap();
    refused(
        &by_credentials(&server, ("GET", key), &own, "").await,
        404,
        "session_not_found",
    );
    refused(
        &by_credentials(&server, ("PUT", key), &own, "1").await,
        404,
        "session_not_found",
    );
}

/// Holds: ASVS 8.2.2
#[tokio::test]
async fn asvs_8_2_2_an_application_does_not_learn_of_a_session_that_it_was_not_opened_under() {
    let town = Town::new().await;
    let books = town.register("books", &[BOOKS], Demand::default()).await;
    let news = town.register("news", &[NEWS], Demand::default()).await;
    let (books, news) = (secret(&town, books).await, secret(&town, news).await);
    let mut person = town.person();
    person.sign_in().await;
    person.visit(BOOKS, "/").await;
    let id = read(&asked(person.at(ISSUER), "/api/v1/session").await)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let server = town.house.browser();
    let calls = [
        ("GET", "", ""),
        ("GET", "/k", ""),
        ("PUT", "/k", "1"),
        ("DELETE", "/k", ""),
    ];
    let mut unknown = id.clone();
    unknown.pop();
    unknown.push(if id.ends_with('0') { '1' } else { '0' });
    for (method, key, body) in calls {
        for session in [&id, &unknown] {
            let path = format!("{DATA}{key}?session={session}");
            let mut request = program(&server, method, &path, body);
            let headers = request.headers_mut();
            headers.insert(header::AUTHORIZATION, news.clone());
            if method == "DELETE" {
                headers.insert(header::IF_MATCH, HeaderValue::from_static("*"));
            }
            refused(&server.send(request).await, 404, "session_not_found");
        }
    }
    let path = &format!("{DATA}/k?session={id}");
    let made = by_credentials(&server, ("PUT", path), &books, "1").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    person.visit(NEWS, "/").await;
    let made = by_credentials(&server, ("PUT", path), &news, "1").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
}

#[tokio::test]
async fn the_application_at_the_issuer_s_own_origin_is_opened_by_the_session_itself() {
    let plan = Plan {
        own_host_application: true,
        ..Plan::default()
    };
    let town = Town::planned(plan).await;
    let desk = town.register("desk", &[ISSUER], Demand::default()).await;
    let desk = secret(&town, desk).await;
    let mut person = town.person();
    person.sign_in().await;
    let id = read(&asked(person.at(ISSUER), "/api/v1/session").await)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let server = town.house.browser();
    let path = &format!("{DATA}/k?session={id}");
    let made = by_credentials(&server, ("PUT", path), &desk, "1").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
}

/// Holds: ASVS 8.3.1, ASVS 8.3.2
#[tokio::test]
async fn asvs_8_3_2_who_may_not_into_the_application_any_more_neither_reads_nor_writes_there() {
    let town = Town::new().await;
    let demand = Demand {
        roles: vec!["staff".parse().unwrap()],
        ..Demand::default()
    };
    town.register("books", &[BOOKS], demand).await;
    let (engine, operator) = (&town.house.engine, town.house.operator());
    let alice = EmailAddress::parse(ALICE).unwrap();
    let staff = vec!["staff".parse().unwrap()];
    engine.set_roles(&alice, staff, &operator).await.unwrap();
    let mut person = town.person();
    person.sign_in().await;
    person.visit(BOOKS, "/").await;
    let token = token(&mut person, BOOKS, "/vestibule/session").await;
    let key = &format!("{THERE}/k");
    let browser = person.at(BOOKS);
    let made = put(browser, key, "1", &[]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    // While a request of theirs is on its way.
    let (whole, waits) = tokio::sync::oneshot::channel::<()>();
    let mut late = call(browser, "PUT", &format!("{THERE}/late"), "2");
    late.headers_mut()
        .insert("x-csrf-token", token.parse().unwrap());
    let late = late.map(|body| {
        axum::body::Body::new(http_body_util::BodyExt::with_trailers(body, async {
            let _ = waits.await;
            None
        }))
    });
    let mut answer = std::pin::pin!(browser.send(late));
    until_it_waits(&mut answer).await;
    let gone = engine.set_roles(&alice, Vec::new(), &operator).await;
    gone.unwrap();
    whole.send(()).unwrap();
    refused(&answer.await, 403, "forbidden");
    for (method, path, body) in [
        ("GET", "/vestibule/session", ""),
        ("GET", THERE, ""),
        ("GET", key, ""),
        ("PUT", key, "3"),
        ("DELETE", key, ""),
    ] {
        let mut request = call(browser, method, path, body);
        request
            .headers_mut()
            .insert("x-csrf-token", token.parse().unwrap());
        refused(&browser.send(request).await, 403, "forbidden");
    }
}

/// Holds: ASVS 7.4.1
#[tokio::test]
async fn asvs_7_4_1_an_app_session_that_ends_while_its_request_is_on_the_way_does_nothing() {
    let town = Town::new().await;
    let mut person = town.person();
    person.sign_in().await;
    person.visit(SIBLING, "/").await;
    let token = token(&mut person, SIBLING, "/vestibule/session").await;
    let browser = person.at(SIBLING);
    let (whole, waits) = tokio::sync::oneshot::channel::<()>();
    // What is refused once the body is whole is refused before it is looked at.
    let mut late = call(browser, "PUT", &format!("{THERE}/late"), "{");
    late.headers_mut()
        .insert("x-csrf-token", token.parse().unwrap());
    let late = late.map(|body| {
        axum::body::Body::new(http_body_util::BodyExt::with_trailers(body, async {
            let _ = waits.await;
            None
        }))
    });
    let mut answer = std::pin::pin!(browser.send(late));
    until_it_waits(&mut answer).await;
    let operator = town.house.operator();
    town.house.engine.revoke_all(&operator).await.unwrap();
    whole.send(()).unwrap();
    refused(&answer.await, 401, "not_signed_in");
}

#[tokio::test]
async fn by_cookie_it_is_the_application_at_the_issuer_s_origin_or_none() {
    let town = Town::new().await;
    let mut person = town.person();
    person.sign_in().await;
    refused(
        &asked(person.at(ISSUER), DATA).await,
        403,
        "no_application_here",
    );
    refused(
        &asked(&town.house.browser(), DATA).await,
        401,
        "not_signed_in",
    );
}

/// Holds: N12, ASVS 3.5.1
#[tokio::test]
async fn n12_only_the_application_s_own_pages_write_on_its_host() {
    let town = Town::new().await;
    let mut person = town.person();
    person.sign_in().await;
    for origin in [SIBLING, UNRELATED] {
        person.visit(origin, "/").await;
    }
    let told = read(&asked(person.at(SIBLING), "/vestibule/session").await);
    assert_eq!(told["user"]["email"], ALICE);
    let own = told["csrf_token"].as_str().unwrap().to_owned();
    let other = token(&mut person, UNRELATED, "/vestibule/session").await;
    let issuer = token(&mut person, ISSUER, "/api/v1/session").await;
    let browser = person.at(SIBLING);
    for token in ["", "x", &other, &issuer] {
        let mut request = call(browser, "PUT", &format!("{THERE}/k"), "1");
        request
            .headers_mut()
            .insert("x-csrf-token", token.parse().unwrap());
        refused(&browser.send(request).await, 403, "csrf_token_required");
    }
    for (name, value) in [
        ("origin", UNRELATED),
        ("origin", ISSUER),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let mut request = call(browser, "PUT", &format!("{THERE}/k"), "1");
        request
            .headers_mut()
            .insert("x-csrf-token", own.parse().unwrap());
        request.headers_mut().insert(name, value.parse().unwrap());
        refused(&browser.send(request).await, 403, "cross_site");
    }
    // None of it is there on the issuer's host, and nothing of the issuer's here.
    refused(
        &asked(person.at(ISSUER), "/vestibule/session").await,
        404,
        "not_found",
    );
    refused(
        &asked(person.at(SIBLING), "/api/v1/session").await,
        421,
        "misdirected",
    );
    // An application's cookie opens no other's.
    let cookies = person.at(SIBLING).cookie_header();
    let stranger = person.at(UNRELATED);
    let mut request = call(stranger, "GET", "/vestibule/session", "");
    request
        .headers_mut()
        .insert(header::COOKIE, cookies.parse().unwrap());
    refused(&stranger.send(request).await, 401, "not_signed_in");
}

async fn token(person: &mut Person<'_>, origin: &str, path: &str) -> String {
    read(&asked(person.at(origin), path).await)["csrf_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Holds: ASVS 1.5.3, ASVS 15.2.2
#[tokio::test]
async fn asvs_15_2_2_what_is_kept_is_json_and_has_limits() {
    let town = trusting().await;
    let mut person = town.person();
    person.sign_in().await;
    let browser = person.at(ISSUER);
    let key = &format!("{DATA}/k");
    for malformed in ["{", "{\"a\":1,\"a\":2}", "1 2", "nul"] {
        refused(
            &put(browser, key, malformed, &[]).await,
            400,
            "invalid_body",
        );
    }
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    refused(&put(browser, key, &deep, &[]).await, 400, "invalid_body");
    let of = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    refused(
        &put(browser, key, &of(16 * 1024 + 1), &[]).await,
        413,
        "data_too_large",
    );
    refused(
        &put(browser, key, &of(10_000_000), &[]).await,
        413,
        "body_too_large",
    );
    for at in 0..4 {
        let made = put(browser, &format!("{DATA}/k{at}"), &of(16 * 1024), &[]).await;
        assert_eq!(made.status, StatusCode::CREATED);
    }
    refused(&put(browser, key, "1", &[]).await, 413, "data_too_large");
    for bad in ["%20", "a%2Fb", "ä", &"x".repeat(65)] {
        let path = format!(
            "{DATA}/{}",
            percent_encoding::utf8_percent_encode(bad, percent_encoding::NON_ALPHANUMERIC)
        );
        refused(&asked(browser, &path).await, 400, "invalid_key");
    }
    refused(
        &asked(browser, &format!("{DATA}/%FF")).await,
        400,
        "invalid_path",
    );
}

#[tokio::test]
async fn there_is_an_end_to_keys() {
    let town = trusting().await;
    let mut person = town.person();
    person.sign_in().await;
    let browser = person.at(ISSUER);
    for at in 0..64 {
        let made = put(browser, &format!("{DATA}/k{at}"), "1", &[]).await;
        assert_eq!(made.status, StatusCode::CREATED);
    }
    refused(
        &put(browser, &format!("{DATA}/more"), "1", &[]).await,
        409,
        "too_many_keys",
    );
}
