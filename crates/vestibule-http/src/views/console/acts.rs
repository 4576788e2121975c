//! What an administrator is about to do, said in numbers before it is done.

use std::borrow::Cow;

use super::numbers::{counted, grouped};
use super::{ApplicationVerb, PersonVerb, RoleVerb};
use crate::texts::{Arg, Tongue, msg};
use crate::views::Frame;

/// What happens to others.
#[derive(Clone, Debug)]
pub enum ConsoleAct {
    /// Events of the trail leave this server.
    ExportTrail {
        /// How many at most.
        most: u64,
    },
    /// Sessions are ended.
    EndSessions {
        /// Which.
        which: Which,
        /// What that ends; `None` while the store cannot tell.
        reach: Option<Reached>,
    },
    /// Something is done to a person.
    Person {
        /// What.
        verb: PersonVerb,
        /// What people call them.
        name: String,
    },
    /// Something is done to an application.
    Application {
        /// What.
        verb: ApplicationVerb,
        /// What people call it.
        name: String,
    },
    /// Something is done to a role.
    Role {
        /// What.
        verb: RoleVerb,
        /// As settings name it.
        name: String,
    },
}

/// Which sessions are ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that were picked.
    Picked,
    /// All of the user with this address.
    Of(String),
    /// Everybody's.
    Everybodys,
}

/// What an ending ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Logins, which people call devices.
    pub devices: u64,
    /// Sign-ins at applications, through those.
    pub sign_ins: u64,
    /// At how many applications.
    pub applications: u64,
}

impl ConsoleAct {
    /// What will happen.
    pub(crate) fn purpose_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        match self {
            Self::Person { verb, name } => verb.purpose_text(frame, name),
            Self::Application { verb, name } => verb.purpose_text(frame, name),
            Self::Role { verb, name } => verb.purpose_text(frame, name),
            Self::ExportTrail { most } => {
                let most = grouped(frame.tongue, *most);
                frame
                    .tongue
                    .text_with("audit-export-what", &[("most", most.into())])
            }
            Self::EndSessions { reach, .. } if *reach == Some(Reached::default()) => {
                frame.t("console-end-nothing")
            }
            Self::EndSessions { which, reach } => {
                let what = Arg::Phrase(reach.map_or_else(
                    || frame.t("console-reach-unknown"),
                    |reach| reach.text(frame.tongue),
                ));
                match which {
                    Which::Picked => frame
                        .tongue
                        .text_with("console-end-picked", &[("what", what)]),
                    Which::Of(email) => frame.tongue.text_with(
                        "console-end-of",
                        &[("who", email.as_str().into()), ("what", what)],
                    ),
                    Which::Everybodys => frame
                        .tongue
                        .text_with("console-end-everybody", &[("what", what)]),
                }
            }
        }
    }

    /// The button.
    pub(crate) fn submit_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(match self {
            Self::Person { verb, .. } => return verb.submit_text(frame),
            Self::Application { verb, .. } => return verb.submit_text(frame),
            Self::Role { verb, .. } => return verb.submit_text(frame),
            Self::ExportTrail { .. } => msg("audit-export-submit"),
            Self::EndSessions {
                which: Which::Everybodys,
                ..
            } => msg("console-end-everybody-submit"),
            Self::EndSessions { .. } => msg("console-end-submit"),
        })
    }

    /// Whether it cannot be taken back.
    pub(crate) const fn destroys(&self) -> bool {
        match self {
            Self::EndSessions { .. } => true,
            Self::Person { verb, .. } => verb.destroys(),
            Self::Application { verb, .. } => verb.destroys(),
            Self::Role { verb, .. } => verb.destroys(),
            Self::ExportTrail { .. } => false,
        }
    }
}

impl Reached {
    /// '3 devices and 14 sign-ins at 2 applications'.
    pub(crate) fn text<'a>(&self, tongue: Tongue<'a>) -> Cow<'a, str> {
        let devices = counted(tongue, msg("console-devices"), self.devices);
        if self.sign_ins == 0 {
            return devices;
        }
        let sign_ins = counted(tongue, msg("console-sign-ins"), self.sign_ins);
        let applications = counted(tongue, msg("console-at-applications"), self.applications);
        tongue.text_with(
            "console-reach",
            &[
                ("devices", Arg::Phrase(devices)),
                ("sign_ins", Arg::Phrase(sign_ins)),
                ("applications", Arg::Phrase(applications)),
            ],
        )
    }
}
