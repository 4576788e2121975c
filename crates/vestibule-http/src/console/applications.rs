//! `/console/applications`: what people reach through this door.

use axum::response::Response;
use vestibule_core::application::{Application, Demand};
use vestibule_core::user::Role;

use super::Administrator;
use super::proxies::Proxy;
use crate::browser::form::{Fields, Query};
use crate::errors::{Code, Failure};
use crate::views::{ApplicationEntry, ApplicationNotice, ApplicationsPage, Asks, ProxyChoice};

pub mod add;
pub mod connect;
pub mod one;
pub mod remove;
pub mod secret;

const PATH: &str = "/console/applications";

/// Every application, by name: there are few.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    let all = by.context().engine.applications().await;
    let all = all.map_err(Failure::store)?;
    by.page(&ApplicationsPage {
        applications: all.iter().map(entry).collect(),
        notice: done(&by, &query),
    })
}

/// The application that a path names.
async fn find(by: &Administrator, name: &str) -> Result<Application, Failure> {
    let name = name.parse().map_err(|_| Failure::of(Code::NotFound))?;
    let found = by.context().engine.application(&name).await;
    let found = found.map_err(Failure::store)?;
    found.ok_or(Failure::of(Code::NotFound))
}

/// An application's page.
fn path(application: &Application) -> String {
    format!("{PATH}/{}", application.spec.name)
}

fn entry(application: &Application) -> ApplicationEntry {
    let spec = &application.spec;
    ApplicationEntry {
        path: path(application),
        name: spec.name.as_str().to_owned(),
        title: spec.title().to_owned(),
        origins: spec.origins.iter().map(ToString::to_string).collect(),
        asks: asks(&spec.demand),
        rules: spec.rules.len(),
        declared: application.declared,
        made_at: application.created_at.0,
    }
}

fn asks(demand: &Demand) -> Asks {
    Asks {
        public: demand.public,
        roles: demand.roles.iter().map(Role::to_string).collect(),
        acr: demand.acr.map(vestibule_core::session::Acr::as_str),
        cross_site: demand.cross_site,
        preflight: demand.preflight,
    }
}

/// Every proxy there is a configuration for.
fn choices() -> Vec<ProxyChoice> {
    let choice = |proxy: Proxy| ProxyChoice {
        name: proxy.as_str(),
        title: proxy.title(),
    };
    Proxy::ALL.map(choice).to_vec()
}

/// What the page before this one did, as its redirection says it.
fn done(by: &Administrator, query: &Fields) -> Option<ApplicationNotice> {
    let word = query.optional("done");
    match word.filter(|_| by.0.caller.led_by_own_page())? {
        "added" => Some(ApplicationNotice::Added),
        "removed" => Some(ApplicationNotice::Removed {
            sign_ins: by.told(query, "count"),
        }),
        _ => None,
    }
}
