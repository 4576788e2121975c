//! The settings: one table of them drives reading, the reference and `config show`.
//!
//! A value comes from the first of these that has one: a flag, the environment (`VESTIBULE_SECTION__NAME`), the
//! settings file, the default.

mod declared;
mod faults;
mod mail;
mod read;
mod reference;
mod reload;
mod rules;
mod shown;
mod store;
mod table;
mod tls;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use tracing::Level;

use vestibule_core::password::Cost;
use vestibule_core::session::Lifetime;
use vestibule_core::throttle::Limits;
use vestibule_engine::RegistrationPolicy;
use vestibule_engine::applications::Declarations;
use vestibule_http::HeaderFamily;

use crate::traces::Endpoint;

pub use faults::{Fault, Faults};
pub use mail::{Mail, MailServer, Protection, Secret};
pub use read::{Flags, load};
pub use reference::{entries, markdown};
pub use reload::take_in;
pub use rules::{is_development, issuer_on};
pub use shown::shown;
pub use store::Store;
pub use table::{Row, nearest, rows};
pub use tls::Tls;
pub use values::parse_duration;

/// Every setting, parsed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the public listener binds.
    pub listen: Vec<SocketAddr>,
    /// The data directory.
    pub data: PathBuf,
    /// The URL that people and applications know; `None` follows `listen`.
    pub issuer: Option<String>,
    /// Which store, and how it is reached.
    pub store: Store,
    /// How TLS is ended here.
    pub tls: Tls,
    /// The name on the pages.
    pub brand: String,
    /// How long a session lives.
    pub lifetime: Lifetime,
    /// How long one lives with 'remember me'.
    pub remembered: Lifetime,
    /// How long a login counts as fresh.
    pub fresh: Duration,
    /// What a password hash costs.
    pub cost: Cost,
    /// Threads that hash.
    pub threads: usize,
    /// Logins that may wait for one of them.
    pub queue: usize,
    /// Words of this site that are no password.
    pub site_words: Vec<String>,
    /// A list of breached passwords besides the built-in one.
    pub breached_file: Option<PathBuf>,
    /// A secret that goes into each new password hash.
    pub pepper_file: Option<PathBuf>,
    /// Secrets that went into earlier ones.
    pub older_pepper_files: Vec<PathBuf>,
    /// Who may make an account, and what they are asked for.
    pub registration: RegistrationPolicy,
    /// How mail leaves.
    pub mail: Mail,
    /// How often passwords may be tried.
    pub limits: Limits,
    /// An application on the issuer's own host is fully trusted.
    pub own_host_application: bool,
    /// Proxies whose headers are believed.
    pub proxies: Vec<Proxy>,
    /// Where metrics are read, off the public listener; `None` is nowhere.
    pub ops: Option<SocketAddr>,
    /// Where traces go; `None` is nowhere.
    pub otlp_endpoint: Option<Endpoint>,
    /// Least severe level that is logged.
    pub log_level: Level,
    /// Form of the log.
    pub log_format: LogFormat,
    /// Where the master key lies, if not in the data directory.
    pub master_key_file: Option<PathBuf>,
    /// Networks and where they are.
    pub places_file: Option<PathBuf>,
    /// Applications, roles and people.
    pub declarations: Declarations,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec![
                SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
                SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 8080),
            ],
            data: PathBuf::from("./vestibule-data"),
            issuer: None,
            store: Store::default(),
            tls: Tls::default(),
            brand: "Vestibule".to_owned(),
            lifetime: Lifetime::DEFAULT,
            remembered: Lifetime::REMEMBERED,
            fresh: Duration::from_mins(5),
            cost: Cost::DEFAULT,
            threads: std::thread::available_parallelism().map_or(1, NonZero::get),
            queue: 128,
            site_words: Vec::new(),
            breached_file: None,
            pepper_file: None,
            older_pepper_files: Vec::new(),
            registration: RegistrationPolicy::default(),
            mail: Mail::default(),
            limits: Limits::default(),
            own_host_application: false,
            proxies: Vec::new(),
            ops: Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464)),
            otlp_endpoint: None,
            log_level: Level::INFO,
            log_format: LogFormat::Auto,
            master_key_file: None,
            places_file: None,
            declarations: Declarations::default(),
        }
    }
}

/// A proxy whose headers are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proxy {
    /// Its address, or the network it is in.
    pub network: IpNet,
    /// The one family of headers that it sends.
    pub headers: HeaderFamily,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Lines for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A settings file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag on the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// The settings in force, and where each comes from.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The values.
    pub settings: Settings,
    /// The file that was read, if there is one.
    pub file: Option<PathBuf>,
    origins: BTreeMap<&'static str, Origin>,
    places: BTreeMap<&'static str, String>,
}

impl InForce {
    /// Where the setting `key` comes from, in a file with its line.
    pub fn told(&self, key: &str) -> String {
        let place = self.places.get(key);
        let line = place.and_then(|place| place.strip_prefix("in "));
        line.map_or_else(|| self.origin(key).to_string(), str::to_owned)
    }

    /// Has `key` come from where it came from in `other`.
    fn keep_origin(&mut self, key: &'static str, other: &Self) {
        self.origins.remove(key);
        self.places.remove(key);
        if let Some(origin) = other.origins.get(key) {
            self.origins.insert(key, origin.clone());
        }
        if let Some(place) = other.places.get(key) {
            self.places.insert(key, place.clone());
        }
    }

    /// Where the setting `key` comes from.
    pub fn origin(&self, key: &str) -> &Origin {
        self.origins.get(key).unwrap_or(&Origin::Default)
    }
}
