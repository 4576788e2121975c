//! Which settings a running server takes in anew, when it is told to (SIGHUP).

use super::{Fault, Faults, InForce, Secret, Settings, rows, rules};

/// These, with the lists of applications, roles and people. All others are read at the start: what is bound, opened or hashed
/// with stays as it is.
const TAKEN_IN: [&str; 19] = [
    "sessions.idle",
    "sessions.absolute",
    "sessions.remembered_idle",
    "sessions.remembered_absolute",
    "login.fresh",
    "registration.mode",
    "registration.name",
    "registration.terms",
    "registration.fields",
    "throttle.free_tries",
    "throttle.first_wait",
    "throttle.longest_wait",
    "throttle.network_burst",
    "throttle.network_refill",
    "throttle.alarm_burst",
    "throttle.alarm_refill",
    "edge.own_host_application",
    "trusted_proxies",
    "log.level",
];

/// When a changed setting is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// When the running server is told to reload.
    Reloaded,
    /// The file's name at the next start, what is in it when it changes.
    Watched,
    /// At the next start.
    Restarted,
}

impl When {
    /// Of this setting.
    pub fn of(key: &str) -> Self {
        match key {
            "tls.cert_file" | "tls.key_file" => Self::Watched,
            key if TAKEN_IN.contains(&key) => Self::Reloaded,
            _ => Self::Restarted,
        }
    }

    /// As the reference tells it.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Reloaded => "SIGHUP",
            Self::Watched => "by itself; its name: restart",
            Self::Restarted => "restart",
        }
    }
}

/// Settings that were read anew, as far as a running server takes them in.
#[derive(Debug)]
pub struct Anew {
    /// What is in force then.
    pub in_force: InForce,
    /// What is otherwise than before.
    pub changed: Vec<&'static str>,
    /// What changed and waits for a restart.
    pub waiting: Vec<&'static str>,
}

/// Takes in what can be: all of it or, where it does not go together with what stays, nothing.
pub fn take_in(now: &InForce, read: InForce) -> Result<Anew, Faults> {
    if let (Some(file), None) = (&now.file, &read.file) {
        return Err(Faults(vec![Fault::new(format!(
            "the settings file {} is gone: put it back, or start again without it",
            file.display()
        ))]));
    }
    let (mut changed, mut waiting) = (Vec::new(), Vec::new());
    for row in rows() {
        if (row.show)(&now.settings) != (row.show)(&read.settings) {
            match When::of(row.key) {
                When::Reloaded => changed.push(row.key),
                When::Watched | When::Restarted => waiting.push(row.key),
            }
        }
    }
    // What is shown to nobody is the same to look at.
    for (key, was, is) in [
        (
            "mail.password",
            &now.settings.mail.password,
            &read.settings.mail.password,
        ),
        (
            "store.url",
            &now.settings.store.postgres,
            &read.settings.store.postgres,
        ),
    ] {
        let differs = was.as_ref().map(Secret::expose) != is.as_ref().map(Secret::expose);
        if differs && !waiting.contains(&key) {
            waiting.push(key);
        }
    }
    let (was, is) = (&now.settings.declarations, &read.settings.declarations);
    let lists = [
        ("applications", was.applications != is.applications),
        ("roles", was.roles != is.roles),
        ("users", was.users != is.users),
    ];
    changed.extend(
        lists
            .iter()
            .filter(|(_, differs)| *differs)
            .map(|(list, _)| *list),
    );
    let settings = merged(&now.settings, &read.settings);
    // What was read is good in itself; with what waits for a restart, it may not be.
    let faults = rules::faults(&settings);
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    let mut in_force = InForce { settings, ..read };
    for key in &waiting {
        in_force.keep_origin(key, now);
    }
    Ok(Anew {
        in_force,
        changed,
        waiting,
    })
}

