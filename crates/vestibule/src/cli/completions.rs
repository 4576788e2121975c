//! `vestibule completions`.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, output};

/// Print what a shell needs to complete our commands
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    vestibule completions bash > ~/.local/share/bash-completion/completions/vestibule\n  \
    vestibule completions zsh > ~/.zfunc/_vestibule\n  \
    vestibule completions fish > ~/.config/fish/completions/vestibule.fish")]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

pub fn run(command: &Completions) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Cli::command(), "vestibule", &mut script);
    output::bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn what_bash_is_given_is_bash() {
        let mut script = Vec::new();
        clap_complete::generate(Shell::Bash, &mut Cli::command(), "vestibule", &mut script);
        assert!(String::from_utf8_lossy(&script).contains("rotate-secret"));
        let mut bash = Command::new("bash")
            .arg("-n")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        bash.stdin.take().unwrap().write_all(&script).unwrap();
        assert!(bash.wait().unwrap().success());
    }
}
