//! A proxy in front of a house in which Alice is signed in.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use vestibule_core::user::{Language, User};
use vestibule_engine::{LiveSession, NewAccount, SignIn, Visit};
use vestibule_http::{HeaderFamily, Peer};

use crate::house::{self, Answer, House, PASSWORD, Plan};

pub const ISSUER: &str = "https://id.example.test";
/// Names the five.
pub const IDENTITY: [&str; 5] = [
    "remote-user",
    "remote-email",
    "remote-name",
    "remote-groups",
    "remote-session",
];

/// A house with two proxies in front, one of each family, and Alice in it.
pub struct Street {
    pub house: House,
    pub alice: User,
    pub session: LiveSession,
    /// Alice's, as a `Cookie` header.
    pub cookie: String,
}

pub fn plan() -> Plan {
    Plan {
        own_host_application: true,
        ..Plan::default()
    }
    .proxy("192.0.2.1/32", HeaderFamily::XForwarded)
    .proxy("192.0.2.2/32", HeaderFamily::XOriginal)
}

impl Street {
    pub async fn new() -> Self {
        Self::planned(plan()).await
    }

    pub async fn planned(plan: Plan) -> Self {
        let house = House::planned(plan).await;
        let roles = ["editors".to_owned(), "admin".to_owned()];
        let account = NewAccount {
            email: "alice@example.test",
            name: "Alice M\u{fc}ller, Ph.D.",
            roles: &roles,
            password: Some(PASSWORD),
            verified: true,
        };
        let alice = house
            .engine
            .add_user(account, &house.operator())
            .await
            .unwrap();
        let (session, cookie) = sign_in(&house, "alice@example.test").await;
        Self {
            house,
            alice,
            session,
            cookie,
        }
    }

    /// Asks about `GET target` in the X-Forwarded family, with Alice's cookie.
    pub fn ask(&self, target: &str) -> Ask {
        self.ask_by(HeaderFamily::XForwarded, "GET", target)
    }

    pub fn ask_by(&self, family: HeaderFamily, method: &str, target: &str) -> Ask {
        let origin = self.house.context.site.issuer.origin();
        Ask::new(&self.house.router, origin, family, method, target).with("cookie", &self.cookie)
    }

    /// Asks plainly about what passes: is Alice in?
    pub async fn status(&self) -> StatusCode {
        self.ask("/app").send().await.status
    }
}

/// Signs in without a page.
pub async fn sign_in(house: &House, email: &str) -> (LiveSession, String) {
    let visit = Visit {
        now: house.engine.now(),
        address: None,
        user_agent: None,
        device: None,
        language: Language::default(),
    };
    let asked = SignIn {
        identifier: email,
        password: PASSWORD,
        remember: false,
        over: None,
    };
    let signed_in = house.engine.sign_in(asked, &visit).await.unwrap();
    let name = house.context.site.issuer.session_cookie();
    let cookie = format!("{name}={}", signed_in.cookie.encode());
    (signed_in.session, cookie)
}

/// A question as a proxy puts it.
#[derive(Clone)]
pub struct Ask {
    router: Router,
    method: Method,
    path: String,
    peer: Option<SocketAddr>,
    headers: HeaderMap,
}

impl Ask {
    pub fn new(
        router: &Router,
        origin: &str,
        family: HeaderFamily,
        method: &str,
        target: &str,
    ) -> Self {
        let (scheme, host) = origin.split_once("://").unwrap();
        let (peer, lines) = match family {
            HeaderFamily::XForwarded => (
                "192.0.2.1:4000",
                vec![
                    ("x-forwarded-method", method.to_owned()),
                    ("x-forwarded-proto", scheme.to_owned()),
                    ("x-forwarded-host", host.to_owned()),
                    ("x-forwarded-uri", target.to_owned()),
                ],
            ),
            HeaderFamily::XOriginal => (
                "192.0.2.2:4000",
                vec![
                    ("x-original-method", method.to_owned()),
                    ("x-original-url", format!("{origin}{target}")),
                    ("x-original-uri", target.to_owned()),
                ],
            ),
        };
        let mut ask = Self {
            router: router.clone(),
            method: Method::GET,
            path: "/verify".to_owned(),
            peer: Some(peer.parse().unwrap()),
            headers: HeaderMap::new(),
        };
        for (name, value) in lines {
            ask = ask.with(name, &value);
        }
        ask.with("host", host)
    }

    /// In nginx's dialect.
    pub fn of_nginx(mut self) -> Self {
        self.path = self.path.replacen("/verify", "/verify/auth-request", 1);
        self
    }

    pub fn query(mut self, query: &str) -> Self {
        self.path = format!("{}?{query}", self.path);
        self
    }

    pub fn by_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    pub fn from(mut self, peer: &str) -> Self {
        self.peer = Some(peer.parse().unwrap());
        self
    }

    pub fn of_unknown_peer(mut self) -> Self {
        self.peer = None;
        self
    }

    /// In place of any other of this name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).unwrap();
        self.headers
            .insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    /// Beside any other of this name.
    pub fn and(self, name: &str, value: &str) -> Self {
        self.and_bytes(name, value.as_bytes())
    }

    pub fn and_bytes(mut self, name: &str, value: &[u8]) -> Self {
        let name = HeaderName::try_from(name).unwrap();
        self.headers
            .append(name, HeaderValue::from_bytes(value).unwrap());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub fn of_nobody(self) -> Self {
        self.without("cookie")
    }

    /// Sends it, and holds what holds of every answer.
    pub async fn send(self) -> Answer {
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .body(Body::empty())
            .unwrap();
        *request.headers_mut() = self.headers;
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(Peer(peer));
        }
        let answer = house::send(&self.router, request).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(
            answer.set_cookies().is_empty(),
            "an answer of the edge changes no cookie"
        );
        let identity = IDENTITY.map(|name| answer.headers.get_all(name).iter().count());
        if answer.status == StatusCode::OK {
            assert_eq!(identity, [1; 5], "200 carries each of the five once");
        } else {
            assert_eq!(
                identity, [0; 5],
                "{} tells nobody's identity",
                answer.status
            );
        }
        answer
    }
}
