//! `/console/settings`: every setting in force, and where each comes from.

use std::borrow::Cow;

use crate::texts::msg;
use crate::views::{Frame, page};

/// The settings in force.
#[derive(Clone, Debug, Default)]
pub struct SettingsPage {
    /// What a name or a meaning was looked for by.
    pub text: String,
    /// Only those that somebody set.
    pub changed: bool,
    /// Something was looked for.
    pub narrowed: bool,
    /// How many wait for a restart.
    pub waiting: usize,
    /// By section, in the order of the reference.
    pub sections: Vec<SettingsSection>,
}

/// The settings of one section.
#[derive(Clone, Debug)]
pub struct SettingsSection {
    /// `server`
    pub name: String,
    /// In the order of the reference.
    pub settings: Vec<Setting>,
}

/// One setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// `server.listen`
    pub name: String,
    /// As a settings file writes it; of a secret only whether it is set.
    pub value: String,
    /// Who set it.
    pub origin: SettingFrom,
    /// What it does, in the words of the reference, which is English.
    pub meaning: String,
    /// A changed value is in force by SIGHUP.
    pub reloads: bool,
    /// Another value waits for a restart.
    pub waits: bool,
}

/// Who set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingFrom {
    /// Nobody.
    Default,
    /// A file, with the line where it is known.
    File(String),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

page!(SettingsPage, "console/settings.html");

impl SettingsPage {
    fn waiting_text<'a>(&self, frame: &Frame<'a>) -> Option<Cow<'a, str>> {
        (self.waiting > 0).then(|| {
            frame
                .tongue
                .text_with("settings-waiting", &[("count", self.waiting.into())])
        })
    }
}

impl Setting {
    fn is_changed(&self) -> bool {
        self.origin != SettingFrom::Default
    }

    fn origin_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        let of = |id, place: &str| frame.tongue.text_with(id, &[("place", place.into())]);
        match &self.origin {
            SettingFrom::Default => frame.t("settings-default"),
            SettingFrom::File(place) => of(msg("settings-file"), place),
            SettingFrom::Environment(name) => of(msg("settings-environment"), name),
            SettingFrom::Flag(name) => of(msg("settings-flag"), name),
        }
    }

    fn reload_text<'a>(&self, frame: &Frame<'a>) -> Cow<'a, str> {
        frame.t(if self.reloads {
            msg("settings-reloads")
        } else {
            msg("settings-restarts")
        })
    }
}
