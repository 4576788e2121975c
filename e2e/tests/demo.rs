//! `vestibule demo`: from the command to a signed-in shop, in Chromium; and that nothing of it stays.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, ensure};
use rustix::process::Signal;
use tempfile::TempDir;
use vestibule_e2e::browser;
use vestibule_e2e::http::Client;
use vestibule_e2e::process::Process;
use vestibule_e2e::server::binary;

/// A demo with temporary files of its own.
struct Demo {
    process: Process,
    temporary: TempDir,
    start: String,
    issuer: String,
    shop: String,
}

fn command(temporary: &Path, arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(binary()?);
    command
        .args(["demo", "--no-open"])
        .args(arguments)
        .current_dir(temporary)
        .env("TMPDIR", temporary);
    Ok(command)
}

impl Demo {
    fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        let temporary = tempfile::tempdir()?;
        let process = Process::start(&mut command(temporary.path(), arguments)?)?;
        process.wait_line("stop with Ctrl-C")?;
        let line = process.wait_line("demo at http")?;
        let mut told = line
            .split(|c: char| c.is_whitespace() || "(),".contains(c))
            .filter(|word| word.starts_with("http://"))
            .map(ToOwned::to_owned);
        let mut next = || told.next().context("an address is missing");
        Ok(Self {
            start: next()?,
            issuer: next()?,
            shop: next()?,
            process,
            temporary,
        })
    }

    /// Its data directories.
    fn left(&self) -> anyhow::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(self.temporary.path())?;
        let paths = entries.map(|entry| Ok(entry?.path()));
        paths.collect()
    }

    fn first_page(&self) -> anyhow::Result<String> {
        let (_, authority) = self.start.split_once("://").context("no address")?;
        let port = authority.rsplit(':').next().context("no port")?.parse()?;
        Ok(Client::new(port, authority.to_owned()).get("/")?.body)
    }
}

fn refused(arguments: &[&str]) -> anyhow::Result<Output> {
    let temporary = tempfile::tempdir()?;
    let output = command(temporary.path(), arguments)?
        .stdin(Stdio::null())
        .output()?;
    ensure!(!output.status.success(), "{arguments:?} was not refused");
    let left = std::fs::read_dir(temporary.path())?.count();
    ensure!(left == 0, "{arguments:?} left something");
    Ok(output)
}

/// Holds: ASVS 7.4.1, ASVS 7.5.2, N10, N12
#[test]
fn from_the_command_to_a_signed_in_shop_and_out_everywhere() -> anyhow::Result<()> {
    let mut demo = Demo::start(&["--listen", "localhost:0"])?;
    let said = demo.process.said();
    ensure!(said.lines().count() == 4, "four lines:\n{said}");
    let ran = browser::run(
        "demo.mjs",
        &[
            ("DEMO", &demo.start),
            ("ISSUER", &demo.issuer),
            ("SHOP", &demo.shop),
        ],
    );
    let ended = demo.process.terminate()?;
    let said = demo.process.said();
    ran.with_context(|| said.clone())?;
    ensure!(ended.success(), "{ended}: {said}");
    ensure!(said.lines().count() == 4, "nothing went wrong:\n{said}");
    ensure!(demo.left()?.is_empty(), "it left {:?}", demo.left()?);
    Ok(())
}

#[test]
fn two_at_once_are_two_and_nothing_of_either_stays() -> anyhow::Result<()> {
    let mut demos = [Demo::start(&[])?, Demo::start(&[])?];
    let [one, other] = &demos;
    let addresses = [&one.start, &one.issuer, &one.shop];
    for address in [&other.start, &other.issuer, &other.shop] {
        ensure!(!addresses.contains(&address), "both are at {address}");
    }
    let pages = [one.first_page()?, other.first_page()?];
    let passwords = pages.each_ref().map(|page| {
        let codes = page.split("<code class=\"mono\">").skip(1);
        let codes = codes.filter_map(|rest| rest.split('<').next());
        codes.map(ToOwned::to_owned).collect::<Vec<_>>()
    });
    let [first, second] = &passwords;
    ensure!(first.len() == 3, "{}", pages[0]);
    for password in second {
        ensure!(
            !first.contains(password),
            "a password is there by default: {password}"
        );
    }
    for demo in &demos {
        let said = demo.process.said();
        for password in first.iter().chain(second) {
            // ASVS 16.2.5: there is no terminal here.
            ensure!(!said.contains(password), "{said}");
        }
        ensure!(demo.left()?.len() == 1, "{:?}", demo.left()?);
    }
    for (demo, signal) in demos.iter_mut().zip([Signal::HUP, Signal::INT]) {
        demo.process.signal(signal)?;
        let ended = demo.process.wait()?;
        ensure!(ended.success(), "{ended}: {}", demo.process.said());
        ensure!(demo.left()?.is_empty(), "it left {:?}", demo.left()?);
    }
    Ok(())
}

#[test]
fn it_is_for_this_machine_alone_and_touches_no_other_data() -> anyhow::Result<()> {
    for abroad in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let said = refused(&["--listen", abroad])?;
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        ensure!(said.contains("loopback alone"), "{said}");
    }
    let own = tempfile::tempdir()?;
    std::fs::write(own.path().join("notes"), "mine")?;
    let path = own.path().to_str().context("a path")?;
    let said = refused(&["--data", path, "--listen", "localhost:0"])?;
    ensure!(
        String::from_utf8_lossy(&said.stderr).contains("holds something already"),
        "{said:?}"
    );
    ensure!(std::fs::read_dir(own.path())?.count() == 1, "untouched");
    // Where a directory is named, it stays; and what a demo was told to keep is a server's to go on with.
    let kept = own.path().join("kept");
    let path = kept.to_str().context("a path")?;
    let mut demo = Demo::start(&["--data", path, "--listen", "localhost:0"])?;
    ensure!(demo.left()?.is_empty(), "{:?}", demo.left()?);
    ensure!(demo.process.terminate()?.success(), "it ended badly");
    ensure!(kept.join("vestibule.toml").exists(), "it stays");
    Ok(())
}
