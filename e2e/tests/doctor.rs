//! `vestibule doctor`: each classic fault is made for real, and named with the line to change.

#![expect(
    clippy::disallowed_methods,
    reason = "a test of the running product reads the real clock to bound its waits"
)]

mod doctor {
    pub mod front;
    pub mod proxies;
}

use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, ensure};
use vestibule_e2e::free_port;
use vestibule_e2e::postgres::Postgres;
use vestibule_e2e::secure::Authority;
use vestibule_e2e::server::{Launch, clock_library};
use vestibule_e2e::smtp;

use doctor::front::{EMAIL, Examination, Front, HOST, PASSWORD, Plan, SHOP};

/// A healthy street: nothing to find, and the login that was tried is gone.
#[test]
fn nothing_is_found_where_nothing_is_wrong() -> anyhow::Result<()> {
    let front = Front::open(&Plan::default())?;
    let found = front.examine_login("/orders", PASSWORD)?;
    found.is_healthy()?;
    let login = found.of("login")?;
    ensure!(
        login["what"]
            .as_str()
            .is_some_and(|what| what.contains("there and back")),
        "{login}"
    );
    let live = front.server.command(["session", "list", "--json"], "")?;
    let live: serde_json::Value = serde_json::from_slice(&live.stdout)?;
    ensure!(
        live["sessions"].as_array().is_some_and(Vec::is_empty),
        "{live}"
    );
    // The password is in nothing that was said.
    ensure!(!found.said.contains(PASSWORD), "{}", found.said);
    Ok(())
}

#[test]
fn a_fresh_server_on_loopback_has_no_fault() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let server = launch.start()?;
    let found = Examination::on(&server.data, &[], &[], "")?;
    found.is_healthy()?;
    let table = vestibule_e2e::server::command(&server.data, ["doctor"], "")?;
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    ensure!(table.contains("no fault found"), "{table}");
    Ok(())
}

/// Holds: R25
#[test]
fn r25_a_proxy_that_does_not_overwrite_the_client_s_address_is_named() -> anyhow::Result<()> {
    let front = Front::open(&Plan::default().changed(
        "proxy_set_header   X-Forwarded-For $remote_addr;",
        "proxy_set_header   X-Forwarded-For $http_x_forwarded_for;",
    ))?;
    front.examine()?.names(
        "proxy",
        &["does not overwrite X-Forwarded-For", "127.0.0.1"],
        &["proxy_set_header X-Forwarded-For $remote_addr;"],
    )
}

#[test]
fn a_proxy_that_does_not_send_the_client_s_address_is_named() -> anyhow::Result<()> {
    let front = Front::open(&Plan::default().changed(
        "proxy_set_header   X-Forwarded-For $remote_addr;",
        "proxy_set_header   X-Forwarded-For \"\";",
    ))?;
    front.examine()?.names(
        "proxy",
        &["does not send X-Forwarded-For"],
        &["proxy_set_header X-Forwarded-For $remote_addr;"],
    )
}

/// Holds: R25, ASVS 4.1.3
#[test]
fn r25_a_proxy_that_does_not_tell_what_it_asks_about_is_named() -> anyhow::Result<()> {
    let front = Front::open(&Plan::default().changed(
        "proxy_set_header        X-Original-Method $request_method;",
        "proxy_set_header        X-Original-Method \"\";",
    ))?;
    front.examine_page("/orders")?.names(
        "proxy",
        &["does not send", "X-Original-Method"],
        &["proxy_set_header X-Original-Method $request_method;"],
    )
}

/// Holds: R25, ASVS 4.1.3
#[test]
fn r25_a_proxy_that_lets_a_client_s_headers_through_to_verify_is_named() -> anyhow::Result<()> {
    let front = Front::open(
        &Plan::default().changed("proxy_set_header        X-Forwarded-Host   \"\";", ""),
    )?;
    front.examine_page("/orders")?.names(
        "proxy",
        &["does not overwrite or delete", "X-Forwarded-Host"],
        &["proxy_set_header X-Forwarded-Host \"\";"],
    )
}

