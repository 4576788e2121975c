//! `GET /vestibule/not-sent?next=PATH`: what a person meets whose form came to an application while nobody was signed in. It was
//! not passed on, and nothing sends it again behind their back.

use axum::response::Response;
use http::StatusCode;

use super::start::next;
use crate::browser::caller::Visitor;
use crate::browser::form::Query;
use crate::errors::Failure;
use crate::views::NotSentPage;

/// Says it, with a link back to the page of the form.
pub async fn get(Visitor(caller): Visitor, Query(query): Query) -> Result<Response, Failure> {
    let page = NotSentPage {
        next: next(&query).as_str().to_owned(),
    };
    caller.page(StatusCode::OK, &page)
}
