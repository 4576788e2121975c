//! Who acts, when and from where: a request's facts, a command's facts, and the act the trail tells of.

use std::net::IpAddr;

use vestibule_core::audit::{Act, Actor, Personal};
use vestibule_core::errand::Whence;
use vestibule_core::known_device::DeviceCookie;
use vestibule_core::session::Device;
use vestibule_core::time::UnixMillis;
use vestibule_core::user::Language;

use crate::engine::Engine;
use crate::entropy::EntropyError;

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

/// A command's facts.
#[derive(Debug, Clone, Copy)]
pub struct Operator {
    /// The clock, read once for this command.
    pub now: UnixMillis,
    /// The operating-system user who gave it.
    pub uid: u32,
}

impl Operator {
    pub(crate) fn act(&self, engine: &Engine, email: Option<&str>) -> Result<Act, EntropyError> {
        let entropy = engine.entropy();
        let personal = match email {
            None => None,
            Some(email) => Some(Personal {
                salt: entropy.random()?,
                email: Some(email.to_owned()),
                ..Personal::default()
            }),
        };
        Ok(Act {
            id: entropy.act_id(self.now)?,
            at: self.now,
            actor: Actor::Operator(self.uid),
            personal,
            told: Vec::new(),
        })
    }
}

/// ASVS 15.2.2: what a stranger sends is stored up to a limit.
fn capped(text: &str) -> String {
    text[..text.floor_char_boundary(Device::USER_AGENT_LEN)].to_owned()
}
