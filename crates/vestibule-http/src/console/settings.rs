//! `/console/settings`: every setting in force, and where each comes from. What is secret was left out by whoever read it
//! (ASVS 13.3.1).

use axum::response::Response;

use super::{Administrator, Browse};
use crate::browser::form::Query;
use crate::errors::Failure;
use crate::in_force::{SettingInForce, SettingOrigin};
use crate::views::{Setting, SettingFrom, SettingsPage, SettingsSection};

const PATH: &str = "/console/settings";
/// The field of what is looked for.
const TEXT: &str = "text";

/// All of them, or those that are looked for.
pub async fn get(by: Administrator, Query(query): Query) -> Result<Response, Failure> {
    let mut browse = Browse::new(PATH, &query);
    let text = browse.text(TEXT)?;
    let changed = browse.word("set", |word| (word == "changed").then_some(()))?;
    let all = &by.context().settings;
    let mut page = SettingsPage {
        changed: changed.is_some(),
        narrowed: browse.is_narrowed(),
        waiting: all.iter().filter(|setting| setting.waits).count(),
        sections: Vec::new(),
        text,
    };
    let wanted = page.text.to_lowercase();
    for setting in all {
        let told = format!("{} {}", setting.name, setting.meaning).to_lowercase();
        let set = setting.origin != SettingOrigin::Default;
        if (page.changed && !set) || !told.contains(&wanted) {
            continue;
        }
        let section = setting.name.split('.').next().unwrap_or_default();
        match page.sections.last_mut() {
            Some(last) if last.name == section => last.settings.push(shown(setting)),
            _ => page.sections.push(SettingsSection {
                name: section.to_owned(),
                settings: vec![shown(setting)],
            }),
        }
    }
    by.page(&page)
}

fn shown(setting: &SettingInForce) -> Setting {
    Setting {
        name: setting.name.clone(),
        value: setting.value.clone(),
        origin: match &setting.origin {
            SettingOrigin::Default => SettingFrom::Default,
            SettingOrigin::File(place) => SettingFrom::File(place.clone()),
            SettingOrigin::Environment(name) => SettingFrom::Environment(name.clone()),
            SettingOrigin::Flag(name) => SettingFrom::Flag(name.clone()),
        },
        meaning: setting.meaning.clone(),
        reloads: setting.reloads,
        waits: setting.waits,
    }
}
