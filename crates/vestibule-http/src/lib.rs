//! Vestibule over HTTP: one list of routes, one file per endpoint or page, extractors, views. Translates between the wire and
//! the engine; decides nothing, and imports no backend.
//!
//! [`public()`] is everything on the public listener, [`control()`] everything on the control socket, [`ops()`] everything
//! on the operator's listener.

pub mod api;
pub mod assets;
pub mod browser;
pub mod console;
pub mod context;
pub mod control;
pub mod dev_mail;
pub mod edge;
pub mod errors;
pub(crate) mod exports;
pub mod handshake;
pub mod in_force;
pub mod letters;
pub mod ops;
pub mod pages;
pub mod probe;
pub mod site;
pub mod texts;
pub mod views;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

pub use context::{Context, Extras, OperatorUid, Peer};
pub use in_force::{SettingInForce, SettingOrigin};
pub use site::{HeaderFamily, Issuer, ParseIssuerError, ProxyPeer, Site, TrustedProxy};

use self::errors::{Code, Failure};

/// Everything on the public listener. The page layers stand around pages alone: what proxies and probes ask for goes straight
/// through.
pub fn public(context: Arc<Context>) -> Router {
    let pages = pages(&context).with_state(Arc::clone(&context));
    let edge = edge::routes(Arc::clone(&context));
    pages.merge(edge).merge(ops::routes(context))
}

/// Everything on the operator's listener, which is none of the public's business (ASVS 13.4.5).
pub fn ops(context: Arc<Context>) -> Router {
    ops::operators(context)
}

/// Everything on the control socket.
pub fn control(context: Arc<Context>) -> Router {
    control::routes(context)
}

/// What a person opens in a browser.
fn pages(context: &Arc<Context>) -> Router<Arc<Context>> {
    use pages::{account, assets, dev_mail, home, login, logout, recover, register, setup};

    Router::new()
        .route("/", get(home::get))
        .route("/setup", get(setup::get).post(setup::post))
        .route("/login", get(login::get).post(login::post))
        .route("/logout", get(logout::get).post(logout::post))
        .route("/register", get(register::get).post(register::post))
        .route(
            "/register/finish",
            get(register::finish::get).post(register::finish::post),
        )
        .route("/recover", get(recover::get).post(recover::post))
        .route(
            "/recover/finish",
            get(recover::finish::get).post(recover::finish::post),
        )
        .route(
            "/recover/end-login",
            get(recover::end_login::get).post(recover::end_login::post),
        )
        .route("/account", get(account::devices::get))
        .route("/account/devices/end", post(account::devices::end::post))
        .route(
            "/account/devices/end-all",
            post(account::devices::end_all::post),
        )
        .route(
            "/account/devices/end-others",
            post(account::devices::end_others::post),
        )
        .route(
            "/account/security",
            get(account::security::get).post(account::security::post),
        )
        .route("/account/activity", get(account::activity::get))
        .route("/account/addresses", get(account::addresses::get))
        .route(
            "/account/addresses/add",
            post(account::addresses::add::post),
        )
        .route(
            "/account/addresses/primary",
            post(account::addresses::primary::post),
        )
        .route(
            "/account/addresses/prove",
            post(account::addresses::prove::post),
        )
        .route(
            "/account/addresses/remove",
            post(account::addresses::remove::post),
        )
        .route(
            "/account/addresses/confirm",
            get(account::addresses::confirm::get).post(account::addresses::confirm::post),
        )
        .route(
            "/account/profile",
            get(account::profile::get).post(account::profile::post),
        )
        .route(
            "/account/delete",
            get(account::delete::get).post(account::delete::post),
        )
        .route("/dev/mail", get(dev_mail::get))
        .route("/dev/mail/{id}", get(dev_mail::letter))
        .route("/dev/mail/{id}/html", get(dev_mail::html))
        .route("/assets/{asset}", get(assets::get))
        .merge(handshake::routes())
        .merge(api::routes())
        .merge(console::routes())
        .fallback(async || Failure::of(Code::NotFound))
        .method_not_allowed_fallback(async || Failure::of(Code::MethodNotAllowed))
        .layer(from_fn_with_state(Arc::clone(context), browser::receive))
}
