//! Are there enough file descriptors for as many connections as may come?

use std::fs;

use rustix::process::{Resource, getrlimit};

use super::Patient;
use super::finding::Finding;

const CHECK: &str = "files";
/// A browser holds up to six connections, a proxy some hundreds.
const ENOUGH: u64 = 4096;

/// Of the running server, or else of whoever asks.
pub fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let server = patient.pid().and_then(limit_of);
    let (whose, limit) = server.map_or_else(
        || {
            let limit = getrlimit(Resource::Nofile).maximum;
            ("a server started here", limit.unwrap_or(u64::MAX))
        },
        |limit| ("the running server", limit),
    );
    if limit >= ENOUGH {
        let what = format!("{whose} may open enough of them");
        return vec![Finding::good(CHECK, what)];
    }
    vec![Finding::fault(
        CHECK,
        format!("{whose} may open {limit} files"),
        format!(
            "each connection is one: past that new ones wait outside, and pages seem to hang; {ENOUGH} and more are \
             usual"
        ),
        "set LimitNOFILE=65536 in the systemd unit ([Service]), `ulimit -Hn 65536` in a script, `--ulimit \
         nofile=65536` for a container; then start again",
    )]
}

/// What the server may open: it has raised its soft limit as far as it may.
fn limit_of(pid: u32) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))?;
    let soft = line.split_whitespace().nth(3)?;
    // `unlimited` is no number.
    Some(soft.parse().unwrap_or(u64::MAX))
}
