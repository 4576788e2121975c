//! How far a run may go, whatever it is asked for.

use std::time::Duration;

/// Connections at a time.
pub const MOST_CONNECTIONS: usize = 4096;
/// How long a run may last, its warm-up included.
pub const LONGEST: Duration = Duration::from_hours(1);
/// Requests a second of an open loop.
pub const MOST_A_SECOND: f64 = 1_000_000.0;
/// Requests of a run.
pub const MOST_REQUESTS: u64 = 1_000_000_000;
/// Bytes of an answer's head.
pub const LONGEST_HEAD: usize = 64 * 1024;
/// Bytes of a request, its body included.
pub const LONGEST_REQUEST: usize = 16 * 1024 * 1024;
