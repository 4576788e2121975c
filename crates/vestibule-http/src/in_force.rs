//! The settings in force, as the binary that read them tells of them: plain texts, for the API and the settings page.

use serde::Serialize;

/// One setting: what it is, and where it comes from. A secret's value is never in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingInForce {
    /// `section.name`, or the name of a list (`applications`).
    pub name: String,
    /// As a settings file writes it. ASVS 13.3.1: of a secret only whether it is set.
    pub value: String,
    /// Who set it.
    pub origin: SettingOrigin,
    /// It is a secret, so `value` says 'set' or 'not set'.
    pub secret: bool,
    /// A changed value comes into force by SIGHUP; otherwise by a restart.
    pub reloads: bool,
    /// Another value was read since the start, and waits for a restart.
    pub waits: bool,
    /// What it does, in the words of the settings reference.
    pub meaning: String,
}

/// Where a value comes from: the last of these that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingOrigin {
    /// Nobody set it.
    Default,
    /// A settings file: its path, with the line where it is known.
    File(String),
    /// An environment variable, by name.
    Environment(String),
    /// A flag of the command line, by name.
    Flag(String),
}

/// The kinds of origin, as JSON names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    /// Nobody set it.
    Default,
    /// A settings file.
    File,
    /// The environment.
    Environment,
    /// The command line.
    Flag,
}

impl SettingOrigin {
    /// Which kind it is.
    pub const fn kind(&self) -> OriginKind {
        match self {
            Self::Default => OriginKind::Default,
            Self::File(_) => OriginKind::File,
            Self::Environment(_) => OriginKind::Environment,
            Self::Flag(_) => OriginKind::Flag,
        }
    }

    /// The file, variable or flag; none of a default.
    pub fn place(&self) -> Option<&str> {
        match self {
            Self::Default => None,
            Self::File(place) | Self::Environment(place) | Self::Flag(place) => Some(place),
        }
    }
}
