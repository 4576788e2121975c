//! Opens the person's browser, where there is somebody in front of a screen.

use std::ffi::OsString;
use std::process::{Command, Stdio};

/// Opens `url`, or does nothing: the terminal names it as well.
pub fn open(url: &str) {
    let root = rustix::process::geteuid().is_root();
    let Some(program) = opener(std::env::consts::OS, root, |name| std::env::var_os(name)) else {
        return;
    };
    let opened = Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Ok(mut child) = opened {
        // Waited for, so that no dead process stays behind it.
        std::thread::spawn(move || child.wait());
    }
}

/// What opens a page on this system, if there is a graphical session. Never as root: a browser does not belong to it.
fn opener(
    system: &str,
    root: bool,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<&'static str> {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    if root || is_set("SSH_CONNECTION") {
        return None;
    }
    match system {
        "macos" => Some("open"),
        _ if is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") => Some("xdg-open"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_opened_where_somebody_looks_at_a_screen() {
        let with = |names: &'static [&str]| {
            move |name: &str| names.contains(&name).then(|| OsString::from("x"))
        };
        assert_eq!(opener("linux", false, with(&["DISPLAY"])), Some("xdg-open"));
        assert_eq!(
            opener("linux", false, with(&["WAYLAND_DISPLAY"])),
            Some("xdg-open")
        );
        assert_eq!(opener("macos", false, with(&[])), Some("open"));
        assert_eq!(opener("linux", false, with(&[])), None);
        assert_eq!(opener("linux", true, with(&["DISPLAY"])), None);
        assert_eq!(
            opener("linux", false, with(&["DISPLAY", "SSH_CONNECTION"])),
            None
        );
    }
}
