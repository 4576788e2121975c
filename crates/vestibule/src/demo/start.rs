//! The demo's first page: what this is, whom to sign in as, what to try.

use askama::Template;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::frame::{self, Frame};
use super::house::House;
use super::people::Person;

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    frame: &'a Frame<'a>,
    people: &'a [Person],
}

/// The page. It shows passwords, so it is for this machine alone.
pub fn page(house: &House, headers: &HeaderMap) -> Response {
    let frame = house.frame(headers);
    let view = Start {
        frame: &frame,
        people: &house.people,
    };
    frame::page(StatusCode::OK, &view)
}