/// Holds: H01
#[test]
fn h01_a_proxy_and_an_issuer_that_disagree_on_the_host_are_named() -> anyhow::Result<()> {
    let front = Front::open(&Plan::default().changed(
        "proxy_set_header   Host $host$named_port;",
        "proxy_set_header   Host $proxy_host;",
    ))?;
    front.examine()?.names(
        "proxy",
        &["disagree on the host", HOST],
        &["proxy_set_header Host $host$named_port;", "server.issuer"],
    )
}

#[test]
fn a_proxy_and_an_issuer_that_disagree_on_the_scheme_are_named() -> anyhow::Result<()> {
    let front = Front::open(
        &Plan::default().changed("X-Original-URL    $scheme://", "X-Original-URL    http://"),
    )?;
    front.examine_page("/orders")?.names(
        "proxy",
        &["disagree on the scheme", "https"],
        &["X-Original-URL $scheme://$host$named_port$request_uri"],
    )
}

/// Holds: R25
#[test]
fn r25_a_proxy_that_no_setting_names_is_told_with_the_lines_to_add() -> anyhow::Result<()> {
    let front = Front::open(&Plan {
        trusted: "10.9.8.7",
        ..Plan::default()
    })?;
    front.examine()?.names(
        "proxy",
        &["127.0.0.1", "[[trusted_proxies]]"],
        &["address = \"127.0.0.1\"", "headers ="],
    )
}

#[test]
fn a_proxy_that_leads_to_another_server_is_named() -> anyhow::Result<()> {
    let other = Launch::new()?.start()?;
    let front = Front::open(&Plan {
        upstream: Some(other.port),
        ..Plan::default()
    })?;
    front.examine()?.names(
        "proxy",
        &["never came to this server"],
        &["upstream", "server.listen"],
    )
}

/// Holds: ASVS 3.3.1, ASVS 3.3.3
#[test]
fn asvs_3_3_1_a_cookie_that_lost_its_secure_is_named_at_its_hop() -> anyhow::Result<()> {
    let front = Front::open(&Plan::default().changed(
        "proxy_set_header   Forwarded \"\";",
        "proxy_set_header   Forwarded \"\"; proxy_cookie_flags ~ nosecure;",
    ))?;
    front.examine_login("/orders", PASSWORD)?.names(
        "login",
        &["hop 2", "__Host-vestibule", "lost its Secure"],
        &["proxy_cookie_flags", HOST],
    )
}

/// Holds: ASVS 3.3.1, N11
#[test]
fn n11_a_host_that_keeps_no_cookie_is_named() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let server = launch.start()?;
    for (url, what, change) in [
        (
            "http://app.example.test/",
            "plain http",
            "https://app.example.test",
        ),
        (
            "https://my_app.example.test/",
            "underscore",
            "my-app.example.test",
        ),
        ("https://192.0.2.7/", "an address and no name", "a name"),
        ("https://github.io/", "strangers", "below it"),
    ] {
        let resolve = "app.example.test=127.0.0.1";
        let more = "my_app.example.test=127.0.0.1";
        let third = "github.io=127.0.0.1";
        let arguments = [
            "--url",
            url,
            "--resolve",
            resolve,
            "--resolve",
            more,
            "--resolve",
            third,
        ];
        let found = Examination::on(&server.data, &arguments, &[], "")?;
        found.names("cookie", &[what], &[change])?;
    }
    // An issuer over plain http is refused before anything else.
    let issuer = [("VESTIBULE_SERVER__ISSUER", "http://id.example.test")];
    let found = Examination::on(&server.data, &[], &issuer, "")?;
    found.names(
        "settings",
        &["server.issuer", "https://id.example.test"],
        &["config reference"],
    )
}

/// Holds: ASVS 7.3.2
#[test]
fn a_clock_that_is_behind_the_data_is_named_and_one_s_own_address_proves_nothing()
-> anyhow::Result<()> {
    let launch = Launch::new()?;
    let library = clock_library()?.display().to_string();
    let server = launch.start()?;
    let behind = [("LD_PRELOAD", library.as_str()), ("FAKETIME", "-15m")];
    let found = Examination::on(&server.data, &[], &behind, "")?;
    found.names(
        "clock",
        &[
            "behind the latest time that the data has seen",
            "14 minutes",
        ],
        &["timedatectl", "--accept-clock"],
    )?;
    // A machine that is wrong agrees with itself: nothing is called good for that.
    let found = found.said;
    ensure!(
        found.contains("is this machine, whose clock would agree with itself"),
        "{found}"
    );
    Ok(())
}

