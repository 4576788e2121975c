//! `/console/people/{id}`: one person, and what can be done.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use vestibule_core::filter::EventFilter;
use vestibule_core::id::UserId;
use vestibule_engine::UserDetail;

use super::{done, is_declared, path, person, reached, user_id};
use crate::browser::form::Query;
use crate::console::Administrator;
use crate::errors::{Code, Failure};
use crate::pages::account::activity;
use crate::views::{Activity, PersonAddress, PersonNotice, PersonPage};

/// How much of what happened stands on the page; the trail has the rest.
const EVENTS: usize = 10;

/// Their page.
pub async fn get(
    by: Administrator,
    Path(id): Path<String>,
    Query(query): Query,
) -> Result<Response, Failure> {
    let detail = find(&by, &id).await?;
    let page = PersonPage {
        notice: done(&by, &query),
        ..PersonPage::default()
    };
    show(&by, StatusCode::OK, detail, page).await
}

/// Who is meant.
pub(super) async fn find(by: &Administrator, id: &str) -> Result<UserDetail, Failure> {
    let detail = by.context().engine.user_detail(user_id(id)?).await;
    let detail = detail.map_err(Failure::store)?;
    detail.ok_or(Failure::of(Code::NotFound))
}

/// The page again, saying that what was asked for cannot be.
pub(super) async fn refuse(
    by: &Administrator,
    detail: UserDetail,
    why: PersonNotice,
) -> Result<Response, Failure> {
    let page = PersonPage {
        notice: Some(why),
        ..PersonPage::default()
    };
    // RFC 9110 §15.5.10
    show(by, StatusCode::CONFLICT, detail, page).await
}

/// The page, with what is already filled in of it.
pub(super) async fn show(
    by: &Administrator,
    status: StatusCode,
    detail: UserDetail,
    page: PersonPage,
) -> Result<Response, Failure> {
    let user = &detail.user;
    let engine = &by.context().engine;
    let reach = engine.reach_of_user(user.id).await;
    let reach = reach.map_err(Failure::store)?;
    let addresses = detail.addresses.iter().map(|address| PersonAddress {
        email: address.email.as_str().to_owned(),
        verified: address.verified,
    });
    let page = PersonPage {
        csrf: by.0.token()?,
        person: person(user),
        id: user.id.to_string(),
        own: user.id == by.0.session.user_id(),
        declared: is_declared(by, &user.email),
        addresses: addresses.collect(),
        has_password: detail.has_password,
        last_login: detail.last_login.map(|at| at.0),
        reach: reached(reach),
        sessions: format!("/console/sessions?user={}", user.id),
        trail: format!("/console/audit?person={}", user.id),
        events: events(by, user.id).await?,
        ..page
    };
    by.0.page(status, &page)
}

async fn events(by: &Administrator, user: UserId) -> Result<Vec<Activity>, Failure> {
    let filter = EventFilter {
        user: Some(user),
        ..EventFilter::default()
    };
    let found = by.context().engine.events(filter, None, EVENTS).await;
    let found = found.map_err(Failure::store)?;
    Ok(activity::in_words(&found.events, &by.0.caller))
}

/// 303 to their page, which says what was done.
pub(super) fn on(user: UserId, done: &str) -> Response {
    Redirect::to(&format!("{}?done={done}", path(user))).into_response()
}
