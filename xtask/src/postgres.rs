//! A private PostgreSQL for the tests: a cluster of its own in a temporary directory, on a port of its own, that ends with
//! us. The system's own cluster, where there is one, is neither used nor touched.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::steps::{self, is_root, output_of, succeed};

/// What the tests read the cluster's address from.
pub const ADDRESS: &str = "VESTIBULE_TEST_POSTGRES";

/// Whom PostgreSQL runs as where we are root, which it refuses to be: the package makes that user.
const OWNER: &str = "postgres";

/// The cluster's one role, which may make databases.
const ROLE: &str = "vestibule";

/// How long a start or an end may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running cluster; stopped and removed when dropped.
pub struct Cluster {
    server: Child,
    room: PathBuf,
    programs: PathBuf,
    url: String,
}

impl Cluster {
    /// Makes a cluster for tests and waits until it answers. Nothing cuts its power, so it waits for no disk: what is killed in
    /// tests are databases of their own.
    pub fn start() -> Result<Self> {
        Self::start_with("off")
    }

    /// The same, as durable as in operation: what is measured is to mean something there.
    pub fn start_durable() -> Result<Self> {
        Self::start_with("on")
    }

    fn start_with(fsync: &str) -> Result<Self> {
        let programs = programs().context(
            "there is no PostgreSQL below /usr/lib/postgresql: run `cargo xtask test --install`",
        )?;
        let room = std::env::temp_dir().join(format!("vestibule-postgres-{}", std::process::id()));
        fs::create_dir(&room).with_context(|| format!("cannot make {}", room.display()))?;
        let made = Self::make(&programs, &room, fsync);
        if made.is_err() {
            remove(&room);
        }
        let (server, url) = made?;
        let mut cluster = Self {
            server,
            room,
            programs,
            url,
        };
        cluster.wait_ready()?;
        Ok(cluster)
    }

    /// Where it is, as the tests are told: `postgres://…`, the role's password inside.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn make(programs: &Path, room: &Path, fsync: &str) -> Result<(Child, String)> {
        fs::set_permissions(room, fs::Permissions::from_mode(0o700))?;
        let password = password()?;
        let file = room.join("password");
        fs::write(&file, &password)?;
        if is_root() {
            let uid = output_of(Command::new("id").args(["-u", OWNER]))?;
            let uid = Some(uid.trim().parse()?);
            chown(room, uid, None)?;
            chown(&file, uid, None)?;
        }
        let data = room.join("data");
        let mut initdb = as_owner(&programs.join("initdb"));
        initdb
            .arg("--pgdata")
            .arg(&data)
            .arg("--pwfile")
            .arg(&file)
            .args(["--username", ROLE, "--auth", "scram-sha-256"])
            .args(["--encoding", "UTF8", "--locale", "C"])
            .current_dir(room)
            .stdout(Stdio::null());
        succeed(&mut initdb)?;
        let port = free_port()?;
        let log = fs::File::create(room.join("log"))?;
        let mut postgres = as_owner(&programs.join("postgres"));
        postgres.arg("-D").arg(&data);
        for setting in [
            // The loopback alone, and no socket file either.
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            &format!("port={port}"),
            &format!("fsync={fsync}"),
            "synchronous_commit=on",
            // Test programs run side by side, each with servers that have a pool each.
            "max_connections=400",
            "shared_buffers=128MB",
        ] {
            postgres.args(["-c", setting]);
        }
        let server = postgres
            .current_dir(room)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start PostgreSQL")?;
        let url = format!("postgres://{ROLE}:{password}@127.0.0.1:{port}/postgres");
        Ok((server, url))
    }

    fn wait_ready(&mut self) -> Result<()> {
        let started = steps::now();
        loop {
            let answers = Command::new(self.programs.join("psql"))
                .args(["--no-psqlrc", "--quiet", "--command", "SELECT 1"])
                .arg(&self.url)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .context("cannot start psql")?;
            if answers.success() {
                return Ok(());
            }
            let ended = self.server.try_wait()?;
            if ended.is_some() || started.elapsed() > PATIENCE {
                bail!(
                    "the tests' PostgreSQL does not answer ({}):\n{}",
                    ended.map_or_else(|| "it runs".to_owned(), |status| status.to_string()),
                    fs::read_to_string(self.room.join("log")).unwrap_or_default()
                );
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // By the process id in the data directory; what connections a test left open are closed.
        let mut stop = as_owner(&self.programs.join("pg_ctl"));
        stop.args(["stop", "--wait", "--silent", "--mode=fast", "--pgdata"])
            .arg(self.room.join("data"))
            .current_dir(&self.room);
        if let Err(error) = succeed(&mut stop) {
            println!("   the tests' PostgreSQL is killed: {error:#}");
            // Ended already is as good.
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
        remove(&self.room);
    }
}

/// Runs a command line with a private cluster, whose address it finds in [`ADDRESS`]. Answers whether it went well.
pub fn with(root: &Path, line: &[String]) -> Result<bool> {
    let (program, arguments) = line
        .split_first()
        .context("say what to run: `cargo xtask postgres cargo test -p vestibule-postgres`")?;
    let cluster = Cluster::start()?;
    let status = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .env(ADDRESS, cluster.url())
        .status()
        .with_context(|| format!("cannot start {program}"))?;
    Ok(status.success())
}

/// Where the newest PostgreSQL's programs are: Debian keeps them off the path, a directory for each version.
pub fn programs() -> Option<PathBuf> {
    newest(Path::new("/usr/lib/postgresql"))
}

fn newest(versions: &Path) -> Option<PathBuf> {
    fs::read_dir(versions)
        .ok()?
        .flatten()
        .filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            let programs = version.path().join("bin");
            programs
                .join("initdb")
                .is_file()
                .then_some((number, programs))
        })
        .max()
        .map(|(_, programs)| programs)
}

/// A program as the cluster's owner, and one that ends when we do, however we end.
fn as_owner(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid", OWNER, "--regid", OWNER, "--clear-groups"]);
    }
    command.args(["--pdeathsig", "INT", "--"]).arg(program);
    command
}

/// 128 random bits. The loopback is everybody's on this machine.
fn password() -> Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// A port of the loopback, free a moment ago, from where neither the system nor the end-to-end tests take theirs.
fn free_port() -> Result<u16> {
    (30_000..32_768)
        .find(|&port: &u16| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .context("no port from 30000 to 32767 is free")
}

fn remove(room: &Path) {
    if let Err(error) = fs::remove_dir_all(room) {
        println!("   {} is left behind: {error}", room.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_taken() {
        let room = std::env::temp_dir().join(format!("vestibule-versions-{}", std::process::id()));
        for version in ["9", "15", "old"] {
            let bin = room.join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            fs::write(bin.join("initdb"), "").unwrap();
        }
        fs::create_dir_all(room.join("17/bin")).unwrap();
        let newest = newest(&room);
        fs::remove_dir_all(&room).unwrap();
        assert_eq!(newest, Some(room.join("15/bin")));
    }

    #[test]
    fn a_cluster_answers_and_leaves_nothing_behind() {
        let cluster = Cluster::start_durable().unwrap();
        let room = cluster.room.clone();
        let answer = output_of(
            Command::new(cluster.programs.join("psql"))
                .args(["--no-psqlrc", "--tuples-only", "--no-align"])
                .args(["--command", "SHOW fsync"])
                .arg(cluster.url()),
        )
        .unwrap();
        let pid = cluster.server.id();
        drop(cluster);
        assert_eq!(answer.trim(), "on");
        assert!(!room.exists());
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }
}
