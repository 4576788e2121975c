//! A child process that is ended with its owner, and whose lines can be waited for.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Lines {
    state: Mutex<(Vec<String>, bool)>,
    more: Condvar,
}

/// A running child; killed, by id, when dropped.
pub struct Process {
    child: Child,
    name: String,
    lines: Arc<Lines>,
}

impl Process {
    /// Starts `command`; its standard error is read line by line, its standard output as well.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let name = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("could not start {name}"))?;
        let lines = Arc::new(Lines::default());
        if let Some(out) = child.stdout.take() {
            read(out, Arc::clone(&lines), false);
        }
        if let Some(err) = child.stderr.take() {
            read(err, Arc::clone(&lines), true);
        }
        Ok(Self { child, name, lines })
    }

    /// The operating system's id of the child.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that contains `part` and answers it.
    pub fn wait_line(&self, part: &str) -> anyhow::Result<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self
            .lines
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(line) = state.0.iter().find(|line| line.contains(part)) {
                return Ok(line.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if state.1 || left.is_zero() {
                bail!(
                    "{} never said {part:?}; it said:\n{}",
                    self.name,
                    state.0.join("\n")
                );
            }
            state = self
                .lines
                .more
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Everything said so far.
    pub fn said(&self) -> String {
        self.lines
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .join("\n")
    }

    /// Sends a signal to this child, by id.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .context("no process id")?;
        Ok(kill_process(pid, signal)?)
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and waits for the exit.
    pub fn terminate(&mut self) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.wait()
    }

    /// Waits for the exit.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.child.wait()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(stream: impl Read + Send + 'static, lines: Arc<Lines>, last: bool) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { break };
            lines
                .state
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .0
                .push(line);
            lines.more.notify_all();
        }
        if last {
            lines.state.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
            lines.more.notify_all();
        }
    });
}
