//! `/console/roles`: what roles are for.

use std::borrow::Cow;

use super::numbers::counted;
use crate::texts::{Msg, msg};
use crate::views::{Frame, NameFault, page};

/// Every role: there are few.
#[derive(Clone, Debug, Default)]
pub struct RolesPage {
    /// By name.
    pub roles: Vec<RoleEntry>,
    /// What was just done, or cannot be.
    pub notice: Option<RoleNotice>,
}

/// A role, as the list shows it.
#[derive(Clone, Debug, Default)]
pub struct RoleEntry {
    /// What is done to it is below this.
    pub path: String,
    /// As settings and people's pages name it.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// What it allows, in an application's words.
    pub permissions: Vec<String>,
    /// Somebody described it; else it is only held.
    pub described: bool,
    /// The settings file declares it.
    pub declared: bool,
    /// How many people hold it.
    pub holders: u64,
}

/// What was just done, or cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleNotice {
    /// It is described now.
    Added,
    /// It is described otherwise now.
    Changed,
    /// It was so already.
    Nothing,
    /// It is described no more.
    Removed,
    /// It cannot be: the settings file declares it.
    Declared,
    /// It cannot be: so many people hold it.
    Held(u64),
}

/// The form that describes one.
#[derive(Clone, Debug, Default)]
pub struct AddRolePage {
    /// A token of the session, newly masked.
    pub csrf: String,
    /// It is described already, and will be otherwise.
    pub changes: bool,
    /// As typed.
    pub name: String,
    /// As typed.
    pub description: String,
    /// As typed.
    pub permissions: String,
    /// What is wrong.
    pub faults: RoleFaults,
}

/// What is wrong with what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleFaults {
    /// The name.
    pub name: Option<RoleNameFault>,
    /// The description.
    pub description: Option<NameFault>,
    /// A permission is none, or there are too many.
    pub permissions: bool,
}

/// What is wrong with a role's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleNameFault {
    /// It has other characters, none, or too many.
    Malformed,
    /// A role of this name is described already.
    Taken,
    /// It was to be described otherwise, and somebody removed it meanwhile.
    Gone,
}

page!(RolesPage, "console/roles.html");
page!(AddRolePage, "console/role_add.html");

impl RolesPage {
    fn notice_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        Some(match self.notice? {
            RoleNotice::Added => frame.t("role-added"),
            RoleNotice::Changed => frame.t("role-changed"),
            RoleNotice::Nothing => frame.t("role-nothing"),
            RoleNotice::Removed => frame.t("role-removed"),
            RoleNotice::Declared => frame.t("role-declared-refused"),
            RoleNotice::Held(holders) => counted(frame.tongue, msg("role-held"), holders),
        })
    }

    fn warns(&self) -> bool {
        matches!(
            self.notice,
            Some(RoleNotice::Declared | RoleNotice::Held(_))
        )
    }
}

impl RoleEntry {
    fn holders_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        counted(frame.tongue, msg("role-holders"), self.holders)
    }

    /// What is declared is changed in its file, and what nobody described is only held.
    fn is_managed_here(&self) -> bool {
        self.described && !self.declared
    }
}

impl AddRolePage {
    fn faulty(&self) -> bool {
        self.faults != RoleFaults::default()
    }

    fn title<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(if self.changes {
            msg("role-change")
        } else {
            msg("role-add")
        })
    }

    fn submit_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(if self.changes {
            msg("role-change-submit")
        } else {
            msg("role-add-submit")
        })
    }

    fn name_fault<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.faults.name.map(|fault| frame.t(fault.message()))
    }

    fn description_fault<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        self.faults
            .description
            .map(|fault| frame.t(fault.message()))
    }
}

impl RoleNameFault {
    const fn message(self) -> Msg {
        match self {
            Self::Malformed => msg("role-fault-name"),
            Self::Taken => msg("role-fault-taken"),
            Self::Gone => msg("role-fault-gone"),
        }
    }
}
