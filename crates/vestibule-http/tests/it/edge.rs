//! `/verify` and `/verify/auth-request`, asked as proxies ask.

mod applications;
pub mod asker;
mod auth_request;
mod families;
mod log;
mod matrix;
pub mod not_ready;
mod own_host;
mod sessions;
mod soup;
mod verify;
