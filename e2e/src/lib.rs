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
pub mod letterbox;
pub mod link;
pub mod nginx;
pub mod postgres;
pub mod process;
pub mod proxies;
pub mod secure;
pub mod server;
pub mod smtp;
pub mod statistics;
pub mod store;
pub mod street;
pub mod visitor;

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::bail;

/// The checkout.
pub fn checkout() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A port of the loopback, free a moment ago, for programs that cannot choose one themselves. None that the system gives
/// to connections and listeners of its own choice (32768 and above), and no other test of this process has it.
pub fn free_port() -> anyhow::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests of other processes begin elsewhere.
    let start = u16::try_from(std::process::id() % 1000)? * 10;
    for _ in 0..10_000 {
        let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        let port = 20_000 + offset;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port from 20000 to 29999 is free")
}
