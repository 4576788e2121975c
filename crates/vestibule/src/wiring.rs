//! Puts the store, the index and the engine together over one data directory; the same for a server and for a command
//! that runs without one.

mod holder;
mod provided;
mod store;

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::HeaderValue;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use vestibule_core::lineage::StoreNumber;
use vestibule_core::user::Role;
use vestibule_engine::{Engine, Index, Parts, Places, StartError};
use vestibule_http::context::Extras;
use vestibule_http::{Context, Issuer, SettingInForce, Site, TrustedProxy};
use vestibule_sqlite::OpenError;
use vestibule_store::{Change, Publish, StoreError};

use crate::backup;
use crate::breached::BreachedError;
use crate::keys::{self, KeyError};
use crate::mail::{MailSettingError, Reader, Shown};
use crate::os::{SystemClock, SystemEntropy};
use crate::places::PlacesError;
use crate::private::{PrivateError, hand_over};
use crate::settings::Settings;

use self::provided::Provided;
use self::store::Backend;

pub use self::holder::holder;
pub use self::provided::{faults, policy};
pub use self::store::database_clock;

/// Why the data directory does not open.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// There is none, and the command would not make one.
    #[error(
        "there is no data directory {0}: start `vestibule serve` once, or name another with --data (setting server.data)"
    )]
    NoData(PathBuf),
    /// A restore or a move into it was killed.
    #[error(
        "a restore or a move into this data directory did not end ({0}): while it runs, wait; if it was killed, run it again, \
         which takes away what it left, or remove that directory to begin with nothing"
    )]
    Unfinished(PathBuf),
    /// Others may look into it.
    #[error(
        "the data directory {path} is open to other users (mode {mode:04o}): run `chmod 700 {path}`"
    )]
    OpenToOthers {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is a file.
    #[error("{0} is not a directory: name another with --data (setting server.data)")]
    NotADirectory(PathBuf),
    /// It cannot be made or read.
    #[error("the data directory {path}: {source}; name another with --data (setting server.data)")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The store does not open.
    #[error("{}", told(.0))]
    Open(#[from] OpenError),
    /// The database that the settings name does not open.
    #[error(transparent)]
    Postgres(#[from] vestibule_postgres::OpenError),
    /// There is no master key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Another secret of the operator's cannot be read.
    #[error(transparent)]
    Secret(#[from] PrivateError),
    /// The list of breached passwords cannot be used.
    #[error(transparent)]
    Breached(#[from] BreachedError),
    /// The list of places cannot be used.
    #[error(transparent)]
    Places(#[from] PlacesError),
    /// No mail can leave as the settings have it.
    #[error(transparent)]
    Mail(#[from] MailSettingError),
    /// The engine does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The store failed while the index was filled from it.
    #[error("the data could not be read at start: {0}")]
    Fill(StoreError),
}

/// A data directory in use: locked, open, its engine running.
pub struct Wired {
    /// Decides.
    pub engine: Arc<Engine>,
    /// What was committed about administrators and the fill.
    pub told: Arc<Told>,
    /// Networks and where they are, if the operator has a list.
    pub places: Option<Arc<dyn Places>>,
    /// Where mails are read, in development.
    pub mails: Option<Shown>,
    store: Backend,
    stop: watch::Sender<bool>,
    chores: JoinHandle<()>,
}

/// What the store says, and what to do about what only the data directory's owner can mend.
fn told(error: &OpenError) -> String {
    let advice = match error {
        OpenError::Io { source, .. } => match source.kind() {
            io::ErrorKind::PermissionDenied => {
                "; run vestibule as the user the data directory belongs to, or name another with --data"
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                "; mount it for writing, or name another data directory with --data"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "; free some space, nothing acknowledged was lost"
            }
            _ => "",
        },
        _ => "",
    };
    format!("{error}{advice}")
}

/// A data directory locked and open, nothing running on it yet.
pub struct Opened {
    store: Backend,
    told: Arc<Told>,
}

/// Opens the data directory of `settings` and makes what is missing in it.
pub async fn open(settings: &Settings) -> Result<Opened, WireError> {
    make_directory(&settings.data)?;
    if let Some(mark) = backup::left_unfinished(settings) {
        return Err(WireError::Unfinished(mark));
    }
    let told = Arc::new(Told::default());
    // Looked for first: a database that was there before nobody restores over.
    let outlived = backup::outlived_mark(settings);
    let opened = Backend::open(settings, Arc::<Told>::clone(&told)).await;
    // What it made before it failed would lock the server out as well.
    tidied(&settings.data, hand_over_all(&settings.data));
    let store = opened?;
    tidied(&settings.data, tidy(&settings.data, outlived.as_deref()));
    Ok(Opened { store, told })
}

/// What root made is the server's user's.
fn hand_over_all(data: &Path) -> io::Result<()> {
    let database = vestibule_sqlite::FILE_NAME;
    let logs = ["-wal", "-shm"].map(|end| format!("{database}{end}"));
    let made = ["lock", "holder", database];
    let mut made = made.into_iter().chain(logs.iter().map(String::as_str));
    made.try_for_each(|name| hand_over(data, &data.join(name)))
}

/// What killed commands left goes. Call it holding the directory's lock.
fn tidy(data: &Path, mark: Option<&Path>) -> io::Result<()> {
    // The command may have ended by itself meanwhile.
    if let Some(mark) = mark.filter(|mark| mark.exists()) {
        fs::remove_dir_all(mark)?;
    }
    backup::clear_scratch(data)
}

fn tidied(data: &Path, done: io::Result<()>) {
    if let Err(error) = done {
        tracing::warn!(%error, "the data directory {} could not be tidied up", data.display());
    }
}

impl Opened {
    /// Starts the engine, as `issuer`.
    pub async fn start(
        self,
        settings: &Settings,
        issuer: &Issuer,
        reader: Reader,
        accept_clock: Option<u32>,
    ) -> Result<Wired, WireError> {
        let started = match Provided::read(settings, issuer, reader) {
            Ok(provided) => {
                let places = provided.places.clone();
                let mails = provided.post.shown.clone();
                let engine = start(settings, provided, accept_clock, &self).await;
                engine.map(|engine| (engine, places, mails))
            }
            Err(error) => Err(error),
        };
        match started {
            Ok((engine, places, mails)) => {
                let (stop, stopped) = watch::channel(false);
                let own = Arc::clone(&engine);
                let chores = match reader {
                    Reader::Browser => tokio::spawn(own.run_chores(stopped)),
                    // A command's few moments are no time to speak to a mail server, and what it would say of letters
                    // that wait is not what was asked.
                    Reader::Nobody => tokio::spawn(own.run_chores_but_mail(stopped)),
                };
                Ok(Wired {
                    engine,
                    told: self.told,
                    places,
                    mails,
                    store: self.store,
                    stop,
                    chores,
                })
            }
            Err(error) => {
                self.close().await;
                Err(error)
            }
        }
    }

    /// Lets go of the directory.
    pub async fn close(self) {
        self.store.close().await;
    }
}

async fn start(
    settings: &Settings,
    provided: Provided,
    accept_clock: Option<u32>,
    opened: &Opened,
) -> Result<Arc<Engine>, WireError> {
    let entropy = SystemEntropy::new();
    // The lock is held, so that of two first starts one makes the key.
    let loaded = keys::load(
        &settings.data,
        settings.master_key_file.as_deref(),
        &entropy,
    )?;
    let started = Engine::start(Parts {
        store: opened.store.store(),
        index: Arc::clone(&opened.told.index),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(entropy),
        hasher: provided.hasher,
        blocklist: provided.blocklist,
        mailer: provided.post.mailer,
        master: loaded.key,
        policy: provided.policy,
        accept_clock,
    })
    .await;
    if let (Err(StartError::KeyMismatch), Some(made)) = (&started, loaded.made) {
        // The data has another key, which is not here: the one just made would only be in the way of putting it back.
        let _ = fs::remove_file(&made);
        return Err(KeyError::Gone(made).into());
    }
    Ok(started?)
}

impl Wired {
    /// Waits until checks can be answered.
    pub async fn filled(&self) -> Result<(), WireError> {
        self.store.filled().await.map_err(WireError::Fill)
    }

    /// Waits until another is found to work on the same data; the process must end then.
    pub async fn lost(&self) {
        self.store.lost().await;
    }

    /// Writes what was kept back, seals the trail, closes the store and lets go of the directory.
    pub async fn close(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.chores.await {
            tracing::error!(%error, "the engine's periodic work ended badly; nothing acknowledged depends on it");
        }
        drop(self.engine);
        self.store.close().await;
    }
}

/// What every answer of an https issuer tells browsers, for a year.
pub fn hsts(settings: &Settings, issuer: &Issuer) -> Option<HeaderValue> {
    site(settings, issuer.clone()).strict_transport_security()
}

/// What handlers need, for a server known as `issuer` with `shown` in force.
pub fn context(
    wired: &Wired,
    settings: &Settings,
    issuer: Issuer,
    shown: Vec<SettingInForce>,
) -> Arc<Context> {
    let extras = Extras {
        mailbox: wired.mails.as_ref().map(|mails| Arc::clone(&mails.mailbox)),
        places: wired.places.clone(),
        figures: wired.store.figures(),
        settings: shown,
    };
    let site = site(settings, issuer);
    Context::furnished(Arc::clone(&wired.engine), site, extras)
}

/// Where a server known as `issuer` stands.
pub fn site(settings: &Settings, issuer: Issuer) -> Site {
    let proxies = settings.proxies.iter().map(|proxy| TrustedProxy {
        network: proxy.network,
        headers: proxy.headers,
    });
    Site {
        issuer,
        brand: settings.brand.clone(),
        proxies: proxies.collect(),
        own_host_application: settings.own_host_application,
        hsts_subdomains: settings.tls.hsts_subdomains,
    }
}

/// Makes the data directory for its owner alone; refuses one that others may look into, rather than change what may be
/// shared on purpose.
fn make_directory(path: &Path) -> Result<(), WireError> {
    let failed = |source| WireError::Directory {
        path: path.to_owned(),
        source,
    };
    if !path.exists() {
        vestibule_sqlite::make_directory(path).map_err(failed)?;
    }
    check_directory(path)
}

/// Whether there is a data directory, for its owner alone.
pub fn check_directory(path: &Path) -> Result<(), WireError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(WireError::NoData(path.to_owned()));
        }
        Err(source) => {
            return Err(WireError::Directory {
                path: path.to_owned(),
                source,
            });
        }
    };
    if !metadata.is_dir() {
        return Err(WireError::NotADirectory(path.to_owned()));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(WireError::OpenToOthers {
            path: path.to_owned(),
            mode: metadata.mode() & 0o7777,
        });
    }
    Ok(())
}

/// Hands each commit to the index, and wakes whoever waits for an administrator.
pub struct Told {
    index: Arc<Index>,
    administrators: watch::Sender<u64>,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            index: Index::new(),
            administrators: watch::Sender::new(0),
        }
    }
}

impl Told {
    /// Changes whenever an administrator's account is committed.
    pub fn administrators(&self) -> watch::Receiver<u64> {
        self.administrators.subscribe()
    }
}

impl Publish for Told {
    fn publish(&self, changes: &[Change]) {
        self.index.publish(changes);
        let administrators = changes.iter().filter(
            |change| matches!(change, Change::User(user) if user.roles.contains(&Role::admin())),
        );
        let administrators = administrators.count();
        if administrators > 0 {
            self.administrators.send_modify(|n| *n += 1);
        }
    }

    fn filled(&self, everything: StoreNumber) {
        self.index.filled(everything);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_data_directory_is_its_owners_alone() {
        let scratch = tempfile::tempdir().unwrap();
        let made = scratch.path().join("a/b");
        make_directory(&made).unwrap();
        assert_eq!(fs::metadata(&made).unwrap().mode() & 0o777, 0o700);

        fs::set_permissions(&made, fs::Permissions::from_mode(0o750)).unwrap();
        let told = make_directory(&made).unwrap_err().to_string();
        assert!(
            told.contains("0750") && told.contains("chmod 700"),
            "{told}"
        );
    }

    #[test]
    fn what_the_system_refuses_comes_with_what_to_do() {
        for (kind, advice) in [
            (
                io::ErrorKind::PermissionDenied,
                "as the user the data directory belongs to",
            ),
            (io::ErrorKind::ReadOnlyFilesystem, "for writing"),
            (io::ErrorKind::StorageFull, "free some space"),
        ] {
            let error = OpenError::Io {
                path: PathBuf::from("data/lock"),
                source: kind.into(),
            };
            let told = WireError::from(error).to_string();
            assert!(
                told.contains("data/lock") && told.contains(advice),
                "{told}"
            );
        }
    }

    #[test]
    fn what_is_no_directory_is_told() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(
            make_directory(&file)
                .unwrap_err()
                .to_string()
                .contains("not a directory")
        );
        let below = make_directory(&file.join("x")).unwrap_err().to_string();
        assert!(below.contains("--data"), "{below}");
        let missing = check_directory(&scratch.path().join("none"))
            .unwrap_err()
            .to_string();
        assert!(missing.contains("vestibule serve"), "{missing}");
    }
}
