//! A command, as it reaches the control socket.

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::Value;
use vestibule_core::audit::StoredEvent;
use vestibule_http::OperatorUid;

use crate::house::{House, Plan, send};

/// Who gives the commands.
pub const UID: u32 = 1234;

pub struct Caller {
    pub house: House,
    pub router: Router,
}

/// What came back.
#[derive(Debug)]
pub struct Told {
    pub status: StatusCode,
    pub body: Value,
    pub retry_after: String,
}

impl Told {
    /// The problem's code, once it is seen to be a whole problem.
    pub fn problem(&self) -> &str {
        let of = |name: &str| self.body[name].as_str().unwrap_or_default();
        assert_eq!(self.body["status"], self.status.as_u16(), "{self:?}");
        assert!(
            !of("title").is_empty() && !of("detail").is_empty(),
            "{self:?}"
        );
        assert_eq!(of("type"), format!("/docs/problems#{}", of("code")));
        of("code")
    }
}

impl Caller {
    pub async fn new() -> Self {
        let mailless = Plan {
            mailless: true,
            ..Plan::default()
        };
        Self::of(House::planned(mailless).await)
    }

    pub fn of(house: House) -> Self {
        let router = vestibule_http::control(house.context.clone());
        Self { house, router }
    }

    pub async fn get(&self, path: &str) -> Told {
        self.send(Self::request("GET", path, "")).await
    }

    pub async fn delete(&self, path: &str) -> Told {
        self.send(Self::request("DELETE", path, "")).await
    }

    pub async fn post(&self, path: &str, body: &str) -> Told {
        self.send(Self::request("POST", path, body)).await
    }

    pub fn request(method: &str, path: &str, body: &str) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(OperatorUid(UID))
            .body(Body::from(body.to_owned()))
            .unwrap();
        if !body.is_empty() {
            let json = "application/json".parse().unwrap();
            request.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        request
    }

    pub async fn send(&self, request: Request<Body>) -> Told {
        let answer = send(&self.router, request).await;
        let expected = match answer.status {
            StatusCode::NO_CONTENT => "",
            status if status.is_success() => "application/json",
            _ => "application/problem+json",
        };
        assert_eq!(answer.header("content-type"), expected, "{answer:?}");
        if !expected.is_empty() {
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
        Told {
            status: answer.status,
            body: serde_json::from_str(&answer.body).unwrap_or(Value::Null),
            retry_after: answer.header("retry-after").to_owned(),
        }
    }

    /// What was recorded since `before`.
    pub async fn events_since(&self, before: u64) -> Vec<StoredEvent> {
        let page = self.house.store.events_after(before, 1000).await.unwrap();
        page.events
    }

    /// The trail's last position.
    pub async fn position(&self) -> u64 {
        self.events_since(0)
            .await
            .last()
            .map_or(0, |event| event.position)
    }

    /// What was recorded since `before`, as codes, and that the operator did it.
    pub async fn acts_since(&self, before: u64) -> Vec<&'static str> {
        let events = self.events_since(before).await;
        for event in &events {
            assert_eq!(event.actor.code(), format!("operator:{UID}"));
        }
        events.iter().map(|event| event.event.kind.code()).collect()
    }
}
