//! One server at a time works on a PostgreSQL database: another, or a command from another data directory, is told who works
//! there and changes nothing, and whoever crashed is followed by its own directory at once.

use anyhow::{Context as _, ensure};
use vestibule_e2e::postgres::Postgres;
use vestibule_e2e::server::{Launch, binary};
use vestibule_e2e::store::Store;

#[test]
fn a_database_that_a_server_works_on_is_nobody_elses() -> anyhow::Result<()> {
    let postgres = Postgres::start()?;
    let url = postgres.url(postgres.port);
    let here = Launch::on(Store::Sqlite)?.environment("VESTIBULE_STORE__URL", url.clone());
    let mut server = here.start()?;
    server.add_user("alice@example.test", "the only password of alice")?;
    let mut alice = server.client();
    ensure!(
        alice
            .sign_in("alice@example.test", "the only password of alice")?
            .status
            == 303
    );

    // The same key, another directory.
    let elsewhere = Launch::on(Store::Sqlite)?.environment("VESTIBULE_STORE__URL", url.clone());
    let data = elsewhere.data_directory();
    std::fs::DirBuilder::new().create(data)?;
    std::fs::set_permissions(data, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    std::fs::copy(server.data.join("master.key"), data.join("master.key"))?;
    let second = elsewhere.command()?.output()?;
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    ensure!(
        !second.status.success() && told.contains("is held by"),
        "{told}"
    );
    let disable = std::process::Command::new(binary()?)
        .args(["user", "disable", "alice@example.test", "--data"])
        .arg(data)
        .env("VESTIBULE_STORE__URL", &url)
        .output()
        .context("user disable")?;
    let told = String::from_utf8_lossy(&disable.stderr).into_owned();
    ensure!(
        !disable.status.success() && told.contains("is held by"),
        "{told}"
    );
    ensure!(alice.get("/account")?.status == 200, "her login stands");

    // Killed, it is followed by its own directory, and by no other before.
    server.process.kill()?;
    let server = here.start()?;
    let second = elsewhere.command()?.output()?;
    ensure!(!second.status.success(), "it is held again");
    drop(server);
    Ok(())
}
