//! What only a store in files of our own shows: a trace of system calls, and a full disk. Run with SQLite alone, whatever
//! store the run is about.

#![expect(
    clippy::disallowed_methods,
    reason = "a test of the running product reads the real clock to bound its waits"
)]

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use vestibule_e2e::browser;
use vestibule_e2e::disk::SmallDisk;
use vestibule_e2e::http::Client;
use vestibule_e2e::process::PATIENCE;
use vestibule_e2e::server::Launch;
use vestibule_e2e::store::Store;
use vestibule_e2e::street::Street;

/// One line of the trace: when its call ended, and what it was.
fn calls(trace: &str) -> Vec<String> {
    // `strace -f` splits a call that another thread interrupts: put it together at the point where it ended.
    let mut open: Vec<(String, String)> = Vec::new();
    let mut whole = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.trim_start().split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix("<unfinished ...>") {
            open.retain(|(known, _)| known != thread);
            open.push((thread.to_owned(), begun.to_owned()));
            whole.push(format!("begin {begun}"));
        } else if call.starts_with("<... ") {
            let rest = call.split_once("resumed>").map_or("", |(_, rest)| rest);
            if let Some(at) = open.iter().position(|(known, _)| known == thread) {
                let (_, begun) = open.remove(at);
                whole.push(format!("end {begun}{rest}"));
            }
        } else {
            whole.push(format!("begin {call}"));
            whole.push(format!("end {call}"));
        }
    }
    whole
}

/// The trace once the tracer, which ends after the server, has written its last line.
fn whole(trace: &Path) -> anyhow::Result<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = std::fs::read_to_string(trace)?;
        if text.trim_end().ends_with("+++") && text.contains("exited with 0 +++") {
            return Ok(text);
        }
        ensure!(Instant::now() < deadline, "the trace never ended");
        std::thread::yield_now();
    }
}

