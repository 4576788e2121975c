//! Asking before something is destroyed.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Result, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

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

/// Asks at the terminal for a password, which the terminal does not show.
pub fn password(question: &str) -> Result<Zeroizing<String>> {
    let unseen = Unseen::begin()?;
    write!(io::stderr(), "{question}")?;
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line)?;
    drop(unseen);
    writeln!(io::stderr())?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

/// A terminal that does not show what is typed; as it was before when dropped.
struct Unseen(Termios);

impl Unseen {
    fn begin() -> Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &unseen)?;
        Ok(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