fn merged(now: &Settings, read: &Settings) -> Settings {
    Settings {
        lifetime: read.lifetime,
        remembered: read.remembered,
        fresh: read.fresh,
        registration: read.registration.clone(),
        limits: read.limits,
        own_host_application: read.own_host_application,
        proxies: read.proxies.clone(),
        log_level: read.log_level,
        declarations: read.declarations.clone(),
        ..now.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    use super::*;
    use crate::settings::{Flags, load};

    fn read(text: &str) -> InForce {
        let directory = tempfile::tempdir().unwrap();
        let path: PathBuf = directory.path().join("settings.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let flags = Flags {
            config: Some(path),
            ..Flags::default()
        };
        load(&flags, []).unwrap()
    }

    /// Everything otherwise than by default that is taken in, and some that is not.
    const OTHERWISE: &str = r#"
        [server]
        brand = "Example"
        listen = "127.0.0.1:9000"
        [sessions]
        idle = "10m"
        absolute = "8h"
        remembered_idle = "7d"
        remembered_absolute = "21d"
        [login]
        fresh = "90s"
        [registration]
        mode = "off"
        name = "required"
        terms = "https://example.test/terms"
        fields = [{ id = "phone", label = "Phone" }]
        [throttle]
        free_tries = 3
        first_wait = "1m"
        longest_wait = "8h"
        network_burst = 100
        network_refill = "1m"
        alarm_burst = 500
        alarm_refill = "1s"
        [edge]
        own_host_application = true
        [log]
        level = "debug"
        format = "json"
        [[trusted_proxies]]
        address = "10.0.0.0/8"
        headers = "x-original"
        [[applications]]
        name = "shop"
        origins = ["https://shop.example.test"]
        [[roles]]
        name = "staff"
        [[users]]
        email = "alice@example.test"
    "#;

    #[test]
    fn what_is_said_to_be_taken_in_is_and_nothing_else() {
        let (now, new) = (read(""), read(OTHERWISE));
        let anew = take_in(&now, new.clone()).unwrap();
        for row in rows() {
            let [was, is, wanted] =
                [&now, &anew.in_force, &new].map(|in_force| (row.show)(&in_force.settings));
            if When::of(row.key) == When::Reloaded {
                assert_eq!(is, wanted, "{}", row.key);
                assert_ne!(is, was, "{} is not tried here", row.key);
                assert!(anew.changed.contains(&row.key));
            } else {
                assert_eq!(is, was, "{}", row.key);
                assert_eq!(
                    anew.waiting.contains(&row.key),
                    was != wanted,
                    "{}",
                    row.key
                );
            }
        }
        assert_eq!(
            anew.in_force.settings.declarations,
            new.settings.declarations
        );
        assert!(anew.changed.ends_with(&["applications", "roles", "users"]));
        assert_eq!(
            anew.waiting,
            ["server.listen", "server.brand", "log.format"]
        );

        let again = take_in(&anew.in_force, new).unwrap();
        assert!(again.changed.is_empty());
        assert_eq!(again.waiting, anew.waiting, "they wait still");
    }

    #[test]
    fn a_secret_that_changed_waits_too() {
        let mail = |password: &str| {
            read(&format!(
                "[mail]\nserver = \"smtps://mail.example.test\"\nusername = \"vestibule\"\npassword = \"{password}\"\n"
            ))
        };
        let anew = take_in(&mail("swordfish"), mail("marlin")).unwrap();
        assert_eq!(anew.waiting, ["mail.password"]);
    }

    #[test]
    fn every_name_is_a_setting() {
        for key in TAKEN_IN {
            assert!(rows().any(|row| row.key == key), "{key}");
        }
    }

    #[test]
    fn what_goes_together_only_after_a_restart_is_refused_until_then() {
        let abroad = "[server]\nissuer = \"https://id.example.test\"\n[[trusted_proxies]]\naddress = \"::1\"\nheaders = \"x-forwarded\"\n";
        let open = format!(
            "{abroad}[registration]\nmode = \"open\"\n[mail]\nserver = \"smtps://mail.example.test\"\n"
        );
        let told = take_in(&read(abroad), read(&open)).unwrap_err().to_string();
        assert!(
            told.contains("registration.mode") && told.contains("mail.server"),
            "{told}"
        );
    }

    #[test]
    fn a_file_that_is_gone_is_a_slip() {
        let mut without = read("");
        without.file = None;
        let told = take_in(&read(""), without.clone()).unwrap_err().to_string();
        assert!(told.contains("settings.toml is gone"), "{told}");
        take_in(&without.clone(), without).unwrap();
    }
}
