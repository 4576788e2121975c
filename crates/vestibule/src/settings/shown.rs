//! The settings in force, as people and programs are shown them.

use vestibule_engine::applications::Declarations;
use vestibule_http::{SettingInForce, SettingOrigin};

use super::declared::LISTS;
use super::reload::When;
use super::table::{Kind, rows};
use super::{InForce, Origin};

/// Every setting with its value and where that comes from; `waiting` are those that have another value since, which a restart
/// brings.
pub fn shown(in_force: &InForce, waiting: &[&'static str]) -> Vec<SettingInForce> {
    let settings = rows().map(|row| SettingInForce {
        name: row.key.to_owned(),
        value: (row.show)(&in_force.settings),
        origin: origin(in_force, row.key),
        secret: row.kind == Kind::Secret,
        reloads: When::of(row.key) == When::Reloaded,
        waits: waiting.contains(&row.key),
        meaning: row.meaning.to_owned(),
    });
    let lists = declared(&in_force.settings.declarations);
    let lists = lists.into_iter().map(|(key, value)| SettingInForce {
        name: key.to_owned(),
        value,
        origin: origin(in_force, key),
        secret: false,
        reloads: true,
        waits: false,
        meaning: LISTS
            .iter()
            .find(|list| list.key == key)
            .map_or(String::new(), |list| list.about.to_owned()),
    });
    settings.chain(lists).collect()
}

fn origin(in_force: &InForce, key: &str) -> SettingOrigin {
    let told = || in_force.told(key);
    match in_force.origin(key) {
        Origin::Default => SettingOrigin::Default,
        Origin::File(_) => SettingOrigin::File(told()),
        Origin::Environment(_) => SettingOrigin::Environment(told()),
        Origin::Flag(_) => SettingOrigin::Flag(told()),
    }
}

/// What the file declares, by name; the rest of it is told by the running server (`vestibule app list`).
fn declared(declarations: &Declarations) -> [(&'static str, String); 3] {
    let Declarations {
        applications,
        roles,
        users,
    } = declarations;
    let names = |names: Vec<String>| toml::Value::from(names).to_string();
    [
        (
            "applications",
            names(
                applications
                    .iter()
                    .map(|one| one.name.to_string())
                    .collect(),
            ),
        ),
        (
            "roles",
            names(roles.iter().map(|one| one.name.to_string()).collect()),
        ),
        (
            "users",
            names(users.iter().map(|one| one.email.to_string()).collect()),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::settings::{Flags, load, take_in};

    fn read(text: &str) -> InForce {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("settings.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let flags = Flags {
            config: Some(path),
            data: Some("elsewhere".into()),
            ..Flags::default()
        };
        let environment = [("VESTIBULE_LOG__LEVEL".to_owned(), "debug".to_owned())];
        load(&flags, environment).unwrap()
    }

    fn of<'a>(shown: &'a [SettingInForce], name: &str) -> &'a SettingInForce {
        shown.iter().find(|one| one.name == name).unwrap()
    }

    /// Holds: ASVS 13.3.1
    #[test]
    fn asvs_13_3_1_no_secret_stands_in_what_is_shown() {
        let in_force = read(
            "[mail]\nserver = \"smtps://mail.example.test\"\nusername = \"vestibule\"\npassword = \"swordfish\"\n\
             [store]\nurl = \"postgres://vestibule:marlin@localhost/vestibule\"\n",
        );
        let all = shown(&in_force, &[]);
        let text = format!("{all:?}");
        assert!(
            !text.contains("swordfish") && !text.contains("marlin"),
            "{text}"
        );
        let password = of(&all, "mail.password");
        assert!(password.secret);
        assert!(password.value.starts_with("set"), "{}", password.value);
        assert!(of(&shown(&read(""), &[]), "mail.password").secret);
    }

    #[test]
    fn each_comes_from_where_it_was_set() {
        let in_force = read("[server]\nbrand = \"Example\"\n[[roles]]\nname = \"staff\"\n");
        let all = shown(&in_force, &[]);
        let file = of(&all, "server.brand").origin.place().unwrap().to_owned();
        assert!(
            file.contains("settings.toml") && file.contains('2'),
            "{file}"
        );
        assert_eq!(
            of(&all, "log.level").origin,
            SettingOrigin::Environment("VESTIBULE_LOG__LEVEL".to_owned())
        );
        assert_eq!(
            of(&all, "server.data").origin,
            SettingOrigin::Flag("--data".to_owned())
        );
        assert_eq!(of(&all, "sessions.idle").origin, SettingOrigin::Default);
        assert_eq!(of(&all, "sessions.idle").value, "\"30m\"");
        assert_eq!(of(&all, "roles").value, "[\"staff\"]");
        assert!(matches!(of(&all, "roles").origin, SettingOrigin::File(_)));
        assert!(all.iter().all(|one| !one.meaning.is_empty()));
    }

    /// What waits is not yet what is so: value and origin are those of the start.
    #[test]
    fn what_waits_for_a_restart_is_shown_as_it_is_and_says_so() {
        let now = read("");
        let anew = read("[server]\nbrand = \"Example\"\n[sessions]\nidle = \"10m\"\n");
        let anew = take_in(&now, anew).unwrap();
        let all = shown(&anew.in_force, &anew.waiting);
        let brand = of(&all, "server.brand");
        assert_eq!((brand.value.as_str(), brand.waits), ("\"Vestibule\"", true));
        assert_eq!(brand.origin, SettingOrigin::Default);
        let idle = of(&all, "sessions.idle");
        assert_eq!((idle.value.as_str(), idle.waits), ("\"10m\"", false));
        assert!(matches!(idle.origin, SettingOrigin::File(_)));
    }
}
