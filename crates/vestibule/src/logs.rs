//! The log: text on a terminal, JSON elsewhere, on standard error, one line a failure.

use std::io::{self, IsTerminal as _};
use std::panic;

use tracing::Level;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::settings::{LogFormat, Settings};
use crate::traces::Traces;

/// Changes what is logged from then on.
pub struct Levels(Box<dyn Fn(Level) + Send + Sync>);

impl Levels {
    /// The least severe level that is logged.
    pub fn set(&self, level: Level) {
        (self.0)(level);
    }
}

/// Starts logging for a server.
pub fn start(settings: &Settings, traces: Option<&Traces>) -> Levels {
    let levels = install(settings.log_format, settings.log_level, traces);
    // ASVS 16.2.4: a panic is a line like any other, and not several of another form.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            panic = panic.payload_as_str().unwrap_or("of another kind"),
            place,
            "a fault of ours: please report it"
        );
    }));
    levels
}

/// Starts logging for a command: only what went wrong.
pub fn start_for_command(settings: &Settings) {
    install(
        settings.log_format,
        settings.log_level.min(Level::WARN),
        None,
    );
}

fn install(format: LogFormat, level: Level, traces: Option<&Traces>) -> Levels {
    let json = match format {
        LogFormat::Auto => !io::stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let (filter, handle) = reload::Layer::new(filter(level));
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = if json {
        lines.json().flatten_event(true).boxed()
    } else {
        lines.with_ansi(io::stderr().is_terminal()).boxed()
    };
    // Only one is ever installed; were there a second, the first would stay.
    let _ = tracing_subscriber::registry()
        .with(traces.map(Traces::layer))
        .with(lines.with_filter(filter))
        .try_init();
    Levels(Box::new(move |level| {
        // Refused only where another log was there first.
        let _ = handle.reload(self::filter(level));
    }))
}

/// ASVS 16.2.5: at `trace` the HTTP stack would log headers, and with them cookies. Only our own crates, which log no secret
/// at any level, follow `log.level`.
fn filter(level: Level) -> Targets {
    Targets::new()
        .with_default(level.min(Level::WARN))
        .with_target("vestibule", level)
}