/// Holds: ASVS 12.2.1
#[test]
fn a_certificate_that_browsers_refuse_is_named() -> anyhow::Result<()> {
    for (plan, what, change) in [
        (
            Plan {
                certified: &["www.example.test"],
                ..Plan::default()
            },
            ["is not for", "www.example.test"],
            HOST,
        ),
        (
            Plan {
                years: (2020, 2021),
                ..Plan::default()
            },
            ["has ended", "2021"],
            "renew it",
        ),
        (
            Plan {
                days: Some(5),
                ..Plan::default()
            },
            ["ends in", "days"],
            "renew it",
        ),
    ] {
        let front = Front::open(&plan)?;
        front
            .examine()?
            .names("certificate", &what, &[change, "ssl_certificate"])?;
    }
    // The authority is one that this machine does not know: as after a chain without its intermediate.
    let front = Front::open(&Plan::default())?;
    let elsewhere = tempfile_authority()?;
    // Named otherwise than the one in use.
    let (other, other_key) = (
        elsewhere.0.scratch().join("other.pem"),
        elsewhere.0.scratch().join("other.key"),
    );
    elsewhere
        .1
        .issue(&["elsewhere.example.test"])?
        .write(&other, &other_key)?;
    let trusted = other.display().to_string();
    let found = front.examine_with(&[], &[("SSL_CERT_FILE", &trusted)], "")?;
    found.names(
        "certificate",
        &["without the one that issued it"],
        &["fullchain.pem"],
    )
}

fn tempfile_authority() -> anyhow::Result<(Launch, Authority)> {
    let launch = Launch::new()?;
    let authority = Authority::new(launch.scratch())?;
    Ok((launch, authority))
}

#[test]
fn a_certificate_in_the_settings_that_no_start_would_take_is_named() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let authority = Authority::new(launch.scratch())?;
    let (cert, key) = (
        launch.scratch().join("c.pem"),
        launch.scratch().join("k.pem"),
    );
    authority.issue(&["www.example.test"])?.write(&cert, &key)?;
    let (cert, key) = (cert.display().to_string(), key.display().to_string());
    let settings = [
        ("VESTIBULE_SERVER__ISSUER", "https://id.example.test"),
        ("VESTIBULE_TLS__CERT_FILE", cert.as_str()),
        ("VESTIBULE_TLS__KEY_FILE", key.as_str()),
    ];
    let found = Examination::on(launch.data_directory(), &[], &settings, "")?;
    found.names(
        "certificate",
        &["www.example.test", "id.example.test"],
        &["tls.cert_file"],
    )
}

#[test]
fn a_port_that_nobody_answers_on_is_named() -> anyhow::Result<()> {
    let mut front = Front::open(&Plan::default())?;
    front.close_proxy()?;
    front.examine()?.names(
        "reach",
        &[HOST, "cannot be reached", "refused"],
        &["start the proxy", "firewall", "server.listen"],
    )?;
    let launch = Launch::new()?;
    let server = launch.start()?;
    let url = format!("http://localhost:{}/", free_port()?);
    let found = Examination::on(&server.data, &["--url", &url], &[], "")?;
    found.names("reach", &["cannot be reached"], &["server.listen"])
}

