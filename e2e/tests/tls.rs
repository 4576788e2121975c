//! TLS ended by the binary itself, seen by curl, openssl and Chromium.

#![expect(
    clippy::disallowed_methods,
    reason = "a test of the running product reads the real clock to bound its waits"
)]

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::ensure;
use rustix::process::Signal;
use vestibule_e2e::http::Client;
use vestibule_e2e::process::{PATIENCE, Process};
use vestibule_e2e::secure::{Authority, Connection, Curl, Pair, handshake};
use vestibule_e2e::server::Launch;
use vestibule_e2e::{browser, free_port};

const HOST: &str = "id.example.test";

/// Where the server's certificate and key lie.
struct Files {
    cert: PathBuf,
    key: PathBuf,
}

impl Files {
    fn below(room: &Path) -> Self {
        Self {
            cert: room.join("fullchain.pem"),
            key: room.join("privkey.pem"),
        }
    }

    fn hold(&self, pair: &Pair) -> anyhow::Result<()> {
        pair.write(&self.cert, &self.key)
    }
}

/// A server for `https://id.example.test:PORT` with a certificate of a new authority.
struct House {
    authority: Authority,
    files: Files,
    launch: Launch,
    port: u16,
}

impl House {
    fn new() -> anyhow::Result<Self> {
        let port = free_port()?;
        let launch = Launch::new()?;
        let authority = Authority::new(launch.scratch())?;
        let files = Files::below(launch.scratch());
        files.hold(&authority.issue(&[HOST])?)?;
        let launch = launch
            .argument("--listen")
            .argument(format!("127.0.0.1:{port}"))
            .argument("--issuer")
            .argument(format!("https://{HOST}:{port}"))
            .argument("--tls-cert")
            .argument(files.cert.display().to_string())
            .argument("--tls-key")
            .argument(files.key.display().to_string());
        Ok(Self {
            authority,
            files,
            launch,
            port,
        })
    }

    fn curl(&self) -> Curl {
        Curl::new(&self.authority, HOST, self.port)
    }

    /// The end of the certificate that the next handshake shows.
    fn shown_until(&self) -> anyhow::Result<String> {
        let said = handshake(self.port, &["-servername", HOST, "-showcerts"])?;
        let line = said.lines().find(|line| line.contains("NotAfter"));
        Ok(line.unwrap_or(&said).to_owned())
    }

    /// Waits until the next handshake shows one that ends in `year`.
    fn wait_shown(&self, year: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = self.shown_until()?;
            if shown.contains(year) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "still shown: {shown}");
            std::thread::yield_now();
        }
    }
}

/// Holds: ASVS 12.1.1, ASVS 12.1.2, ASVS 12.2.1, ASVS 11.2.1
#[test]
fn asvs_12_1_only_tls_1_2_and_1_3_with_forward_secrecy_are_spoken() -> anyhow::Result<()> {
    let house = House::new()?;
    let _server = house.launch.start()?;
    let weak = ["-cipher", "ALL:@SECLEVEL=0"];
    for (asked, spoken) in [
        (&["-tls1_3"][..], "TLSv1.3"),
        (&["-tls1_2"], "TLSv1.2"),
        (
            &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"],
            "TLSv1.2",
        ),
    ] {
        let said = handshake(house.port, asked)?;
        ensure!(
            said.contains(&format!("New, {spoken}")),
            "{asked:?}:\n{said}"
        );
    }
    for refused in [
        &["-tls1_1", weak[0], weak[1]][..],
        &["-tls1", weak[0], weak[1]],
        // No forward secrecy, CBC, and none at all.
        &[
            "-tls1_2",
            "-cipher",
            "AES256-GCM-SHA384:AES128-SHA:@SECLEVEL=0",
        ],
        &[
            "-tls1_2",
            "-cipher",
            "ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0",
        ],
        &["-tls1_2", "-cipher", "aNULL:eNULL:@SECLEVEL=0"],
    ] {
        let said = handshake(house.port, refused)?;
        ensure!(!said.contains("New, TLSv1."), "{refused:?}:\n{said}");
        ensure!(
            said.contains("no peer certificate available"),
            "{refused:?}:\n{said}"
        );
    }
    Ok(())
}