/// Holds: ASVS 2.3.3
#[test]
fn an_acknowledgement_follows_a_sync_made_after_its_write() -> anyhow::Result<()> {
    let launch = Launch::on(Store::Sqlite)?;
    let trace = launch.scratch().join("trace");
    let trace_text = trace.display().to_string();
    // -D: the tracer is the grandchild, so that the child is the server itself and can be ended by its id.
    let wrapper = [
        "strace",
        "-D",
        "-f",
        "-y",
        "-s",
        "256",
        "-o",
        &trace_text,
        "-e",
        "trace=read,recvfrom,write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync",
    ];
    let launch = launch.wrapper(&wrapper);
    let mut server = launch.start()?;
    server.add_user("alice@example.test", "seven green doors open")?;
    let mut client = server.client();
    let mut told = 0;
    for _ in 0..5 {
        ensure!(
            client
                .sign_in("alice@example.test", "seven green doors open")?
                .status
                == 303
        );
        ensure!(matches!(
            client.submit("/logout", "/logout", &[])?.status,
            200 | 303
        ));
        told += 2;
    }
    ensure!(server.process.terminate()?.success());
    let trace = whole(&trace)?;

    let calls = calls(&trace);
    let mut acknowledged = 0;
    for (at, call) in calls.iter().enumerate() {
        let posted = call.starts_with("end ")
            && (call.contains("\"POST /login ") || call.contains("\"POST /logout "));
        if !posted {
            continue;
        }
        let rest = &calls[at..];
        let answer = rest
            .iter()
            .position(|call| {
                call.starts_with("begin ")
                    && call.contains("\"HTTP/1.1 ")
                    && !call.contains("HTTP/1.1 4")
            })
            .context("a request without an answer")?;
        let before = &rest[..answer];
        let written = before
            .iter()
            .position(|call| call.starts_with("end pwrite") && call.contains("-wal>"))
            .with_context(|| {
                format!(
                    "answered without a write to the log:\n{}",
                    before.join("\n")
                )
            })?;
        ensure!(
            before[written..].iter().any(|call| {
                (call.starts_with("end fdatasync(") || call.starts_with("end fsync("))
                    && call.contains("-wal>")
                    && call.contains("= 0")
            }),
            "answered before its write was synced:\n{}",
            before.join("\n")
        );
        acknowledged += 1;
    }
    ensure!(
        acknowledged == told,
        "{acknowledged} of {told} acknowledgements were seen in the trace"
    );
    Ok(())
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn a_full_disk_refuses_logins_and_logouts_keeps_the_cookie_and_checks_on() -> anyhow::Result<()> {
    let launch = Launch::on(Store::Sqlite)?;
    let disk = SmallDisk::mount(launch.scratch().join("disk"), "6m")?;
    let launch = launch.data(disk.path().join("data"));
    let server = launch.start()?;
    let (email, password) = ("alice@example.test", "seven green doors open");
    server.add_user(email, password)?;
    let mut alice = server.client();
    ensure!(alice.sign_in(email, password)?.status == 303);
    let check = |client: &mut Client| -> anyhow::Result<u16> {
        let host = format!("localhost:{}", server.port);
        let headers = [
            ("X-Forwarded-Method", "GET"),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Host", host.as_str()),
            ("X-Forwarded-Uri", "/orders"),
        ];
        Ok(client.send("GET", "/verify", &headers, "")?.status)
    };
    ensure!(check(&mut alice)? == 200);

    disk.fill()?;
    let mut bob = server.client();
    // The log may still have room for a few transitions; a full disk shows soon.
    let mut refused = None;
    for _ in 0..200 {
        let answer = bob.sign_in(email, password)?;
        if answer.status != 303 {
            refused = Some(answer);
            break;
        }
        bob.cookies.clear();
    }
    let refused = refused.context("the disk never filled")?;
    ensure!(
        refused.status == 503,
        "a login on a full disk answered {}",
        refused.status
    );
    ensure!(
        refused
            .header("set-cookie")
            .is_none_or(|cookie| !cookie.contains("Max-Age=0"))
    );
    let wrong = server.client().sign_in(email, "not the password at all")?;
    ensure!(
        wrong.status == 503,
        "right and wrong passwords are told apart on a full disk: {}",
        wrong.status
    );

    let mut eve = alice.clone();
    let kept = alice.cookies.clone();
    ensure!(check(&mut alice)? == 200, "checks answer on");
    let page = alice.get("/logout")?;
    ensure!(
        page.status == 200,
        "the page that asks answered {}",
        page.status
    );
    let answer = alice.post("/logout", &[("csrf", &page.hidden("csrf")?)])?;
    ensure!(
        answer.status == 503,
        "a logout on a full disk answered {}",
        answer.status
    );
    ensure!(
        alice.cookies == kept,
        "the cookie is kept, so that the logout can be tried again"
    );
    ensure!(
        check(&mut eve)? == 401,
        "the logout is enforced in memory all the same"
    );

    disk.free()?;
    let mut again = server.client();
    ensure!(
        again.sign_in(email, password)?.status == 303,
        "with room again, logins work without a restart"
    );
    let verified = server.command(["audit", "verify"], "")?;
    ensure!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stdout)
    );
    Ok(())
}

/// Holds: ASVS 16.5.2, ASVS 16.5.3
#[test]
fn a_full_disk_and_a_stopped_vestibule_are_503_through_nginx_and_keep_the_cookie()
-> anyhow::Result<()> {
    let launch = Launch::on(Store::Sqlite)?;
    let disk = SmallDisk::mount(launch.scratch().join("disk"), "6m")?;
    let street = Street::open(launch.data(disk.path().join("data")))?;
    street
        .server
        .add_user("alice@example.test", "seven green doors open")?;
    let (origin, pid) = (
        street.nginx.origin(),
        street.server.process.id().to_string(),
    );
    let room = disk.path().display().to_string();
    browser::run(
        "outage.mjs",
        &[
            ("ORIGIN", &origin),
            ("VESTIBULE_PID", &pid),
            ("DISK", &room),
        ],
    )?;
    Ok(())
}