/// Holds: ASVS 12.3.1
#[test]
fn a_mail_server_that_refuses_is_named_and_gets_no_mail() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let server = launch.start()?;
    let examine = |settings: &[(&str, &str)]| Examination::on(&server.data, &[], settings, "");

    let nobody = format!("smtp://127.0.0.1:{}", free_port()?);
    examine(&[("VESTIBULE_MAIL__SERVER", &nobody)])?.names(
        "mail",
        &["cannot be reached"],
        &["mail.server", "firewall"],
    )?;

    let strict = smtp::Launch::new()
        .starttls()
        .login("vestibule", "swordfish")
        .start()?;
    let (url, authority) = (strict.url(), strict.authority().display().to_string());
    let login = |password| {
        [
            ("VESTIBULE_MAIL__SERVER", url.as_str()),
            ("VESTIBULE_MAIL__AUTHORITY_FILE", authority.as_str()),
            ("VESTIBULE_MAIL__USERNAME", "vestibule"),
            ("VESTIBULE_MAIL__PASSWORD", password),
        ]
    };
    let wrong = examine(&login("trout"))?;
    wrong.names(
        "mail",
        &["does not take the login"],
        &["mail.username", "mail.password_file"],
    )?;
    ensure!(!wrong.said.contains("trout"), "{}", wrong.said);
    examine(&login("swordfish"))?.is_healthy()?;
    ensure!(strict.messages()?.is_empty(), "a mail was sent");

    let misnamed = smtp::Launch::new()
        .starttls()
        .misnamed("elsewhere.example.test")
        .start()?;
    let (url, authority) = (misnamed.url(), misnamed.authority().display().to_string());
    examine(&[
        ("VESTIBULE_MAIL__SERVER", &url),
        ("VESTIBULE_MAIL__AUTHORITY_FILE", &authority),
    ])?
    .names(
        "mail",
        &["does not prove who it is"],
        &["mail.server", "mail.authority_file"],
    )?;
    let plain = smtp::Smtp::start()?;
    examine(&[
        ("VESTIBULE_MAIL__SERVER", &plain.url()),
        ("VESTIBULE_MAIL__AUTHORITY_FILE", &authority),
    ])?
    .names("mail", &["offers no STARTTLS"], &["mail.server"])
}

/// Holds: ASVS 13.3.1
#[test]
fn asvs_13_3_1_a_data_directory_that_is_open_to_others_is_named() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let mut server = launch.start()?;
    let key = server.data.join("master.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644))?;
    let found = Examination::on(&server.data, &[], &[], "")?;
    found.names("data", &["master.key", "0644"], &["chmod 600"])?;
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600))?;

    std::fs::set_permissions(&server.data, std::fs::Permissions::from_mode(0o755))?;
    let found = Examination::on(&server.data, &[], &[], "")?;
    found.names("data", &["open to other users", "0755"], &["chmod 700"])?;
    ensure!(server.process.terminate()?.success());
    Ok(())
}

#[test]
fn a_data_directory_on_a_network_file_system_is_named() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let server = launch.start()?;
    // What the kernel would tell of an NFS mount, told to this one process.
    let mounts = launch.scratch().join("mountinfo");
    std::fs::write(
        &mounts,
        format!(
            "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n30 22 0:30 / {} rw shared:2 - nfs4 server:/export rw\n",
            launch.scratch().canonicalize()?.display()
        ),
    )?;
    let found = Examination::told_of_mounts(&server.data, &mounts)?;
    found.names(
        "data",
        &["network file system", "nfs4"],
        &["server.data", "PostgreSQL"],
    )
}

#[test]
fn too_few_file_descriptors_are_named() -> anyhow::Result<()> {
    let launch = Launch::new()?.wrapper(&["prlimit", "--nofile=512"]);
    let server = launch.start()?;
    let found = Examination::on(&server.data, &[], &[], "")?;
    found.names("files", &["may open 512 files"], &["LimitNOFILE=65536"])
}