/// Holds: ASVS 3.4.1, ASVS 12.2.1
#[test]
fn asvs_3_4_1_every_answer_over_https_says_to_come_back_by_https() -> anyhow::Result<()> {
    let house = House::new()?;
    let _server = house.launch.start()?;
    let hsts = "max-age=31536000; includeSubDomains";
    for (path, arguments) in [
        ("/login", &[][..]),
        ("/healthz", &[]),
        ("/readyz", &[]),
        ("/verify", &[]),
        ("/nowhere", &[]),
        ("/login", &["--http1.1"]),
        ("/login", &["--header", "Host: evil.test"]),
        ("/login", &["--request", "PUT"]),
    ] {
        let (_, answer) = house.curl().ask(path, arguments)?;
        let told = answer.header("strict-transport-security");
        ensure!(told == Some(hsts), "{path} {arguments:?}: {answer:?}");
    }
    Ok(())
}

/// Holds: ASVS 3.4.1
#[test]
fn hsts_leaves_the_names_below_out_where_the_operator_says_so() -> anyhow::Result<()> {
    let house = House::new()?;
    let launch = house
        .launch
        .environment("VESTIBULE_TLS__HSTS_SUBDOMAINS", "false");
    let _server = launch.start()?;
    let curl = Curl::new(&house.authority, HOST, house.port);
    for path in ["/login", "/healthz"] {
        let (_, answer) = curl.ask(path, &[])?;
        let told = answer.header("strict-transport-security");
        ensure!(told == Some("max-age=31536000"), "{path}: {answer:?}");
    }
    Ok(())
}

#[test]
fn http_2_and_http_1_1_are_spoken_as_the_client_asks() -> anyhow::Result<()> {
    let house = House::new()?;
    let _server = house.launch.start()?;
    for (asked, spoken) in [("--http2", "HTTP/2 200"), ("--http1.1", "HTTP/1.1 200")] {
        let (status, answer) = house.curl().ask("/login", &[asked])?;
        ensure!(status.starts_with(spoken), "{asked}: {status}");
        ensure!(answer.body.contains("<form"), "{}", answer.body);
    }
    let said = handshake(house.port, &["-alpn", "h2,http/1.1"])?;
    ensure!(said.contains("ALPN protocol: h2"), "{said}");
    Ok(())
}

/// Holds: ASVS 3.3.1, ASVS 3.3.3
#[test]
fn chromium_signs_in_over_http_2() -> anyhow::Result<()> {
    let launch = Launch::new()?;
    let authority = Authority::new(launch.scratch())?;
    let files = Files::below(launch.scratch());
    files.hold(&authority.issue(&["localhost"])?)?;
    // Without an issuer it follows the port, and the certificate says that it is https.
    let server = launch
        .argument("--tls-cert")
        .argument(files.cert.display().to_string())
        .argument("--tls-key")
        .argument(files.key.display().to_string())
        .start()?;
    let password = "seven green doors open";
    server.add_user("alice@example.test", password)?;
    let origin = format!("https://localhost:{}", server.port);
    browser::run("tls.mjs", &[("ORIGIN", &origin), ("PASSWORD", password)])?;
    Ok(())
}

#[test]
fn a_renewed_certificate_is_taken_in_under_live_connections() -> anyhow::Result<()> {
    let house = House::new()?;
    let server = house.launch.start()?;
    let mut live = Connection::open(house.port)?;
    let host = format!("{HOST}:{}", house.port);
    ensure!(live.ask(&host, "/healthz")?.contains("200"));

    house
        .files
        .hold(&house.authority.issue_for_years(&[HOST], (2020, 2077))?)?;
    server
        .process
        .wait_line("there is a new certificate, good until")?;
    house.wait_shown("2077")?;
    ensure!(
        live.ask(&host, "/healthz")?.contains("200"),
        "the old connection lives"
    );
    ensure!(house.curl().ask("/healthz", &[])?.1.status == 200);

    // Told to look, it does so at once.
    house
        .files
        .hold(&house.authority.issue_for_years(&[HOST], (2020, 2088))?)?;
    server.process.signal(Signal::HUP)?;
    house.wait_shown("2088")?;
    ensure!(live.ask(&host, "/healthz")?.contains("200"));
    Ok(())
}

