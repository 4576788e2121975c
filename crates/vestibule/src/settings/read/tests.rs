mod accounts;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Loads `file` with this environment.
fn loaded(file: &str, env: &[(&str, &str)]) -> Result<InForce, String> {
    loaded_from(file, 0o600, env)
}

fn loaded_from(file: &str, mode: u32, env: &[(&str, &str)]) -> Result<InForce, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("settings.toml");
    fs::write(&path, file).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let flags = Flags {
        config: Some(path),
        ..Flags::default()
    };
    load(&flags, environment(env)).map_err(|faults| faults.to_string())
}

fn refused(file: &str) -> String {
    loaded(file, &[]).unwrap_err()
}

#[test]
fn every_setting_reads_from_a_file() {
    let in_force = loaded(
        r#"
        [server]
        listen = ["127.0.0.1:9000"]
        data = "here"
        issuer = "https://id.example.test"
        brand = "Example"
        [tls]
        cert_file = "fullchain.pem"
        key_file = "/run/secrets/privkey.pem"
        redirect_listen = ["127.0.0.1:80"]
        hsts_subdomains = false
        [sessions]
        idle = "10m"
        absolute = "8h"
        remembered_idle = "7d"
        remembered_absolute = "14d"
        [login]
        fresh = "90s"
        [passwords]
        memory = "46 MiB"
        passes = 1
        threads = 3
        queue = 7
        site_words = ["Acme", " acme works "]
        breached_file = "breached.txt"
        pepper_file = "pepper"
        older_pepper_files = ["pepper.2025"]
        [registration]
        mode = "open"
        name = "required"
        terms = "https://example.test/terms"
        [[registration.fields]]
        id = "department"
        label = "Department"
        label_de = "Abteilung"
        required = true
        [[registration.fields]]
        id = "phone"
        label = "Phone"
        [mail]
        server = "smtps://mail.example.test"
        username = "vestibule"
        password_file = "mail-password"
        from = "Accounts@example.test"
        authority_file = "authority.pem"
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
        [[trusted_proxies]]
        address = "10.0.0.0/8"
        headers = "x-original"
        [keys]
        master_key_file = "/run/secrets/master"
        [places]
        file = "places.mmdb"
        [ops]
        listen = "127.0.0.1:0"
        [log]
        level = "debug"
        format = "json"
        [store]
        url = "postgres://vestibule@localhost/vestibule"
        password_file = "database-password"
        connections = 5
        "#,
        &[],
    )
    .unwrap();
    let settings = &in_force.settings;
    assert_eq!(settings.listen, ["127.0.0.1:9000".parse().unwrap()]);
    assert!(
        settings.data.ends_with("here") && settings.data.is_absolute(),
        "relative to the file"
    );
    tls_is_what_the_file_says(settings);
    assert_eq!(settings.lifetime.idle, Duration::from_mins(10));
    assert_eq!(settings.remembered.absolute, Duration::from_hours(14 * 24));
    assert_eq!(settings.fresh, Duration::from_secs(90));
    assert_eq!((settings.cost.memory, settings.cost.passes), (46 * 1024, 1));
    assert_eq!((settings.threads, settings.queue), (3, 7));
    operation_is_what_the_file_says(settings);
    accounts::are_what_the_file_says(settings);
    // The one goes with no `mail.password_file`, the other with no build but one with `--features otlp`.
    let not_here = ["mail.password", "telemetry.otlp_endpoint"];
    for row in rows().filter(|row| !not_here.contains(&row.key)) {
        assert!(
            matches!(in_force.origin(row.key), Origin::File(_)),
            "{} was not taken",
            row.key
        );
    }
}

fn operation_is_what_the_file_says(settings: &Settings) {
    assert!(settings.own_host_application);
    assert_eq!(settings.proxies.len(), 1);
    assert_eq!(
        settings.master_key_file,
        Some(PathBuf::from("/run/secrets/master"))
    );
    assert_eq!(settings.ops, Some("127.0.0.1:0".parse().unwrap()));
    assert!(settings.store.postgres.is_some());
    let password = settings.store.password_file.as_ref().unwrap();
    assert!(password.ends_with("database-password") && password.is_absolute());
    assert_eq!(settings.store.connections, 5);
}

fn tls_is_what_the_file_says(settings: &Settings) {
    let (cert, key) = settings.tls.pair().unwrap();
    assert!(cert.ends_with("fullchain.pem") && cert.is_absolute());
    assert_eq!(key, Path::new("/run/secrets/privkey.pem"));
    assert_eq!(settings.tls.redirect_listen.len(), 1);
    assert!(!settings.tls.hsts_subdomains);
}

