//! Speed and size, as `cargo xtask bench` tells them: `speed p1|p5|p7|p10 [quick]` prints what it measured as JSON. In a
//! release build; the server runs on one core, what asks it on another.

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the real clock"
)]

mod p1;
mod p10;
mod p5;
mod p7;
mod round;
mod served;

use std::io::Write as _;

use anyhow::{Context as _, bail};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Short, to see that it works: no figure of it says anything.
    let quick = arguments.iter().any(|argument| argument == "quick");
    let measured = match arguments.first().map(String::as_str) {
        Some("p1") => p1::measure(quick)?,
        Some("p5") => p5::measure(quick)?,
        Some("p7") => p7::measure(quick)?,
        Some("p10") => p10::measure(quick)?,
        _ => bail!("p1, p5, p7 or p10?"),
    };
    let text = serde_json::to_string_pretty(&measured).context("not writable as JSON")?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