#[test]
fn a_moved_link_is_a_renewed_certificate() -> anyhow::Result<()> {
    // As certbot has it, a link for each file; and as Kubernetes has it, one for the directory.
    for whole_directory in [false, true] {
        let house = House::new()?;
        let room = house.launch.scratch();
        let years = [2066, 2077];
        for year in years {
            let version = room.join(year.to_string());
            std::fs::create_dir(&version)?;
            let pair = house.authority.issue_for_years(&[HOST], (2020, year))?;
            Files::below(&version).hold(&pair)?;
        }
        let point = |year: i32| -> anyhow::Result<()> {
            let new = room.join("new");
            if whole_directory {
                symlink(room.join(year.to_string()), &new)?;
                std::fs::rename(&new, room.join("current"))?;
                return Ok(());
            }
            for file in [&house.files.cert, &house.files.key] {
                let name = file.file_name().unwrap_or_default();
                symlink(room.join(year.to_string()).join(name), &new)?;
                std::fs::rename(&new, file)?;
            }
            Ok(())
        };
        if whole_directory {
            for file in [&house.files.cert, &house.files.key] {
                std::fs::remove_file(file)?;
                let name = file.file_name().unwrap_or_default();
                symlink(Path::new("current").join(name), file)?;
            }
        }
        point(years[0])?;
        let server = house.launch.start()?;
        ensure!(
            house.shown_until()?.contains("2066"),
            "{}",
            house.shown_until()?
        );
        point(years[1])?;
        house.wait_shown("2077")?;
        ensure!(
            !server.process.said().contains("is not used"),
            "{}",
            server.process.said()
        );
    }
    Ok(())
}

#[test]
fn a_bad_pair_is_kept_out_and_told_once() -> anyhow::Result<()> {
    let house = House::new()?;
    house
        .files
        .hold(&house.authority.issue_for_years(&[HOST], (2020, 2066))?)?;
    let server = house.launch.start()?;
    let other = house.authority.issue(&["www.example.test"])?;
    house.files.hold(&other)?;
    let told = server
        .process
        .wait_line("the new certificate is not used")?;
    ensure!(
        told.contains("www.example.test") && told.contains(HOST),
        "{told}"
    );

    // A later look finds the same fault, and another one after it.
    server.process.signal(Signal::HUP)?;
    let mismatch = Pair {
        chain: house.authority.issue(&[HOST])?.chain,
        key: other.key,
    };
    house.files.hold(&mismatch)?;
    server.process.wait_line("is not that of the certificate")?;
    let said = server.process.said();
    ensure!(said.matches("www.example.test").count() == 1, "{said}");
    ensure!(
        house.shown_until()?.contains("2066"),
        "{}",
        house.shown_until()?
    );
    let secret = mismatch.key.lines().nth(1).unwrap_or_default();
    ensure!(!secret.is_empty() && !said.contains(secret), "{said}");

    house
        .files
        .hold(&house.authority.issue_for_years(&[HOST], (2020, 2077))?)?;
    house.wait_shown("2077")
}

/// The server does not start, and says so in these words.
fn refused(launch: &Launch, parts: &[&str]) -> anyhow::Result<()> {
    let mut process = Process::start(&mut launch.command()?)?;
    for part in parts {
        process.wait_line(part)?;
    }
    let status = process.wait()?;
    ensure!(status.code() == Some(2), "{status}: {}", process.said());
    Ok(())
}

/// Holds: ASVS 13.3.1, ASVS 12.2.1
#[test]
fn a_pair_that_browsers_would_refuse_stops_the_start_and_says_what_to_do() -> anyhow::Result<()> {
    let house = House::new()?;
    let (launch, files) = (&house.launch, &house.files);
    let good = house.authority.issue(&[HOST])?;

    files.hold(&house.authority.issue_for_years(&[HOST], (2020, 2021))?)?;
    refused(
        launch,
        &["tls.cert_file", "ended on Jan  1", "2021", "renew it"],
    )?;
    files.hold(&house.authority.issue_for_years(&[HOST], (2098, 2099))?)?;
    refused(launch, &["tls.cert_file", "still to come", "clock"])?;
    files.hold(&house.authority.issue(&["www.example.test"])?)?;
    refused(launch, &[HOST, "www.example.test", "server.issuer"])?;
    files.hold(&Pair {
        chain: good.chain.clone(),
        key: house.authority.issue(&[HOST])?.key,
    })?;
    refused(launch, &["tls.key_file", "is not that of the certificate"])?;
    files.hold(&good)?;
    std::fs::set_permissions(&files.key, std::fs::Permissions::from_mode(0o644))?;
    refused(launch, &["tls.key_file", "mode 0644", "chmod 600"])?;
    std::fs::remove_file(&files.key)?;
    refused(launch, &["tls.key_file", "does not exist"])?;
    files.hold(&good)?;
    launch.start()?;
    Ok(())
}

