//! `/console/sessions/{id}`: one live session, and what is signed in to through it.

use axum::extract::Path;
use axum::response::Response;
use vestibule_engine::ReachedApplication;

use super::row;
use crate::console::Administrator;
use crate::errors::{Code, Failure};
use crate::views::{OpenedThrough, SessionPage};

/// The session. One that has ended, one that never was and what is no id are all the same: nothing is here.
pub async fn get(by: Administrator, Path(id): Path<String>) -> Result<Response, Failure> {
    let gone = || Failure::of(Code::NotFound).back(super::PATH);
    let id = id.parse().map_err(|_| gone())?;
    let found = by.context().engine.session(id).await;
    let found = found.map_err(Failure::store)?.ok_or_else(gone)?;
    let session = &found.session;
    by.page(&SessionPage {
        session: row(&by, session, &found.email),
        user_agent: session.device.user_agent.clone(),
        acr: session.acr.as_str(),
        proven_at: session.auth_time.0,
        by_password: session.amr.has_password(),
        idle_ends_at: session
            .last_seen
            .plus(session.idle)
            .min(session.expires_at)
            .0,
        ends_at: session.expires_at.0,
        applications: found.applications.iter().map(opened).collect(),
    })
}

fn opened(application: &ReachedApplication) -> OpenedThrough {
    OpenedThrough {
        title: application.title.clone(),
        origin: application.origin.to_string(),
        opened_at: application.opened_at.0,
    }
}
