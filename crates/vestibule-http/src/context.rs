//! What a handler needs, in one small value that the binary builds.

use std::net::SocketAddr;
use std::sync::Arc;

use vestibule_engine::{Engine, Places};
use vestibule_store::figures::Figures;

use crate::console::{ChainWatch, Streams};
use crate::dev_mail::DevMailbox;
use crate::exports::Exports;
use crate::in_force::SettingInForce;
use crate::probe::Probes;
use crate::site::Site;
use crate::texts::Texts;

/// The engine, the place it stands in, and what the pages say.
pub struct Context {
    /// Decides.
    pub engine: Arc<Engine>,
    /// Issuer, brand, proxies.
    pub site: Site,
    /// Every language.
    pub texts: Texts,
    /// Letters that were not sent, for a developer to look at.
    pub mailbox: Option<Arc<DevMailbox>>,
    /// The operator's list of networks.
    pub places: Option<Arc<dyn Places>>,
    /// Requests whose way here the operator wants to see.
    pub probes: Arc<Probes>,
    /// What the store tells of its work.
    pub figures: Arc<Figures>,
    /// The settings in force, without their secrets.
    pub settings: Vec<SettingInForce>,
    /// The console's streams that are open.
    pub streams: Arc<Streams>,
    /// What is known of the audit trail's chain.
    pub chain: Arc<ChainWatch>,
    /// What leaves as a list or a file.
    pub exports: Arc<Exports>,
}

/// What not every installation has.
#[derive(Default)]
pub struct Extras {
    /// Given on loopback without a mail server alone.
    pub mailbox: Option<Arc<DevMailbox>>,
    /// The operator's list of networks.
    pub places: Option<Arc<dyn Places>>,
    /// What the store tells of its work; otherwise nothing is told of it.
    pub figures: Arc<Figures>,
    /// The settings in force, where a server reads any.
    pub settings: Vec<SettingInForce>,
}

impl Context {
    /// Puts together what handlers need.
    pub fn new(engine: Arc<Engine>, site: Site) -> Arc<Self> {
        Self::furnished(engine, site, Extras::default())
    }

    /// The same, with what not every installation has.
    pub fn furnished(engine: Arc<Engine>, site: Site, extras: Extras) -> Arc<Self> {
        Arc::new(Self {
            engine,
            site,
            texts: Texts::embedded(),
            mailbox: extras.mailbox,
            places: extras.places,
            probes: Arc::default(),
            figures: extras.figures,
            settings: extras.settings,
            streams: Arc::default(),
            chain: Arc::default(),
            exports: Arc::default(),
        })
    }

    /// The same engine and the same findings, told otherwise of where it stands and what is in force: requests under way keep
    /// the one they have.
    pub fn resited(&self, site: Site, settings: Vec<SettingInForce>) -> Arc<Self> {
        Arc::new(Self {
            engine: Arc::clone(&self.engine),
            site,
            texts: Texts::embedded(),
            mailbox: self.mailbox.clone(),
            places: self.places.clone(),
            probes: Arc::clone(&self.probes),
            figures: Arc::clone(&self.figures),
            streams: Arc::clone(&self.streams),
            chain: Arc::clone(&self.chain),
            exports: Arc::clone(&self.exports),
            settings,
        })
    }

    /// Where mails are shown that go nowhere, if there is such a place.
    pub fn mailbox_url(&self) -> Option<String> {
        let origin = self.site.issuer.origin();
        self.mailbox.as_ref().map(|_| format!("{origin}/dev/mail"))
    }
}

/// Who is at the other end of the connection: a request extension that the accept loop inserts (public listener).
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The operating-system user at the other end: a request extension that the accept loop inserts (control socket).
#[derive(Debug, Clone, Copy)]
pub struct OperatorUid(pub u32);
