//! A small server-rendered shop behind Vestibule. It uses Vestibule's public HTTP interfaces and nothing else: what is in this
//! folder could stand in any other program, in any language.
//!
//! ```text
//! /vestibule/…  ──────────────────────────────────────▶ passed through to Vestibule
//! anything else ──▶ GET /verify ──▶ 200: the shop answers, and knows who is calling
//!                               ├─▶ 302, 303: on to sign in, or to the page that says that a form was not sent
//!                               └─▶ 401, 403, 503, or no answer: a page that says so
//! ```
//!
//! There is no token in its forms: what another site's page sends, `/verify` refuses.

mod basket;
mod goods;
mod guard;
mod orders;
mod pages;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use url::form_urlencoded;

use crate::demo::frame::{Frame, Texts, asset_at, dress, see_other};
use crate::demo::house::onward;
use crate::demo::rooms::Places;
use crate::demo::upstream::{Upstream, end_to_end};
use crate::demo::wire::{Asking, Party, Purpose, Wire};

use self::basket::Basket;
use self::guard::{Identity, Verdict};
use self::orders::Orders;

/// Longest form that is read.
const FORM: usize = 4096;

/// The shop.
pub struct Shop {
    places: Arc<Places>,
    vestibule: Arc<Upstream>,
    wire: Arc<Wire>,
    texts: Arc<Texts>,
    orders: Orders,
}

/// A request that passed, as the shop sees it.
struct Visit {
    method: Method,
    path: String,
    query: String,
    /// Vestibule's word; `None` where nobody is signed in.
    identity: Option<Identity>,
    /// The browser's, less Vestibule's.
    basket: Basket,
    form: Vec<(String, String)>,
    headers: HeaderMap,
}

impl Shop {
    /// On this host, behind this server.
    pub fn new(
        places: Arc<Places>,
        vestibule: Arc<Upstream>,
        wire: Arc<Wire>,
        texts: Arc<Texts>,
    ) -> Self {
        Self {
            places,
            vestibule,
            wire,
            texts,
            orders: Orders::default(),
        }
    }

    /// Answers a request for the shop's host.
    pub async fn answer(&self, request: Request<Body>) -> Response {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        if let Some(answer) = asset_at(&path) {
            let mut answer = answer;
            dress(answer.headers_mut());
            return answer;
        }
        let (headers, origin) = (parts.headers.clone(), &self.places.shop);
        let mut asking = Asking::begin(Party::Browser, Party::Shop, Purpose::Asked, origin, &parts);
        let answer = if path.starts_with("/vestibule/") {
            self.pass_through(Request::from_parts(parts, body), &mut asking)
                .await
        } else {
            let mut answer = self
                .guarded(Request::from_parts(parts, body), &mut asking)
                .await;
            dress(answer.headers_mut());
            answer
        };
        asking.answered(&answer);
        if !path.starts_with("/vestibule/assets/") {
            self.wire.keep(asking, &headers);
        }
        answer
    }

    /// Vestibule's corner on this host, unchanged.
    async fn pass_through(&self, request: Request<Body>, asking: &mut Asking) -> Response {
        let (parts, body) = request.into_parts();
        let mut passing = Asking::begin(
            Party::Shop,
            Party::Vestibule,
            Purpose::Passage,
            &self.places.shop,
            &parts,
        );
        let frame = Frame::new(&self.texts, &self.places, &parts.headers);
        let away = pages::away(&frame);
        let Some(request) = onward(parts, body) else {
            return away;
        };
        let answer = match self.vestibule.pass_on(request).await {
            Ok(answer) => {
                passing.answered(&answer);
                let (mut parts, body) = answer.into_parts();
                end_to_end(&mut parts.headers);
                Response::from_parts(parts, Body::new(body))
            }
            Err(error) => {
                tracing::warn!(%error, "the shop cannot reach Vestibule");
                away
            }
        };
        asking.behind(passing.into_leg());
        answer
    }

