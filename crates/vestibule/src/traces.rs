//! Traces over OTLP, where the binary was built with them (cargo feature `otlp`) and `telemetry.otlp_endpoint` names a
//! collector: a span for each page or form, and one for each thing it asked of the store.
//!
//! Spans bear the names of routes and of the store's methods, a status and times. No address, id, path or other word of a
//! visitor is in any (ASVS 16.2.5). What others began is continued for trusted proxies alone.

mod endpoint;
#[cfg(not(feature = "otlp"))]
mod left_out;
#[cfg(feature = "otlp")]
mod otlp;

pub use endpoint::Endpoint;
#[cfg(not(feature = "otlp"))]
pub use left_out::{Traces, parent, within};
#[cfg(feature = "otlp")]
pub use otlp::{Traces, parent, within};

/// The target of every span; nothing is logged of it.
#[cfg(feature = "otlp")]
const TARGET: &str = "trace";
