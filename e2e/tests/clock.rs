//! A clock that jumps, by Debian's `faketime`: it lengthens no session and ends none for good.

use anyhow::ensure;
use vestibule_e2e::server::{Launch, Server};

const EMAIL: &str = "alice@example.test";
const PASSWORD: &str = "seven green doors open";

fn signed_in(server: &Server) -> anyhow::Result<vestibule_e2e::http::Client> {
    let mut client = server.client();
    ensure!(client.sign_in(EMAIL, PASSWORD)?.status == 303);
    ensure!(client.signed_in()?);
    Ok(client)
}

/// Holds: ASVS 7.3.1, N07
#[test]
fn a_clock_that_jumps_ahead_and_comes_back_ends_no_session() -> anyhow::Result<()> {
    let (launch, file) = Launch::new()?.movable_clock()?;
    let mut server = launch.start()?;
    server.add_user(EMAIL, PASSWORD)?;
    let mut client = signed_in(&server)?;

    std::fs::write(&file, "+2h")?;
    ensure!(
        !client.signed_in()?,
        "by its clock the session has idled too long"
    );
    server.process.wait_line("clock")?;
    std::fs::write(&file, "+0")?;
    ensure!(
        client.signed_in()?,
        "the clock came back, and so did the session: nothing was ended for good"
    );

    std::fs::write(&file, "-2h")?;
    ensure!(client.signed_in()?, "a clock set back ends nothing");
    ensure!(server.process.terminate()?.success());
    Ok(())
}

/// Holds: ASVS 7.3.2
#[test]
fn a_start_over_an_hour_behind_the_mark_is_refused_until_the_clock_is_accepted()
-> anyhow::Result<()> {
    let (launch, file) = Launch::new()?.movable_clock()?;
    let mut server = launch.start()?;
    server.add_user(EMAIL, PASSWORD)?;
    ensure!(server.process.terminate()?.success());

    std::fs::write(&file, "-2h")?;
    let refused = launch.command()?.output()?;
    ensure!(
        refused.status.code() == Some(2),
        "it answered {:?}",
        refused.status
    );
    let said = String::from_utf8_lossy(&refused.stderr);
    ensure!(
        said.contains("--accept-clock"),
        "it does not say what to do: {said}"
    );

    let accepting = launch.argument("--accept-clock");
    let mut server = accepting.start()?;
    signed_in(&server)?;
    ensure!(server.process.terminate()?.success());
    Ok(())
}
