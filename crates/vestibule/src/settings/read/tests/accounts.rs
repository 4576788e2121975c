//! Registration, mail, throttling, and what may not be a password.

use vestibule_core::throttle::{Growing, Refilling};
use vestibule_engine::{NameAsked, RegistrationMode};

use super::*;

pub fn are_what_the_file_says(settings: &Settings) {
    assert_eq!(settings.site_words, ["Acme", "acme works"]);
    for (path, name) in [
        (&settings.breached_file, "breached.txt"),
        (&settings.pepper_file, "pepper"),
        (&settings.places_file, "places.mmdb"),
        (&settings.mail.password_file, "mail-password"),
        (&settings.mail.authority_file, "authority.pem"),
    ] {
        let path = path.as_ref().unwrap();
        assert!(path.is_absolute() && path.ends_with(name), "{path:?}");
    }
    assert!(settings.older_pepper_files[0].is_absolute());

    let registration = &settings.registration;
    assert_eq!(registration.mode, RegistrationMode::Open);
    assert_eq!(registration.name, NameAsked::Required);
    let terms = registration.terms.as_deref();
    assert_eq!(terms, Some("https://example.test/terms"));
    let [department, phone] = registration.fields.as_slice() else {
        panic!("{registration:?}")
    };
    assert_eq!(
        (department.id.as_str(), department.required),
        ("department", true)
    );
    assert_eq!(department.labels["en"], "Department");
    assert_eq!(department.labels["de"], "Abteilung");
    assert!(!phone.required && phone.labels.len() == 1);

    let mail = &settings.mail;
    let server = mail.server.as_ref().map(ToString::to_string);
    assert_eq!(server.as_deref(), Some("smtps://mail.example.test:465"));
    assert_eq!(mail.username.as_deref(), Some("vestibule"));
    assert_eq!(
        mail.from.as_ref().unwrap().as_str(),
        "accounts@example.test"
    );

    let limits = &settings.limits;
    let account = Growing {
        free: 3,
        first: Duration::from_mins(1),
        longest: Duration::from_hours(8),
    };
    assert_eq!(limits.account, account);
    assert_eq!(limits.device.first, Duration::from_mins(1));
    let network = Refilling {
        burst: 100,
        refill: Duration::from_mins(1),
    };
    assert_eq!(limits.network, network);
    assert_eq!(
        (limits.alarm.burst, limits.alarm.refill),
        (500, Duration::from_secs(1))
    );
}

/// Each file is refused, and every part told.
fn are_told(cases: &[(&str, [&str; 3])]) {
    for (file, parts) in cases {
        let told = refused(file);
        for part in parts {
            assert!(told.contains(part), "{file}: {told}");
        }
    }
}

#[test]
fn what_registration_cannot_be_is_told_with_what_it_can_be() {
    are_told(&[
        (
            "[registration]\nmode = \"invite\"",
            ["registration.mode", "\"invite\"", "\"invited\""],
        ),
        (
            "[registration]\nname = true",
            ["registration.name", "true", "\"required\""],
        ),
        (
            "[registration]\nterms = \"http://example.test/terms\"",
            [
                "registration.terms",
                "http://example.test",
                "https://example.com/terms",
            ],
        ),
        (
            "[registration]\nterms = \"javascript:alert(1)\"",
            ["registration.terms", "javascript", "none"],
        ),
        (
            "[[registration.fields]]\nlabel = \"Phone\"",
            ["registration.fields", "Phone", "whose id"],
        ),
        (
            "[[registration.fields]]\nid = \"Phone\"\nlabel = \"Phone\"",
            ["registration.fields", "\"Phone\"", "a-z, 0-9 and _"],
        ),
        (
            "[[registration.fields]]\nid = \"phone\"\nlabel_de = \"Telefon\"",
            ["registration.fields", "phone has none", "English"],
        ),
        (
            "[[registration.fields]]\nid = \"phone\"\nlabel = \"\"",
            ["registration.fields", "labels", "1 to 100"],
        ),
        (
            "[[registration.fields]]\nid = \"phone\"\nlabel = \"Phone\"\nrequire = true",
            [
                "registration.fields",
                "require is none",
                "nearest is required",
            ],
        ),
        (
            "[[registration.fields]]\nid = \"phone\"\nlabel = \"Phone\"\nrequired = \"yes\"",
            ["registration.fields", "required", "true or false"],
        ),
    ]);
}