#[test]
fn a_login_says_at_which_hop_it_broke() -> anyhow::Result<()> {
    let front = Front::open(&Plan::default())?;
    front.examine_login("/orders", "not the password")?.names(
        "login",
        &["hop 3", "POST", "/login", "did not take the login"],
        &["--email", EMAIL],
    )?;
    // Without a login it says how far it came.
    let found = front.examine_page("/orders")?;
    let login = found.of("login")?;
    ensure!(login["verdict"] == "skipped", "{login}");
    ensure!(
        login["what"]
            .as_str()
            .is_some_and(|what| what.contains("--password-stdin")),
        "{login}"
    );

    let unguarded = Front::open(&Plan::default().changed("auth_request     /verify/user;", ""))?;
    let found = unguarded.examine_page("/orders")?;
    found.names(
        "login",
        &["hop 1", "without a login"],
        &["auth_request", HOST],
    )?;
    found.names("proxy", &["nobody asked Vestibule"], &["auth_request"])?;

    let unsent = Front::open(&Plan::default().changed("error_page 401 = @vestibule_sign_in;", ""))?;
    unsent
        .examine_page("/orders")?
        .names("login", &["hop 1", "401"], &["error_page 401"])?;

    let lost = Front::open(&Plan::default().changed(
        "proxy_pass_request_body off;",
        "proxy_pass_request_body off; proxy_set_header Cookie \"\";",
    ))?;
    lost.examine_login("/orders", PASSWORD)?.names(
        "login",
        &["hop", "still sent to sign in"],
        &["Cookie"],
    )
}

#[test]
fn what_cannot_be_examined_is_said_by_exit_code_2() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    for arguments in [
        &["doctor", "--url", "app.example.test"][..],
        &["doctor", "--resolve", "app.example.test"],
        &[
            "doctor",
            "--url",
            "http://localhost/",
            "--email",
            "a@example.test",
        ],
    ] {
        let output = vestibule_e2e::server::command(launch.data_directory(), arguments, "")?;
        ensure!(output.status.code() == Some(2), "{arguments:?}: {output:?}");
    }
    // No server and nothing made yet is no fault: it is said what was not looked at.
    let found = Examination::on(launch.data_directory(), &[], &[], "")?;
    found.is_healthy()?;
    let reach = found.of("reach")?;
    let what = reach["what"].as_str().context("nothing said")?;
    ensure!(what.contains("vestibule serve"), "{what}");
    Ok(())
}

/// Each on a host of its own: there and back by the handshake, and each break of it.
#[test]
fn a_login_to_an_application_on_its_own_host_is_followed_by_the_handshake() -> anyhow::Result<()> {
    let front = Front::open(&Plan::two_hosts())?;
    let found = front.examine_shop(PASSWORD)?;
    found.is_healthy()?;
    let login = found.of("login")?;
    let way = login["what"].as_str().context("nothing said")?;
    for hop in [
        "/vestibule/start",
        "/vestibule/handshake",
        "/login",
        "/vestibule/finish",
    ] {
        ensure!(way.contains(hop), "{hop}: {way}");
    }
    ensure!(!way.contains("code="), "a code was shown: {way}");

    // The application's corner leads to the application.
    let cornerless = Front::open(&Plan::two_hosts().changed(
        "location ^~ /vestibule/ {\n        proxy_pass         http://vestibule;",
        "location ^~ /vestibule/ {\n        return 404;",
    ))?;
    cornerless.examine_shop(PASSWORD)?.names(
        "login",
        &["hop 2", "/vestibule/start", "404"],
        &["/vestibule/*", SHOP],
    )?;

    // Nobody made the application known.
    let unknown = Front::open(&Plan {
        unregistered: true,
        ..Plan::two_hosts()
    })?;
    unknown
        .examine_shop(PASSWORD)?
        .names("login", &["hop 1", "403"], &["vestibule app list", SHOP])
}

/// Holds: ASVS 7.3.2
#[test]
fn a_clock_that_is_not_the_database_s_and_a_database_that_is_away_are_named() -> anyhow::Result<()>
{
    let mut postgres = Postgres::start()?;
    let url = postgres.url(postgres.port);
    let launch = Launch::new()?;
    // Nothing runs on it yet, and nothing is made by asking.
    let settings = [("VESTIBULE_STORE__URL", url.as_str())];
    Examination::on(launch.data_directory(), &[], &settings, "")?.is_healthy()?;
    let library = clock_library()?.display().to_string();
    let ahead = [
        settings[0],
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME", "+10m"),
    ];
    let found = Examination::on(launch.data_directory(), &[], &ahead, "")?;
    found.names(
        "clock",
        &["ahead of the database's", "minutes"],
        &["timedatectl"],
    )?;
    postgres.stop()?;
    let found = Examination::on(launch.data_directory(), &[], &settings, "")?;
    found.names("database", &["store"], &["store.url"])
}