#[test]
fn what_is_shown_reads_back() {
    let shown = Settings::default();
    for row in rows().filter(|row| row.default.is_none()) {
        let value = toml::from_str::<Table>(&format!("value = {}", (row.show)(&shown))).unwrap();
        let mut read = Settings::default();
        (row.set)(&mut read, &value["value"], Path::new("")).unwrap();
        assert_eq!((row.show)(&read), (row.show)(&shown));
    }
}

#[test]
fn metrics_can_be_off() {
    let off = loaded("[ops]\nlisten = \"off\"", &[]).unwrap();
    assert_eq!(off.settings.ops, None);
    let told = refused("[ops]\nlisten = \"9464\"");
    assert!(
        told.contains("ops.listen") && told.contains("127.0.0.1:9464") && told.contains("off"),
        "{told}"
    );
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_one() {
    for (file, nearest) in [
        ("[sessions]\nidel = \"1h\"", "sessions.idle"),
        ("[session]\nidle = \"1h\"", "sessions.idle"),
        ("[server]\nlisten_on = \"127.0.0.1:1\"", "server.listen"),
        ("[password]\nmemory = \"19 MiB\"", "passwords.memory"),
        ("issuer = \"http://localhost\"", "server.issuer"),
    ] {
        let told = refused(file);
        assert!(told.contains("there is no setting"), "{told}");
        assert!(
            told.ends_with(&format!("the nearest is {nearest}")),
            "{told}"
        );
    }
    let told = refused("[[trusted_proxies]]\nadress = \"::1\"\nheaders = \"x-forwarded\"");
    assert!(told.contains("the nearest is address"), "{told}");
}

#[test]
fn a_wrong_value_is_told_with_key_value_and_what_is_allowed() {
    for (file, parts) in [
        (
            "[sessions]\nidle = \"30 minuts\"",
            ["sessions.idle", "30 minuts", "30m"],
        ),
        ("[sessions]\nidle = 30", ["sessions.idle", "30", "duration"]),
        (
            "[sessions]\nabsolute = \"31d\"",
            ["sessions.absolute", "31d", "to 30d"],
        ),
        (
            "[passwords]\npasses = \"2\"",
            ["passwords.passes", "\"2\"", "1 to 32"],
        ),
        (
            "[passwords]\nthreads = 0",
            ["passwords.threads", "0", "1 to 256"],
        ),
        (
            "[passwords]\nqueue = -1",
            ["passwords.queue", "-1", "65536"],
        ),
        (
            "[server]\nlisten = \"8080\"",
            ["server.listen", "8080", "127.0.0.1:8080"],
        ),
        (
            "[server]\nlisten = []",
            ["server.listen", "[]", "127.0.0.1:8080"],
        ),
        (
            "[server]\nlisten = [\"127.0.0.1:80\", \"127.0.0.1:80\"]",
            ["server.listen", "127.0.0.1:80", "each once"],
        ),
        (
            "[server]\nissuer = \"id.example.test\"",
            ["server.issuer", "id.example.test", "https://id.example.com"],
        ),
        (
            "[server]\nissuer = \"https://id.example.test/auth\"",
            ["server.issuer", "/auth", "leave out"],
        ),
        (
            "[server]\nissuer = \"http://id.example.test\"",
            ["server.issuer", "loopback", "to https://id.example.test"],
        ),
        (
            "[server]\nbrand = \"\"",
            ["server.brand", "\"\"", "1 to 60"],
        ),
        (
            "[edge]\nown_host_application = \"yes\"",
            ["edge.own_host_application", "yes", "true or false"],
        ),
        ("[log]\nlevel = \"loud\"", ["log.level", "loud", "\"warn\""]),
        ("[log]\nformat = \"xml\"", ["log.format", "xml", "\"json\""]),
        (
            "[[trusted_proxies]]\naddress = \"::1\"",
            ["trusted_proxies", "::1", "x-forwarded"],
        ),
        (
            "[[trusted_proxies]]\naddress = \"proxy\"\nheaders = \"x-original\"",
            ["trusted_proxies", "proxy", "IP address"],
        ),
    ] {
        let told = refused(file);
        for part in parts {
            assert!(told.contains(part), "{file}: {told}");
        }
    }
}

#[test]
fn every_fault_is_told_not_just_the_first() {
    let told = refused("[sessions]\nidle = 1\nabsolut = 2");
    assert_eq!(told.lines().count(), 2, "{told}");
}

#[test]
fn a_name_given_twice_is_refused() {
    let told = refused("[sessions]\nidle = \"1h\"\nidle = \"2h\"");
    assert!(
        told.contains("is not TOML: line 3, column 1: duplicate key"),
        "{told}"
    );
    let twice = "[[trusted_proxies]]\naddress = \"::1\"\nheaders = \"x-original\"\n";
    let told = refused(&format!("{twice}{twice}"));
    assert!(told.contains("names ::1/128 once"), "{told}");
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("settings.toml");
    fs::write(
        &path,
        "[server]\nlisten = \"127.0.0.1:1\"\nbrand = \"File\"\n[log]\nlevel = \"warn\"",
    )
    .unwrap();
    let flags = Flags {
        config: Some(path.clone()),
        listen: vec!["127.0.0.1:3".to_owned()],
        ..Flags::default()
    };
    let env = environment(&[
        ("VESTIBULE_SERVER__LISTEN", "127.0.0.1:2"),
        ("VESTIBULE_SERVER__BRAND", "Environment"),
    ]);
    let in_force = load(&flags, env).unwrap();
    assert_eq!(in_force.settings.listen, ["127.0.0.1:3".parse().unwrap()]);
    assert_eq!(in_force.origin("server.listen"), &Origin::Flag("--listen"));
    assert_eq!(in_force.settings.brand, "Environment");
    assert_eq!(
        in_force.origin("server.brand"),
        &Origin::Environment("VESTIBULE_SERVER__BRAND".to_owned())
    );
    assert_eq!(in_force.origin("log.level"), &Origin::File(path));
    assert_eq!(in_force.origin("sessions.idle"), &Origin::Default);
}

#[test]
fn the_environment_has_every_kind_of_value() {
    let in_force = loaded(
        "",
        &[
            ("VESTIBULE_SERVER__LISTEN", "127.0.0.1:1, [::1]:1"),
            ("VESTIBULE_PASSWORDS__QUEUE", "9"),
            ("VESTIBULE_EDGE__OWN_HOST_APPLICATION", "true"),
            (
                "VESTIBULE_TRUSTED_PROXIES",
                r#"[{address = "10.0.0.2", headers = "x-original"}]"#,
            ),
            ("VESTIBULE_SOAK_ROUNDS", "50"),
            ("HOME", "/"),
        ],
    )
    .unwrap();
    assert_eq!(in_force.settings.listen.len(), 2);
    assert_eq!(in_force.settings.queue, 9);
    assert!(in_force.settings.own_host_application);
    assert_eq!(in_force.settings.proxies.len(), 1);
}

#[test]
fn a_misspelt_variable_is_refused() {
    for (name, nearest) in [
        ("VESTIBULE_SESSIONS__IDEL", "VESTIBULE_SESSIONS__IDLE"),
        ("VESTIBULE_LISTEN", "VESTIBULE_SERVER__LISTEN"),
        ("VESTIBULE_SERVER_LISTEN", "VESTIBULE_SERVER__LISTEN"),
        (
            "VESTIBULE_KEYS_MASTER_KEY_FILE",
            "VESTIBULE_KEYS__MASTER_KEY_FILE",
        ),
        (
            "VESTIBULE_MASTER_KEY_FILE",
            "VESTIBULE_KEYS__MASTER_KEY_FILE",
        ),
    ] {
        let told = loaded("", &[(name, "x")]).unwrap_err();
        assert!(told.contains(name) && told.contains(nearest), "{told}");
    }
    let told = loaded("", &[("VESTIBULE_PASSWORDS__QUEUE", "many")]).unwrap_err();
    assert!(
        told.contains("VESTIBULE_PASSWORDS__QUEUE") && told.contains("many"),
        "{told}"
    );
}

#[test]
fn the_data_directory_may_hold_its_own_settings() {
    let data = tempfile::tempdir().unwrap();
    let flags = Flags {
        data: Some(data.path().to_path_buf()),
        ..Flags::default()
    };
    assert_eq!(load(&flags, []).unwrap().file, None);

    let own = data.path().join("vestibule.toml");
    fs::write(&own, "[server]\nbrand = \"Own\"").unwrap();
    let in_force = load(&flags, []).unwrap();
    assert_eq!(in_force.settings.brand, "Own");
    assert_eq!(in_force.file, Some(own.clone()));

    fs::write(&own, "[server]\ndata = \"elsewhere\"").unwrap();
    let told = load(&flags, []).unwrap_err().to_string();
    assert!(
        told.contains("server.data") && told.contains("--data"),
        "{told}"
    );
}

#[test]
fn a_file_that_was_named_must_exist() {
    let flags = Flags {
        config: Some(PathBuf::from("/nonexistent/vestibule.toml")),
        ..Flags::default()
    };
    let told = load(&flags, []).unwrap_err().to_string();
    assert!(
        told.contains("/nonexistent/vestibule.toml") && told.contains("--config"),
        "{told}"
    );
    let env = environment(&[("VESTIBULE_CONFIG", "/nonexistent/other.toml")]);
    assert!(
        load(&Flags::default(), env)
            .unwrap_err()
            .to_string()
            .contains("other.toml")
    );
}