#[test]
fn a_wrong_value_is_told_with_what_is_allowed() {
    are_told(&[
        (
            "[mail]\nserver = \"mail.example.test\"",
            ["mail.server", "mail.example.test", "smtps://"],
        ),
        (
            "[mail]\nserver = \"http://mail.example.test\"",
            ["mail.server", "http://", "smtp://"],
        ),
        (
            "[mail]\nusername = \"\"",
            ["mail.username", "\"\"", "1 to 320"],
        ),
        (
            "[mail]\nfrom = \"Accounts\"",
            ["mail.from", "Accounts", "accounts@example.com"],
        ),
        (
            "[mail]\nfrom = \"a@example.test\\r\\nBcc: b@example.test\"",
            ["mail.from", "Bcc", "accounts@example.com"],
        ),
        (
            "[mail]\npassword_file = \"\"",
            ["mail.password_file", "\"\"", "a path"],
        ),
        (
            "[passwords]\nsite_words = [\"\"]",
            ["passwords.site_words", "\"\"", "1 to 64"],
        ),
        (
            "[passwords]\nolder_pepper_files = [1]",
            ["passwords.older_pepper_files", "1", "paths"],
        ),
        (
            "[throttle]\nfree_tries = 0",
            ["throttle.free_tries", "0", "1 to 20"],
        ),
        (
            "[throttle]\nfree_tries = 100",
            ["throttle.free_tries", "100", "1 to 20"],
        ),
        (
            "[throttle]\nfirst_wait = \"0s\"",
            ["throttle.first_wait", "0s", "1s to 1h"],
        ),
        (
            "[throttle]\nlongest_wait = \"10m\"",
            ["throttle.longest_wait", "10m", "1h to 1d"],
        ),
        (
            "[throttle]\nnetwork_burst = 0",
            ["throttle.network_burst", "0", "5 to 10000"],
        ),
        (
            "[throttle]\nnetwork_refill = \"0s\"",
            ["throttle.network_refill", "0s", "1s to 1h"],
        ),
        (
            "[throttle]\nalarm_burst = 1",
            ["throttle.alarm_burst", "1", "20 to 100000"],
        ),
        (
            "[throttle]\nalarm_refill = \"2h\"",
            ["throttle.alarm_refill", "2h", "1s to 1h"],
        ),
    ]);
}

#[test]
fn at_most_eight_fields_each_once() {
    let field = |id: &str| format!("[[registration.fields]]\nid = \"{id}\"\nlabel = \"Label\"\n");
    let twice = refused(&format!("{}{}", field("phone"), field("phone")));
    assert!(twice.contains("names phone once"), "{twice}");
    let nine: String = (0..9).map(|n| field(&format!("field_{n}"))).collect();
    assert!(refused(&nine).contains("at most 8"));
    let shown = loaded(&field("phone"), &[]).unwrap();
    let row = rows().find(|row| row.key == "registration.fields").unwrap();
    assert_eq!(
        (row.show)(&shown.settings),
        "[{ id = \"phone\", label = \"Label\", required = false }]"
    );
}

/// Holds: ASVS 6.3.1, N40
#[test]
fn n40_no_setting_lifts_the_limits() {
    assert!(refused("[throttle]\nmost_failures = 1000").contains("there is no setting"));
    let longest = loaded(
        "[throttle]\nfree_tries = 20\nlongest_wait = \"1h\"\nfirst_wait = \"1s\"",
        &[],
    )
    .unwrap();
    let account = longest.settings.limits.account;
    let hundred: Duration = (1..=100).map(|count| account.wait(count)).sum();
    assert!(
        hundred > Duration::from_hours(48),
        "at their loosest, strangers need days for a hundred tries: {hundred:?}"
    );
}

/// Holds: ASVS 13.3.1
#[test]
fn asvs_13_3_1_a_file_with_a_password_is_its_owners_alone() {
    let text = "[mail]\nserver = \"smtps://mail.example.test\"\nusername = \"vestibule\"\n";
    let secret = format!("{text}password = \"swordfish\"\n");
    let by_file = format!("{text}password_file = \"swordfish\"\n");
    assert!(loaded_from(&secret, 0o600, &[]).is_ok());
    assert!(loaded_from(&by_file, 0o644, &[]).is_ok());
    for mode in [0o640, 0o604] {
        let told = loaded_from(&secret, mode, &[]).unwrap_err();
        let mode = format!("{mode:04o}");
        for part in [&mode, "chmod 600", "settings.toml", "mail.password_file"] {
            assert!(told.contains(part), "{told}");
        }
        assert!(!told.contains("swordfish"), "{told}");
    }
}