/// Holds: ASVS 12.2.1, N11
#[test]
fn n11_an_https_issuer_that_nobody_ends_tls_for_stops_the_start() -> anyhow::Result<()> {
    let launch = Launch::new()?
        .argument("--issuer")
        .argument(format!("https://{HOST}"));
    refused(
        &launch,
        &[
            "server.issuer",
            "tls.cert_file",
            "--tls-cert",
            "trusted_proxies",
        ],
    )?;
    let launch = launch.argument("--tls-cert").argument("cert.pem");
    refused(&launch, &["tls.cert_file is set without tls.key_file"])
}

/// Holds: H01, R36, N11, ASVS 12.2.1
#[test]
fn h01_plain_http_is_sent_to_the_issuer_for_page_views_alone() -> anyhow::Result<()> {
    let house = House::new()?;
    let port = free_port()?;
    let origin = format!("https://{HOST}:{}", house.port);
    let launch = house.launch.environment(
        "VESTIBULE_TLS__REDIRECT_LISTEN",
        format!("127.0.0.1:{port}"),
    );
    let _server = launch.start()?;
    let mut client = Client::new(port, "evil.test".to_owned());
    let forged = [
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Proto", "https"),
    ];
    for method in ["GET", "HEAD"] {
        let answer = client.send(method, "/login?next=%2Faccount", &forged, "")?;
        ensure!(answer.status == 308, "{answer:?}");
        let location = format!("{origin}/login?next=%2Faccount");
        ensure!(answer.header("location") == Some(&location), "{answer:?}");
        // It is not https, and so promises nothing about it (RFC 6797 §7.2).
        ensure!(
            answer.header("strict-transport-security").is_none(),
            "{answer:?}"
        );
        ensure!(answer.header("set-cookie").is_none(), "{answer:?}");
    }
    for (method, path) in [
        ("POST", "/login"),
        ("POST", "/api/v1/login"),
        ("GET", "/api/v1/session"),
        ("GET", "/oauth/authorize"),
        ("GET", "/verify"),
        ("DELETE", "/anything"),
    ] {
        let answer = client.send(method, path, &[], "")?;
        ensure!(
            answer.status == 403 && answer.header("location").is_none(),
            "{answer:?}"
        );
        ensure!(answer.body.contains(&origin), "{answer:?}");
    }
    Ok(())
}

/// Holds: R36, ASVS 12.2.1
#[test]
fn r36_plain_http_on_the_https_port_is_told_and_not_served() -> anyhow::Result<()> {
    let house = House::new()?;
    let _server = house.launch.start()?;
    let answer = Client::new(house.port, "evil.test".to_owned()).get("/login")?;
    ensure!(answer.status == 400, "{answer:?}");
    ensure!(
        answer
            .body
            .contains(&format!("https://{HOST}:{}/", house.port)),
        "{answer:?}"
    );
    ensure!(!answer.body.contains("evil"), "{answer:?}");
    Ok(())
}

/// Holds: ASVS 15.2.2
#[test]
fn asvs_15_2_2_handshakes_that_never_end_hold_up_nobody_and_are_closed() -> anyhow::Result<()> {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    let house = House::new()?;
    let _server = house.launch.start()?;
    let mut slow = Vec::new();
    for opening in [&b""[..], &[22], &[22, 3, 1, 2, 0, 1]] {
        for _ in 0..20 {
            let mut stream = TcpStream::connect(("127.0.0.1", house.port))?;
            stream.write_all(opening)?;
            stream.set_read_timeout(Some(Duration::from_secs(30)))?;
            slow.push(stream);
        }
    }
    ensure!(house.curl().ask("/login", &[])?.1.status == 200);
    // Nobody had to go first.
    for stream in &slow {
        stream.set_nonblocking(true)?;
        let peeked = stream.peek(&mut [0]);
        let waits = |error: std::io::Error| error.kind() == std::io::ErrorKind::WouldBlock;
        ensure!(peeked.is_err_and(waits), "a slow one was closed early");
        stream.set_nonblocking(false)?;
    }
    for mut stream in slow {
        let mut rest = Vec::new();
        // Closed, gently or not, before our own patience ends.
        let read = stream.read_to_end(&mut rest);
        let timed_out = read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        ensure!(!timed_out, "a slow handshake is still waited for");
    }
    Ok(())
}
