//! Which store the servers under test keep their truth in, and a PostgreSQL database for each that has none of its own.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, bail, ensure};

/// The store of a server under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// A file in the data directory: what a server has that is told nothing.
    Sqlite,
    /// A database of its own in the cluster of [`CLUSTER`].
    Postgres,
}

/// Where `cargo xtask test` tells which store this run is about: `sqlite` or `postgres`.
const CHOICE: &str = "VESTIBULE_E2E_STORE";

/// Where `cargo xtask test` tells the address of its PostgreSQL.
const CLUSTER: &str = "VESTIBULE_TEST_POSTGRES";

impl Store {
    /// The one that this run of the tests is about; SQLite unless told otherwise.
    pub fn of_this_run() -> anyhow::Result<Self> {
        match std::env::var(CHOICE).ok().as_deref() {
            None | Some("" | "sqlite") => Ok(Self::Sqlite),
            Some("postgres") => Ok(Self::Postgres),
            Some(other) => bail!("{CHOICE} is {other:?}: write sqlite or postgres"),
        }
    }
}

/// A database of one test; dropped with it, whoever is still connected.
#[derive(Debug)]
pub struct Database {
    cluster: String,
    name: String,
    /// Its address, `postgres://…`.
    pub url: String,
}

impl Database {
    /// Its address without the password, and the password: arguments carry none.
    pub fn address(&self) -> anyhow::Result<(String, String)> {
        let (scheme, rest) = self.url.split_once("://").context("a url")?;
        let (login, place) = rest.rsplit_once('@').context("a login")?;
        let (role, password) = login.split_once(':').context("a password")?;
        Ok((format!("{scheme}://{role}@{place}"), password.to_owned()))
    }

    /// Makes one in the tests' cluster.
    pub fn create() -> anyhow::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let cluster = std::env::var(CLUSTER).with_context(|| {
            format!(
                "{CLUSTER} is not set: run `cargo xtask test`, or this one test by `cargo xtask postgres cargo test …`"
            )
        })?;
        let name = format!(
            "e2e_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        sql(&cluster, &format!("CREATE DATABASE {name}"))?;
        let (server, _) = cluster
            .rsplit_once('/')
            .with_context(|| format!("{CLUSTER} names no database"))?;
        let url = format!("{server}/{name}");
        Ok(Self { cluster, name, url })
    }

    /// Runs SQL in it, by PostgreSQL's own client, and answers what it printed.
    pub fn sql(&self, text: &str) -> anyhow::Result<String> {
        sql(&self.url, text)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A cluster that is gone has no databases either.
        let _ = sql(
            &self.cluster,
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
    }
}

/// Runs SQL at an address, by PostgreSQL's own client, and answers what it printed: a line a row, `|` between columns.
pub fn sql(url: &str, text: &str) -> anyhow::Result<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
        .args(["--set", "ON_ERROR_STOP=1", "--command", text])
        .arg(url)
        .output()
        .context("could not run psql: run `cargo xtask test --install`")?;
    ensure!(
        status.success(),
        "{text}: {}",
        String::from_utf8_lossy(&stderr)
    );
    Ok(String::from_utf8(stdout)?.trim_end().to_owned())
}
