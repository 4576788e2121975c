//! `/api` on the public listener.

mod account;
mod admin;
mod bad_input;
mod data;
mod docs;
mod login;
mod problems;
mod session;

use axum::body::Body;
use http::{Method, Request, header};
use serde_json::Value;

use crate::house::{Answer, Browser};

/// A call by a script of the issuer's own pages, without a token.
pub fn call(browser: &Browser, method: &str, path: &str, body: &str) -> Request<Body> {
    let method: Method = method.parse().unwrap();
    let mut request = browser.request(method.clone(), path, body);
    let headers = request.headers_mut();
    headers.insert(header::ACCEPT, "*/*".parse().unwrap());
    headers.insert("sec-fetch-mode", "cors".parse().unwrap());
    headers.insert("sec-fetch-dest", "empty".parse().unwrap());
    headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
    if !method.is_safe() {
        let origin = format!("https://{}", browser.host);
        headers.insert(header::ORIGIN, origin.parse().unwrap());
    }
    if !body.is_empty() {
        headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    }
    request
}

/// The same by a program: nothing in it tells of a browser.
pub fn program(browser: &Browser, method: &str, path: &str, body: &str) -> Request<Body> {
    let mut request = call(browser, method, path, body);
    for name in [
        "origin",
        "sec-fetch-mode",
        "sec-fetch-dest",
        "sec-fetch-site",
    ] {
        request.headers_mut().remove(name);
    }
    request
}

/// A call with the session's token.
pub async fn sent(browser: &Browser, method: &str, path: &str, body: &str) -> Answer {
    let token = csrf(browser).await;
    let mut request = call(browser, method, path, body);
    request
        .headers_mut()
        .insert("x-csrf-token", token.parse().unwrap());
    browser.send(request).await
}

pub async fn asked(browser: &Browser, path: &str) -> Answer {
    browser.send(call(browser, "GET", path, "")).await
}

/// The session's token.
pub async fn csrf(browser: &Browser) -> String {
    let session = asked(browser, "/api/v1/session").await;
    read(&session)["csrf_token"].as_str().unwrap().to_owned()
}

pub fn read(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

/// Status and code of a problem.
pub fn problem(answer: &Answer) -> (u16, String) {
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{answer:?}"
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = read(answer);
    assert_eq!(body["status"], answer.status.as_u16());
    assert_eq!(body["id"].as_str().unwrap().len(), 8, "{body}");
    (
        answer.status.as_u16(),
        body["code"].as_str().unwrap().to_owned(),
    )
}

/// Holds that the answer is this problem.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(problem(answer), (status, code.to_owned()), "{answer:?}");
}
