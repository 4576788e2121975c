//! Endpoint tests, in-process and without sockets: a directory per URL path, a file per page or method. Each asserts status,
//! headers and body, then looks at the store.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on stops"
)]

mod account;
mod api;
mod browser;
mod console;
mod contract;
mod control;
mod dev_mail;
mod edge;
mod handshake;
mod house;
mod login;
mod logout;
mod ops;
mod recover;
mod register;
mod setup;
