//! The unit that the book gives to systemd: well-formed, hard, and still one under which the server can do its work.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, ensure};
use vestibule_e2e::checkout;
use vestibule_e2e::process::PATIENCE;
use vestibule_e2e::server::{Launch, binary};

/// `systemd-analyze security`: from 0, which can do nothing, to 10, which can do anything. In tenths.
const MOST_EXPOSED: u32 = 15;
const PASSWORD: &str = "correct horse battery staple";

fn unit() -> anyhow::Result<String> {
    Ok(fs::read_to_string(
        checkout().join("contrib/systemd/vestibule.service"),
    )?)
}

/// The unit with the built binary for the installed one.
fn written(folder: &tempfile::TempDir) -> anyhow::Result<PathBuf> {
    let here = binary()?.display().to_string();
    let text = unit()?.replace("/usr/local/bin/vestibule", &here);
    let path = folder.path().join("vestibule.service");
    fs::write(&path, text)?;
    Ok(path)
}

fn analyze(arguments: &[&str]) -> anyhow::Result<(bool, String)> {
    let output = Command::new("systemd-analyze")
        .args(arguments)
        .output()
        .context("systemd-analyze is missing: run `cargo xtask test --install`")?;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok((output.status.success(), said))
}

#[test]
fn systemd_takes_the_unit_and_finds_it_hard() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = written(&folder)?.display().to_string();
    let (good, said) = analyze(&["verify", "--man=no", &path])?;
    assert!(good, "{said}");
    assert!(
        !said.contains("vestibule.service"),
        "systemd has something to say: {said}"
    );
    let threshold = format!("--threshold={MOST_EXPOSED}");
    let (good, said) = analyze(&[
        "security",
        "--offline=true",
        "--no-pager",
        &threshold,
        &path,
    ])?;
    assert!(good, "{said}");
    Ok(())
}

/// The system calls of a set and of the sets in it.
fn set(name: &str) -> anyhow::Result<BTreeSet<String>> {
    let (good, said) = analyze(&["syscall-filter", "--no-pager", name])?;
    ensure!(good, "{name}: {said}");
    let mut calls = BTreeSet::new();
    for line in said.lines().skip(1).map(str::trim) {
        if line.starts_with('@') {
            calls.extend(set(line)?);
        } else if !line.is_empty() && !line.starts_with('#') {
            calls.insert(line.to_owned());
        }
    }
    Ok(calls)
}

#[test]
fn what_the_server_does_is_what_the_unit_lets_it_do() -> anyhow::Result<()> {
    let unit = unit()?;
    ensure!(unit.contains("SystemCallFilter=@system-service\n"));
    ensure!(unit.contains("SystemCallFilter=~@privileged\n"));
    let privileged = set("@privileged")?;
    let mut allowed = set("@system-service")?;
    // Of both sets it is the later line that counts.
    allowed.retain(|call| !privileged.contains(call));
    // systemd itself lets these through, or nothing could be started.
    allowed.extend(["execve", "exit", "exit_group", "rt_sigreturn"].map(str::to_owned));

    if rustix::process::geteuid().is_root() {
        // As root, and then alone, SQLite gives its files to the owner of the database.
        allowed.insert("fchown".to_owned());
    }

    let scratch = tempfile::tempdir()?;
    let calls = scratch.path().join("calls").display().to_string();
    let launch = Launch::new()?.wrapper(&["strace", "-f", "-qq", "-o", &calls]);
    let mut server = launch.start()?;
    server.add_user("alice@example.test", PASSWORD)?;
    let mut alice = server.client();
    alice.sign_in("alice@example.test", PASSWORD)?;
    ensure!(alice.signed_in()?, "alice is not signed in");
    // strace hands the signal that ends it on; the server is its child.
    let child = fs::read_to_string(format!("/proc/{0}/task/{0}/children", server.process.id()))?;
    let child = child.split_whitespace().next().context("no child")?;
    ensure!(Command::new("kill").arg(child).status()?.success());
    server.process.wait()?;

    let text = fs::read_to_string(&calls)?;
    let done: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1)?.split_once('('))
        .map(|(call, _)| call)
        .filter(|call| {
            call.bytes()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
        })
        .collect();
    assert!(
        done.contains("fdatasync") || done.contains("fsync"),
        "{done:?}"
    );
    let forbidden: Vec<&&str> = done
        .iter()
        .filter(|call| !allowed.contains(**call))
        .collect();
    assert_eq!(forbidden, Vec::<&&str>::new());
    // MemoryDenyWriteExecute=
    for line in text.lines().filter(|line| line.contains("PROT_EXEC")) {
        assert!(!line.contains("PROT_WRITE"), "{line}");
    }
    Ok(())
}

#[test]
fn a_service_manager_is_told_when_it_is_ready_and_when_it_stops() -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    let path = scratch.path().join("notify");
    let socket = UnixDatagram::bind(&path)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let told = || -> anyhow::Result<String> {
        let mut bytes = [0; 256];
        let length = socket.recv(&mut bytes)?;
        Ok(String::from_utf8(bytes[..length].to_vec())?)
    };
    let mut server = Launch::new()?
        .environment("NOTIFY_SOCKET", path.display().to_string())
        .start()?;
    assert_eq!(told()?, "READY=1");
    let ended = server.process.terminate()?;
    assert!(ended.success(), "{ended}");
    assert_eq!(told()?, "STOPPING=1");
    Ok(())
}
