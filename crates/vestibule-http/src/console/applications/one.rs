//! `/console/applications/{name}`: one application, and what is asked there.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use vestibule_core::application::Application;

use super::{asks, done, entry, find};
use crate::browser::form::Query;
use crate::console::Administrator;
use crate::errors::Failure;
use crate::views::{ApplicationNotice, ApplicationPage, RuleEntry};

/// Its page.
pub async fn get(
    by: Administrator,
    Path(name): Path<String>,
    Query(query): Query,
) -> Result<Response, Failure> {
    let application = find(&by, &name).await?;
    by.page(&page(&application, done(&by, &query)))
}

/// The page again, saying that what was asked for cannot be.
pub(super) fn refuse(
    by: &Administrator,
    application: &Application,
    why: ApplicationNotice,
) -> Result<Response, Failure> {
    // RFC 9110 §15.5.10
    by.0.page(StatusCode::CONFLICT, &page(application, Some(why)))
}

fn page(application: &Application, notice: Option<ApplicationNotice>) -> ApplicationPage {
    let rules = application.spec.rules.iter().map(|rule| RuleEntry {
        paths: rule.paths.iter().cloned().map(String::from).collect(),
        methods: rule.methods.iter().cloned().map(String::from).collect(),
        asks: asks(&rule.demand),
    });
    ApplicationPage {
        application: entry(application),
        client_id: application.id.to_string(),
        has_secret: !application.secrets.is_empty(),
        rules: rules.collect(),
        notice,
    }
}
