//! Black-box tests: the built binary, driven by software nobody here wrote.
//!
//! Each test owns its data directory, its ports and its processes, waits for lines, sockets and exits instead of for
//! time, and ends only what it started.

#![expect(
    clippy::disallowed_methods,
    reason = "a test of the running product reads the real clock to bound its waits"
)]

pub mod application;
pub mod browser;
pub mod disk;
pub mod http;
pub mod nginx;
pub mod process;
pub mod server;

use std::path::PathBuf;

/// The checkout.
pub fn checkout() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A port of the loopback that was free a moment ago, for programs that cannot choose one themselves.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}
