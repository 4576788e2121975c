//! Asking before something is destroyed.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Result, bail};

/// Goes on when somebody at the terminal says yes. `alone` is said where nobody is there to be asked, `declined` when the
/// answer is no.
pub fn confirm(question: &str, alone: &str, declined: &str) -> Result<()> {
    if !io::stdin().is_terminal() {
        bail!("{alone}: add --yes");
    }
    write!(io::stderr(), "{question} Go on? [y/N] ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        bail!("{declined}");
    }
    Ok(())
}
