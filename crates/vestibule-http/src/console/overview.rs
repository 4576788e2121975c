//! `/console`: how things stand.

use axum::response::Response;

use super::Administrator;
use crate::errors::Failure;
use crate::views::{Health, OverviewPage};

/// Figures, plots and health.
pub async fn get(by: Administrator) -> Result<Response, Failure> {
    by.page(&OverviewPage {
        health: health(&by).await,
    })
}

/// The store is asked for what it alone knows; that it does not answer is part of the news, and no error of the page.
async fn health(by: &Administrator) -> Health {
    let waiting = by.context().engine.mail_waiting().await;
    Health {
        store: waiting.is_ok(),
        mail_waiting: waiting.ok(),
        version: env!("CARGO_PKG_VERSION"),
        ..Health::default()
    }
}
