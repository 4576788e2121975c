//! The load generator that `vestibule loadgen` and the benchmarks use, its statistics, and the report it draws. It imports no
//! other crate of this workspace, so that what measures shares nothing with what is measured.
//!
//! ```text
//! closed loop   n connections, each asks again as soon as it has its answer
//! open loop     so many requests a second, each at its scheduled moment; how long it took counts from that moment, also
//!               when no connection was free for it (corrected for coordinated omission)
//! ```
//!
//! One thread asks over connections that are kept, with bytes that were put together before, and reads the answers
//! strictly. It goes to loopback addresses alone, and no further than [`bounds`] says: it is for one's own server on one's
//! own machine.

pub mod address;
pub mod answer;
pub mod bounds;
pub mod figures;
pub mod process;
pub mod report;
pub mod request;
pub mod run;

use std::time::Instant;

/// The clock that everything here is measured by.
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock; nothing is decided by it but when to ask and when to end"
)]
pub fn now() -> Instant {
    Instant::now()
}