/// Holds: ASVS 16.2.5
#[test]
fn asvs_16_2_5_what_is_not_toml_is_told_by_its_place_alone() {
    for (file, place) in [
        ("[mail]\npassword = \"swordfish", "line 2, column "),
        ("[mail]\npassword = swordfish", "line 2, column "),
        ("[mail]\npassword = \"sword\" fish", "line 2, column "),
        ("[mail]\npassword = \"\"\"\nswordfish\n", "line "),
        ("mail = { pass = 'swordfish' ", "line 1, column "),
        ("pw = 'a'\n\nswordfish\n", "line 3, column "),
        ("[mail]\npassword = \"\\swordfish\"", "line 2, column "),
    ] {
        let told = refused(file);
        assert!(told.contains(place), "{told}");
        assert!(
            !told.contains("fish") && told.lines().count() == 1,
            "{told}"
        );
    }
    let twice = refused("[sessions]\nidle = \"1h\"\n  idle = \"2h\"");
    assert!(twice.contains("line 3, column 3: "), "{twice}");
}

/// Holds: ASVS 16.2.5
#[test]
fn asvs_16_2_5_no_secret_is_told_with_a_fault_nor_shown() {
    for file in [
        "[mail]\npassword = \"sword\\nfish\"",
        "[mail]\nserver = \"smtps://vestibule:swordfish@mail.example.test\"",
        "[mail]\nserver = \"smtps://mail.example.test\"\npassword = \"swordfish\"",
        "[mail]\npassword = \"swordfish",
    ] {
        let told = refused(file);
        assert!(!told.contains("fish"), "{told}");
        assert!(
            told.contains("mail.") || told.contains("is not TOML"),
            "{told}"
        );
    }
    let in_force = loaded(
        "[mail]\nserver = \"smtps://mail.example.test\"\nusername = \"vestibule\"",
        &[("VESTIBULE_MAIL__PASSWORD", "swordfish")],
    )
    .unwrap();
    for row in rows() {
        assert!(
            !(row.show)(&in_force.settings).contains("swordfish"),
            "{}",
            row.key
        );
    }
    assert!(!format!("{in_force:?}").contains("swordfish"));
}

#[test]
fn the_store_is_chosen_by_its_url() {
    let store = |url: &str| {
        let in_force = loaded(&format!("[store]\nurl = \"{url}\""), &[]).unwrap();
        in_force.settings.store.postgres.is_some()
    };
    assert!(!store("sqlite:"));
    assert!(store("postgres://vestibule@localhost/vestibule"));
    for (url, word) in [
        ("mysql://localhost/vestibule", "postgres://"),
        (
            "postgres://v@db.example.test/v?sslmode=prefer",
            "verify-full",
        ),
    ] {
        let told = refused(&format!("[store]\nurl = \"{url}\""));
        assert!(told.contains("store.url") && told.contains(word), "{told}");
    }
    // For the other end of a move.
    loaded("[store]\npassword_file = \"here\"", &[]).unwrap();
    let both =
        refused("[store]\nurl = \"postgres://v:swordfish@localhost/v\"\npassword_file = \"here\"");
    assert!(
        both.contains("store.password_file") && !both.contains("fish"),
        "{both}"
    );
}

/// Holds: ASVS 13.3.1, ASVS 16.2.5
#[test]
fn asvs_13_3_1_a_password_in_the_stores_url_is_its_owners_alone() {
    let file = "[store]\nurl = \"postgres://v:swordfish@localhost/v\"";
    let open = loaded_from(file, 0o644, &[]).unwrap_err();
    assert!(
        open.contains("store.password_file") && open.contains("chmod 600"),
        "{open}"
    );
    assert!(!open.contains("fish"), "{open}");
    let in_force = loaded(file, &[]).unwrap();
    assert!(!format!("{in_force:?}").contains("fish"));
    for row in rows() {
        assert!(
            !(row.show)(&in_force.settings).contains("fish"),
            "{}",
            row.key
        );
    }
    let plain = "[store]\nurl = \"postgres://v@localhost/v\"";
    loaded_from(plain, 0o644, &[]).unwrap();
}
