//! The shop's pages.

use std::borrow::Borrow;

use askama::Template;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use crate::demo::frame::{Frame, page};

use super::Visit;
use super::basket::Basket;
use super::goods::{GOODS, Good};
use super::guard::Identity;
use super::orders::Order;

/// What stands around each page.
struct Around<'a> {
    frame: &'a Frame<'a>,
    identity: Option<&'a Identity>,
    /// Things in the basket.
    count: u32,
}

impl<'a> Around<'a> {
    fn new(frame: &'a Frame<'a>, visit: &'a Visit) -> Self {
        Self {
            frame,
            identity: visit.identity.as_ref(),
            count: visit.basket.count(),
        }
    }

    /// An amount of cents.
    fn price(&self, cents: impl Borrow<u32>) -> String {
        let (euros, cents) = (cents.borrow() / 100, cents.borrow() % 100);
        if self.frame.tongue.lang() == "de" {
            format!("{euros},{cents:02} €")
        } else {
            format!("€{euros}.{cents:02}")
        }
    }

    fn basket_text(&self) -> String {
        let text = self.frame.with("shop-basket-count", "count", self.count);
        text.into_owned()
    }

    fn who(&self) -> &str {
        let name = self.identity.map_or("", |identity| identity.name.as_str());
        if name.is_empty() {
            self.identity.map_or("", |identity| identity.email.as_str())
        } else {
            name
        }
    }
}

#[derive(Template)]
#[template(path = "shop_catalogue.html")]
struct Catalogue<'a> {
    shop: Around<'a>,
    frame: &'a Frame<'a>,
    goods: &'static [Good],
}

/// Everything there is to buy, for everybody.
pub fn catalogue(frame: &Frame<'_>, visit: &Visit) -> Response {
    let view = Catalogue {
        shop: Around::new(frame, visit),
        frame,
        goods: &GOODS,
    };
    page(StatusCode::OK, &view)
}

#[derive(Template)]
#[template(path = "shop_basket.html")]
struct BasketPage<'a> {
    shop: Around<'a>,
    frame: &'a Frame<'a>,
    basket: &'a Basket,
}

/// What is in the basket.
pub fn basket(frame: &Frame<'_>, visit: &Visit) -> Response {
    let view = BasketPage {
        shop: Around::new(frame, visit),
        frame,
        basket: &visit.basket,
    };
    page(StatusCode::OK, &view)
}

#[derive(Template)]
#[template(path = "shop_order.html")]
struct OrderPage<'a> {
    shop: Around<'a>,
    frame: &'a Frame<'a>,
    basket: &'a Basket,
}

/// Asks once more, for those who are signed in.
pub fn order(frame: &Frame<'_>, visit: &Visit) -> Response {
    let view = OrderPage {
        shop: Around::new(frame, visit),
        frame,
        basket: &visit.basket,
    };
    page(StatusCode::OK, &view)
}

#[derive(Template)]
#[template(path = "shop_orders.html")]
struct OrdersPage<'a> {
    shop: Around<'a>,
    frame: &'a Frame<'a>,
    orders: &'a [Order],
    placed: Option<u32>,
}

/// What this person ordered.
pub fn orders(frame: &Frame<'_>, visit: &Visit, orders: &[Order]) -> Response {
    let placed = visit.asked("placed").and_then(|placed| placed.parse().ok());
    // Only what is theirs is spoken of.
    let placed = placed.filter(|placed| orders.iter().any(|order| order.number == *placed));
    let view = OrdersPage {
        shop: Around::new(frame, visit),
        frame,
        orders,
        placed,
    };
    page(StatusCode::OK, &view)
}

#[derive(Template)]
#[template(path = "shop_said.html")]
struct Said<'a> {
    frame: &'a Frame<'a>,
    title: &'static str,
    text: &'static str,
}

/// Vestibule let it through to nobody, or there is nothing there.
pub fn refused(frame: &Frame<'_>, status: StatusCode) -> Response {
    let (title, text) = match status {
        StatusCode::UNAUTHORIZED => ("said-nobody-title", "said-nobody"),
        StatusCode::FORBIDDEN => ("said-forbidden-title", "said-forbidden"),
        StatusCode::NOT_FOUND => ("said-nothing-title", "said-nothing"),
        _ => ("said-unclear-title", "said-unclear"),
    };
    let mut answer = page(status, &Said { frame, title, text });
    if status == StatusCode::UNAUTHORIZED {
        // RFC 9110 §15.5.2: a 401 has a challenge.
        let challenge = HeaderValue::from_static("Bearer realm=\"shop\"");
        answer
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    answer
}

/// Vestibule does not answer, so nobody passes.
pub fn away(frame: &Frame<'_>) -> Response {
    let (title, text) = ("said-away-title", "said-away");
    let view = Said { frame, title, text };
    let mut answer = page(StatusCode::SERVICE_UNAVAILABLE, &view);
    let wait = HeaderValue::from_static("1");
    answer.headers_mut().insert(header::RETRY_AFTER, wait);
    answer
}