    /// The shop's own pages, for those whom Vestibule lets through.
    async fn guarded(&self, request: Request<Body>, asking: &mut Asking) -> Response {
        let (parts, body) = request.into_parts();
        let frame = Frame::new(&self.texts, &self.places, &parts.headers);
        let (verdict, check) = guard::ask(&self.vestibule, &self.places.shop, &parts).await;
        if let Some(check) = check {
            asking.behind(check);
        }
        let passed = match verdict {
            Verdict::Pass(passed) => passed,
            Verdict::Onward(answer) => return answer,
            Verdict::Refused(status) => return pages::refused(&frame, status),
            Verdict::Away => return pages::away(&frame),
        };
        let Ok(body) = to_bytes(body, FORM).await else {
            return pages::refused(&frame, StatusCode::PAYLOAD_TOO_LARGE);
        };
        let form = form_urlencoded::parse(&body);
        let visit = Visit {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            basket: Basket::read(&passed.cookies, &self.basket_name()),
            identity: passed.identity,
            form: form.into_owned().collect(),
            headers: parts.headers,
        };
        self.serve(&visit)
    }

    fn serve(&self, visit: &Visit) -> Response {
        let frame = Frame::new(&self.texts, &self.places, &visit.headers);
        let safe = matches!(visit.method, Method::GET | Method::HEAD);
        match (visit.path.as_str(), safe, visit.method == Method::POST) {
            ("/", true, _) => pages::catalogue(&frame, visit),
            ("/basket", true, _) => pages::basket(&frame, visit),
            ("/basket", _, true) => self.change_basket(visit),
            ("/order", true, _) => pages::order(&frame, visit),
            ("/order", _, true) => self.order(&frame, visit),
            ("/orders", true, _) => {
                let orders = self.orders.of(visit.user());
                pages::orders(&frame, visit, &orders)
            }
            _ => pages::refused(&frame, StatusCode::NOT_FOUND),
        }
    }

    fn change_basket(&self, visit: &Visit) -> Response {
        let mut basket = visit.basket.clone();
        if let Some(good) = visit.field("add").and_then(goods::find) {
            basket.add(good);
        }
        if let Some(good) = visit.field("remove").and_then(goods::find) {
            basket.remove(good);
        }
        self.with_basket(see_other("/basket"), &basket)
    }

    fn order(&self, frame: &Frame<'_>, visit: &Visit) -> Response {
        if visit.basket.is_empty() {
            return see_other("/basket");
        }
        let Some(number) = self.orders.place(visit.user(), visit.basket.clone()) else {
            return pages::refused(frame, StatusCode::FORBIDDEN);
        };
        let answer = see_other(&format!("/orders?placed={number}"));
        self.with_basket(answer, &Basket::default())
    }

    /// Cookies ignore ports: another demo's shop keeps another basket.
    fn basket_name(&self) -> String {
        let port = self.places.shop_at.port();
        format!("shop-basket-{port}")
    }

    fn with_basket(&self, mut answer: Response, basket: &Basket) -> Response {
        let name = self.basket_name();
        let cookie = format!("{name}={basket}; Path=/; HttpOnly; SameSite=Lax");
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
        answer
    }
}

impl Visit {
    fn user(&self) -> &str {
        self.identity
            .as_ref()
            .map_or("", |identity| identity.user.as_str())
    }

    fn field(&self, name: &str) -> Option<&str> {
        let field = self.form.iter().find(|(known, _)| known == name);
        field.map(|(_, value)| value.as_str())
    }

    fn asked(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.query.as_bytes());
        let pair = pairs.find(|(known, _)| known == name);
        pair.map(|(_, value)| value.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    fn sources() -> Vec<PathBuf> {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo");
        let folder = fs::read_dir(demo.join("shop")).unwrap();
        let mut sources: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
        sources.push(demo.join("shop.rs"));
        sources
    }

    #[test]
    fn the_shop_uses_public_http_interfaces_alone() {
        let sources = sources();
        assert!(sources.len() > 4);
        for path in sources {
            let text = fs::read_to_string(&path).unwrap();
            // The test that says so names what it forbids.
            let text = text.split("#[cfg(test)]").next().unwrap();
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            for line in code {
                let at = format!("{}: {line}", path.display());
                assert!(!line.contains("vestibule_"), "{at}");
                let own = line.split("crate::").skip(1);
                for own in own {
                    assert!(own.starts_with("demo::"), "{at}");
                    let room = own.trim_start_matches("demo::");
                    let known = [
                        "frame",
                        "house::onward",
                        "house::authority",
                        "moment",
                        "rooms",
                        "upstream",
                        "wire",
                    ];
                    assert!(known.iter().any(|known| room.starts_with(known)), "{at}");
                }
            }
        }
    }
}
