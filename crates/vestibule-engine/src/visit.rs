//! Who acts, when and from where: a request's facts, a command's facts, and the act the trail tells of.

use std::net::IpAddr;
use std::sync::Arc;

use vestibule_core::audit::{Act, Actor, Personal};
use vestibule_core::errand::Whence;
use vestibule_core::known_device::DeviceCookie;
use vestibule_core::session::Device;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::Language;

use crate::engine::Engine;
use crate::entropy::EntropyError;
use crate::sessions::live::{FreshLogin, LiveSession};

/// A request's facts.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The clock, read once for this request.
    pub now: UnixMillis,
    /// The caller's network address, as far as it can be believed.
    pub address: Option<IpAddr>,
    /// The caller's `User-Agent`.
    pub user_agent: Option<String>,
    /// The device's cookie, if the browser has one. Never a credential (N15).
    pub device: Option<DeviceCookie>,
    /// What the browser would read, among the languages there are.
    pub language: Language,
}

impl Visit {
    /// What a session keeps of it, for its owner to recognise the device.
    pub(crate) fn device(&self) -> Device {
        Device {
            user_agent: self.user_agent.as_deref().map(capped),
            address: self.address,
        }
    }

    /// What a letter tells of it.
    pub(crate) fn whence(&self) -> Whence {
        Whence {
            at: self.now,
            address: self.address.map(|address| address.to_string()),
            user_agent: self.user_agent.as_deref().map(capped),
        }
    }

    pub(crate) fn act(
        &self,
        engine: &Engine,
        actor: Actor,
        email: Option<&str>,
    ) -> Result<Act, EntropyError> {
        let entropy = engine.entropy();
        Ok(Act {
            id: entropy.act_id(self.now)?,
            at: self.now,
            actor,
            personal: Some(Personal {
                salt: entropy.random()?,
                email: email.map(str::to_owned),
                address: self.address.map(|address| address.to_string()),
                user_agent: self.user_agent.as_deref().map(capped),
            }),
            told: Vec::new(),
        })
    }
}

/// A command's facts: who may give it was checked by whoever made this.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The clock, read once for this command.
    pub now: UnixMillis,
    by: Actor,
    address: Option<IpAddr>,
    user_agent: Option<String>,
    /// The login of an administrator.
    login: Option<Arc<LiveSession>>,
}

impl Operator {
    /// The operating-system user at the other end of the control socket, or of the terminal.
    pub const fn at_the_machine(uid: u32, now: UnixMillis) -> Self {
        Self {
            now,
            by: Actor::Operator(uid),
            address: None,
            user_agent: None,
            login: None,
        }
    }

    /// An administrator who proved lately who they are (ASVS 8.4.2). `None`: the user has not the role.
    pub fn administrator(login: &FreshLogin, visit: &Visit) -> Option<Self> {
        let session = login.session();
        session.is_administrator().then(|| Self {
            now: visit.now,
            by: Actor::User(session.user_id()),
            address: visit.address,
            user_agent: visit.user_agent.clone(),
            login: Some(Arc::new(session.clone())),
        })
    }

    /// Whether they may go on: what takes long asks at each step, since a login may end meanwhile, and a role be taken away
    /// (ASVS 7.4.1, 8.3.2). Whoever is at the machine stays.
    pub fn still(&self, engine: &Engine) -> bool {
        self.login.as_ref().is_none_or(|login| {
            let still = engine.still(login, engine.now());
            still.is_some_and(|login| login.is_administrator())
        })
    }

    /// As the trail names them.
    pub const fn actor(&self) -> Actor {
        self.by
    }

    pub(crate) fn act(&self, engine: &Engine, email: Option<&str>) -> Result<Act, EntropyError> {
        let entropy = engine.entropy();
        let personal = if email.is_none() && self.address.is_none() && self.user_agent.is_none() {
            None
        } else {
            Some(Personal {
                salt: entropy.random()?,
                email: email.map(str::to_owned),
                address: self.address.map(|address| address.to_string()),
                user_agent: self.user_agent.as_deref().map(capped),
            })
        };
        Ok(Act {
            id: entropy.act_id(self.now)?,
            at: self.now,
            actor: self.by,
            personal,
            told: Vec::new(),
        })
    }
}

/// ASVS 15.2.2: what a stranger sends is stored up to a limit.
fn capped(text: &str) -> String {
    text[..text.floor_char_boundary(Device::USER_AGENT_LEN)].to_owned()
}
