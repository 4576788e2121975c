//! Questions at the terminal, answers from a pipe.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Result, anyhow, bail};

/// One question.
pub struct Question {
    /// The flag that answers it.
    pub flag: &'static str,
    /// What is asked.
    pub text: &'static str,
    /// What an empty answer means.
    pub default: &'static str,
}

/// Asks one after the other.
pub struct Asking {
    terminal: bool,
    number: usize,
}

impl Asking {
    /// At the terminal, if that is what standard input is.
    pub fn start() -> Self {
        Self {
            terminal: io::stdin().is_terminal(),
            number: 0,
        }
    }

    /// The answer that a flag gave, or that is given now. At a terminal somebody can try again.
    pub fn answer<T>(
        &mut self,
        question: &Question,
        given: Option<&str>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T> {
        if let Some(given) = given {
            return read(given).map_err(|why| anyhow!("{} {given}: {why}", question.flag));
        }
        self.number += 1;
        loop {
            let line = self.line(question)?;
            let answer = match line.trim() {
                "" => question.default,
                answer => answer,
            };
            match read(answer) {
                Ok(answer) => return Ok(answer),
                Err(why) if self.terminal => writeln!(io::stderr(), "{answer}: {why}")?,
                Err(why) => bail!("answer {} ({answer}): {why}", self.number),
            }
        }
    }

    fn line(&self, question: &Question) -> Result<String> {
        if self.terminal {
            let Question { text, default, .. } = question;
            write!(io::stderr(), "\n{}. {text}\n[{default}] ", self.number)?;
        }
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            bail!(
                "question {} has no answer: add a line to the input, or {}",
                self.number,
                question.flag
            );
        }
        Ok(line)
    }
}
