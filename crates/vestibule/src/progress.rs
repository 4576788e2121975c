//! How far long work is: on a terminal; nothing in a pipe.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two looks at it.
const LOOK: Duration = Duration::from_millis(100);

/// Rows as they pass, of nobody knows how many.
pub fn rows(what: &'static str) -> ProgressBar {
    begun(
        ProgressBar::no_length(),
        what,
        "{spinner} {msg}: {human_pos} rows, {elapsed}",
    )
}

/// So many things, one after another.
pub fn items(what: &'static str, total: u64) -> ProgressBar {
    begun(
        ProgressBar::new(total),
        what,
        "{msg} {bar:30} {human_pos} of {human_len}, {eta} left",
    )
}

/// Bytes of a file, as they are read.
pub fn bytes(what: &'static str, size: u64) -> ProgressBar {
    begun(
        ProgressBar::new(size),
        what,
        "{msg} {bar:30} {bytes} of {total_bytes}, {eta} left",
    )
}

fn begun(bar: ProgressBar, what: &'static str, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        return bar;
    }
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar.enable_steady_tick(LOOK);
    bar
}
